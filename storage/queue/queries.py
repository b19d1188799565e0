"""SQL about jobs and their images, as functions on an open transaction.

They are plain functions on a plain connection, so the worker calls them from threads and the bot
through ``run_sync``. A job changes state only by a statement that names the state it had: of two
that race, one finds nothing to change and says so.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    RowMapping,
    Select,
    Update,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    union,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from storage.database.tables import GRID_POSITION, CopyRow, HeldRow, ImageRow, JobRow
from storage.decisions.cases import note_case
from storage.gallery import index
from storage.queue import shares
from storage.queue.jobs import (
    CANCELLED_BY,
    PROTOCOL,
    Job,
    Made,
    Rendered,
    StoredImage,
)
from storage.queue.verdicts import Verdict, find_hold

UNDELIVERED: Final = JobRow.delivered_at.is_(None)
"""Jobs whose end was not shown yet; an index holds these alone."""

UNFINISHED: Final = JobRow.state.in_(("queued", "running")) & UNDELIVERED
"""Jobs that wait or run: none of them was delivered, and saying so lets the index find them."""

_READ: Final = [getattr(JobRow, field.name) for field in fields(Job) if field.name != "images"]
_BEGUN: Final = [
    getattr(JobRow, name)
    for name in ("attempts", "recipe", "adult", "minors", "priority", "reaches")
]

# Statements that run at every interaction are built once; this one counts a ``person``'s.
COUNT_OWN: Final = select(func.count()).where(JobRow.person_id == bindparam("person"), UNFINISHED)
_JOBS: Final = (
    select(*_READ)
    .where(JobRow.id.in_(bindparam("jobs", expanding=True)))
    .order_by(JobRow.created_at)
)
_IMAGES: Final = (
    select(*(getattr(ImageRow, field.name) for field in fields(StoredImage)), ImageRow.job_id)
    .where(ImageRow.job_id.in_(bindparam("jobs", expanding=True)))
    .order_by(ImageRow.position)
)
# Equal ones by age, as the job engine does, so that the place told is the one that is kept.
_SOONER: Final = (JobRow.priority < bindparam("priority")) | (
    (JobRow.priority == bindparam("priority")) & (JobRow.created_at < bindparam("created_at"))
)
_AHEAD: Final = select(func.count(), func.coalesce(func.sum(JobRow.cost), 0.0)).where(
    JobRow.state == "queued", UNDELIVERED, _SOONER
)
_DERIVED: Final = select(JobRow.title).where(JobRow.parent_id == bindparam("parent")).distinct()


def _latest(wanted: Select[Any]) -> Select[Any]:
    return wanted.order_by(JobRow.created_at.desc()).limit(1)


def _select_shown() -> Select[Any]:
    message = bindparam("message", type_=BigInteger)
    # What becomes of a job may be shown in another message than its progress was.
    own = (JobRow.delivered_message_id, JobRow.message_id)
    ways = [select(JobRow.id).where(shows == message) for shows in own]
    # Each by its own index: with OR between them the whole table would be read.
    shown = union(*ways, select(CopyRow.job_id).where(CopyRow.message_id == message)).subquery()
    return _latest(select(JobRow.id).join(shown, JobRow.id == shown.c.id))


_SHOWN_IN: Final = _select_shown()


@dataclass(frozen=True, slots=True)
class Standing:
    """How an undelivered job stands: what the watcher compares and the reaper mends."""

    id: str
    state: Any
    failure: str | None
    attempts: int
    priority: int
    created_at: datetime
    message_id: int | None = None
    family: str = ""
    model: str = ""
    cost: float = 0.0
    protocol: int = PROTOCOL


STANDING: Final = [getattr(JobRow, field.name) for field in fields(Standing)]
"""The columns of a standing."""

_STANDINGS: Final = select(*STANDING).where(JobRow.id.in_(bindparam("jobs", expanding=True)))
_UNDELIVERED: Final = select(*STANDING).where(UNDELIVERED)


@dataclass(frozen=True, slots=True)
class Run:
    """One try at making a job; ``attempt`` is its token: a later try makes it stale."""

    job_id: str
    attempt: int
    recipe: dict[str, Any]
    adult: bool = False
    minors: bool = False


# How jobs stand


def read_standings(connection: Connection, job_ids: Collection[str]) -> dict[str, Standing]:
    """How those of some jobs stand that there are, by id."""
    rows = connection.execute(_STANDINGS, {"jobs": list(job_ids)})
    return {row.id: Standing(*row) for row in rows}


def list_undelivered(connection: Connection) -> list[Standing]:
    """How every undelivered job stands."""
    return [Standing(*row) for row in connection.execute(_UNDELIVERED)]


def list_unfinished_of(connection: Connection, person_id: int) -> list[str]:
    """A person's jobs that wait or run, oldest first."""
    wanted = select(JobRow.id).where(JobRow.person_id == person_id, UNFINISHED)
    return list(connection.execute(wanted.order_by(JobRow.created_at)).scalars())


