"""Questions in the one queue: by what an answer is found again, and the answer."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("question", sa.String(64)))
    op.add_column("jobs", sa.Column("answer", sa.JSON()))
    held = sa.text("question IS NOT NULL")
    op.create_index(
        "ix_jobs_question", "jobs", ["question"], sqlite_where=held, postgresql_where=held
    )


def downgrade() -> None:
    # What is kept in a recipe's place means nothing to the version before.
    op.execute(sa.text("DELETE FROM jobs WHERE question IS NOT NULL"))
    op.drop_index("ix_jobs_question", table_name="jobs")
    op.drop_column("jobs", "answer")
    op.drop_column("jobs", "question")
