"""SQLite in the event loop itself, where a statement takes some microseconds.

Handed to a thread and back it takes many times as long, most of it spent waiting for the
interpreter. Nothing waits within SQLite there, which would stop everybody: where another process
is in the way, it is asked again a moment later.
"""

import asyncio
import sqlite3
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from sqlalchemy.exc import OperationalError

from storage.database.connect import (
    LOCK_PATIENCE,
    WRITING,
    Action,
    Result,
    open_engine,
    open_inline_engine,
)

FIRST_REST: Final = 0.001
"""Seconds before a locked file is tried again; doubled each time..."""

LONGEST_REST: Final = 0.02
"""up to this many."""

LOG: Final = 4 * 2**20
"""Bytes of the log after which it is taken into the file, which has to wait for the disk."""

READERS_PATIENCE: Final = 0.1
"""Seconds for which that waits for whoever reads; nobody can write meanwhile."""

_IN_THE_WAY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class InlineDatabase:
    """An SQLite file for one event loop. Those who write do so in the order in which they came."""

    def __init__(self, url: str) -> None:
        self._inline, self._threaded = open_inline_engine(url), open_engine(url)
        self._writing = self._inline.execution_options(**WRITING)
        self._turn, self._closed = asyncio.Lock(), False
        self._log, self._left = Path(f"{self._inline.url.database}-wal"), 0
        self._tidying: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Disconnects, once what is being written is."""
        self._closed = True
        if self._tidying is not None:
            await asyncio.wait({self._tidying})
        async with self._turn:
            self._inline.dispose()
            self._threaded.dispose()

    async def read(self, action: Action[Result]) -> Result:
        """What an action reads; it may be called again."""
        rest = _Rest()
        while True:
            try:
                with self._inline.connect() as connection:
                    return action(connection)
            except OperationalError as error:
                await rest.take(error)

    async def read_apart(self, action: Action[Result]) -> Result:
        """The same in a thread."""

        def read() -> Result:
            with self._threaded.connect() as connection:
                return action(connection)

        return await asyncio.to_thread(read)

    async def write(self, action: Action[Result]) -> Result:
        """What an action returns, with what it changes committed."""
        rest = _Rest()
        async with self._turn:
            while True:
                with ExitStack() as opened:
                    try:
                        connection = opened.enter_context(self._writing.connect())
                        transaction = connection.begin()
                    except OperationalError as error:
                        fault = error
                    else:
                        with transaction:
                            result = action(connection)
                        self._note_write()
                        return result
                await rest.take(fault)

    async def write_apart(self, action: Action[Result]) -> Result:
        """The same in a thread."""

        def write() -> Result:
            with self._threaded.execution_options(**WRITING).begin() as connection:
                return action(connection)

        async with self._turn:
            writing = asyncio.ensure_future(asyncio.to_thread(write))
            try:
                result = await asyncio.shield(writing)
            except asyncio.CancelledError:
                # The thread goes on whatever happens here, and the next must come behind it.
                await asyncio.wait([writing])
                raise
            self._note_write()
            return result

    def _note_write(self) -> None:
        tidied = self._tidying is None or self._tidying.done()
        if tidied and not self._closed and _measure(self._log) >= self._left + LOG:
            self._tidying = asyncio.create_task(self._tidy())

    async def _tidy(self) -> None:
        """Takes the log into the file, and has it begin anew; what is read keeps it for a while."""

        def tidy(how: str) -> None:
            with self._threaded.connect() as connection:
                patience = 1000 * READERS_PATIENCE
                connection.exec_driver_sql(f"PRAGMA busy_timeout={patience:.0f}")
                try:
                    connection.exec_driver_sql(f"PRAGMA wal_checkpoint({how})")
                finally:
                    # It goes back to those who wait as long as anybody.
                    connection.exec_driver_sql(f"PRAGMA busy_timeout={1000 * LOCK_PATIENCE:.0f}")

        with suppress(OperationalError):
            # Nearly all of it beside those who write. Without an end to them it would get longer
            # for ever, as it only begins anew once nothing is left of it.
            await asyncio.to_thread(tidy, "PASSIVE")
            async with self._turn:
                await asyncio.to_thread(tidy, "TRUNCATE")
                # Whoever reads for long keeps it whole: then it is tried again once it has grown.
                self._left = _measure(self._log)


def _measure(file: Path) -> int:
    """Its size in bytes."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


class _Rest:
    """Rests between tries while another process is in the way."""

    def __init__(self) -> None:
        self._seconds = FIRST_REST
        self._until = asyncio.get_running_loop().time() + LOCK_PATIENCE

    async def take(self, error: OperationalError) -> None:
        """Rests before the next try.

        Raises:
            OperationalError: It is something else, or has been in the way for too long.
        """
        code = getattr(error.orig, "sqlite_errorcode", 0)
        # The lower eight bits say what it is, the others what of it.
        if code & 0xFF not in _IN_THE_WAY or asyncio.get_running_loop().time() > self._until:
            raise error
        await asyncio.sleep(self._seconds)
        self._seconds = min(2 * self._seconds, LONGEST_REST)
