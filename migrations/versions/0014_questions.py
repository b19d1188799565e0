"""Questions in the one queue: by what an answer is found again, and the answer."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INDEX = "ix_jobs_question"


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    held = sa.text("question IS NOT NULL")
    columns: Sequence[sa.Column[Any]] = (
        sa.Column("question", sa.String(64)),
        sa.Column("answer", sa.JSON()),
    )
    for column in columns:
        # The index is of a new column, so an upgrade may be interrupted between the two.
        op.add_column("jobs", column, if_not_exists=postgres)
    if postgres:
        # No transaction: PostgreSQL builds no index beside writers within one.
        with op.get_context().autocommit_block():
            # Left by an upgrade that was interrupted: it is there, but nothing uses it.
            op.drop_index(INDEX, "jobs", postgresql_concurrently=True, if_exists=True)
            op.create_index(
                INDEX, "jobs", ["question"], postgresql_where=held, postgresql_concurrently=True
            )
    else:
        op.create_index(INDEX, "jobs", ["question"], sqlite_where=held)


def downgrade() -> None:
    # What is kept in a recipe's place means nothing to the version before.
    op.execute(sa.text("DELETE FROM jobs WHERE question IS NOT NULL"))
    op.drop_index(INDEX, table_name="jobs")
    op.drop_column("jobs", "answer")
    op.drop_column("jobs", "question")
