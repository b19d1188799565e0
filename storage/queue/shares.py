"""SQL about how far each person's flow of jobs has been served, and how far the queue has.

What ends a job charges its owner here, and writes down what it took (:mod:`storage.queue.books`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Delete,
    Select,
    Update,
    bindparam,
    literal_column,
    select,
    true,
    update,
)

from storage.database.clock import read_now, read_now_of
from storage.database.records import keep_row, upsert
from storage.database.tables import ClockRow, JobRow, ShareRow, UsageRow
from storage.queue import fairness
from storage.queue.costs import Work, count_drawings, learn_cost
from storage.queue.fairness import Clock, Lane

CLOCK: Final = [getattr(ClockRow, field.name) for field in fields(Clock)]
"""The columns of the clock, as :func:`build_clock` takes them."""

WITH_CLOCK: Final = select(literal_column("1").label("one")).subquery().outerjoin(ClockRow, true())
"""One row with the clock, where it is read beside something else; see :func:`build_clock`."""

_READ_CLOCK: Final = select(*CLOCK).select_from(WITH_CLOCK)

# Locked, since whoever ends a job of theirs meanwhile moves it from what was read.
_FINISH: Final = (
    select(ShareRow.finish)
    .where(ShareRow.person_id == bindparam("person"), ShareRow.lane == bindparam("lane"))
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Account:
    """What a job that ends is charged by; the names are columns of ``jobs``."""

    person_id: int
    server_id: int | None
    lane: Any
    cost: float
    charge: float
    title: str
    model: str
    pixels: int
    steps: int
    picture_count: int


ACCOUNT: Final = [getattr(JobRow, field.name) for field in fields(Account)]
"""What a statement that ends a job returns."""


def read_clock(connection: Connection) -> Clock:
    """How far the queue has been served."""
    return build_clock(connection.execute(_READ_CLOCK).one())


def build_clock(columns: Sequence[float | None]) -> Clock:
    """The clock from its columns; they are empty as long as nothing was ever begun."""
    known = [value for value in columns if value is not None]
    return Clock(*known)


def advance_clock(connection: Connection, priority: int) -> None:
    """Notes that a job of a priority was begun."""
    clock, now = _hold_clock(connection)
    _keep_clock(connection, fairness.begin_job(clock, priority, now))


def restart_clock(connection: Connection) -> Clock:
    """The clock where nothing is unfinished: priorities begin anew."""
    clock, now = _hold_clock(connection)
    clock = fairness.start_over(clock, now)
    _keep_clock(connection, clock)
    return clock


def read_finish(connection: Connection, person_id: int, lane: Lane) -> float | None:
    """The tag of a person's flow, in virtual seconds; None if they never had a job in the lane."""
    found = connection.execute(_FINISH, {"person": person_id, "lane": lane})
    return found.scalar_one_or_none()


def keep_finish(connection: Connection, person_id: int, lane: Lane, finish: float) -> None:
    """Keeps the tag of a person's flow, in virtual seconds."""
    keep_row(connection, ShareRow, {"person_id": person_id, "lane": lane, "finish": finish})


def settle(connection: Connection, ended: Sequence[Any], seconds: float) -> None:
    """Charges what a finished job took instead of what it was expected to.

    Args:
        connection: In the transaction that ends it.
        ended: As :data:`ACCOUNT`.
        seconds: GPU seconds of the run that made it.
    """
    account = Account(*ended)
    _move(connection, account, seconds)
    _book(connection, account, seconds, made=True)
    work = Work.of(account.model, account.title, account.pixels, account.steps)
    learn_cost(connection, work, seconds)


def end_unmade(connection: Connection, statement: Update | Delete, seconds: float = 0.0) -> bool:
    """Ends jobs of which nothing can be shown; False if it ended none.

    Args:
        connection: In a transaction that writes.
        statement: Ends them.
        seconds: GPU seconds that their owner is charged for each; 0 where the fault is ours.
    """
    ended = connection.execute(statement.returning(*ACCOUNT)).all()
    for row in ended:
        _move(connection, Account(*row), seconds)
        _book(connection, Account(*row), seconds)
    return bool(ended)


def end_cancelled(connection: Connection, statement: Update, at: datetime) -> bool:
    """Ends a job that somebody cancelled, whose owner is charged for what it ran; False if none.

    Args:
        connection: In a transaction that writes.
        statement: Ends it, and leaves it a beginning only if it ran.
        at: When.
    """
    ended = connection.execute(statement.returning(*ACCOUNT, JobRow.started_at)).one_or_none()
    if ended is None:
        return False
    *account, began = ended
    # Worker and bot may disagree about the time.
    ran = max(0.0, (at - began).total_seconds()) if began else 0.0
    _move(connection, Account(*account), ran)
    _book(connection, Account(*account), ran)
    return True


def _move(connection: Connection, account: Account, seconds: float) -> None:
    by = fairness.correct(account.charge, account.cost, seconds)
    own = (ShareRow.person_id == account.person_id, ShareRow.lane == account.lane)
    # In one statement: a job of the same person may be accepted meanwhile.
    connection.execute(update(ShareRow).where(*own).values(finish=ShareRow.finish + by))


def _book(connection: Connection, account: Account, seconds: float, *, made: bool = False) -> None:
    """Writes down what a job has taken on the day on which it ends; see :class:`UsageRow`."""
    used = {
        "jobs": count_drawings(account.picture_count, account.lane) if made else 0,
        "pictures": account.picture_count if made else 0,
        "gpu_ms": round(1000 * seconds),
    }
    if not any(used.values()):
        return
    key = {
        "person_id": account.person_id,
        "day": datetime.now(UTC).date(),
        "server_id": account.server_id or 0,
        "lane": account.lane,
    }
    more = {name: getattr(UsageRow, name) + value for name, value in used.items()}
    upsert(connection, UsageRow, key | used, more)


def _hold_clock(connection: Connection) -> tuple[Clock, float]:
    """The clock, and what time it is in seconds since 1970."""
    found = connection.execute(_select_clock(connection.dialect.name)).one_or_none()
    if found is None:
        return Clock(), connection.execute(select(read_now(connection))).scalar_one()
    *clock, now = found
    return Clock(*clock), now


@cache
def _select_clock(dialect: str) -> Select[Any]:
    # Locked, since each of two that begin a job at once changes what the other has read.
    return select(*CLOCK, read_now_of(dialect)).with_for_update()


def _keep_clock(connection: Connection, clock: Clock) -> None:
    keep_row(connection, ClockRow, {"id": 1, **asdict(clock)})
