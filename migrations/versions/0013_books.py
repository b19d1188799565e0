"""The books of who used what, what is given beyond quotas, and who is blocked."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    count = sa.Column("picture_count", sa.Integer(), nullable=False, server_default="0")
    op.add_column("jobs", count)
    op.create_table(
        "usage",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lane", sa.String(5), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("gpu_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "day", "server_id", "lane", name=op.f("pk_usage")),
    )
    op.create_index("ix_usage_server_id_day", "usage", ["server_id", "day"])
    op.create_table(
        "grants",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "server_id", "kind", "begins", name=op.f("pk_grants")),
    )
    op.create_table(
        "blocks",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("server_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("person_id", "server_id", name=op.f("pk_blocks")),
    )


def downgrade() -> None:
    for table in ("blocks", "grants", "usage"):
        op.drop_table(table)
    op.drop_column("jobs", "picture_count")
