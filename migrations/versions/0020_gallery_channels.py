"""Drawings of a few channels, which the gallery finds without those of all others."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INDEX = "ix_gallery_channel_id_id"
COLUMNS = ["channel_id", "id"]


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # No transaction: PostgreSQL builds no index beside writers within one.
        with op.get_context().autocommit_block():
            # Left by an upgrade that was interrupted: it is there, but nothing uses it.
            op.drop_index(INDEX, "gallery", postgresql_concurrently=True, if_exists=True)
            op.create_index(INDEX, "gallery", COLUMNS, postgresql_concurrently=True)
    else:
        op.create_index(INDEX, "gallery", COLUMNS)


def downgrade() -> None:
    op.drop_index(INDEX, "gallery")
