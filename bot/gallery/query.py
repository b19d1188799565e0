"""What a visitor looks for, from the address that their browser asks with."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from bot.errors import NotShownError
from bot.web.parameters import read_number, reading
from prompt.errors import PromptError
from prompt.flags.table import BY_NAME
from prompt.resolution.fitting import parse_flags
from storage.gallery.index import write_id
from storage.gallery.rights import Viewer
from storage.gallery.search import Wanted
from storage.gallery.terms import Search, mark_flags, mark_model, mark_person

MINE: Final = "mine"
MARKED: Final = "marked"

LONGEST: Final = 400
"""Letters of a search that are read."""

_DASHES: Final = "--"
# Moments of Python's end not long after it.
_END: Final = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


def read_wanted(query: Mapping[str, str], viewer: Viewer) -> Wanted:
    """What is looked for.

    Args:
        query: ``scope`` (mine, marked or a server's id), ``q`` (words and flags), ``model``,
            ``person``, ``since`` and ``until`` (seconds since 1970), ``before`` (a number, by which
            the next page goes on); each may be missing. With ``of``, a job whose lineage is wanted,
            it is looked for everywhere.
        viewer: Who looks, with what they see of the server that :func:`read_server` finds.

    Raises:
        NotShownError: It is a server whose gallery they do not see.
        web.HTTPBadRequest: A number is none.
    """
    where = Wanted() if query.get("of") else _read_scope(query, viewer)
    ends = [write_id(_read_moment(query["until"]))] if query.get("until") else []
    if before := query.get("before"):
        ends.append(read_number(before))
    return replace(
        where,
        search=read_search(query),
        before=min(ends, default=None),
        since=write_id(_read_moment(query["since"])) if query.get("since") else None,
    )


def read_server(query: Mapping[str, str]) -> int | None:
    """The server whose gallery is looked at; None where it is none's.

    Raises:
        web.HTTPBadRequest: It is none that could be.
    """
    scope = query.get("scope", MINE)
    return None if scope in {MINE, MARKED} else read_number(scope)


def read_search(query: Mapping[str, str]) -> Search:
    """The words, flags, model and person of what is looked for."""
    words, dashes, flags = query.get("q", "")[:LONGEST].partition(_DASHES)
    marks = [[mark] for mark in _mark_flags(dashes + flags)]
    if model := query.get("model"):
        marks.append([mark_model(model)])
    if person := query.get("person"):
        marks.append([mark_person(read_number(person))])
    return Search.read(words, marks)


def _mark_flags(typed: str) -> list[str]:
    """The marks of flags as they are typed: in any spelling, with a value or by name alone."""
    if not typed:
        return []
    try:
        values = parse_flags(typed)
    except PromptError:
        # Such as one without its value, which asks for any.
        return mark_flags(typed)
    written = (BY_NAME[name].format(value) for name, value in values.items())
    # The last mark of a flag is that of its value, where it has one.
    return [mark_flags(flag)[-1] for flag in written if flag]


def _read_scope(query: Mapping[str, str], viewer: Viewer) -> Wanted:
    server = read_server(query)
    if server is None:
        mine = query.get("scope", MINE) == MINE
        return Wanted(person=viewer.person) if mine else Wanted(favourites_of=viewer.person)
    sight = viewer.servers.get(server)
    if sight is None or not sight.open:
        raise NotShownError
    return Wanted(server=server, channels=sight.channels)


def _read_moment(text: str) -> datetime:
    with reading():
        seconds = float(text)
        # What is no number at all is less than nothing.
        if not abs(seconds) < _END:
            raise ValueError(text)
        return datetime.fromtimestamp(seconds, UTC)
