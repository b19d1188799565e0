"""Ever shorter prompts from what each word does: the idle words go first, then the weaker ones."""

import math
import re
from collections.abc import Sequence
from typing import Final

from generation.catalogue.card import Card
from generation.catalogue.lexicon import load_lexicon
from generation.questions.question import Effect
from prompt.describing.chunks import ENDS, Chunks
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


def shorten(text: str, effects: Sequence[Effect]) -> tuple[str, ...]:
    """Prompts that are ever shorter, each of the words that do most.

    Args:
        text: The prompt's words.
        effects: What each word does, in their order in the text.
    """
    chunks = Chunks.read([one.text for one in effects], _list_items(text, effects))
    ranked = sorted(
        (k for k, one in enumerate(effects) if chunks.is_content(k) and not is_idle(one)),
        key=lambda k: -effects[k].share,
    )
    found: list[str] = []
    for share in _KEPT:
        kept = chunks.close(ranked[: math.ceil(share * len(ranked))])
        short = _join(chunks, kept)
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


def _list_items(text: str, effects: Sequence[Effect]) -> list[list[int]]:
    """Places of the words between two of a text's commas."""
    items: list[list[int]] = [[]]
    place = 0
    for k, one in enumerate(effects):
        start = text.index(one.text, place)
        if "," in text[place:start]:
            items.append([])
        items[-1].append(k)
        place = start + len(one.text)
    return items


def _join(chunks: Chunks, kept: set[int]) -> str:
    """What is left of a prompt, with what stands between its items and at its sentences' ends."""
    said = between = ""
    for number, item in enumerate(chunks.items):
        left = " ".join(chunks.list_left(number, kept))
        if not left:
            continue
        said += between + left
        stop = chunks.words[item[-1]][-1:]
        if stop in ENDS:
            said += "" if said.endswith(ENDS) else stop
            between = " "
        else:
            between = " " if chunks.continues(number, kept) else ", "
    return said
