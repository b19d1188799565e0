"""Weighted phrases: ``hot:: dog::2`` is two phrases, of weight 1 and 2."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from generation.recipe import Phrase
from prompt import sentences as said
from prompt.sentences import Sentence
from prompt.trim import DASHES, tidied
from prompt.values import number, plain

HEAVIEST: Final = 1000
"""The largest weight of a phrase, either way."""

_MARK: Final = re.compile(rf":{{2,}}+([+\-−–]?(?:\d++(?:[.,]\d++)?+|\.\d++)(?![{DASHES}\w]))?+")
_ASCII: Final = str.maketrans({",": ".", "−": "-", "–": "-"})
_LEAD: Final = re.compile(
    r"(?:[\s,;`]*+(?:/imagine(?!\S)|(?:imagine\s++)?prompt\s*+:))++[\s,;`]*+", re.IGNORECASE
)


def phrases(text: str) -> tuple[Phrase, ...]:
    """The phrases of ``text``, whose words are already freed of flags and links.

    A weight belongs to all words back to the mark before it; without a number it is 1.
    """
    if "::" not in text:
        words = _words(text)
        return (Phrase(text=words),) if words else ()
    return tuple(_phrases(text))


def format_phrases(parts: Sequence[Phrase]) -> str:
    """The text that ``phrases`` reads as ``parts``."""
    marked = [f"{part.text}::{'' if part.weight == 1 else plain(part.weight)}" for part in parts]
    if parts and parts[-1].weight == 1:
        marked[-1] = parts[-1].text
    return " ".join(marked)


def fault(parts: Iterable[Phrase]) -> str | None:
    """What is wrong with the weights of ``parts``, in a sentence, or None."""
    weights = [part.weight for part in parts]
    if any(abs(weight) > HEAVIEST for weight in weights):
        return Sentence(said.WEIGHT_RANGE, limit=HEAVIEST)
    if weights and sum(weights) <= 0:
        return Sentence(said.WEIGHT_SUM, total=plain(sum(weights)))
    return None


def mended(parts: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """``parts`` with weights that can be used, as near as they can be."""
    bounded = tuple(
        replace(part, weight=min(max(part.weight, -HEAVIEST), HEAVIEST)) for part in parts
    )
    if fault(bounded):
        return tuple(part for part in bounded if part.weight > 0)
    return bounded


def _phrases(text: str) -> Iterator[Phrase]:
    start = 0
    for mark in _MARK.finditer(text):
        if words := _words(text[start : mark.start()]):
            weight = 1.0 if mark[1] is None else number(mark[1].translate(_ASCII))
            yield Phrase(text=words, weight=weight)
        start = mark.end()
    if words := _words(text[start:]):
        yield Phrase(text=words)


def _words(text: str) -> str:
    """``text`` without the command that people paste along with a prompt."""
    while True:
        lead = _LEAD.match(text)
        words = tidied(text[lead.end() :] if lead else text)
        if words == text:
            return words
        text = words
