"""Running statements from an event loop, and keeping two of them from changing the same thing."""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum, unique
from functools import cache
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement

from storage.database.awaited import AwaitedDatabase
from storage.database.inline import InlineDatabase
from storage.database.tables import JobRow, Table

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@unique
class Lock(IntEnum):
    """What one alone does at a time: small numbers, which are no ids of Discord's."""

    MIGRATING = 0x0EA5E1
    ACCEPTING = 0x0EA5E2
    TAKING = 0x0EA5E3
    SERVING = 0x0EA5E4


class Records:
    """Runs statements, each in a transaction of its own, for one event loop."""

    def __init__(self, database: AwaitedDatabase | InlineDatabase) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str) -> Self:
        """Connects once there is something to run.

        Args:
            url: As in ``Settings.database``.
        """
        inline = url.startswith("sqlite")
        return cls(InlineDatabase(url) if inline else AwaitedDatabase(url))

    async def close(self) -> None:
        """Disconnects."""
        await self._database.close()

    async def read(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """The result of a statement that only reads, and not much."""
        return await self._database.read(lambda it: action(it, *arguments, **named))

    async def read_apart(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """The same of one that takes so long that others would notice."""
        return await self._database.read_apart(lambda it: action(it, *arguments, **named))

    async def write(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """The result of a statement that changes something, and not much; committed."""
        return await self._database.write(lambda it: action(it, *arguments, **named))

    async def write_apart(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """The same of one that takes so long that others would notice."""
        return await self._database.write_apart(lambda it: action(it, *arguments, **named))


def hold(connection: Connection, what: int, *also: ColumnElement[Any]) -> None:
    """Has whoever holds the same number wait until this transaction is over.

    For what is read, changed and written: a change that another made in between would be lost.

    Args:
        connection: In a transaction that writes.
        what: Discord's id of what is changed, or a :class:`Lock`.
        also: What PostgreSQL does besides, in the same round trip.
    """
    # SQLite's writing transactions wait for each other as it is.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(what), *also))


def hold_job(connection: Connection, job_id: str) -> bool:
    """Whether there is a job, which nobody deletes then until this transaction is over.

    For rows that hang on one: it may have been deleted since somebody looked.

    Args:
        connection: In a transaction that writes.
        job_id: The job.
    """
    # SQLite knows no such lock, and needs none.
    there = select(JobRow.id).where(JobRow.id == job_id).with_for_update(read=True, key_share=True)
    return connection.execute(there).first() is not None


def upsert(
    connection: Connection, table: type[Table], row: Mapping[str, Any], change: Mapping[str, Any]
) -> None:
    """Adds a row, or changes the one with its primary key.

    Args:
        connection: In a transaction that writes.
        table: Its table.
        row: All of its columns.
        change: What becomes of columns of the one that is there, as values or parts of a statement.
    """
    # One statement, so that of two at once neither fails and neither is lost.
    key = list(inspect(table).primary_key)
    added = _insert(connection.dialect.name, table).values(**row)
    connection.execute(added.on_conflict_do_update(index_elements=key, set_=dict(change)))


def keep_row(connection: Connection, table: type[Table], row: Mapping[str, Any]) -> None:
    """Adds a row, or puts it in the place of the one with its primary key.

    Args:
        connection: In a transaction that writes.
        table: Its table.
        row: All of its columns.
    """
    connection.execute(_build_keeping(connection.dialect.name, table, tuple(row)), row)


@cache
def _build_keeping(
    dialect: str, table: type[Table], columns: Sequence[str]
) -> "postgresql.Insert | sqlite.Insert":
    key = [column.name for column in inspect(table).primary_key]
    added = _insert(dialect, table)
    change = {name: added.excluded[name] for name in columns if name not in key}
    return added.on_conflict_do_update(index_elements=key, set_=change)


def insert_new(
    connection: Connection, table: type[Table], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Adds those of some rows whose primary keys are new.

    Args:
        connection: In a transaction that writes.
        table: Their table.
        rows: All columns of each.
    """
    if rows:
        connection.execute(_insert(connection.dialect.name, table).on_conflict_do_nothing(), rows)


def _insert(dialect: str, table: type[Table]) -> "postgresql.Insert | sqlite.Insert":
    # SQLAlchemy spells what follows a conflict alike, but has no common type for it.
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
