"""Where messages are that show pictures once more, so that they can be deleted with the others."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("copies", sa.Column("channel_id", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("copies", "channel_id")
