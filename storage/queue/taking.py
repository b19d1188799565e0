"""A worker takes the job that is next for it, and nobody else can have it then."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from storage.database.records import Lock, hold
from storage.database.tables import JobRow
from storage.queue import entries, order, presence, queries
from storage.queue.jobs import PROTOCOL
from storage.queue.order import LOOK, Bound, ModelName, Next, Served, Waiting
from storage.queue.queries import UNDELIVERED, Run

Kind = tuple[ModelName, str]
"""A model, and a lane."""

_QUEUED: Final = (JobRow.state == "queued", UNDELIVERED)

_KNOWN: Final = JobRow.protocol <= PROTOCOL
"""Jobs that this release understands; others are left to newer workers."""


def list_kinds(connection: Connection) -> set[Kind]:
    """Of which models, and in which lanes, jobs wait that this release understands."""
    kinds = select(JobRow.family, JobRow.model, JobRow.lane).where(*_QUEUED, _KNOWN).distinct()
    return {(ModelName(family, model), lane) for family, model, lane in connection.execute(kinds)}


def find_unserved(models: Collection[ModelName], alive: Mapping[str, Served]) -> set[ModelName]:
    """Those of some models of which none of the workers that live takes jobs."""
    return {model for model in models if not any(serves(alive, worker, model) for worker in alive)}


def serves(alive: Mapping[str, Served], worker: str, model: ModelName) -> bool:
    """Whether a worker among those that live takes jobs of a model."""
    others = (served for name, served in alive.items() if name != worker)
    return order.serves(model, alive.get(worker, frozenset()), others)


def has_work(connection: Connection, worker: str, dead_after: float) -> bool:
    """Whether any job waits that a worker serves; it reads only, and may find some taken."""
    kinds = list_kinds(connection)
    alive = presence.list_served(connection, dead_after) if kinds else {}
    return any(serves(alive, worker, model) for model, _ in kinds)


def take(
    connection: Connection,
    worker: str,
    holds: Collection[ModelName],
    bound: Bound,
    dead_after: float,
    *,
    patient: bool = False,
    without: Collection[str] = (),
) -> str | None:
    """Takes the job that is next for a worker, which the engine then hands to it alone.

    Args:
        connection: In a transaction that writes.
        worker: The worker's name.
        holds: Models that it has loaded.
        bound: How far these let other jobs be overtaken.
        dead_after: Seconds without a sign of life after which a worker counts as dead.
        patient: Leaves a job of a model that it would have to load to others, who may hold it.
        without: Jobs that it leaves to others.

    Returns:
        The job; None if there is none.
    """
    hold(connection, Lock.TAKING)
    if presence.is_draining(connection, worker):
        return None
    alive = presence.list_served(connection, dead_after)
    kinds = {kind for kind in list_kinds(connection) if serves(alive, worker, kind[0])}
    # Taken, but not begun; unless whoever took it has died since.
    waiting = {
        job.id: job
        for kind in kinds
        for job in _list_first(connection, kind)
        if (job.worker in (None, worker) or job.worker not in alive) and job.id not in without
    }
    while found := order.choose(waiting.values(), holds, bound):
        if patient and len(alive) > 1 and found.job.model not in holds:
            return None
        if _take(connection, found, worker):
            return found.job.id
        # Its entry is elsewhere, until recovery finds it, or a worker of before has it.
        del waiting[found.job.id]
    return None


def note_beginning(connection: Connection, run: Run, began: datetime | None) -> None:
    """Notes when a run began to draw; None while its model is being loaded."""
    # What is cancelled is charged from there: nobody is for a model that had to be loaded.
    connection.execute(update(JobRow).where(*queries.owned(run)).values(started_at=began))


def pass_on(connection: Connection, run: Run, worker: str, dead_after: float) -> bool:
    """Lets a job wait for another worker that serves its model, as this one cannot make it.

    The try counts, or the job would go from one to the other for ever where none of them can.

    Returns:
        False, changing nothing, if there is no other, or the run is stale.
    """
    wanted = select(JobRow.family, JobRow.model).where(JobRow.id == run.job_id)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        # It was withdrawn meanwhile.
        return False
    model, alive = ModelName(*row), presence.list_served(connection, dead_after)
    if not any(serves(alive, name, model) for name in alive if name != worker):
        return False
    returned = update(JobRow).where(*queries.owned(run)).values(state="queued", worker=None)
    return connection.execute(returned).rowcount == 1


def is_taken(connection: Connection, job_id: str, worker: str) -> bool:
    """Whether a job is still a worker's, begun or not."""
    mine = select(JobRow.id).where(
        JobRow.id == job_id, JobRow.worker == worker, JobRow.state.in_(("queued", "running"))
    )
    return connection.execute(mine).first() is not None


def _list_first(connection: Connection, kind: Kind) -> list[Waiting]:
    model, lane = kind
    rows = connection.execute(
        select(
            JobRow.id,
            JobRow.priority,
            JobRow.created_at,
            JobRow.lane,
            JobRow.cost,
            JobRow.overtaken,
            JobRow.overtaken_for,
            JobRow.gave_way,
            JobRow.worker,
        )
        .where(*_QUEUED, JobRow.family == model.family, JobRow.model == model.name)
        .where(JobRow.lane == lane, _KNOWN)
        .order_by(JobRow.priority, JobRow.created_at)
        .limit(LOOK)
    )
    return [Waiting(**row, model=model) for row in rows.mappings()]


def _take(connection: Connection, found: Next, worker: str) -> bool:
    job = found.job
    if not entries.assign(connection, job.id, worker):
        return False
    mine = update(JobRow).where(JobRow.id == job.id, *_QUEUED)
    taken = {"worker": worker, "reaches": found.reaches}
    if connection.execute(mine.values(taken)).rowcount != 1:
        # Cancelled in this moment; the engine learns of it next.
        return False
    if found.overtakes:
        past = update(JobRow).where(JobRow.id.in_([one.id for one in found.overtakes]))
        counted = {
            "overtaken": JobRow.overtaken + 1,
            "overtaken_for": JobRow.overtaken_for + job.cost,
        }
        asked = job.lane == "ask"
        connection.execute(past.values({"gave_way": True} if asked else counted))
    return True
