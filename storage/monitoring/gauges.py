"""What is measured only when somebody looks: the queue, workers, room."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, get_args

from sqlalchemy import Connection, func, select

from storage import meters
from storage.database.clock import read_now
from storage.database.tables import JobRow
from storage.queue import presence
from storage.queue.fairness import Lane
from storage.queue.jobs import Trouble
from storage.queue.queries import UNFINISHED
from storage.settings import Settings
from storage.space import measure_space

_STATES: Final = ("queued", "running")
_LANES: Final[tuple[str, ...]] = get_args(Lane)
_TROUBLES: Final[tuple[str, ...]] = get_args(Trouble)


@dataclass(frozen=True, slots=True)
class Load:
    """How busy the place is.

    Attributes:
        counts: Jobs by lane and state.
        oldest: Seconds that the oldest waiting job of a lane has waited.
        workers: Workers alive, by what keeps them from taking jobs; ``none`` where nothing does.
    """

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    oldest: dict[str, float] = field(default_factory=dict)
    workers: dict[str, int] = field(default_factory=dict)


def read_load(connection: Connection, dead_after: float) -> Load:
    """How busy the place is now."""
    grouped = select(JobRow.lane, JobRow.state, func.count(), func.min(JobRow.created_at)).where(
        UNFINISHED
    )
    rows = connection.execute(grouped.group_by(JobRow.lane, JobRow.state)).all()
    seconds = connection.execute(select(read_now(connection))).scalar_one()
    now = datetime.fromtimestamp(seconds, UTC)
    alive = presence.list_workers(connection, dead_after)
    troubles: list[str] = [*presence.list_troubles(connection, dead_after).values()]
    return Load(
        counts={(lane, state): count for lane, state, count, _ in rows},
        oldest={
            lane: (now - first).total_seconds()
            for lane, state, _, first in rows
            if state == "queued"
        },
        workers={
            "none": len(alive) - len(troubles),
            **{trouble: troubles.count(trouble) for trouble in _TROUBLES},
        },
    )


def show_load(load: Load, settings: Settings) -> None:
    """Notes it, and how much room there is."""
    for lane in _LANES:
        for state in _STATES:
            count = load.counts.get((lane, state), 0)
            meters.QUEUE_JOBS.set(count, lane=lane, state=state)
        meters.OLDEST_SECONDS.set(load.oldest.get(lane, 0.0), lane=lane)
    for trouble, count in load.workers.items():
        meters.WORKERS.set(count, trouble=trouble)
    free = measure_space(settings)
    if free is not None:
        meters.FREE_BYTES.set(free)
