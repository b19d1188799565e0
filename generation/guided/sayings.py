"""Sayings: a prompt and its references in words, since words are what a planner reads.

What a reference shows is named by the judge of drawings. Its thing is said beside those of the
prompt, its style in the place of theirs; how much it counts is the weight of what is then said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from generation.catalogue.looks import DRAWN
from generation.guided.told_colours import choose_article, list_things, take_colours
from generation.questions.question import Seen
from generation.recipe import Phrase, Reference

_WHOLE: Final = 0.7
"""Scale from which what is referred to is drawn wholly: that of a usual ``--oref``."""

_STYLE: Final = re.compile(rf",? ?(?<![\w-])(?:{'|'.join(DRAWN)})(?: style)?(?![\w-])")


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
        each = share / sum(one.weight for one in reference.images)
        without = [replace(one, weight=one.weight * (1 - share)) for one in sayings]
        joined = [
            Saying(_join(one.phrases, shown, styled=styled), one.weight * each * image.weight)
            for one in sayings
            for shown, image in zip(told, reference.images, strict=True)
        ]
        sayings = [one for one in (*without, *joined) if one.weight > 0]
    return tuple(sayings)


def _share(reference: Reference, phrases: Sequence[Phrase]) -> float:
    """How much a reference counts beside what is said without it, from 0 to 1."""
    if reference.role == "style" and any(_STYLE.search(one.text) for one in phrases):
        # Beside a style that is named one of scale 1 counts for as much.
        return reference.scale / (1 + reference.scale)
    return min(1.0, reference.scale / _WHOLE)


def _join(phrases: Sequence[Phrase], shown: Seen, *, styled: bool) -> tuple[Phrase, ...]:
    """Phrases with what an image shows: its style, or its thing, in each that is wanted."""
    wanted = phrases or (Phrase(text=""),)
    join = _say_style if styled else _say_thing
    return tuple(
        replace(one, text=join(one.text, shown), spans=()) if one.weight > 0 else one
        for one in wanted
    )


def _say_style(text: str, shown: Seen) -> str:
    bare = _STYLE.sub("", text).removeprefix(", ")
    return ", ".join(filter(None, (bare, shown.medium and f"{shown.medium} style")))


def _say_thing(text: str, shown: Seen) -> str:
    if not _STYLE.search(text):
        # As it looks there, where nothing else is said.
        text = _say_style(text, shown)
    said = " ".join(filter(None, (shown.colour, shown.thing)))
    if not list_things(text):
        behind = "" if not text or text.startswith("on ") else ","
        return f"{choose_article(said)} {said}{behind} {text}".rstrip()
    known = re.search(rf"(?<![\w-])(?:an? )?{re.escape(shown.thing)}(?![\w-])", text, re.IGNORECASE)
    if known is None:
        return f"{text}, {choose_article(said)} {said}"
    told = take_colours(text)
    if told is None or told.colour:
        # It is there, and looks as the prompt says.
        return text
    return f"{text[: known.start()]}{choose_article(said)} {said}{text[known.end() :]}"
