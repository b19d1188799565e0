"""SQL about workers: their names, their signs of life, and what keeps them from taking jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from storage.database.clock import read_now, read_now_of
from storage.database.tables import WorkerRow
from storage.queue.jobs import PROTOCOL, Trouble
from storage.queue.order import ModelName, Served

# A day in seconds: containers get a new name at each start, and the old ones would pile up.
_FORGOTTEN: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Memory:
    """How full the memory of what a worker computes on is, in bytes: others' share included."""

    used: int
    whole: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A worker and when it was last seen.

    Attributes:
        session: Differs each time a worker of this name starts.
        host: Where it runs.
        pid: Its process there.
        device: What it computes on.
        faults: How often that failed since it last made a job.
        seen: When it was last seen, in seconds since 1970 by the database's clock.
        age: How long ago that is, in seconds.
    """

    session: str
    host: str
    pid: int
    device: str
    faults: int
    seen: float
    age: float


def read_sighting(connection: Connection, name: str) -> Sighting | None:
    """The worker that last went by a name."""
    wanted = select(
        WorkerRow.session,
        WorkerRow.host,
        WorkerRow.pid,
        WorkerRow.device,
        WorkerRow.faults,
        WorkerRow.seen,
        (read_now(connection) - WorkerRow.seen).label("age"),
    ).where(WorkerRow.executor_id == name)
    row = connection.execute(wanted).mappings().one_or_none()
    return Sighting(**row) if row else None


def sign_on(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    """Notes a worker that starts, in place of the last of its name and of those long gone.

    What failed under this name stays counted.
    """
    before = read_sighting(connection, name)
    stale = read_now(connection) - WorkerRow.seen > _FORGOTTEN
    # No upsert: of two workers that start at once, the second has to fail on the primary key.
    connection.execute(delete(WorkerRow).where((WorkerRow.executor_id == name) | stale))
    faults = before.faults if before else 0
    known = {"seen": read_now(connection), "faults": faults, "protocol": PROTOCOL}
    row = {"executor_id": name, **known, **values}
    connection.execute(insert(WorkerRow).values(**row))


def beat(
    connection: Connection,
    name: str,
    session: str,
    trouble: Trouble | None,
    memory: Memory | None = None,
) -> bool:
    """Notes that a worker lives, and how; False if another took its name.

    Args:
        connection: In a transaction that writes.
        name: Its name.
        session: Its session.
        trouble: What keeps it from taking jobs.
        memory: How full its memory is; None where that is not known.
    """
    values: dict[str, Any] = {"seen": read_now(connection), "trouble": trouble}
    if memory is not None:
        values |= {"memory_used": memory.used, "memory_whole": memory.whole}
    alive = _mine(name, session).values(**values)
    return connection.execute(alive).rowcount == 1


def hold_name(connection: Connection, name: str, session: str) -> bool:
    """Whether a worker still has its name, which nobody takes then until the transaction is over.

    Args:
        connection: In a transaction that writes.
        name: The name.
        session: The session of the worker.
    """
    mine = select(WorkerRow.executor_id).where(
        WorkerRow.executor_id == name, WorkerRow.session == session
    )
    return connection.execute(mine.with_for_update()).first() is not None


def sign_off(connection: Connection, name: str, session: str) -> None:
    """Forgets a worker that ends."""
    mine = delete(WorkerRow).where(WorkerRow.executor_id == name, WorkerRow.session == session)
    connection.execute(mine)


def note_fault(connection: Connection, name: str, session: str, dead_after: float) -> None:
    """Counts a fault of what a worker computes on, and takes the worker for gone at once."""
    gone = read_now(connection) - 2 * dead_after
    connection.execute(_mine(name, session).values(faults=WorkerRow.faults + 1, seen=gone))


def set_faults(connection: Connection, name: str, count: int) -> None:
    """Notes how often what a worker computes on has failed."""
    other = update(WorkerRow).where(WorkerRow.executor_id == name, WorkerRow.faults != count)
    connection.execute(other.values(faults=count))


def lives(now: ColumnElement[float], dead_after: float) -> ColumnElement[bool]:
    """Whether a worker was seen within ``dead_after`` seconds before now."""
    return now - WorkerRow.seen <= dead_after


def list_known(connection: Connection) -> set[str]:
    """The names of all workers that are remembered, which may have ended."""
    return set(connection.execute(select(WorkerRow.executor_id)).scalars())


def list_workers(connection: Connection, dead_after: float) -> set[str]:
    """The names of the workers seen within ``dead_after`` seconds."""
    alive = select(WorkerRow.executor_id).where(lives(read_now(connection), dead_after))
    return set(connection.execute(alive).scalars())


def list_served(connection: Connection, dead_after: float) -> dict[str, Served]:
    """What the workers serve that live and are to take more jobs, by their names."""
    alive = _select_served(connection.dialect.name)
    rows = connection.execute(alive, {"dead_after": dead_after})
    return {name: read_served(kept) for name, kept in rows}


@cache
def _select_served(dialect: str) -> Select[str, list[list[str]] | None]:
    return select(WorkerRow.executor_id, WorkerRow.serves).where(takes_jobs(dialect))


def takes_jobs(dialect: str) -> ColumnElement[bool]:
    """Whether a worker was seen within ``dead_after`` seconds, a parameter, and is to take more."""
    return and_(
        read_now_of(dialect) - WorkerRow.seen <= bindparam("dead_after", type_=Double),
        WorkerRow.draining.is_(False),
        # One that rests has loaded nothing, and takes nothing.
        WorkerRow.trouble.is_distinct_from("device"),
    )


def list_troubles(connection: Connection, dead_after: float) -> dict[str, Trouble]:
    """What keeps workers that live from taking jobs, by their names."""
    alive = lives(read_now(connection), dead_after)
    wanted = select(WorkerRow.executor_id, WorkerRow.trouble, WorkerRow.protocol).where(alive)
    troubles: dict[str, Trouble] = {}
    for name, trouble, protocol in connection.execute(wanted):
        old: Trouble | None = "old" if protocol < PROTOCOL else None
        if told := cast("Trouble | None", trouble) or old:
            troubles[name] = told
    return troubles


def drain(connection: Connection, name: str) -> bool:
    """Has a worker end once it has made the job that it makes; False if there is no such worker."""
    told = update(WorkerRow).where(WorkerRow.executor_id == name).values(draining=True)
    return connection.execute(told).rowcount == 1


def is_draining(connection: Connection, name: str) -> bool:
    """Whether a worker is to take no more jobs."""
    wanted = select(WorkerRow.draining).where(WorkerRow.executor_id == name)
    return bool(connection.execute(wanted).scalar_one_or_none())


def _mine(name: str, session: str) -> Update:
    return update(WorkerRow).where(WorkerRow.executor_id == name, WorkerRow.session == session)


def write_served(served: Served) -> list[list[str]] | None:
    """What a worker serves, for storing."""
    return None if served is None else [[one.family, one.name] for one in sorted(served)]


def read_served(kept: list[list[str]] | None) -> Served:
    """What was stored of what a worker serves."""
    return None if kept is None else frozenset(ModelName(*one) for one in kept)
