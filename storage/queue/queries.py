"""Every SQL statement of ours, as functions on an open transaction.

They are plain functions on a plain connection, so the worker calls them from threads and the bot
through ``run_sync``. A job changes state only by a statement that names the state it had: of two
that race, one finds nothing to change and says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Double,
    RowMapping,
    Select,
    Update,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from storage.database.tables import GRID_POSITION, ImageRow, JobRow, WorkerRow
from storage.queue import fairness
from storage.queue.jobs import Job, Made, NewJob, QueueInfo, Rendered, StoredImage

_ACCEPTING: Final = 0x0EA5E2
_UNFINISHED: Final = JobRow.state.in_(("queued", "running"))
_UNDELIVERED: Final = JobRow.delivered_at.is_(None)
_FORGOTTEN: Final = 86400.0
_READ: Final = [getattr(JobRow, field.name) for field in fields(Job) if field.name != "images"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an undelivered job stands: what the watcher compares and the reaper mends."""

    id: str
    state: Any
    failure: str | None
    attempts: int
    priority: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One try at making a job; ``attempt`` is its token: a later try makes it stale."""

    job_id: str
    attempt: int
    recipe: dict[str, Any]


# Accepting


def lock_accepting(connection: Connection) -> None:
    """Lets one accept at a time count and number; SQLite's writing transactions do already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ACCEPTING})"))


def standing_of(connection: Connection, job_id: str) -> Standing | None:
    """How a job stands, or None if there is no such job."""
    row = connection.execute(_standings().where(JobRow.id == job_id)).one_or_none()
    return Standing(*row) if row else None


def turn_of(connection: Connection, job: NewJob) -> tuple[int, int]:
    """How many unfinished jobs the owner of a new job has, and in which round it is."""
    band = _band(job)
    own = JobRow.person_id == job.person_id
    unfinished, current, last = connection.execute(
        select(
            func.count().filter(own),
            func.min(JobRow.round).filter(band),
            func.max(JobRow.round).filter(band, own),
        ).where(_UNFINISHED)
    ).one()
    return unfinished, fairness.next_round(current, last)


def priority_of(connection: Connection, job: NewJob, round_: int) -> int:
    """The place in the queue that a new job gets in its round."""
    band = fairness.band_of(job.title, job.speed)
    taken = select(func.max(JobRow.priority)).where(
        _UNFINISHED, _within(*fairness.round_bounds(band, round_))
    )
    return fairness.priority(band, round_, connection.execute(taken).scalar_one())


def insert_job(connection: Connection, job: NewJob, round_: int, priority: int) -> Standing:
    """Adds a job that waits; tells how it stands."""
    values = {field.name: getattr(job, field.name) for field in fields(NewJob)}
    del values["id"]
    values["recipe"] = dict(job.recipe)
    values["origins"] = dict(job.origins) if job.origins else None
    new = Standing(job.id, "queued", None, 0, priority, _now())
    connection.execute(insert(JobRow).values(**values, round=round_, **asdict(new)))
    return new


def position_of(connection: Connection, standing: Standing) -> int:
    """A waiting job's place in the queue, 1 is next; 0 for a job that does not wait."""
    if standing.state != "queued":
        return 0
    sooner = (JobRow.priority < standing.priority) | (
        (JobRow.priority == standing.priority) & (JobRow.created_at < standing.created_at)
    )
    counted = select(func.count()).where(JobRow.state == "queued", sooner)
    return 1 + connection.execute(counted).scalar_one()


# Reading


def undelivered_standings(connection: Connection) -> list[Standing]:
    """How every undelivered job stands."""
    return [Standing(*row) for row in connection.execute(_standings().where(_UNDELIVERED))]


def read_job(connection: Connection, job_id: str) -> Job | None:
    """A job with its images, or None if there is no such job."""
    return next(iter(_read_jobs(connection, JobRow.id == job_id)), None)


def read_undelivered(connection: Connection) -> list[Job]:
    """All undelivered jobs with their images, oldest first."""
    return _read_jobs(connection, _UNDELIVERED)


def image_with_digest(connection: Connection, digest: str) -> StoredImage | None:
    """A single picture that was made from the recipe with this digest, if any was."""
    wanted = select(ImageRow).where(ImageRow.digest == digest, ImageRow.kind == "picture").limit(1)
    row = connection.execute(wanted).mappings().first()
    return _image(row) if row else None


