"""Choosing: which of several pictures a sentence in answer to them is about."""

import re
from typing import Final

from prompt.editing.understanding import understand
from prompt.editing.wishes import WishKind

# No ratio, such as 4:5.
_NUMBER: Final = re.compile(
    r"\s*(?P<mark>(?:#|no\. ?|nr\.? ?)?)(?P<number>[1-9])\b(?!\s?[:x×/.]\s?\d)(?P<end>[\s:.,)-]*)",
    re.IGNORECASE,
)
_COUNTED: Final = frozenset({WishKind.MORE, WishKind.LESS})
"""Wishes before which a number says how many."""


def split_number(words: str, pictures: int) -> tuple[int, str]:
    """The number of the picture that a sentence begins with, 0 without one, and the rest of it.

    A number that nothing marks, as ``#3`` and ``3:`` do, may count things: of "3 more birds" it is
    none of a picture. It is one where the rest is a whole wish, as in "3 warmer".

    Args:
        words: As a person types them.
        pictures: How many there are; a higher number counts things.
    """
    found = _NUMBER.match(words)
    # A number alone is no wish for a picture of that number.
    if found is None or found.end() == len(words) or int(found["number"]) > pictures:
        return 0, words
    rest = words[found.end() :]
    if not (found["mark"] or found["end"].strip()) and not _is_whole(rest):
        return 0, words
    return int(found["number"]), rest


def _is_whole(words: str) -> bool:
    wishes = understand(words)
    return bool(wishes) and not any(wish.kind in _COUNTED for wish in wishes or ())