def count_unfinished(connection: Connection, person_id: int) -> int:
    """How many jobs of a person wait or run."""
    return connection.execute(COUNT_OWN, {"person": person_id}).scalar_one()


def read_place(connection: Connection, standing: Standing) -> tuple[int, float]:
    """A waiting job's place in the queue, 1 is next, and the GPU seconds of what is before it.

    Both are 0 for a job that does not wait.
    """
    if standing.state != "queued":
        return 0, 0.0
    own = {"priority": standing.priority, "created_at": standing.created_at}
    count, seconds = connection.execute(_AHEAD, own).one()
    return 1 + count, seconds


# Reading


def read_job(connection: Connection, job_id: str) -> Job | None:
    """A job with its images, or None if there is no such job."""
    return next(iter(_read_jobs(connection, [job_id])), None)


def read_jobs(connection: Connection, job_ids: Sequence[str]) -> list[Job]:
    """Those of some jobs that there are, with their images, in the order of the ids."""
    found = {job.id: job for job in _read_jobs(connection, job_ids)}
    return [found[job_id] for job_id in job_ids if job_id in found]


def find_job(connection: Connection, beginning: str) -> str | None:
    """The latest job whose id begins with these hexadecimal digits; None if there is none."""
    # A range, which the key's own index finds in every collation; no index finds a LIKE in all.
    within = JobRow.id.between(beginning.ljust(32, "0"), beginning.ljust(32, "f"))
    return connection.execute(_latest(select(JobRow.id).where(within))).scalar_one_or_none()


def find_job_of_message(connection: Connection, message_id: int) -> str | None:
    """The job whose pictures a message shows; None if it shows none of ours."""
    return connection.execute(_SHOWN_IN, {"message": message_id}).scalar_one_or_none()


def list_derived(connection: Connection, job_id: str) -> set[str]:
    """Titles of the jobs that were derived from a job."""
    return set(connection.execute(_DERIVED, {"parent": job_id}).scalars())


def find_picture(connection: Connection, digest: str) -> StoredImage | None:
    """A single picture that was made from the recipe with this digest, if any was."""
    wanted = select(ImageRow).where(ImageRow.digest == digest, ImageRow.kind == "picture").limit(1)
    row = connection.execute(wanted).mappings().first()
    return _image(row) if row else None


# Making


def begin_run(connection: Connection, job_id: str, worker: str, limit: int) -> Run | None:
    """Begins another try at a job, unless it ended or was tried ``limit`` times."""
    row = connection.execute(
        update(JobRow)
        .where(JobRow.id == job_id, UNFINISHED, JobRow.attempts < limit)
        # The higher count makes every earlier run stale: what it still reports finds no row.
        .values(state="running", attempts=JobRow.attempts + 1, worker=worker, started_at=_now())
        # Read in the same statement; a later look could see the count of the next run.
        .returning(*_BEGUN)
    ).one_or_none()
    if not row:
        return None
    # Where it overtook others, not past them: their owners' next jobs would lose what is theirs.
    shares.advance_clock(connection, row.priority if row.reaches is None else row.reaches)
    return Run(job_id, row.attempts, row.recipe, bool(row.adult), row.minors)


