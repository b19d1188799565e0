"""Connections to the database, the same for SQLite and PostgreSQL.

On SQLite every connection of a thread waits for a lock instead of failing, and knows ``unixepoch``,
which SQLite has only since 3.42 and the job engine needs. The file itself keeps a write-ahead log
(set when it is prepared), so readers and the writer do not stop each other.
"""

import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import stamina
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    DisconnectionError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from faults import HostError

WRITING: Final = {"easel_writing": True}
"""Execution options of an engine whose transactions write: they take SQLite's lock at the start."""

READING: Final = {"easel_writing": False}
"""The opposite, for what such an engine only reads."""

AWAY: Final = (OperationalError, InterfaceError, NoConnectionError)
"""What a database raises that does not answer, is locked or has no room, but may again later."""

REVISION: Final = "0020"
"""The newest migration; the tables must be of this revision."""

FROZEN_AFTER: Final = 10
"""Seconds that a transaction may do nothing before PostgreSQL ends it and frees its locks.

A process that is frozen in the middle of one would otherwise hold up every other.
"""

SILENT_AFTER: Final = 10
"""Seconds without an answer from PostgreSQL's machine after which a connection counts as lost."""

SILENCE: Final[Mapping[str, int]] = {
    "connect_timeout": SILENT_AFTER,
    "tcp_user_timeout": 1000 * SILENT_AFTER,
    # Also while its answer is waited for, which is when nothing is under way to it. The last one is
    # waited for as well (tcp(7)).
    "keepalives_idle": SILENT_AFTER - 6,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""How a connection to PostgreSQL is told so."""

READERS: Final = 16
"""Connections to PostgreSQL on which a bot reads at once. None is opened for a moment only, as that
costs a server and a client more than what is read..."""

WRITERS: Final = 8
"""and on which it writes."""

RESTED_AFTER: Final = 1.0
"""Seconds unused after which a connection is asked whether it still stands: a server needs longer
to start anew, and to ask every time costs as much as a statement."""

START_PATIENCE: Final = 60.0
"""Seconds for which somebody who starts waits for a database that does not answer yet."""

Result = TypeVar("Result")
Action = Callable[[Connection], Result]
"""Statements of one transaction, and what comes of them."""

LOCK_PATIENCE: Final = 30.0
"""Seconds for which a connection to SQLite waits for a lock, as the job engine does on its own."""

_PRAGMAS: Final = (
    # SQLite checks none unless a connection asks for it.
    "PRAGMA foreign_keys=ON",
    # What is deleted is overwritten: who was forgotten is not to be read from the file either.
    "PRAGMA secure_delete=ON",
    # With a write-ahead log a power failure then costs the last commits at most, not the file.
    "PRAGMA synchronous=NORMAL",
)


class DatabaseNotReadyError(HostError, RuntimeError):
    """The database cannot be reached or lacks this version's tables; one sentence says which."""


class NewerDatabaseError(DatabaseNotReadyError):
    """The tables are of a newer release, which this one cannot work beside."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The database was updated to revision {found} by a newer release, which this one "
            "cannot work beside: update this machine."
        )


class DatabaseAwayError(DatabaseNotReadyError):
    """The database cannot be reached."""

    def __init__(self, error: Exception) -> None:
        # The driver's own words can name the host and the user; its class says enough.
        super().__init__(f"The database cannot be reached ({type(error).__name__}).")


def open_engine(url: str, *, pooled: bool = True) -> Engine:
    """An engine for threads, such as the worker's.

    Args:
        url: As in ``Settings.database``.
        pooled: Whether connections are kept for the next time.
    """
    kept = {} if pooled else {"poolclass": NullPool}
    engine = create_engine(_driver(url, "sqlite"), **_options(url), **kept)
    _prepare(engine)
    return engine


def open_inline_engine(url: str) -> Engine:
    """An engine for an event loop, on SQLite alone: what is locked fails at once.

    Args:
        url: As in ``Settings.database``.
    """
    engine = create_engine(_driver(url, "sqlite"), **_options(url))
    # Waiting in the loop would stop everybody, for another process or for the disk.
    _prepare(engine, "PRAGMA wal_autocheckpoint=0", patience=0)
    return engine


def open_async_engine(url: str, *, reads: bool) -> AsyncEngine:
    """An engine for an event loop, on PostgreSQL alone.

    Args:
        url: As in ``Settings.database``.
        reads: Whether it only reads: then each statement stands alone, and no transaction begins.
    """
    kept: dict[str, Any] = {"pool_size": WRITERS, "max_overflow": 0, "pool_pre_ping": False}
    if reads:
        # Where no transaction begins none has to be rolled back either.
        alone = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
        kept |= {"pool_size": READERS, **alone}
    # Those used last first: what they have prepared is theirs alone.
    options = {**_options(url), **kept, "pool_use_lifo": True}
    engine = create_async_engine(_driver(url, "sqlite"), **options)
    _ping_rested(engine.sync_engine)
    return engine


def _ping_rested(engine: Engine) -> None:
    """Finds out whether the server has hung up on a connection that was not used for a while."""

    @event.listens_for(engine, "checkin")
    def returned(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["returned"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:  # noqa: ANN401
        if time.monotonic() - record.info.get("returned", math.inf) <= RESTED_AFTER:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool then makes it anew.
            raise DisconnectionError from error


def open_queue_engine(url: str) -> Engine | None:
    """The engine that the job engine shall use, or None where its own will do (PostgreSQL)."""
    if not url.startswith("sqlite"):
        return None
    # The job engine makes its own on PostgreSQL; on SQLite ours adds the function that it needs.
    engine = create_engine(_driver(url, "sqlite"), pool_size=20, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:  # noqa: ANN401 - any driver's
        _set_up_sqlite(connection)
        # The job engine counts on the driver to open each writing transaction with the lock.
        connection.isolation_level = "IMMEDIATE"

    return engine


def when_it_answers(action: Callable[[], Result]) -> Result:
    """What an action returns, tried again while the database starts or restarts itself.

    Args:
        action: Connects; may be called several times.

    Raises:
        DatabaseAwayError: It has not answered for ``START_PATIENCE`` seconds.
        Exception: Whatever else the action raises.
    """
    for attempt in stamina.retry_context(
        on=DatabaseAwayError, attempts=None, timeout=START_PATIENCE, wait_max=2.0
    ):
        with attempt:
            try:
                return action()
            # Each try is logged, where the driver's own words have no place.
            except OperationalError as error:
                raise DatabaseAwayError(error) from None
    raise AssertionError("retries end by returning or raising")


def require_current(url: str) -> None:
    """Checks that the tables are those of this version, or newer ones that it can work with.

    Args:
        url: As in ``Settings.database``.

    Raises:
        DatabaseNotReadyError: They are not, or the database does not answer.
    """
    if _is_missing(url):
        raise DatabaseNotReadyError(_unprepared("does not exist yet"))
    found = find_revision(url)
    if found is None:
        raise DatabaseNotReadyError(_unprepared("has no tables yet"))
    if found < REVISION:
        raise DatabaseNotReadyError(_unprepared(f"is at revision {found}, not {REVISION}"))


def find_revision(url: str) -> str | None:
    """The revision of the tables; None where there are none. It may be newer than ``REVISION``.

    Args:
        url: As in ``Settings.database``.

    Raises:
        NewerDatabaseError: It is newer, and programs as old as this one cannot work with it.
        DatabaseAwayError: The database does not answer.
    """
    if _is_missing(url):
        return None
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            wanted = text("SELECT version_num FROM alembic_version")
            found: str | None = connection.execute(wanted).scalar_one_or_none()
            # Revisions are numbers of four digits. Newer ones only add, unless they say otherwise.
            if found is not None and found > REVISION:
                least = text("SELECT least FROM compatibility")
                if connection.execute(least).scalar_one() > REVISION:
                    raise NewerDatabaseError(found)
            return found
    except SQLAlchemyError as error:
        raise DatabaseAwayError(error) from None
    finally:
        engine.dispose()


def _is_missing(url: str) -> bool:
    """Whether there is no file; to connect would make an empty one."""
    file = make_url(url).database
    return url.startswith("sqlite") and bool(file) and not Path(file or "").exists()


def _unprepared(state: str) -> str:
    return f"The database {state}; `easel run` or `make play` prepares it."


def _options(url: str) -> dict[str, Any]:
    # Values in error messages could be somebody's token.
    if url.startswith("sqlite"):
        return {"hide_parameters": True}
    timeout = f"-c idle_in_transaction_session_timeout={FROZEN_AFTER}s"
    # A server may have hung up meanwhile, which a ping finds out.
    # A server that nothing is heard of is away, which the system would find out after minutes.
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "connect_args": {"options": timeout, **SILENCE},
    }


def _driver(url: str, sqlite: str) -> URL:
    parsed = make_url(url)
    # Settings name no driver: it is ours to choose (decision 4).
    name = sqlite if parsed.get_backend_name() == "sqlite" else "postgresql+psycopg"
    return parsed.set(drivername=name)


def _prepare(engine: Engine, *more: str, patience: float = LOCK_PATIENCE) -> None:
    """Sets up connections to SQLite, each by some further statements.

    ``patience`` is for how many seconds one waits for a lock.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:  # noqa: ANN401 - any driver's
        # The driver would begin only at the first write, leaving reads before it unprotected.
        connection.isolation_level = None
        _set_up_sqlite(connection, *more, patience=patience)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A reader needs no transaction: each statement sees the file as it was at one moment.
        if connection.get_execution_options().get("easel_writing"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _set_up_sqlite(
    connection: Any,  # noqa: ANN401 - sqlite3's
    *more: str,
    patience: float = LOCK_PATIENCE,
) -> None:
    cursor = connection.cursor()
    # First: those behind it read the file, which may be locked.
    for pragma in (f"PRAGMA busy_timeout={1000 * patience:.0f}", *_PRAGMAS, *more):
        cursor.execute(pragma)
    cursor.close()
    if sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", -1, _unixepoch)


def _unixepoch(*modifiers: object) -> float:
    now = time.time()
    return now if modifiers and modifiers[-1] == "subsec" else int(now)
