"""Kinds of value that are numbers: whole, decimal, ratios, versions, pixels."""

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache
from typing import Final

from prompt.flags.kinds import Kind, strip_marks
from prompt.reading.separators import DASHES

Ratio = tuple[int, int]
"""Width and height in relation to each other, both at least 1."""
_KEPT: Final = 1024
"""How many spellings are kept with what they mean, since people write few different ones."""
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_RATIO: Final = re.compile(r"(\d{1,5}):(\d{1,5})")
_SPACED_RATIO: Final = re.compile(
    r"\s*+([\d.,]++\s*+(?:[:：xX×*/∶]|to\b|by\b)\s*+[\d.,]++|\d{1,2}\s++\d{1,2}(?![\w.]))"
)
_RATIO_SIGN: Final = re.compile(
    rf"(?<!\s)\s*+(?:[{DASHES}:：xX×*/∶;_]|to|by)\s*+|(?<=\d)\s++(?=\d)"
)
_TWO_NUMBERS: Final = re.compile(r"(\d{2})[.,](\d{1,2})")
_RATIOS: Final = {"square": "1:1", "portrait": "2:3", "landscape": "3:2"}
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,'’_]\d{3})+")
_SPACED_THOUSANDS: Final = re.compile(r"\s*+(\d{1,3}(?:\s000)++)(?!\S)")
_FRACTION: Final = re.compile(r"(\d{1,3})/(\d{1,3})")
_VERSION: Final = re.compile(r"[vV]?\d{1,3}(?:\.\d{0,2})?")
_VERSION_LIKE: Final = re.compile(r"[vV]?\d{1,3}(?:[.,]\d{0,2})?")
_DECIMAL: Final = re.compile(r"\d[.,]\d{1,3}")
_SIDE: Final = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d*,\d+")


def format_number(value: float) -> str:
    """A number as short as it can be written, with at most four decimals."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=_KEPT)
def parse_number(word: str) -> float:
    """The number that ``word`` spells, to four decimals.

    Raises:
        ValueError: It spells none.
    """
    if not (word.isdecimal() or _NUMBER.fullmatch(word)):
        raise ValueError(word)
    return round(float(word), 4) + 0.0


@lru_cache(maxsize=_KEPT)
def _parse_ratio(word: str) -> Ratio:
    match = _RATIO.fullmatch(word)
    if match is None:
        raise ValueError(word)
    across, down = int(match[1]), int(match[2])
    if not across or not down:
        raise ValueError(word)
    return across, down


class Integer(Kind[int]):
    """A whole number."""

    shape = "a whole number"
    numeric = True

    def parse(self, word: str) -> int:
        """An integer, with or without a sign."""
        if word.isdecimal() or word[1:].isdecimal():
            return int(word)
        raise ValueError(word)

    def split(self, region: str) -> tuple[str, str]:
        """The first word, and the zeros after it where spaces set off thousands."""
        if "000" in region and (spaced := _SPACED_THOUSANDS.match(region)):
            return spaced[1], region[spaced.end() :]
        return super().split(region)

    def mend(self, word: str) -> str:
        """The number without what sets off thousands, and without decimals that are zeros."""
        bare = "".join(strip_marks(word).rstrip("%").split())
        # `--stylize 1k`.
        if bare[-1:] in "kK" and bare[:-1].isdecimal():
            return f"{bare[:-1]}000"
        if _THOUSANDS.fullmatch(bare) or bare.isdecimal():
            return re.sub(r"\D", "", bare)
        head, _, decimals = bare.partition(".")
        return word if decimals.strip("0") else head


class Number(Kind[float]):
    """A number with or without decimals."""

    shape = "a number"
    numeric = True

    def parse(self, word: str) -> float:
        """A decimal number, to four decimals."""
        return parse_number(word)

    def mend(self, word: str) -> str:
        """The number with a point for its decimal comma; a fraction or percentage as a number."""
        word = strip_marks(word)
        if word.endswith("%"):
            return str(parse_number(word[:-1].replace(",", ".")) / 100)
        if (fraction := _FRACTION.fullmatch(word)) and int(fraction[2]):
            return format_number(int(fraction[1]) / int(fraction[2]))
        if len(word) == 1 and word.isnumeric():
            return format_number(unicodedata.numeric(word))
        return word.replace(",", ".") if _DECIMAL_COMMA.fullmatch(word) else word

    def format(self, value: float) -> str:
        """As short as can be: ``2``, ``0.5``."""
        return format_number(value)


class Proportion(Kind[Ratio]):
    """A ratio of two whole numbers, width first."""

    shape = "a ratio of two whole numbers such as `3:2`"
    numeric = True

    def split(self, region: str) -> tuple[str, str]:
        """The first word, or more where spaces surround the colon."""
        word, rest = super().split(region)
        if rest and (spaced := _SPACED_RATIO.match(region)):
            return spaced[1], region[spaced.end() :]
        return word, rest

    def parse(self, word: str) -> Ratio:
        """Two whole numbers above 0 with a colon between."""
        return _parse_ratio(word)

    def mend(self, word: str) -> str:
        """The ratio with a colon for its sign, and with whole numbers; a lone decimal is to 1."""
        bare = strip_marks(word)
        if known := _RATIOS.get(bare.lower()):
            return known
        # `16.9` means 16:9, while `1.5` is a ratio to one.
        if two := _TWO_NUMBERS.fullmatch(bare):
            return f"{two[1]}:{two[2]}"
        sides = [side.replace(",", ".") for side in _RATIO_SIGN.split(bare)]
        if _DECIMAL.fullmatch(bare):
            sides.append("1")
        if len(sides) != 2 or not all(map(_SIDE.fullmatch, sides)):
            return word
        if all(map(str.isdecimal, sides)):
            return ":".join(str(int(side)) for side in sides)
        across, down = map(Fraction, sides)
        # What is left is refused by `parse`, with the sentence for ratios.
        if not down or across.denominator == down.denominator == 1:
            return f"{across}:{down}"
        ratio = (across / down).limit_denominator(1000)
        return f"{ratio.numerator}:{ratio.denominator}"

    def format(self, value: Ratio) -> str:
        """Width, colon, height."""
        return f"{value[0]}:{value[1]}"


class Version(Kind[str]):
    """A version number, or nothing for the newest."""

    shape = "a version number, or nothing"
    numeric = True

    def split(self, region: str) -> tuple[str, str]:
        """The first word if it is a number."""
        word, rest = super().split(region)
        own = not rest or _VERSION_LIKE.fullmatch(strip_marks(word))
        # `--v` alone is the newest; the word after it belongs to the prompt.
        return (word, rest) if own else ("", region.strip())

    def parse(self, word: str) -> str:
        """The version without zeros at its end: ``6`` for 6.0."""
        if word and not _VERSION.fullmatch(word):
            raise ValueError(word)
        return format_number(parse_number(word)) if word else ""

    def mend(self, word: str) -> str:
        """The number alone, with a point for its decimal comma."""
        return strip_marks(word).lstrip("vV").replace(",", ".")


class Pixels(Version):
    """A number of pixels, or nothing."""

    shape = "a number of pixels, or nothing"

    def split(self, region: str) -> tuple[str, str]:
        """The first word if it is a number."""
        word, rest = Kind.split(self, region)
        return (word, rest) if strip_marks(word).isdecimal() else ("", region.strip())

    def parse(self, word: str) -> str:
        """The number without zeros at its front."""
        return str(int(word)) if word else ""
