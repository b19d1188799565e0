"""How Alembic works here: one transaction under a lock; the job engine's tables are let be."""

from typing import Final, Literal

from alembic import context
from sqlalchemy import Connection, Engine, text
from sqlalchemy.sql.schema import SchemaItem

from storage.database.connect import WRITING, open_engine
from storage.database.tables import Table
from storage.settings import load_settings

_LOCK: Final = 0x0EA5E1
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
    return not (kind == "table" and reflected) or name in _OURS


def run(connection: Connection) -> None:
    """Runs the wanted revisions in one transaction; whoever comes second waits for the first."""
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        include_name=include_name,
        include_object=include_object,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        context.run_migrations()


given: Connection | Engine | None = context.config.attributes.get("connection")
if isinstance(given, Connection):
    run(given)
else:
    engine = given or open_engine(load_settings().database).execution_options(**WRITING)
    with engine.begin() as opened:
        run(opened)
