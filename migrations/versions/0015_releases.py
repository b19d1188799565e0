"""Who may work on these tables, which workers know which jobs, and which take no more."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    compatibility = op.create_table(
        "compatibility",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("least", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compatibility")),
    )
    op.bulk_insert(compatibility, [{"id": 1, "least": revision}])
    for table in ("jobs", "workers"):
        op.add_column(
            table, sa.Column("protocol", sa.Integer(), nullable=False, server_default="1")
        )
    op.add_column(
        "workers", sa.Column("draining", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    with op.batch_alter_table("workers") as table:
        table.drop_column("draining")
        table.drop_column("protocol")
    op.drop_column("jobs", "protocol")
    op.drop_table("compatibility")