def fail_exhausted(connection: Connection, job_id: str, limit: int, failure: str) -> bool:
    """Fails a job that was tried ``limit`` times without an end; False if it was not."""
    exhausted = update(JobRow).where(JobRow.id == job_id, UNFINISHED, JobRow.attempts >= limit)
    ended = exhausted.values(state="failed", failure=failure, finished_at=_now())
    return shares.end_unmade(connection, ended)


def release(connection: Connection, worker: str) -> None:
    """Lets wait again what a worker had taken when it ended, whether it was begun or not."""
    left = update(JobRow).where(JobRow.worker == worker, UNFINISHED)
    # The try stays counted, or a job that kills its worker would come back for ever.
    connection.execute(left.values(state="queued", worker=None))


def is_current(connection: Connection, run: Run) -> bool:
    """Whether a run is still the one that counts: not cancelled and not begun again elsewhere."""
    return connection.execute(select(JobRow.id).where(*owned(run))).first() is not None


def finish_run(connection: Connection, run: Run, rendered: Rendered, seconds: float) -> bool:
    """Ends a job as done with its images; False, changing nothing, if the run is stale.

    Its owner is charged for so many GPU seconds. Where a classifier is against its images, it has
    failed, and they are held.
    """
    answer = None if rendered.answer is None else dict(rendered.answer)
    verdict = rendered.verdict and rendered.verdict.to_json()
    hold = find_hold(rendered.verdict, adult=run.adult, minors=run.minors)
    done = _ending(run, state="failed" if hold else "done", failure=hold)
    done = done.values(answer=answer, verdict=verdict).returning(*shares.ACCOUNT)
    ended = connection.execute(done).one_or_none()
    if ended is None:
        return False
    shares.settle(connection, ended, seconds)
    rows = [_image_values(run, place, made) for place, made in enumerate(rendered.pictures)]
    if rendered.grid:
        rows.append(_image_values(run, GRID_POSITION, rendered.grid))
    if rows:
        connection.execute(insert(HeldRow if hold else ImageRow), rows)
    if hold:
        note_case(connection, run.job_id, hold)
    elif rows:
        index.add(connection, run.job_id)
    return True


def fail_run(connection: Connection, run: Run, failure: str, seconds: float = 0.0) -> bool:
    """Ends a job as failed; False, changing nothing, if the run is stale.

    Its owner is charged for so many GPU seconds.
    """
    return shares.end_unmade(connection, _ending(run, state="failed", failure=failure), seconds)


def hand_back(connection: Connection, run: Run) -> bool:
    """Puts a job back as if the run had never begun; False if the run is stale."""
    # The worker was told to stop, or its device or the store failed: the try does not count.
    returned = update(JobRow).where(*owned(run))
    return _changed(
        connection, returned.values(state="queued", attempts=JobRow.attempts - 1, worker=None)
    )


def hand_back_tripped(connection: Connection, run: Run, attempts: int) -> int | None:
    """Puts a job back at which what the worker computes on failed, behind those that are next.

    So another is made before it, which shows whether the device or the job is to blame.

    Args:
        connection: In a transaction that writes.
        run: The run.
        attempts: How many tries at it count from now on.

    Returns:
        The job's new priority; None if the run is stale.
    """
    wanted = select(JobRow.priority, JobRow.created_at).where(*owned(run)).with_for_update()
    mine = connection.execute(wanted).one_or_none()
    if mine is None:
        return None
    later = (JobRow.priority > mine.priority) | (
        (JobRow.priority == mine.priority) & (JobRow.created_at > mine.created_at)
    )
    waiting = select(func.min(JobRow.priority)).where(JobRow.state == "queued", UNDELIVERED, later)
    following = connection.execute(waiting).scalar_one()
    priority: int = mine.priority if following is None else following + 1
    values = {"state": "queued", "worker": None, "attempts": attempts, "priority": priority}
    returned = update(JobRow).where(JobRow.id == run.job_id)
    connection.execute(returned.values(faults=JobRow.faults + 1, **values))
    return priority


