"""Text as it is meant, whatever was done to hide it from a list of words.

Case, accents, invisible characters, letters of other scripts that look alike, digits and signs that
stand for letters, and letters kept apart all leave a word what it is.
"""

import re
import unicodedata
from functools import cache
from typing import Final

from confusable_homoglyphs import confusables

MASK: Final = "*"
"""Stands for one letter that somebody left out."""

_SIGNS: Final = {"@": "a", "$": "s", "!": "1", "|": "1", "€": "e", "+": "t", "£": "l", "¡": "1"}
_DIGITS: Final = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
_STANDS_FOR: Final = str.maketrans(_SIGNS | _DIGITS)
_STROKE: Final = "1"
"""Stands for an i or an l."""

_MEASURE: Final = re.compile(
    r"[a-z]\d{2,}|\d+(?:[a-z]|st|nd|rd|th|px|mm|cm|km|kg|ml|mp|am|pm|ad|bc|gb|mb|hz|fps)"
)
"""A number with what is counted, or of a road, a camera, an aeroplane."""

_MORE: Final = {"к": "k", "т": "t", "м": "m", "в": "b", "н": "h"}
"""Letters that pass for Latin ones beside such, though Unicode does not count them as alike."""

_UNSURE: Final = re.compile(rf"([^{re.escape(MASK)}])\1{{2,}}|{_STROKE}")
"""A stroke, or a letter three times or more in a row: one or two that were drawn out."""

_MOST_SPELLINGS: Final = 16
_TOKEN: Final = re.compile(rf"[\w{re.escape(''.join(_SIGNS) + MASK)}]+")
_WITHIN: Final = re.compile(r"(?<=[^\W_])[-.'’_~·/\\]+(?=[^\W_])")
"""What may stand within a word without ending it."""

_APART: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:[\W_]{1,3}[^\W\d_]){2,}(?![^\W_])")
"""Three single letters or more in a row, with a space or a sign between each two."""


def list_readings(text: str) -> list[list[str]]:
    """The words of a text, in every way in which they may be divided.

    That is as they stand, with what hyphens and dots join as one word, and with single letters in
    a row as one word. Numbers stay as they are, and :data:`MASK` stays within words.
    """
    plain = fold(text)
    ways = dict.fromkeys((plain, _WITHIN.sub("", plain), _APART.sub(_join, plain)))
    return [[word for word in map(_read, _TOKEN.findall(way)) if word] for way in ways]


def list_spellings(word: str) -> list[str]:
    """What a word may stand for: with letters that were drawn out, or strokes, read as letters."""
    if word.isdecimal():
        return [word]
    found = [""]
    done = 0
    for unsure in _UNSURE.finditer(word):
        letters = "il" if unsure[0][0] == _STROKE else unsure[0][0]
        times = (1, 2) if len(unsure[0]) > 1 else (1,)
        before = word[done : unsure.start()]
        ways = [before + letter * count for letter in letters for count in times]
        found = [start + way for start in found for way in ways][:_MOST_SPELLINGS]
        done = unsure.end()
    return [start + word[done:] for start in found]


def fold(text: str) -> str:
    """Letters without case, accents and disguise; digits and signs stay as they are."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (char for char in plain if unicodedata.category(char) not in {"Mn", "Me", "Cf"})
    # Put together again, or Japanese and Korean would lose what tells their letters apart.
    whole = unicodedata.normalize("NFC", "".join(kept))
    return whole if whole.isascii() else "".join(map(_unmask, whole))


def _join(found: re.Match[str]) -> str:
    word = re.sub(r"[\W_]", "", found[0])
    # "A" and "I" beside them may be words of their own.
    ways = [word[start:end] for start in (0, 1) for end in (len(word), len(word) - 1)]
    return " ".join(dict.fromkeys(ways))


def _read(token: str) -> str:
    bare = token.strip(MASK + "_")
    if _MEASURE.fullmatch(bare):
        return bare
    if not any(char.isalpha() for char in bare):
        return bare if bare.isdecimal() else ""
    # An exclamation mark at the end is one.
    return bare.rstrip("!|+").translate(_STANDS_FOR)


@cache
def _unmask(char: str) -> str:
    """The Latin letter that a letter of another script looks like, or the letter itself."""
    if char in _MORE or char.isascii() or not char.isalpha():
        return _MORE.get(char, char)
    found = confusables.is_confusable(char, preferred_aliases=["latin"])
    for glyph in found[0]["homoglyphs"] if found else ():
        letter = str(glyph["c"]).casefold()
        if len(letter) == 1 and letter.isascii() and letter.isalpha():
            return letter
    return char
