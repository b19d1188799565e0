"""Drawings found in the gallery, the latest first, a page at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Select,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)

from storage.database.tables import FavouriteRow, GalleryRow, ImageRow, JobRow
from storage.gallery.rights import Subject
from storage.gallery.terms import EVERYTHING, Search, mark_channel, mark_person

_WORDS: Final = table("gallery_words", column("rowid"))
_SIMPLE: Final[Any] = literal_column("'simple'")


@dataclass(frozen=True, slots=True)
class Found:
    """A drawing, as it was found.

    Attributes:
        id: Its number, by which the next page goes on.
        job_id: Its job.
        subject: What decides who sees it.
    """

    id: int
    job_id: str
    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for: all that is given has to hold.

    Attributes:
        person: Whose drawings; None for anybody's.
        server: On which server they were asked for; None for anywhere.
        channels: Where on it; empty for nowhere at all, where a server is given.
        favourites_of: Who marked them.
        jobs: Which ones; None for all.
        search: What they are found by.
        before: The numbers of drawings are smaller than this one.
        since: And no smaller than this one.
    """

    person: int | None = None
    server: int | None = None
    channels: frozenset[int] = frozenset()
    favourites_of: int | None = None
    jobs: tuple[str, ...] | None = None
    search: Search = EVERYTHING
    before: int | None = None
    since: int | None = None


def find(connection: Connection, wanted: Wanted, most: int) -> list[Found]:
    """Drawings, the latest first; who may see them is not decided here.

    Args:
        connection: In a transaction.
        wanted: Which ones.
        most: How many.
    """
    if wanted.search and connection.dialect.name == "postgresql":
        # Its index gives all that it finds, in no order. What is often found is near.
        near = _read_where(connection, _match_near(wanted).limit(most))
        if len(near) == most:
            return near
    return _read_where(connection, _select(connection, wanted).limit(most))


def find_subjects(connection: Connection, job_ids: Collection[str]) -> list[Found]:
    """Those of some jobs that are in the gallery."""
    return _read_where(connection, _choose().where(GalleryRow.job_id.in_(job_ids)))


def find_of_picture(connection: Connection, sha256: str) -> list[Found]:
    """The drawings that a stored picture is of: one, or several where they are equal."""
    of_it = _choose().join(ImageRow, ImageRow.job_id == GalleryRow.job_id)
    return _read_where(connection, of_it.where(ImageRow.sha256 == sha256))


def list_models(connection: Connection, person_id: int) -> list[str]:
    """The models that drew a person's latest drawings, in alphabetical order."""
    latest = select(GalleryRow.model).where(GalleryRow.person_id == person_id)
    some = latest.order_by(GalleryRow.id.desc()).limit(_LOOKED_THROUGH).subquery()
    named = select(some.c.model).distinct().order_by(some.c.model)
    return [name for name in connection.execute(named).scalars() if name]


_LOOKED_THROUGH: Final = 2000

_NEAR: Final = 400
"""Drawings whose words PostgreSQL looks at one by one before it asks the index."""

_JOB: Final = JobRow.id == GalleryRow.job_id
_HELD: Final = select(JobRow.state != "done").where(_JOB).scalar_subquery()
"""Whether a drawing is held: of those in the gallery all are done, until one is withheld."""

_ADULT: Final = select(JobRow.adult).where(_JOB).scalar_subquery()

_SUBJECT: Final[Sequence[Any]] = (
    *(GalleryRow.id, GalleryRow.job_id, GalleryRow.person_id),
    *(GalleryRow.server_id, GalleryRow.channel_id, GalleryRow.private, GalleryRow.deleted),
    *(_HELD.label("held"), _ADULT.label("adult")),
)


def _choose() -> Select[Any]:
    return select(*_SUBJECT)


def _read_where(connection: Connection, wanted: Select[Any]) -> list[Found]:
    return [_read(row) for row in connection.execute(wanted)]


