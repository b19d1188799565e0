"""How full the memory of workers is, and what was used on a day on any server."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

INDEX = "ix_usage_day"
COLUMNS = ("memory_used", "memory_whole")


def upgrade() -> None:
    # Empty where a worker of the release before beats.
    for name in COLUMNS:
        op.add_column("workers", sa.Column(name, sa.BigInteger()), if_not_exists=postgres())
    if postgres():
        # No transaction: PostgreSQL builds no index beside writers within one.
        with op.get_context().autocommit_block():
            # Left by an upgrade that was interrupted: it is there, but nothing uses it.
            op.drop_index(INDEX, "usage", postgresql_concurrently=True, if_exists=True)
            op.create_index(INDEX, "usage", ["day"], postgresql_concurrently=True)
    else:
        op.create_index(INDEX, "usage", ["day"])


def downgrade() -> None:
    op.drop_index(INDEX, "usage")
    with op.batch_alter_table("workers") as table:
        for name in COLUMNS:
            table.drop_column(name)


def postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
