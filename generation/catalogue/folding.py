"""Words as dictionaries look them up: without accents, and without endings."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_KATAKANA: Final = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_LATIN: Final = str.maketrans({"œ": "oe", "æ": "ae"})
_JOINTS: Final = re.compile("[-\u2010\u2011'\u2019]")

ENDINGS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "en": (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", "")),
    "de": tuple((end, "") for end in ("nen", "en", "es", "e", "n", "s")),
    "es": (("ces", "z"), ("es", ""), ("s", "")),
    "fr": (("aux", "al"), ("aux", "ail"), ("x", ""), ("es", ""), ("s", "")),
    "pt": (
        *(("oes", "ao"), ("aes", "ao"), ("ais", "al"), ("eis", "el"), ("uis", "ul"), ("ns", "m")),
        *(("es", ""), ("s", "")),
    ),
}
"""What stands at the end of an inflected form, and of the form in the dictionary instead.

After J. Savoy's light stemmers (Light stemming approaches for the French, Portuguese, German and
Hungarian languages, 2006): number and case alone, never a derived word.
"""

GENDERS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "de": (("er", ""), ("em", "")),
    "es": (("a", "o"), ("as", "o"), ("os", "o")),
    "fr": tuple((end, "") for end in ("e", "es", "te", "tes", "ne", "nes")),
    "pt": (("a", "o"), ("as", "o"), ("os", "o")),
}
"""The same of adjectives, which are colours and fillers; of nouns it would make a port (*puerto*) a
door (*puerta*), and whoever fishes (*Fischer*) a fish."""

_SHORTEST: Final = 2
"""Letters that are left at least: *ours* is no *our*, but *oeufs* are one *oeuf*."""


def fold(text: str) -> str:
    """Text as a dictionary's key: small letters without accents, kana alike, single spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_LATIN)
    # Only of Latin letters: the marks on kana make other sounds of them.
    bare = "".join(
        unicodedata.normalize("NFD", letter)[0] if letter < "ɐ" else letter for letter in plain
    )
    return " ".join(_JOINTS.sub(" ", bare.translate(_KATAKANA)).split())


def list_bases(word: str, endings: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Forms that a folded word may be an inflection of."""
    for ending, instead in endings:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > _SHORTEST:
            yield stem + instead