def _read(row: Any) -> Found:  # noqa: ANN401 - a row of the columns above
    subject = Subject(
        person=row.person_id,
        server=row.server_id,
        channel=row.channel_id,
        private=row.private,
        deleted=row.deleted,
        held=bool(row.held),
        # Of those from before it was kept, their channels tell (bot.gallery.sights).
        adult=bool(row.adult),
    )
    return Found(row.id, row.job_id, subject)


def _select(connection: Connection, wanted: Wanted) -> Select[Any]:
    chosen = _filter(_choose(), wanted)
    if wanted.search:
        return _match(connection, chosen, wanted)
    return _narrow(chosen, wanted)


def _filter(chosen: Select[Any], wanted: Wanted) -> Select[Any]:
    """All but what is searched for and where, the latest first."""
    chosen = chosen.where(~GalleryRow.deleted).order_by(GalleryRow.id.desc())
    if wanted.before is not None:
        chosen = chosen.where(GalleryRow.id < wanted.before)
    if wanted.since is not None:
        chosen = chosen.where(GalleryRow.id >= wanted.since)
    if wanted.jobs is not None:
        chosen = chosen.where(GalleryRow.job_id.in_(wanted.jobs))
    if wanted.favourites_of is not None:
        marked = select(FavouriteRow.job_id).where(FavouriteRow.person_id == wanted.favourites_of)
        chosen = chosen.where(GalleryRow.job_id.in_(marked))
    return chosen


def _narrow(chosen: Select[Any], wanted: Wanted) -> Select[Any]:
    """Those of a person, or of a server's channels."""
    if wanted.person is not None:
        chosen = chosen.where(GalleryRow.person_id == wanted.person)
    if wanted.server is not None:
        chosen = chosen.where(GalleryRow.server_id == wanted.server)
        chosen = chosen.where(GalleryRow.channel_id.in_(wanted.channels))
    return chosen


def _match_near(wanted: Wanted) -> Select[Any]:
    """What a search finds among the latest that it could find."""
    known: Sequence[Any] = (GalleryRow.id, GalleryRow.words)
    latest = _narrow(_filter(select(*known), wanted), wanted)
    near = latest.limit(_NEAR).cte("latest").prefix_with("MATERIALIZED")
    terms = func.to_tsvector(_SIMPLE, near.c.words)
    asked = func.to_tsquery(_SIMPLE, wanted.search.write_tsquery())
    joined = _filter(_choose(), wanted).join(near, near.c.id == GalleryRow.id)
    return joined.where(terms.op("@@")(asked))


def _match(connection: Connection, chosen: Select[Any], wanted: Wanted) -> Select[Any]:
    """Those that a search finds: whose and where is searched for, too, so that lists are joined."""
    marks = list[Sequence[str]](wanted.search.marks)
    if wanted.person is not None:
        marks.append([mark_person(wanted.person)])
    if wanted.server is not None:
        # No channel at all is found nowhere, as no drawing has such a mark.
        marks.append([mark_channel(one) for one in sorted(wanted.channels)] or [mark_channel(0)])
    search = Search(wanted.search.phrases, tuple(map(tuple, marks)))
    if connection.dialect.name == "postgresql":
        terms = func.to_tsvector(_SIMPLE, GalleryRow.words)
        asked = func.to_tsquery(_SIMPLE, search.write_tsquery())
        # By itself, or a walk through all of them might be thought to be shorter.
        found = select(GalleryRow.id).where(terms.op("@@")(asked)).cte("found")
        return chosen.where(GalleryRow.id.in_(select(found.prefix_with("MATERIALIZED").c.id)))
    if wanted.before is not None:
        # Told of the index as well, which then begins there.
        chosen = chosen.where(_WORDS.c.rowid < wanted.before)
    matching = text("gallery_words MATCH :search").bindparams(search=search.write_fts5())
    joined = chosen.join(_WORDS, _WORDS.c.rowid == GalleryRow.id).where(matching)
    # In the order of its rows the index need not be read to its end.
    return joined.order_by(None).order_by(_WORDS.c.rowid.desc())
