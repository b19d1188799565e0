"""SQL for those who run the bot or manage a server: what waits, and how workers are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, select

from storage.database.clock import read_now
from storage.database.tables import JobRow, WorkerRow
from storage.queue.presence import Memory
from storage.queue.queries import UNFINISHED


@dataclass(frozen=True, slots=True)
class Entry:
    """A job that waits or runs, without what was asked for.

    Attributes:
        id: The job.
        person_id: Who asked for it.
        server_id: On which server; None in direct messages.
        channel_id: In which channel.
        state: ``queued`` or ``running``.
        model: The name of the model that draws it, or its family.
        lane: In which lane it waits.
        pictures: How many pictures it makes.
        worker: Who makes it; None for nobody yet.
        created_at: When it was asked for.
    """

    id: str
    person_id: int
    server_id: int | None
    channel_id: int
    state: str
    model: str
    lane: str
    pictures: int
    worker: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a worker is.

    Attributes:
        name: Its name.
        host: Where it runs.
        device: What it computes on.
        model: What it draws with, for people.
        age: Seconds since its last sign of life, by the database's clock.
        trouble: What keeps it from taking jobs; None if nothing does.
        draining: Whether it is to take no more jobs.
        job: The job that it makes; None if it makes none.
        memory: How full the memory of what it computes on is; None where that is not known.
    """

    name: str
    host: str
    device: str
    model: str
    age: float
    trouble: str | None
    draining: bool
    job: str | None
    memory: Memory | None


def list_queue(connection: Connection, server_id: int | None, limit: int) -> list[Entry]:
    """What runs and waits, in the order in which it comes.

    Args:
        connection: In a transaction.
        server_id: On which server; None for everywhere.
        limit: Most jobs to list.
    """
    runs_first = case((JobRow.state == "running", 0), else_=1)
    wanted = (
        select(
            JobRow.id,
            JobRow.person_id,
            JobRow.server_id,
            JobRow.channel_id,
            JobRow.state,
            func.coalesce(func.nullif(JobRow.model, ""), JobRow.family, ""),
            JobRow.lane,
            JobRow.picture_count,
            JobRow.worker,
            JobRow.created_at,
        )
        .where(UNFINISHED)
        .order_by(runs_first, JobRow.priority, JobRow.created_at)
    )
    return [Entry(*row) for row in connection.execute(_of(wanted, server_id).limit(limit))]


def count_queue(connection: Connection, server_id: int | None) -> int:
    """How many jobs run and wait."""
    wanted = select(func.count()).select_from(JobRow).where(UNFINISHED)
    return int(connection.execute(_of(wanted, server_id)).scalar_one())


def list_standings(connection: Connection) -> list[Standing]:
    """How each worker is that gave a sign of life within a day, by name."""
    made = select(func.min(JobRow.id)).where(
        UNFINISHED, JobRow.state == "running", JobRow.worker == WorkerRow.executor_id
    )
    rows = connection.execute(
        select(
            WorkerRow.executor_id,
            WorkerRow.host,
            WorkerRow.device,
            WorkerRow.model,
            (read_now(connection) - WorkerRow.seen).label("age"),
            WorkerRow.trouble,
            WorkerRow.draining,
            made.scalar_subquery(),
            WorkerRow.memory_used,
            WorkerRow.memory_whole,
        ).order_by(WorkerRow.executor_id)
    )
    standings = []
    for *about, used, whole in rows:
        memory = None if whole is None else Memory(used, whole)
        standings.append(Standing(*about, memory))  # type: ignore[call-arg] # as they are selected
    return standings


def _of(wanted: Any, server_id: int | None) -> Any:  # noqa: ANN401 - selects of any columns
    return wanted if server_id is None else wanted.where(JobRow.server_id == server_id)
