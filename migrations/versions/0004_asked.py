"""A person's jobs by the time at which they were asked for: what a daily limit counts."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_jobs_person_id_created_at", "jobs", ["person_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_jobs_person_id_created_at", table_name="jobs")
