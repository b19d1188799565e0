"""The words and marks that a drawing is found by, alike on both databases.

Words are folded here rather than by a database, so that what is typed finds the same on each:
without case and accents, and each sign of Chinese and Japanese by itself, as they have no spaces.
A mark stands for what is not searched by its letters: whose, where, which model, which flag.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST_WORDS: Final = 2000
"""Words of a drawing by which it is found; a prompt of Discord's has fewer."""

MOST_TYPED: Final = 20
"""Words of a search that count."""

_LONGEST: Final = 60
"""Letters of a word by which it is found."""

_ACCENT: Final = re.compile(r"[\u0300-\u036f]")
_SIGN: Final = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
_WORD: Final = re.compile(r"[^\W_]+")
_FLAG: Final = re.compile(r"--(?P<name>\w[\w-]*)(?P<value>(?:\s+(?!--)\S+)*)")

# A letter for both databases, of a script that nobody types, so that no word begins like a mark.
_RUNE: Final = "ᚠ"


def split_words(text: str) -> list[str]:
    """The words of a text, folded."""
    # Some letters have their case only once they are taken apart, such as those of mathematics.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = unicodedata.normalize("NFKC", _ACCENT.sub("", apart))
    spaced = _SIGN.sub(r" \1 ", plain).replace(_RUNE, " ")
    return [word[:_LONGEST] for word in _WORD.findall(spaced)]


def mark_person(person_id: int) -> str:
    """Stands for whose a drawing is."""
    return f"{_RUNE}p{person_id}"


def mark_channel(channel_id: int) -> str:
    """Stands for where it was shown."""
    return f"{_RUNE}c{channel_id}"


def mark_model(model: str) -> str:
    """Stands for what drew it."""
    return f"{_RUNE}m{_hash(model)}"


def mark_flags(parameters: str) -> list[str]:
    """Stand for flags in canonical spelling: each by its name, and with its value.

    A search for ``--tile`` finds it with any value, one for ``--ar 3:2`` with that value alone.
    """
    marks = []
    for flag in _FLAG.finditer(parameters):
        name, value = flag["name"].lower(), " ".join(flag["value"].lower().split())
        marks.append(f"{_RUNE}f{_hash(name)}")
        marks += [f"{_RUNE}f{_hash(f'{name} {value}')}"] if value else []
    return marks


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_terms(recipe: Mapping[str, Any], *, person_id: int, channel_id: int, model: str) -> str:
    """Everything that a drawing is found by, with spaces between.

    Args:
        recipe: What it was made from, as JSON of any version; a sheet's has a prompt, too.
        person_id: Whose it is.
        channel_id: Where it was shown.
        model: What drew it.
    """
    asked = recipe.get("asked") or ()
    said = [recipe.get("prompt", ""), *(asked if isinstance(asked, list | tuple) else ())]
    words = split_words(" ".join(map(str, said)))[:MOST_WORDS]
    marks = [mark_person(person_id), mark_channel(channel_id), mark_model(model)]
    flags = mark_flags(str(recipe.get("parameters", "")))
    return " ".join([*words, *marks, *dict.fromkeys(flags)])


@dataclass(frozen=True, slots=True)
class Search:
    """What a drawing is searched by: all of these.

    Attributes:
        phrases: Words that stand side by side, each of the phrases somewhere; the last word of all
            may be the beginning of one.
        marks: Of each group at least one.
    """

    phrases: tuple[tuple[str, ...], ...] = ()
    marks: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def read(cls, typed: str, marks: Iterable[Sequence[str]] = ()) -> "Search":
        """A search for every word that somebody typed."""
        phrases = [split_words(word) for word in typed.split()[:MOST_TYPED]]
        groups = tuple(tuple(group) for group in marks)
        return cls(tuple(tuple(one) for one in phrases if one), groups)

    def __bool__(self) -> bool:
        return bool(self.phrases or self.marks)

    def write_fts5(self) -> str:
        """As SQLite reads it (https://sqlite.org/fts5.html#full_text_query_syntax)."""
        phrases = [" + ".join(f'"{word}"' for word in one) for one in self.phrases]
        phrases[-1:] = [f"{last} *" for last in phrases[-1:]]
        groups = [" OR ".join(f'"{mark}"' for mark in group) for group in self.marks]
        return " AND ".join([*phrases, *(f"({group})" for group in groups)])

    def write_tsquery(self) -> str:
        """As PostgreSQL's ``to_tsquery`` reads it, but that words may stand anywhere."""
        phrases = [" & ".join(f"'{word}'" for word in one) for one in self.phrases]
        phrases[-1:] = [f"{last}:*" for last in phrases[-1:]]
        groups = [" | ".join(f"'{mark}'" for mark in group) for group in self.marks]
        return " & ".join([*phrases, *(f"({group})" for group in groups)])


EVERYTHING: Final = Search()
"""A search by nothing."""
