"""Weighted phrases: ``hot:: dog::2`` is two phrases, of weight 1 and 2."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from generation.recipe import Phrase
from prompt import sentences as said
from prompt.flags.numbers import format_number, parse_number
from prompt.reading.emphasis import format_emphasis, read_emphasis
from prompt.reading.separators import DASHES, strip_separators, strip_signature
from prompt.sentences import Sentence

HEAVIEST: Final = 1000
"""The largest weight of a phrase, either way."""

_KEPT: Final = 512
"""How many spellings of weights are kept with what they mean."""

_MARK: Final = re.compile(
    rf":{{2,}}+([+\-−–—]?(?:\d++(?:[.,]\d++|/\d++)?+|\.\d++)%?+(?![{DASHES}\w]))?+"
)
_ASCII: Final = str.maketrans({",": ".", "−": "-", "–": "-", "—": "-"})
# People copy `/imagine prompt:` along with a prompt, in more spellings than one would think.
_LEAD: Final = re.compile(
    r"(?:[\s,;`]*+(?:[/!.](?:imagine|dream)(?!\S)(?:\s++prompt(?!\S|\s*+:))?+|imagine\s*+:"
    r"|(?:[/!.]?(?:imagine|dream)/?\s++)?(?:positive )?prompt\s*+:(?!:)|>{1,3}\s|#{1,3}\s"
    # Midjourney's descriptions of a picture are numbered with these.
    r"|\d\ufe0f?\u20e3\s))++"
    r"[\s,;`]*+",
    re.IGNORECASE,
)

_LEAD_LETTERS: Final = "IiİıDdPp"


def parse_phrases(text: str) -> tuple[Phrase, ...]:
    """The phrases of ``text``, whose words are already freed of flags and links.

    A weight belongs to all words back to the mark before it; without a number it is 1.
    """
    if "::" not in text:
        phrase = read_emphasis(_clean_words(text))
        return (phrase,) if phrase.text else ()
    return tuple(_split_phrases(text))


def format_phrases(parts: Sequence[Phrase]) -> str:
    """The text that ``phrases`` reads as ``parts``."""
    words = [format_emphasis(part) for part in parts]
    marked = [_mark(text, part.weight) for text, part in zip(words, parts, strict=True)]
    if parts and parts[-1].weight == 1:
        marked[-1] = words[-1]
    return " ".join(marked)


def _mark(text: str, weight: float) -> str:
    # A backslash right before the colons would be read as escaping them.
    gap = " " if text.endswith("\\") else ""
    return f"{text}{gap}::{'' if weight == 1 else format_number(weight)}"


def find_fault(parts: Iterable[Phrase]) -> str | None:
    """What is wrong with the weights of ``parts``, in a sentence, or None."""
    weights = [part.weight for part in parts]
    if any(abs(weight) > HEAVIEST for weight in weights):
        return Sentence(said.WEIGHT_RANGE, limit=HEAVIEST)
    if weights and sum(weights) <= 0:
        return Sentence(said.WEIGHT_SUM, total=format_number(sum(weights)))
    return None


def mend_weights(parts: Sequence[Phrase]) -> tuple[tuple[Phrase, ...], tuple[str, ...]]:
    """``parts`` with weights that can be used, as near as they can be, and what is unwanted."""
    bounded = tuple(
        replace(part, weight=min(max(part.weight, -HEAVIEST), HEAVIEST)) for part in parts
    )
    if not find_fault(bounded):
        return bounded, ()
    # What cannot be pushed away by weight can be named in --no, which is what the suggestion does.
    unwanted = (format_emphasis(part) for part in bounded if part.weight < 0)
    return tuple(part for part in bounded if part.weight > 0), tuple(unwanted)


def _split_phrases(text: str) -> Iterator[Phrase]:
    start = 0
    for mark in _MARK.finditer(text):
        weight = 1.0 if mark[1] is None else _parse_weight(mark[1])
        phrase = read_emphasis(_clean_words(text[start : mark.start()]), weight)
        if phrase.text:
            yield phrase
        start = mark.end()
    phrase = read_emphasis(_clean_words(text[start:]))
    if phrase.text:
        yield phrase


@lru_cache(maxsize=_KEPT)
def _parse_weight(typed: str) -> float:
    """The number that ``1.5``, ``150%`` or ``3/2`` spells; 0 where it is divided by 0."""
    typed = typed.translate(_ASCII)
    whole, _, part = typed.rstrip("%").partition("/")
    size = parse_number(whole) / (100 if typed.endswith("%") else 1)
    # Adding 0.0 turns -0.0 into 0.0, which is written without a sign.
    return round(size / (parse_number(part) or float("inf")) if part else size, 4) + 0.0


def _clean_words(text: str) -> str:
    """``text`` without the command that people paste along with a prompt."""
    while True:
        # Most texts begin with a letter that none of these begins with.
        lead = None if text[:1].isalpha() and text[0] not in _LEAD_LETTERS else _LEAD.match(text)
        words = strip_separators(text[lead.end() :] if lead else text)
        # Each of these may uncover another, so they are repeated until nothing but spaces goes.
        words = strip_signature(words) if "@" in words else words
        if words == text or (lead is None and words == text.strip(" ")):
            return words
        text = words
