"""Drawings found in the gallery, the latest first, a page at a time."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    cast,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

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

    Whatever is searched for, what it takes is bounded: what is often found is near, and what is
    not is rare enough for an index to find all of it.

    Args:
        connection: In a transaction.
        wanted: Which ones.
        most: How many.
    """
    there = _choose().where(~GalleryRow.deleted)
    if (some := _choose_few(connection, wanted)) is not None:
        # Each is looked at by itself. They come in the order of a sum, since an index of all that
        # has that order would be read in their place.
        chosen = _limit(there, GalleryRow.id, wanted).where(*some)
        matching = chosen.where(*_match_text(wanted.search, _TEXT))
        return _read_where(connection, matching.order_by((GalleryRow.id + 0).desc()).limit(most))
    if not wanted.search:
        return _read_where(connection, _walk(there, wanted).limit(most))
    latest = _walk(_NUMBERS.add_columns(GalleryRow.words), wanted).limit(_NEAR).subquery()
    near = there.join(latest, latest.c.id == GalleryRow.id)
    matching = near.where(*_match_text(wanted.search, latest.c.words))
    found = _read_where(connection, matching.order_by(latest.c.id.desc()).limit(most))
    if len(found) == most:
        return found
    end = connection.execute(_walk(_NUMBERS, wanted).offset(_NEAR).limit(1)).scalar()
    if end is None:
        return found
    find_far = _find_by_gin if connection.dialect.name == "postgresql" else _find_by_fts5
    return found + find_far(connection, replace(wanted, before=end + 1), most - len(found))


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

_NEAR: Final = 1000
"""Drawings whose words are looked at one by one before an index is asked."""

_FEW: Final = 3000
"""Drawings of some channels that are all looked at one by one."""

_PLACES: Final = 64
"""Moments at which PostgreSQL's drawings are sampled, and..."""

_BESIDE: Final = 8
"""drawings of each."""

_HITS: Final = 300
"""Drawings that SQLite's index finds before it is asked for the channels as well."""

_JOB: Final = JobRow.id == GalleryRow.job_id
_HELD: Final = select(JobRow.state != "done").where(_JOB).scalar_subquery()
"""Whether a drawing is held: of those in the gallery all are done, until one is withheld."""

_ADULT: Final = select(JobRow.adult).where(_JOB).scalar_subquery()

_SUBJECT: Final[Sequence[Any]] = (
    *(GalleryRow.id, GalleryRow.job_id, GalleryRow.person_id),
    *(GalleryRow.server_id, GalleryRow.channel_id, GalleryRow.private, GalleryRow.deleted),
    *(_HELD.label("held"), _ADULT.label("adult")),
)


_NUMBERS: Final = select(GalleryRow.id)
_TEXT: Final[Any] = GalleryRow.words


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


def _choose_few(connection: Connection, wanted: Wanted) -> list[ColumnElement[bool]] | None:
    """Whose drawings are wanted and where, if that leaves few: of some jobs, of hardly any channel.

    Returns:
        Conditions; None where there may be many.
    """
    some: list[ColumnElement[bool]] = []
    if wanted.jobs is not None:
        some.append(GalleryRow.job_id.in_(wanted.jobs))
    if wanted.favourites_of is not None:
        marked = select(FavouriteRow.job_id).where(FavouriteRow.person_id == wanted.favourites_of)
        some.append(GalleryRow.job_id.in_(marked))
    if wanted.server is not None:
        # No channel is on two servers.
        there = GalleryRow.channel_id.in_(wanted.channels)
        if some or _is_few(connection, _limit(_NUMBERS, GalleryRow.id, wanted).where(there)):
            some.append(there)
    if some and wanted.person is not None:
        some.append(GalleryRow.person_id == wanted.person)
    return some or None


def _is_few(connection: Connection, wanted: Select[Any]) -> bool:
    # In the order of the index, or PostgreSQL may read the table from its beginning.
    beyond = wanted.order_by(GalleryRow.channel_id).offset(_FEW).limit(1)
    return connection.execute(beyond).first() is None


def _narrow(chosen: Select[Any], wanted: Wanted) -> Select[Any]:
    """Those of a person, or of a server's channels, of some time."""
    if wanted.person is not None:
        chosen = chosen.where(GalleryRow.person_id == wanted.person)
    if wanted.server is not None:
        chosen = chosen.where(GalleryRow.server_id == wanted.server)
        chosen = chosen.where(_among(wanted.channels))
    return _limit(chosen, GalleryRow.id, wanted)


def _among(channels: Collection[int]) -> ColumnElement[bool]:
    # Of a sum, since no index is to be read for each of hundreds of channels.
    return (GalleryRow.channel_id + 0).in_(channels)


def _limit(chosen: Select[Any], number: Any, wanted: Wanted) -> Select[Any]:  # noqa: ANN401 - a column
    if wanted.before is not None:
        chosen = chosen.where(number < wanted.before)
    if wanted.since is not None:
        chosen = chosen.where(number >= wanted.since)
    return chosen


