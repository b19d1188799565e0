"""The lease: of all bots on one database, one serves; the others wait until it ends or dies.

Two that serve would answer everything twice, since Discord tells all that log in with a token of
everything that happens. The one that waits is how a bot is replaced by a newer one without a gap.
"""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import structlog
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from faults import HostError
from storage.database.clock import read_now
from storage.database.records import Lock, Records, hold, upsert
from storage.database.tables import LeaseRow
from storage.queue.heartbeat import BEATS, is_running, name_host

BOT: Final = "bot"
"""The lease of whoever serves Discord."""

LOOK: Final = 0.5
"""Seconds between looks whether a lease is free."""

_log = structlog.get_logger(__name__)


class LeaseLostError(HostError, RuntimeError):
    """Another process has the lease now, as this one gave no sign of life for so long."""

    def __init__(self, holder: "Holder | None") -> None:
        where = f" on {holder.machine} (process {holder.pid})" if holder else ""
        super().__init__(
            f"Another bot{where} serves now, since this one gave no sign of life for too long; "
            "it ends, so that nothing is answered twice."
        )


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lease.

    Attributes:
        session: Differs each time a process takes it.
        host: Where that runs, as :func:`name_host` has it.
        pid: Its process there.
        age: Seconds since it was last seen, by the database's clock.
    """

    session: str
    host: str
    pid: int
    age: float

    @property
    def machine(self) -> str:
        """The host's name, for people."""
        return self.host.partition("/")[0]


class Lease:
    """The right to be the one bot of a database, as long as signs of life are given."""

    def __init__(self, records: Records, dead_after: float) -> None:
        """Prepares, without taking it yet.

        Args:
            records: The database.
            dead_after: Seconds without a sign of life after which it goes to whoever waits.
        """
        self._records, self._dead_after = records, dead_after
        self._session, self._host, self._pid = uuid4().hex, name_host(), os.getpid()

    async def take(self) -> None:
        """Waits until nobody else has it, however long that takes, and takes it."""
        told: str | None = None
        while True:
            try:
                # Looked at before it is asked for: to ask takes SQLite's one lock.
                holder = await self._records.read(read_holder)
                if holder is None or self._is_gone(holder):
                    holder = await self._records.write(self._take)
            except SQLAlchemyError as error:
                _log.warning("cannot look whether another bot serves", error=type(error).__name__)
            else:
                if holder is None:
                    break
                if holder.session != told:
                    told = holder.session
                    about = {"host": holder.machine, "pid": holder.pid}
                    _log.warning("another bot serves; waiting until it ends", **about)
            await asyncio.sleep(LOOK)
        if told:
            _log.info("the other bot has ended; this one serves now")

    async def keep(self) -> None:
        """Gives signs of life from now on.

        Raises:
            LeaseLostError: Another process took it meanwhile.
        """
        while True:
            await asyncio.sleep(self._dead_after / BEATS)
            try:
                kept = await self._records.write(_beat, self._session)
            except SQLAlchemyError as error:
                # While nobody can write, nobody can take it either.
                _log.warning("sign of life failed", error=type(error).__name__)
                continue
            if not kept:
                raise LeaseLostError(await self._find_holder())

    async def release(self) -> None:
        """Gives it back, so that whoever waits need not wait for its end."""
        try:
            await self._records.write(_end, self._session)
        # It runs out by itself, so a database that is away is no reason to end badly.
        except SQLAlchemyError as error:
            _log.warning("lease not given back", error=type(error).__name__)

    async def _find_holder(self) -> Holder | None:
        """Who has it now; None where that cannot be read, as it only says more of what is over."""
        with suppress(SQLAlchemyError):
            return await self._records.read(read_holder)
        return None

    def _take(self, connection: Connection) -> Holder | None:
        hold(connection, Lock.SERVING)
        holder = read_holder(connection)
        if holder and not self._is_gone(holder):
            return holder
        about: Mapping[str, Any] = {
            "session": self._session,
            "host": self._host,
            "pid": self._pid,
            "seen": read_now(connection),
        }
        upsert(connection, LeaseRow, {"name": BOT, **about}, about)
        return None

    def _is_gone(self, holder: Holder) -> bool:
        if holder.age > self._dead_after:
            return True
        # A process id means something on its own host only, and ours was another's before.
        here = holder.host == self._host
        return here and (holder.pid == self._pid or not is_running(holder.pid))


def read_holder(connection: Connection) -> Holder | None:
    """Who had the bot's lease last; whether they live, ``age`` tells."""
    age = (read_now(connection) - LeaseRow.seen).label("age")
    wanted = select(LeaseRow.session, LeaseRow.host, LeaseRow.pid, age)
    row = connection.execute(wanted.where(LeaseRow.name == BOT)).one_or_none()
    return Holder(*row) if row else None


def _beat(connection: Connection, session: str) -> bool:
    mine = update(LeaseRow).where(LeaseRow.name == BOT, LeaseRow.session == session)
    return connection.execute(mine.values(seen=read_now(connection))).rowcount == 1


def _end(connection: Connection, session: str) -> None:
    connection.execute(delete(LeaseRow).where(LeaseRow.name == BOT, LeaseRow.session == session))
