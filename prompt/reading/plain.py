"""The fast path: a prompt in plain spelling is split at its flags, and nothing else is looked at.

A phone's long dash is as good as two hyphens. Whatever there is to find, to repair or to tell is
left to `reading.grammar`; where the fast path gives a prompt, the grammar gives the same one. It is
worth its hundred lines: with it a prompt of eight flags is read three times as fast, and mixed
prompts, of which most are plain, half as fast again (``python -m benchmarks.parse`` measures both).
"""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

from prompt.flags.table import BY_NAME
from prompt.reading.constructs import NUMERIC
from prompt.reading.dialects import needs_rewording
from prompt.reading.separators import DASHES

_FLAG: Final = " --"
_FROM_PHONE: Final = " —"
"""What a phone makes of it."""
_HYPHEN: Final = re.compile(r"(?<=[A-Za-z0-9])-(?=[A-Za-z0-9])|(?<=::)-(?=[0-9.])")
_OTHER_DASH: Final = re.compile(f"[{DASHES.replace('-', '')}]")
_BEFORE_MARK: Final = re.compile(r"\d::")
"""What has to be there before it is worth to look for a weight before its words."""

_LAST: Final = '([`"“'
_SIDE: Final = "height"
"""A flag beside which others may have another meaning."""
_KEPT: Final = 512
"""How many spellings of flags are kept with what they mean: people write few different ones."""


class PlainPrompt(NamedTuple):
    """A prompt cut at its flags.

    Attributes:
        words: What stands before the first flag.
        values: Value of every flag, by its canonical name.
        places: Index in the text of every flag.
    """

    words: str
    values: dict[str, Any]
    places: dict[str, int]


def split_plain(text: str) -> PlainPrompt | None:
    """The parts of ``text``, or None if it takes a closer look.

    Args:
        text: A prompt without braces.
    """
    # iOS turns two hyphens into one long dash, so it is no reason to look closer.
    typed, text = text, text.replace(_FROM_PHONE, _FLAG)
    words, *pieces = text.split(_FLAG)
    if needs_rewording(words) or not _is_plain(text, words, len(pieces)):
        return None
    if "::" in words and _BEFORE_MARK.search(words) and NUMERIC.search(words):
        return None
    values: dict[str, Any] = {}
    places: dict[str, int] = {}
    place = len(words) + 1
    for piece in pieces:
        flag = _parse_flag(piece)
        # Twice the same flag takes a note, which is the grammar's work.
        if flag is None or flag[0] in values:
            return None
        name, values[name] = flag
        places[name] = place
        # The dash from a phone is one character, where two hyphens are two.
        place += len(piece) + (3 if typed[place] == "-" else 2)
    return PlainPrompt(words, values, places)


@lru_cache(maxsize=_KEPT)
def _parse_flag(piece: str) -> tuple[str, Any] | None:
    """Canonical name and value of a flag without its dashes, or None if it takes a closer look."""
    name, _, word = piece.partition(" ")
    row = BY_NAME.get(name)
    # Beside --h, --w means width rather than weirdness, which takes the whole text to know.
    if row is None or row.name == _SIDE or needs_rewording(word):
        return None
    try:
        value = row.kind.parse(word.strip())
    except ValueError:
        return None
    return (row.name, value) if row.allows(value) else None


def _is_plain(text: str, words: str, flags: int) -> bool:
    """Whether every dash is a flag's, a word's or a weight's, and no marks stand around flags."""
    if "**" in text or words.endswith(_LAST):
        return False
    # Every other hyphen has to be within a word or a weight; otherwise it may begin a flag.
    hyphens = text.count("-") - 2 * flags
    if hyphens and hyphens != len(_HYPHEN.findall(text)):
        return False
    return text.isascii() or _OTHER_DASH.search(text) is None