def queue_info(connection: Connection, dead_after: float) -> QueueInfo:
    """How many jobs wait and run, and how many workers gave a sign of life lately."""
    counted = select(JobRow.state, func.count()).where(_UNFINISHED).group_by(JobRow.state)
    counts = {state: count for state, count in connection.execute(counted)}  # noqa: C416 - rows
    workers = len(live_workers(connection, dead_after))
    return QueueInfo(counts.get("queued", 0), counts.get("running", 0), workers)


# Making


def begin_run(connection: Connection, job_id: str, worker: str, limit: int) -> Run | None:
    """Begins another try at a job, unless it ended or was tried ``limit`` times."""
    row = connection.execute(
        update(JobRow)
        .where(JobRow.id == job_id, _UNFINISHED, JobRow.attempts < limit)
        .values(state="running", attempts=JobRow.attempts + 1, worker=worker, started_at=_now())
        .returning(JobRow.attempts, JobRow.recipe)
    ).one_or_none()
    return Run(job_id, row.attempts, row.recipe) if row else None


def fail_exhausted(connection: Connection, job_id: str, limit: int, failure: str) -> bool:
    """Fails a job that was tried ``limit`` times without an end; False if it was not."""
    exhausted = update(JobRow).where(JobRow.id == job_id, _UNFINISHED, JobRow.attempts >= limit)
    return _changed(
        connection, exhausted.values(state="failed", failure=failure, finished_at=_now())
    )


def release(connection: Connection, worker: str) -> None:
    """Lets wait again what a worker was making when it ended without a word."""
    left = update(JobRow).where(JobRow.worker == worker, JobRow.state == "running")
    connection.execute(left.values(state="queued"))


def is_current(connection: Connection, run: Run) -> bool:
    """Whether a run is still the one that counts: not cancelled and not begun again elsewhere."""
    return connection.execute(select(JobRow.id).where(*_owned(run))).first() is not None


def finish_run(connection: Connection, run: Run, rendered: Rendered) -> bool:
    """Ends a job as done with its images; False, changing nothing, if the run is stale."""
    if not _end(connection, run, state="done", failure=None):
        return False
    rows = [_image_values(run, place, made) for place, made in enumerate(rendered.pictures)]
    if rendered.grid:
        rows.append(_image_values(run, GRID_POSITION, rendered.grid))
    if rows:
        connection.execute(insert(ImageRow), rows)
    return True


def fail_run(connection: Connection, run: Run, failure: str) -> bool:
    """Ends a job as failed; False, changing nothing, if the run is stale."""
    return _end(connection, run, state="failed", failure=failure)


def hand_back(connection: Connection, run: Run) -> bool:
    """Puts a job back as if the run had never begun; False if the run is stale."""
    returned = update(JobRow).where(*_owned(run))
    return _changed(
        connection, returned.values(state="queued", attempts=JobRow.attempts - 1, worker=None)
    )


# Ending and delivering


def cancel_job(connection: Connection, job_id: str) -> bool:
    """Cancels an unfinished job; False if it had ended."""
    cancelled = update(JobRow).where(JobRow.id == job_id, _UNFINISHED)
    return _changed(connection, cancelled.values(state="cancelled", finished_at=_now()))


def mark_delivered(connection: Connection, job_id: str, message_id: int | None) -> bool:
    """Notes, once, that the end of a job was shown; False if that was noted before."""
    shown = update(JobRow).where(JobRow.id == job_id, _UNDELIVERED, ~_UNFINISHED)
    return _changed(connection, shown.values(delivered_at=_now(), delivered_message_id=message_id))


def move_job(connection: Connection, job_id: str, message_id: int, channel_id: int | None) -> None:
    """Notes that delivery goes on in another message."""
    place = {"message_id": message_id} | ({"channel_id": channel_id} if channel_id else {})
    connection.execute(update(JobRow).where(JobRow.id == job_id).values(place))


# Recovering


def requeue(connection: Connection, standing: Standing) -> bool:
    """Lets a job wait again whose run was lost; False if it changed since it was read."""
    return _changed(connection, _unchanged(standing).values(state="queued", worker=None))


def give_up(connection: Connection, standing: Standing, failure: str) -> bool:
    """Fails a job whose run was lost; False if it changed since it was read."""
    return _changed(
        connection,
        _unchanged(standing).values(state="failed", failure=failure, finished_at=_now()),
    )


def unfinished_standings(connection: Connection) -> list[Standing]:
    """How every unfinished job stands."""
    return [Standing(*row) for row in connection.execute(_standings().where(_UNFINISHED))]


def undelivered_among(connection: Connection, job_ids: Collection[str]) -> set[str]:
    """Those of some jobs whose end was not shown yet."""
    wanted = select(JobRow.id).where(JobRow.id.in_(job_ids), _UNDELIVERED)
    return set(connection.execute(wanted).scalars())


# Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A worker and when it was last seen; ``age`` is in seconds."""

    session: str
    host: str
    pid: int
    seen: float
    age: float


def sighting_of(connection: Connection, name: str) -> Sighting | None:
    """The worker that last went by a name."""
    wanted = select(
        WorkerRow.session,
        WorkerRow.host,
        WorkerRow.pid,
        WorkerRow.seen,
        (_clock(connection) - WorkerRow.seen).label("age"),
    ).where(WorkerRow.executor_id == name)
    row = connection.execute(wanted).mappings().one_or_none()
    return Sighting(**row) if row else None


def sign_on(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    """Notes a worker that starts, in place of the last of its name and of those long gone."""
    stale = _clock(connection) - WorkerRow.seen > _FORGOTTEN
    connection.execute(delete(WorkerRow).where((WorkerRow.executor_id == name) | stale))
    connection.execute(
        insert(WorkerRow).values(executor_id=name, seen=_clock(connection), **values)
    )


def beat(connection: Connection, name: str, session: str) -> bool:
    """Notes that a worker lives; False if another took its name."""
    mine = update(WorkerRow).where(WorkerRow.executor_id == name, WorkerRow.session == session)
    return _changed(connection, mine.values(seen=_clock(connection)))


def sign_off(connection: Connection, name: str, session: str) -> None:
    """Forgets a worker that ends."""
    mine = delete(WorkerRow).where(WorkerRow.executor_id == name, WorkerRow.session == session)
    connection.execute(mine)


def live_workers(connection: Connection, dead_after: float) -> set[str]:
    """The names of the workers seen within ``dead_after`` seconds."""
    fresh = _clock(connection) - WorkerRow.seen <= dead_after
    return set(connection.execute(select(WorkerRow.executor_id).where(fresh)).scalars())


def _clock(connection: Connection) -> ColumnElement[float]:
    # One clock for all: hosts may disagree about the time.
    if connection.dialect.name == "postgresql":
        return literal_column("extract(epoch FROM clock_timestamp())::float8", Double())
    return literal_column("(julianday('now') - 2440587.5) * 86400.0", Double())


def _band(job: NewJob) -> ColumnElement[bool]:
    return _within(*fairness.bounds(fairness.band_of(job.title, job.speed)))


def _within(first: int, past: int) -> ColumnElement[bool]:
    return (JobRow.priority >= first) & (JobRow.priority < past)


def _now() -> datetime:
    return datetime.now(UTC)


def _changed(connection: Connection, statement: Update) -> bool:
    return connection.execute(statement).rowcount == 1


def _standings() -> Select[Any]:
    return select(*(getattr(JobRow, field.name) for field in fields(Standing)))


def _owned(run: Run) -> tuple[ColumnElement[bool], ...]:
    return JobRow.id == run.job_id, JobRow.state == "running", JobRow.attempts == run.attempt


def _end(connection: Connection, run: Run, *, state: str, failure: str | None) -> bool:
    ended = update(JobRow).where(*_owned(run))
    return _changed(connection, ended.values(state=state, failure=failure, finished_at=_now()))


def _unchanged(standing: Standing) -> Update:
    return update(JobRow).where(
        JobRow.id == standing.id,
        JobRow.state == standing.state,
        JobRow.attempts == standing.attempts,
    )


def _image_values(run: Run, position: int, made: Made) -> dict[str, Any]:
    kind = "grid" if position == GRID_POSITION else "picture"
    return {"job_id": run.job_id, "position": position, "kind": kind, **asdict(made)}


def _read_jobs(connection: Connection, wanted: ColumnElement[bool]) -> list[Job]:
    rows = connection.execute(select(*_READ).where(wanted).order_by(JobRow.created_at))
    jobs = [dict(row) for row in rows.mappings()]
    images = _images_of(connection, [job["id"] for job in jobs])
    return [Job(**job, images=tuple(images.get(job["id"], ()))) for job in jobs]


def _images_of(connection: Connection, job_ids: Sequence[str]) -> dict[str, list[StoredImage]]:
    wanted = select(ImageRow).where(ImageRow.job_id.in_(job_ids)).order_by(ImageRow.position)
    images: dict[str, list[StoredImage]] = {}
    for row in connection.execute(wanted).mappings():
        images.setdefault(row["job_id"], []).append(_image(row))
    return images


def _image(row: RowMapping) -> StoredImage:
    return StoredImage(**{field.name: row[field.name] for field in fields(StoredImage)})
