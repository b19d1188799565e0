"""Indexes with which nothing that is asked reads the whole history; built beside writers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Named = tuple[str, str, list[str], str | None]
"""An index: its name, its table, its columns, and of which rows it is, if not of all."""

WAITING = "delivered_at IS NULL"
TOKENS = "interaction_token IS NOT NULL"

NEW: Sequence[Named] = (
    ("ix_jobs_waiting", "jobs", ["state", "priority", "created_at"], WAITING),
    ("ix_jobs_waiting_person_id", "jobs", ["person_id", "state"], WAITING),
    ("ix_jobs_token_expires_at", "jobs", ["token_expires_at"], TOKENS),
    ("ix_favourites_job_id_position", "favourites", ["job_id", "position"], None),
    ("ix_favourites_person_id_created_at", "favourites", ["person_id", "created_at"], None),
    ("ix_copies_job_id", "copies", ["job_id"], None),
)
OLD: Sequence[Named] = (
    ("ix_jobs_undelivered", "jobs", ["state"], WAITING),
    ("ix_jobs_person_id_state", "jobs", ["person_id", "state"], None),
)


def upgrade() -> None:
    change(NEW, OLD)


def downgrade() -> None:
    change(OLD, NEW)


def change(
    made: Sequence[Named],
    dropped: Sequence[Named],
) -> None:
    if op.get_bind().dialect.name == "postgresql":
        # No transaction: PostgreSQL builds no index beside writers within one.
        with op.get_context().autocommit_block():
            build(made, dropped, concurrently=True)
    else:
        build(made, dropped, concurrently=False)


def build(
    made: Sequence[Named],
    dropped: Sequence[Named],
    *,
    concurrently: bool,
) -> None:
    for name, table, columns, where in made:
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
    for name, table, _, _ in dropped:
        op.drop_index(name, table, postgresql_concurrently=concurrently, if_exists=True)
