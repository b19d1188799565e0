"""Aesthetics: what ``--stylize``, ``--chaos`` and their like become in a recipe."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from generation.catalogue.card import Card
from generation.controls import (
    detail_for_exp,
    oddness_for_weird,
    spread_for_chaos,
    taste_for_stylize,
)
from generation.derive import REDRAWN
from generation.recipe import Phrase
from generation.styles import styled
from prompt.flags.table import CHAOS, EXP, HD, RAW, STOP, STYLE_NAME, STYLIZE, TILE, WEIRD

_FULL_PUSH: Final = -0.5
"""Weight beside words of weight 1 with which something is wholly unwanted, as for ``--no``."""


_RAW_SHARE: Final = 0.5
"""Share of its own taste that ``--raw`` leaves."""


def derive_aesthetics(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a recipe that these flags decide; a field's default where they are left out.

    Args:
        values: The flags.
    """
    stop = STOP.of(values)
    return {
        "spread": spread_for_chaos(CHAOS.of(values) or 0),
        "oddness": oddness_for_weird(WEIRD.of(values) or 0),
        "stop": 1.0 if stop is None else stop / 100,
        "detail": detail_for_exp(EXP.of(values) or 0),
        "tile": bool(TILE.of(values)),
        "refined": REDRAWN if HD.of(values) else 0.0,
    }


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
        return styled(phrases, [(words, 1.0)], taste)
    # In proportion to the person's own weights, so that `cat::2` and `cat` are pushed alike.
    wanted = sum(phrase.weight for phrase in phrases if phrase.weight > 0) or 1.0
    return (*phrases, Phrase(text=words, weight=_FULL_PUSH * -taste * wanted))