def _walk(chosen: Select[Any], wanted: Wanted) -> Select[Any]:
    """The same, the latest first."""
    return _narrow(chosen, wanted).order_by(GalleryRow.id.desc())


def _match_text(
    search: Search, words: ColumnElement[str], least: int = 1
) -> Iterator[ColumnElement[bool]]:
    """The conditions of a search as the words themselves fulfil them, without an index.

    Args:
        search: What is searched for.
        words: The column that has them.
        least: Of how many words phrases are looked at; beyond one, nothing but phrases is.
    """
    # Words are letters and digits alone, and so have nothing that a pattern takes for more.
    spaced = literal(" ") + words + literal(" ")
    for at, phrase in enumerate(search.phrases, 1):
        if len(phrase) >= least:
            end = "" if at == len(search.phrases) else " "
            yield spaced.like(f"% {' '.join(phrase)}{end}%")
    for group in search.marks if least == 1 else ():
        yield or_(*(spaced.like(f"% {mark} %") for mark in group))


def _find_by_gin(connection: Connection, wanted: Wanted, most: int) -> list[Found]:
    """What PostgreSQL's index finds: all of it, in no order."""
    # What many drawings have of old, and none of late, would be read and sorted to its beginning.
    some = _sample(connection, wanted)
    parts = [wanted]
    if some is not None:
        parts = [replace(wanted, since=some), replace(wanted, before=some)]
    terms = func.to_tsvector(_SIMPLE, GalleryRow.words)
    asked = func.to_tsquery(_SIMPLE, _add_person(wanted).write_tsquery())
    there = _choose().where(~GalleryRow.deleted, terms.op("@@")(asked))
    # It knows which words a drawing has; whether they stand side by side is read.
    matching = there.where(*_match_text(wanted.search, _TEXT, least=2))
    found: list[Found] = []
    for part in parts:
        if len(found) < most:
            # By a sum, or a walk through all of them might be thought to be shorter.
            ordered = _narrow(matching, part).order_by((GalleryRow.id + 0).desc())
            found += _read_where(connection, ordered.limit(most - len(found)))
    return found


def _sample(connection: Connection, wanted: Wanted) -> int | None:
    """The number of a drawing that is found, with some hundreds later ones, by all likelihood.

    Returns:
        None where what is found is rare.
    """
    first = select(func.min(GalleryRow.id))
    begin = wanted.since or connection.execute(first).scalar() or 0
    end = wanted.before or 0
    places = [end - step * (end - begin) // _PLACES for step in range(1, _PLACES + 1)]
    given = func.unnest(cast(places, ARRAY(BigInteger))).table_valued("number").render_derived()
    known = select(GalleryRow.id, GalleryRow.words).where(GalleryRow.id <= given.c.number)
    some = known.order_by(GalleryRow.id.desc()).limit(_BESIDE).lateral()
    found = select(some.c.id).select_from(given.join(some, true()))
    matching = found.where(*_match_text(wanted.search, some.c.words))
    return connection.execute(matching.order_by(some.c.id.desc()).offset(1).limit(1)).scalar()


def _find_by_fts5(connection: Connection, wanted: Wanted, most: int) -> list[Found]:
    """What SQLite's index finds, in the order of its rows, which it need not read to its end."""
    search, joined = _add_person(wanted), _choose().join(_WORDS, _WORDS.c.rowid == GalleryRow.id)
    if wanted.server is None:
        return _read_where(connection, _match(joined, wanted, search).limit(most))
    # A list of channels takes it longer than the words. Where somebody sees those in which most is
    # drawn, most of what the words find is there.
    first = _match(select(_WORDS.c.rowid), wanted, search).limit(_HITS)
    hits = [*connection.execute(first).scalars()]
    given = func.json_each(json.dumps(hits)).table_valued("value")
    among = _choose().where(GalleryRow.id.in_(select(given.c.value)), _among(wanted.channels))
    found = _read_where(connection, among.order_by((GalleryRow.id + 0).desc()).limit(most))
    if len(hits) < _HITS or len(found) == most:
        return found
    # No channel at all is found nowhere, as no drawing has such a mark.
    channels = [mark_channel(one) for one in sorted(wanted.channels)] or [mark_channel(0)]
    search = replace(search, marks=(*search.marks, tuple(channels)))
    older = _match(joined, replace(wanted, before=hits[-1]), search)
    return found + _read_where(connection, older.limit(most - len(found)))


def _add_person(wanted: Wanted) -> Search:
    """What is searched for, and whose, so that lists of an index are joined."""
    if wanted.person is None:
        return wanted.search
    marks = (*wanted.search.marks, (mark_person(wanted.person),))
    return replace(wanted.search, marks=marks)


def _match(chosen: Select[Any], wanted: Wanted, search: Search) -> Select[Any]:
    """Those that SQLite's index finds, the latest first."""
    matching = text("gallery_words MATCH :search").bindparams(search=search.write_fts5())
    # Told of the index, which then begins there.
    return _limit(chosen.where(matching), _WORDS.c.rowid, wanted).order_by(_WORDS.c.rowid.desc())
