"""Aesthetics: the bot's own taste, as ``--stylize`` adds it to words or pushes away from it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from generation.catalogue.card import Card
from generation.controls import taste_for_stylize
from generation.recipe import Phrase
from generation.styles import apply_styles
from prompt.flags.table import RAW, STYLE_NAME, STYLIZE

_FULL_PUSH: Final = -0.5
"""Weight beside words of weight 1 with which something is wholly unwanted, as for ``--no``."""


_RAW_SHARE: Final = 0.5
"""Share of its own taste that ``--raw`` leaves."""


def apply_stylize(
    phrases: Sequence[Phrase], values: Mapping[str, Any], card: Card
) -> tuple[Phrase, ...]:
    """Phrases with as much of the bot's own taste as ``--stylize`` says, or pushed away from it.

    Args:
        phrases: The person's words.
        values: The flags; ``--raw`` halves it, since in Midjourney the two go together.
        card: The family that will draw.
    """
    stylize = STYLIZE.of(values)
    if stylize is None:
        return tuple(phrases)
    raw = RAW.of(values) or STYLE_NAME.of(values) == STYLE_NAME.works
    taste, words = taste_for_stylize(stylize), card.vocabulary.taste
    taste *= _RAW_SHARE if raw else 1.0
    if taste >= 0:
        return apply_styles(phrases, [(words, 1.0)], taste)
    # In proportion to the person's own weights, so that `cat::2` and `cat` are pushed alike.
    wanted = sum(phrase.weight for phrase in phrases if phrase.weight > 0) or 1.0
    return (*phrases, Phrase(text=words, weight=_FULL_PUSH * -taste * wanted))
