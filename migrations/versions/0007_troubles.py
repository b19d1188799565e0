"""Why a worker takes no jobs, and what it needs to sweep away files that no row names."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INDEX = "ix_images_sha256"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # No transaction: PostgreSQL builds no index beside writers within one.
        with op.get_context().autocommit_block():
            # Left by an upgrade that was interrupted: it is there, but nothing uses it.
            op.drop_index(INDEX, "images", postgresql_concurrently=True, if_exists=True)
            op.create_index(INDEX, "images", ["sha256"], postgresql_concurrently=True)
    else:
        op.create_index(INDEX, "images", ["sha256"])
    # Last: what comes before the index is there for good even where building it is interrupted.
    op.add_column("workers", sa.Column("faults", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("workers", sa.Column("trouble", sa.String(8), nullable=True))


def downgrade() -> None:
    op.drop_index(INDEX, "images")
    with op.batch_alter_table("workers") as table:
        table.drop_column("trouble")
        table.drop_column("faults")
