"""Which models jobs wait for and workers serve, and how far a job was overtaken."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEX = "ix_jobs_waiting_kind"
COLUMNS = ("state", "family", "model", "lane", "priority", "created_at")
WHERE = sa.text("delivered_at IS NULL")


def upgrade() -> None:
    columns: Sequence[sa.Column[Any]] = (
        sa.Column("family", sa.Text(), nullable=False, server_default=""),
        sa.Column("overtaken", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("overtaken_for", sa.Double(), nullable=False, server_default="0"),
        sa.Column("gave_way", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("reaches", sa.Integer(), nullable=True),
    )
    for column in columns:
        # The index is of a new column, so an upgrade may be interrupted between the two.
        op.add_column("jobs", column, if_not_exists=postgres())
    op.add_column("workers", sa.Column("serves", sa.JSON()), if_not_exists=postgres())
    # From now on it says who has taken a job that waits, too.
    op.execute("UPDATE jobs SET worker = NULL WHERE state = 'queued' AND delivered_at IS NULL")
    if postgres():
        # No transaction: PostgreSQL builds no index beside writers within one.
        with op.get_context().autocommit_block():
            # Left by an upgrade that was interrupted: it is there, but nothing uses it.
            op.drop_index(INDEX, "jobs", postgresql_concurrently=True, if_exists=True)
            op.create_index(
                INDEX, "jobs", COLUMNS, postgresql_where=WHERE, postgresql_concurrently=True
            )
    else:
        op.create_index(INDEX, "jobs", COLUMNS, sqlite_where=WHERE)


def downgrade() -> None:
    op.drop_index(INDEX, "jobs")
    op.drop_column("workers", "serves")
    for name in ("family", "overtaken", "overtaken_for", "gave_way", "reaches"):
        op.drop_column("jobs", name)


def postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
