"""What people keep: favourites, requests that wait for a yes, who changed what, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("origins", sa.JSON(), nullable=True))
    op.add_column("jobs", sa.Column("locale", sa.String(8), nullable=True))
    op.create_table(
        "favourites",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_favourites_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "job_id", "position", name=op.f("pk_favourites")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_created_at"), "drafts", ["created_at"])
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index(op.f("ix_changes_server_id"), "changes", ["server_id"])
    op.create_index("ix_jobs_message_id", "jobs", ["message_id"])
    op.create_index("ix_jobs_delivered_message_id", "jobs", ["delivered_message_id"])


def downgrade() -> None:
    op.drop_index("ix_jobs_delivered_message_id", "jobs")
    op.drop_index("ix_jobs_message_id", "jobs")
    op.drop_table("changes")
    op.drop_table("drafts")
    op.drop_table("favourites")
    op.drop_column("jobs", "locale")
    op.drop_column("jobs", "origins")