def count_faults(connection: Connection, job_id: str) -> int:
    """How often what workers compute on failed at a job."""
    wanted = select(JobRow.faults).where(JobRow.id == job_id)
    return connection.execute(wanted).scalar_one_or_none() or 0


# Ending and delivering


def cancel_job(connection: Connection, job_id: str, by: int | None = None) -> bool:
    """Cancels an unfinished job, and notes who did; False if it had ended.

    Its owner is charged for the time that it ran, or cancelling would be a way to a whole GPU.
    """
    who, now = None if by is None else f"{CANCELLED_BY}{by}", _now()
    # Within the statement: whether it runs may change at any moment.
    began = case((JobRow.state == "running", JobRow.started_at))
    cancelled = update(JobRow).where(JobRow.id == job_id, UNFINISHED)
    ended = cancelled.values(state="cancelled", failure=who, started_at=began, finished_at=now)
    return shares.end_cancelled(connection, ended, now)


def note_message(connection: Connection, job_id: str, message_id: int) -> None:
    """Notes in which message a job is shown."""
    connection.execute(update(JobRow).where(JobRow.id == job_id).values(message_id=message_id))


def mark_delivered(connection: Connection, job_id: str, message_id: int | None) -> bool:
    """Notes, once, that the end of a job was shown; False if that was noted before."""
    # Never before its end: that would not be shown any more, as nothing watches delivered jobs.
    shown = update(JobRow).where(JobRow.id == job_id, UNDELIVERED, ~UNFINISHED)
    return _changed(connection, shown.values(delivered_at=_now(), delivered_message_id=message_id))


def delete_jobs(connection: Connection, job_ids: Collection[str]) -> None:
    """Deletes those of some jobs whose end was not shown."""
    shares.end_unmade(connection, delete(JobRow).where(JobRow.id.in_(job_ids), UNFINISHED))
    connection.execute(delete(JobRow).where(JobRow.id.in_(job_ids), UNDELIVERED))


def _now() -> datetime:
    return datetime.now(UTC)


def _changed(connection: Connection, statement: Update) -> bool:
    return connection.execute(statement).rowcount == 1


def owned(run: Run) -> tuple[ColumnElement[bool], ...]:
    """Whether a job is still in this run, as parts of a statement."""
    return JobRow.id == run.job_id, JobRow.state == "running", JobRow.attempts == run.attempt


def _ending(run: Run, *, state: str, failure: str | None) -> Update:
    ended = update(JobRow).where(*owned(run))
    return ended.values(state=state, failure=failure, finished_at=_now())


def _image_values(run: Run, position: int, made: Made) -> dict[str, Any]:
    kind = "grid" if position == GRID_POSITION else "picture"
    return {"job_id": run.job_id, "position": position, "kind": kind, **asdict(made)}


def _read_jobs(connection: Connection, job_ids: Collection[str]) -> list[Job]:
    rows = connection.execute(_JOBS, {"jobs": list(job_ids)})
    jobs = [dict(row) for row in rows.mappings()]
    for job in jobs:
        job["verdict"] = job["verdict"] and Verdict.from_json(job["verdict"])
    # Pictures and the end of a job are written together.
    made = [job["id"] for job in jobs if job["state"] == "done"]
    images = _images_of(connection, made) if made else {}
    return [Job(**job, images=tuple(images.get(job["id"], ()))) for job in jobs]


def _images_of(connection: Connection, job_ids: Sequence[str]) -> dict[str, list[StoredImage]]:
    images: dict[str, list[StoredImage]] = {}
    for row in connection.execute(_IMAGES, {"jobs": job_ids}).mappings():
        images.setdefault(row["job_id"], []).append(_image(row))
    return images


def _image(row: RowMapping) -> StoredImage:
    return StoredImage(**{field.name: row[field.name] for field in fields(StoredImage)})
