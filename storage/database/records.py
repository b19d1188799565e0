"""Running statements from an event loop, and keeping two of them from changing the same thing."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from enum import IntEnum, unique
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import TimeoutError as NoConnectionError

from storage.database.connect import WRITING, open_engine
from storage.database.tables import Table

READERS: Final = 3
WRITERS: Final = 3
"""Threads, and so connections at most. They are few because the event loop competes with each for
the interpreter, after whatever it sends or receives: with many at work it would hardly get on."""

PATIENCE: Final = 30.0
"""Seconds for which somebody waits for one of them."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@unique
class Lock(IntEnum):
    """What one alone does at a time: small numbers, which are no ids of Discord's."""

    MIGRATING = 0x0EA5E1
    ACCEPTING = 0x0EA5E2
    TAKING = 0x0EA5E3
    SERVING = 0x0EA5E4


class _Runner:
    """Threads that run statements, each with a connection of its own, in the order of asking."""

    def __init__(self, engine: Engine, threads: int, name: str) -> None:
        self._engine, self._threads = engine, ThreadPoolExecutor(threads, name)

    async def run(
        self,
        begin: Callable[[Engine], AbstractContextManager[Connection]],
        action: Callable[[Connection], Result],
    ) -> Result:
        """What ``action`` returns.

        Raises:
            sqlalchemy.exc.TimeoutError: None of the threads was free for ``PATIENCE`` seconds.
        """
        asked, context = time.monotonic(), copy_context()

        def work() -> Result:
            # Those before it may wait for a database that is away. Whoever asks then is told so,
            # and what was asked for long ago keeps nobody waiting once it is back.
            if time.monotonic() - asked > PATIENCE:
                raise NoConnectionError("the database keeps everybody waiting")
            with begin(self._engine) as connection:
                return context.run(action, connection)

        # One step to a thread and back: statement by statement, each of their steps would wait for
        # its turn in a loop that has hundreds of things to do.
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def close(self) -> None:
        """Ends what is run, lets go of what waits, and disconnects."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._engine.dispose()


class Records:
    """Runs statements, each call in a transaction of its own, for one event loop.

    What is called runs in a thread, with the caller's context variables.
    """

    def __init__(self, reading: _Runner, writing: _Runner) -> None:
        # Apart: those who wait for a lock must not keep those waiting who only read.
        self._reading, self._writing = reading, writing

    @classmethod
    def open(cls, url: str) -> Self:
        """Connects once there is something to run.

        Args:
            url: As in ``Settings.database``.
        """
        # SQLite lets one write at a time. Those who wait for a thread get it in the order in which
        # they came; those who wait for SQLite's lock, in any.
        writers = 1 if url.startswith("sqlite") else WRITERS
        # Marked to take SQLite's lock at the start: a transaction that has read cannot take it any
        # more once another wrote, however long it waits.
        writing = open_engine(url, connections=writers).execution_options(**WRITING)
        return cls(
            _Runner(open_engine(url, connections=READERS), READERS, "reading"),
            _Runner(writing, writers, "writing"),
        )

    async def close(self) -> None:
        """Disconnects."""
        await self._reading.close()
        await self._writing.close()

    async def read(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """The result of a statement that only reads."""
        # Nothing is committed: on SQLite there is no transaction, and PostgreSQL's is rolled back.
        return await self._reading.run(Engine.connect, lambda it: action(it, *arguments, **named))

    async def write(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """The result of a statement that changes something, committed."""
        return await self._writing.run(Engine.begin, lambda it: action(it, *arguments, **named))


def hold(connection: Connection, what: int) -> None:
    """Has whoever holds the same number wait until this transaction is over.

    For what is read, changed and written: a change that another made in between would be lost.

    Args:
        connection: In a transaction that writes.
        what: Discord's id of what is changed, or a :class:`Lock`.
    """
    # SQLite's writing transactions wait for each other as it is.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(what)))


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
    added = _insert(connection, table).values(**row)
    connection.execute(added.on_conflict_do_update(index_elements=key, set_=dict(change)))


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
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def _insert(connection: Connection, table: type[Table]) -> "postgresql.Insert | sqlite.Insert":
    # SQLAlchemy spells what follows a conflict alike, but has no common type for it.
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
