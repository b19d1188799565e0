"""How busy the place is: how long jobs are likely to wait still, and which wait for no worker."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from storage.database.tables import JobRow, WorkerRow
from storage.queue import fairness, presence, shares, taking
from storage.queue.fairness import Clock
from storage.queue.jobs import PROTOCOL, Queued, QueueInfo
from storage.queue.order import ModelName
from storage.queue.queries import UNFINISHED, Standing

TOLD_FROM: Final = 30.0
"""Seconds of an expected wait from which on it is told."""

OVERTAKEN: Final = 8.0
"""How many times as long as for the work before it a job is at most expected to wait."""

SPREAD: Final = 0.5
"""Which part of an expected wait it may be shorter or longer."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What waits depend on.

    Attributes:
        clock: How far the queue has been served, and how fast it goes.
        workers: How many workers live.
        unserved: Models that none of them serves, though jobs wait for them.
    """

    clock: Clock
    workers: int
    unserved: frozenset[ModelName] = frozenset()

    def tell(self, job: Standing, position: int, ahead: float) -> Queued:
        """What is told of a job that waits.

        Args:
            job: The job.
            position: Its place in the queue, 1 is next.
            ahead: GPU seconds that what is before it is expected to take.
        """
        if ModelName(job.family, job.model) in self.unserved:
            return Queued(job.id, position, unserved=True)
        if not self.workers:
            return Queued(job.id, position)
        wait = expect_wait(self.clock, job.priority, ahead / self.workers)
        return Queued(job.id, position, wait if wait >= TOLD_FROM else None)

    def tell_all(self, standings: Iterable[Standing]) -> dict[str, Queued]:
        """What is told of each of these that waits."""
        line = [job for job in standings if job.state == "queued"]
        line.sort(key=lambda job: (job.priority, job.created_at))
        told, ahead = {}, 0.0
        for position, job in enumerate(line, start=1):
            told[job.id] = self.tell(job, position, ahead)
            ahead += job.cost
        return told


def expect_wait(clock: Clock, priority: int, least: float) -> float:
    """How long a job is expected to wait, in seconds, by how fast the clock goes.

    What is before it is not all: others will come and overtake it. The clock's speed tells how
    many, but little once it stood still.

    Args:
        clock: How far the queue has been served.
        priority: The job's.
        least: Seconds that the work before it takes.
    """
    way = fairness.tag_of(clock, priority) - clock.reached
    by_clock = max(0.0, way) / max(clock.speed, 1e-6)
    return min(max(least, by_clock), OVERTAKEN * least)


def read_forecast(
    connection: Connection, dead_after: float, standings: Iterable[Standing]
) -> Forecast:
    """What waits depend on now.

    Args:
        connection: In a transaction.
        dead_after: Seconds without a sign of life after which a worker counts as dead.
        standings: The jobs that it is asked about.
    """
    rows = connection.execute(
        _select_outlook(connection.dialect.name), {"dead_after": dead_after}
    ).all()
    *clock, _, _ = rows[0]
    alive = {name: presence.read_served(kept) for *_, name, kept in rows if name is not None}
    # Jobs of a newer release wait for a newer worker, whatever this one serves.
    models = {ModelName(job.family, job.model) for job in standings if job.protocol <= PROTOCOL}
    # Where nobody is at work it is no matter of models.
    unserved = taking.find_unserved(models, alive) if alive else set()
    return Forecast(shares.build_clock(clock), len(alive), frozenset(unserved))


@cache
def _select_outlook(dialect: str) -> Select[Any]:
    """The clock beside each worker that takes jobs; one row where there is none."""
    whole = shares.WITH_CLOCK.outerjoin(WorkerRow, presence.takes_jobs(dialect))
    return select(*shares.CLOCK, WorkerRow.executor_id, WorkerRow.serves).select_from(whole)


def read_queue_info(connection: Connection, dead_after: float) -> QueueInfo:
    """How many jobs wait and run, how many workers gave a sign of life lately, and how they are."""
    counted = select(JobRow.state, func.count()).where(UNFINISHED).group_by(JobRow.state)
    counts = {state: count for state, count in connection.execute(counted)}  # noqa: C416 - rows
    workers = len(presence.list_workers(connection, dead_after))
    troubles = Counter(presence.list_troubles(connection, dead_after).values())
    return QueueInfo(counts.get("queued", 0), counts.get("running", 0), workers, troubles)
