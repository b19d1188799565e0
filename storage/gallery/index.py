"""Finished drawings put into the gallery: when they end, and those from before there was one."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from storage.database.records import insert_new
from storage.database.tables import GalleryRow, JobRow
from storage.gallery.terms import write_terms

# Of jobs that show alone what was made beside others (storage.queue.jobs names it).
_SHOWN: Final = "shown"
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND: Final = timedelta(microseconds=1)

_SHOWABLE: Final[Sequence[ColumnElement[bool]]] = (
    JobRow.state == "done",
    JobRow.question.is_(None),
    JobRow.lane != _SHOWN,
)
_KNOWN: Final = (
    *(JobRow.id, JobRow.recipe, JobRow.person_id, JobRow.server_id, JobRow.channel_id),
    *(JobRow.model, JobRow.created_at),
)


class Place(NamedTuple):
    """How far earlier jobs were looked at: this one and those before it were not."""

    created_at: datetime
    job_id: str


def write_id(moment: datetime) -> int:
    """The number of what was asked for at a moment: microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def add(connection: Connection, job_id: str) -> None:
    """Puts a finished drawing into the gallery, once."""
    _add_all(connection, JobRow.id == job_id)


def find_missing(
    connection: Connection, before: Place | None, since: datetime | None, most: int
) -> tuple[set[str], Place | None]:
    """Drawings that ended before there was a gallery, or by an older worker.

    Args:
        connection: In a transaction.
        before: How far it got; None to begin with the latest.
        since: Jobs from before are not looked at; None for all.
        most: How many jobs are looked at.

    Returns:
        The jobs of those that are not in it; how far it got now, None at the end.
    """
    page = select(JobRow.created_at, JobRow.id).where(*_SHOWABLE)
    if before is not None:
        page = page.where(tuple_(JobRow.created_at, JobRow.id) < tuple_(*before))
    if since is not None:
        page = page.where(JobRow.created_at >= since)
    page = page.order_by(JobRow.created_at.desc(), JobRow.id.desc()).limit(most)
    rows = connection.execute(page).all()
    ids = {row.id for row in rows}
    known = select(GalleryRow.job_id).where(GalleryRow.job_id.in_(ids))
    place = Place(rows[-1].created_at, rows[-1].id) if len(rows) == most else None
    return ids - {*connection.execute(known).scalars()}, place


def add_missing(
    connection: Connection, before: Place | None, since: datetime | None, most: int
) -> Place | None:
    """Puts those into the gallery that :func:`find_missing` finds; how far it got now.

    Args:
        connection: In a transaction that writes.
        before: As there.
        since: As there.
        most: As there.
    """
    # Recipes are read of those few alone that are missing.
    missing, place = find_missing(connection, before, since, most)
    _add_all(connection, JobRow.id.in_(missing))
    return place


def mark_deleted(connection: Connection, job_id: str) -> None:
    """Takes a drawing out of the gallery for good, as its message was deleted on purpose."""
    gone = update(GalleryRow).where(GalleryRow.job_id == job_id)
    # Its row stays, so that it is not put in again; it is found by nothing.
    connection.execute(gone.values(deleted=True, words=""))


def keep_private(connection: Connection, job_ids: Collection[str], *, private: bool = True) -> None:
    """Keeps drawings from their servers' galleries, or lets them in again."""
    rows = update(GalleryRow).where(GalleryRow.job_id.in_(job_ids))
    connection.execute(rows.values(private=private))


def find_delivered(connection: Connection, message_ids: Collection[int]) -> list[str]:
    """The jobs whose pictures came in some messages."""
    wanted = select(JobRow.id).where(JobRow.delivered_message_id.in_(message_ids))
    return [*connection.execute(wanted).scalars()]


def _add_all(connection: Connection, wanted: ColumnElement[bool]) -> None:
    rows = [*_make_rows(connection, wanted)]
    # Where two were asked for within a microsecond, the second moves on.
    while rows:
        insert_new(connection, GalleryRow, rows)
        ids = [row["job_id"] for row in rows]
        there = select(GalleryRow.job_id).where(GalleryRow.job_id.in_(ids))
        kept = {*connection.execute(there).scalars()}
        rows = [{**row, "id": row["id"] + 1} for row in rows if row["job_id"] not in kept]


def _make_rows(connection: Connection, wanted: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    for job in connection.execute(select(*_KNOWN).where(*_SHOWABLE, wanted)):
        # Jobs of before there were several models do not say which drew them; recipes always did.
        model = job.model or str(job.recipe.get("model", ""))
        yield {
            "id": write_id(job.created_at),
            "job_id": job.id,
            "person_id": job.person_id,
            "server_id": job.server_id,
            "channel_id": job.channel_id,
            "model": model,
            "private": False,
            "deleted": False,
            "words": write_terms(
                job.recipe, person_id=job.person_id, channel_id=job.channel_id, model=model
            ),
        }
