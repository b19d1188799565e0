"""How Alembic works here: one at a time, under a lock; the job engine's tables are let be."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from alembic import context
from sqlalchemy import Connection, Engine, text
from sqlalchemy.sql.schema import SchemaItem

from storage.database.connect import WRITING, open_engine
from storage.database.records import Lock
from storage.database.tables import Table
from storage.settings import load_settings

_PAUSE: Final = 0.1
"""Seconds until the lock is asked for again."""

_BY_HAND: Final = {"ix_gallery_words"}
"""What SQLAlchemy has no word for (storage.database.full_text)."""

_OURS: Final = frozenset(Table.metadata.tables)


def include_name(
    name: str | None,
    kind: Literal[
        "schema",
        "table",
        "column",
        "index",
        "unique_constraint",
        "foreign_key_constraint",
        "check_constraint",
    ],
    _parents: object,
) -> bool:
    """Whether a table found in the database is one of ours; on SQLite all share one namespace."""
    return kind != "table" or name in _OURS


def include_object(
    _item: SchemaItem, name: str | None, kind: str, reflected: bool, _other: SchemaItem | None
) -> bool:
    """The same for a table that was already looked at."""
    return name not in _BY_HAND and (not (kind == "table" and reflected) or name in _OURS)


def run(connection: Connection) -> None:
    """Runs the wanted revisions: all or none on SQLite, each by itself on PostgreSQL."""
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        include_name=include_name,
        include_object=include_object,
        transactional_ddl=True,
        # One that builds an index beside writers has to leave its transaction.
        transaction_per_migration=connection.dialect.name == "postgresql",
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Holds PostgreSQL's lock for those who migrate; whoever comes second waits for the first."""
    # Asked for again and again: one who waits in a statement would be waited for by the building of
    # an index, which the lock is held for.
    while not connection.execute(
        text(f"SELECT pg_try_advisory_lock({Lock.MIGRATING:d})")
    ).scalar_one():
        connection.commit()
        time.sleep(_PAUSE)
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text(f"SELECT pg_advisory_unlock({Lock.MIGRATING:d})"))
        connection.commit()


given: Connection | Engine | None = context.config.attributes.get("connection")
engine = given or open_engine(load_settings().database).execution_options(**WRITING)
if isinstance(engine, Connection):
    run(engine)
elif engine.dialect.name == "postgresql":
    with engine.connect() as opened, alone(opened):
        run(opened)
else:
    # SQLite's own lock, which a writing transaction takes, keeps the second waiting.
    with engine.begin() as opened:
        run(opened)
