"""What is still to go of people who were forgotten, and indexes to find what is to be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_jobs_created_at", "jobs", ["created_at"], None),
    ("ix_jobs_server_id_created_at", "jobs", ["server_id", "created_at"], None),
    ("ix_jobs_failure", "jobs", ["failure"], "failure IS NOT NULL"),
    ("ix_drafts_person_id", "drafts", ["person_id"], None),
    ("ix_changes_person_id", "changes", ["person_id"], None),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # No transaction: PostgreSQL builds no index beside writers within one.
        with op.get_context().autocommit_block():
            build(concurrently=True)
    else:
        build(concurrently=False)
    # Last: what comes before the indexes is there for good even where building is interrupted.
    op.create_table(
        "discards",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_discards")),
    )
    op.create_table(
        "keys",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_keys")),
    )
    op.create_table(
        "spent",
        sa.Column("pseudonym", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_spent")),
    )
    op.create_index("ix_spent_at", "spent", ["at"])
    op.create_table(
        "withdrawals",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_withdrawals")),
    )


def build(*, concurrently: bool) -> None:
    for name, table, columns, where in INDEXES:
        if concurrently:
            # Left by an upgrade that was interrupted: it is there, but nothing uses it.
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        held = sa.text(where) if where else None
        op.create_index(
            name,
            table,
            columns,
            sqlite_where=held,
            postgresql_where=held,
            postgresql_concurrently=concurrently,
        )


def downgrade() -> None:
    for table in ("withdrawals", "spent", "keys", "discards"):
        op.drop_table(table)
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
