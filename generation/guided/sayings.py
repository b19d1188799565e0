"""Sayings: a prompt and its references in words, since words are what a planner reads.

What a reference shows is named by the judge of drawings. Its thing is said beside those of the
prompt, its style in the place of theirs; how much it counts is the weight of what is then said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Final

from generation.catalogue.looks import DRAWN
from generation.guided.told_colours import (
    choose_article,
    colour_thing,
    list_things,
    take_lone_colour,
)
from generation.questions.question import Seen
from generation.recipe import Phrase, Reference

_WHOLE: Final = 0.7
"""Scale from which what is referred to is drawn wholly: that of a usual ``--oref``."""

_STYLE: Final = re.compile(
    r",? ?(?:\b(?:in (?:an? |the style of )?|as |style of ))?(?<![\w-])"
    rf"(?:{'|'.join(name.replace(' ', '[ -]') for name in DRAWN)})(?:[ -]style)?(?![\w-])",
    re.IGNORECASE,
)
"""A style, with what leads to it."""

_MOST: Final = 16
"""Sayings of one prompt; the rest, which count least, are left out."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Phrases, and how much they count.

    Attributes:
        phrases: What is said.
        weight: Above 0; those of all sayings of a prompt are 1 together.
    """

    phrases: tuple[Phrase, ...]
    weight: float = 1.0


def say_references(
    phrases: Sequence[Phrase], references: Sequence[Reference], seen: Mapping[str, Seen]
) -> tuple[Saying, ...] | None:
    """What a prompt says with its references, as sayings of which the mean is meant.

    Args:
        phrases: The prompt's, in taught words.
        references: What it refers to.
        seen: What each image shows, by its SHA-256.

    Returns:
        One saying for a prompt alone; None if what is referred to cannot be told in words.
    """
    sayings = [Saying(tuple(phrases))]
    for reference in references:
        styled = reference.role == "style"
        told = [seen.get(one.image, Seen()) for one in reference.images]
        if not all(one.medium if styled else one.thing for one in told):
            return None
        share = _share(reference, phrases)
        parts = _share_out([one.weight for one in reference.images])
        without = [replace(one, weight=one.weight * (1 - share)) for one in sayings]
        joined = [
            Saying(_join(one.phrases, shown, styled=styled), one.weight * share * part)
            for one in sayings
            for shown, part in zip(told, parts, strict=True)
        ]
        weights: dict[tuple[Phrase, ...], float] = {}
        for one in (*without, *joined):
            weights[one.phrases] = weights.get(one.phrases, 0.0) + one.weight
        found = [Saying(said, weight) for said, weight in weights.items() if weight > 0]
        sayings = sorted(found, key=lambda one: one.weight, reverse=True)[:_MOST]
    shares = _share_out([one.weight for one in sayings])
    return tuple(replace(one, weight=part) for one, part in zip(sayings, shares, strict=True))


def _share_out(weights: Sequence[float]) -> list[float]:
    """Weights that are 1 together, of any above 0: the largest may be too large to be summed up."""
    parts = [weight / max(weights) if isfinite(weight) else 1.0 for weight in weights]
    return [part / sum(parts) for part in parts]


def _share(reference: Reference, phrases: Sequence[Phrase]) -> float:
    """How much a reference counts beside what is said without it, from 0 to 1."""
    wanted = [one.text for one in phrases if one.weight > 0]
    if reference.role == "style" and wanted and all(map(_STYLE.search, wanted)):
        # Beside a style that is named one of scale 1 counts for as much.
        return reference.scale / (1 + reference.scale)
    return min(1.0, reference.scale / _WHOLE)


def _join(phrases: Sequence[Phrase], shown: Seen, *, styled: bool) -> tuple[Phrase, ...]:
    """Phrases with what an image shows: its style, or its thing, in each that is wanted."""
    some = any(one.weight > 0 for one in phrases)
    wanted = phrases if some else (*phrases, Phrase(text=""))
    join = _say_style if styled else _say_thing
    return tuple(
        replace(one, text=join(one.text, shown), spans=(), breaks=()) if one.weight > 0 else one
        for one in wanted
    )


def _say_style(text: str, shown: Seen) -> str:
    left = " ".join(_STYLE.sub("", text).split()).replace(" ,", ",")
    bare = left.strip(" ,.;:!").removeprefix("of ")
    return ", ".join(filter(None, (bare, shown.medium and f"{shown.medium} style")))


def _say_thing(text: str, shown: Seen) -> str:
    if not _STYLE.search(text):
        # As it looks there, where nothing else is said.
        text = _say_style(text, shown)
    if list_things(text):
        coloured = colour_thing(text, shown.thing, shown.colour)
        return f"{text}, {_describe(shown, shown.colour)}" if coloured is None else coloured
    text, colour = take_lone_colour(text)
    behind = "" if not text or text.lower().startswith("on ") else ","
    return f"{_describe(shown, colour or shown.colour)}{behind} {text}".rstrip()


def _describe(shown: Seen, colour: str) -> str:
    """A thing in a colour, but for one that is so by its name."""
    said = shown.thing if shown.thing.startswith(colour) else f"{colour} {shown.thing}"
    return f"{choose_article(said)} {said}"
