"""Ever shorter prompts from what each word does: the idle words go first, then the weaker ones."""

import math
import re
from collections.abc import Sequence
from typing import Final

from generation.catalogue.card import Card
from generation.catalogue.lexicon import load_lexicon
from generation.questions.question import Effect
from prompt.resolution.meaning import read_meaning

STRONG: Final = 0.5
"""Share of the strongest word's effect from which on a word counts as strong."""

IDLE: Final = 0.12
"""Share up to which leaving a word out changes next to nothing."""

MOST: Final = 5
"""Shorter prompts at most."""

_KEPT: Final = (1.0, 0.75, 0.5, 0.33, 0.15)
"""Share of the words that do anything which each of them keeps."""

_WORD: Final = re.compile(r"[^\s,]+")
_COMMA: Final = " ,"

_ARTICLES: Final = frozenset({"a", "an", "the"})
_JOINING: Final = frozenset(
    {
        "about", "above", "across", "against", "along", "among", "and", "around", "at", "behind",
        "below", "beneath", "beside", "between", "by", "during", "for", "from", "in", "inside",
        "into", "like", "of", "on", "onto", "or", "outside", "over", "through", "to",
        "toward", "towards", "under", "underneath", "upon", "with", "within", "without",
    }
)  # fmt: skip
"""Words that only join others: they stay where both of these do."""


def shorten(text: str, effects: Sequence[Effect]) -> tuple[str, ...]:
    """Prompts that are ever shorter, each of the words that do most.

    Args:
        text: The prompt's words.
        effects: What each word does, in their order in the text.
    """
    stays = [_is_content(one.text) for one in effects]
    ranked = sorted(
        (k for k, stay in enumerate(stays) if stay and not is_idle(effects[k])),
        key=lambda k: -effects[k].share,
    )
    found: list[str] = []
    for share in _KEPT:
        kept = set(ranked[: math.ceil(share * len(ranked))])
        short = _join(text, effects, stays, kept)
        if short and short != " ".join(text.split()) and short not in found:
            found.append(short)
    return tuple(found[:MOST])


def is_idle(effect: Effect) -> bool:
    """Whether a word does next to nothing."""
    return effect.share < IDLE


def mask_words(text: str, card: Card) -> tuple[str, tuple[str, ...]]:
    """What a model that is told only taught words is told of a text, and that without each word.

    Commas stand for what is left out, so that all else keeps its place.

    Args:
        text: Words of a prompt.
        card: The model's card.

    Returns:
        Nothing for a model that is told the text itself.
    """
    words = read_meaning(text, load_lexicon(), card.taught).words if card.taught else ()
    if not words:
        return "", ()
    masked = []
    for found in _WORD.finditer(text):
        parts = (
            _COMMA * len(word.split()) if found.start() <= start < found.end() else word
            for word, start in words
        )
        masked.append("".join(parts))
    return "".join(word for word, _ in words), tuple(masked)


def _is_content(word: str) -> bool:
    return word.casefold() not in _ARTICLES | _JOINING


def _join(text: str, effects: Sequence[Effect], stays: Sequence[bool], kept: set[int]) -> str:
    """The kept words between the text's commas, with what joins two of them in one item."""
    items: list[list[int]] = [[]]
    place = 0
    for k, one in enumerate(effects):
        start = text.index(one.text, place)
        if "," in text[place:start]:
            items.append([])
        items[-1].append(k)
        place = start + len(one.text)
    return ", ".join(filter(None, (_join_item(item, effects, stays, kept) for item in items)))


def _join_item(
    item: Sequence[int], effects: Sequence[Effect], stays: Sequence[bool], kept: set[int]
) -> str:
    contents = [k for k in item if stays[k]]
    words = []
    for place, k in enumerate(item):
        follows = next((n for n in item[place + 1 :] if stays[n]), None)
        precedes = next((n for n in reversed(item[:place]) if stays[n]), None)
        joins = not stays[k] and follows in kept
        joins = joins and (effects[k].text.casefold() in _ARTICLES or precedes in kept)
        if k in kept or joins:
            words.append(effects[k].text)
    # An item of joining words alone says nothing.
    return " ".join(words) if kept.intersection(contents) else ""
