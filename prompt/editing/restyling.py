"""Restyling: a prompt's words with another look in the place of the one that they name."""

from typing import Final

from generation.catalogue.looks import DRAWN, LIGHTS, MEDIA, find_looks, read_look

_KINDS: Final = (frozenset((*DRAWN, *MEDIA)), frozenset(LIGHTS))
"""Looks of which a picture has one: how it is made, and in which light or season."""


def restyle_words(prompt: str, look: str) -> str:
    """The words with a look behind them, and without what it takes the place of.

    What stands between commas goes where it names a look of the new one's kind and nothing else: of
    "a fox, oil painting", *watercolour* makes "a fox, watercolour".

    Args:
        prompt: The words so far; perhaps none.
        look: The new look, in the person's words.
    """
    replaced = _find_replaced(look)
    parts = (part.strip() for part in prompt.split(","))
    kept = [part for part in parts if part and read_look(part) not in replaced]
    return ", ".join([*kept, look])


def merge_wishes(before: str, wish: str) -> str:
    """Two wishes for a whole picture as one sentence, for a model that edits.

    The new one takes the place of what names a look of its kind: of "make it night", *at dawn*
    makes "at dawn", and *as a watercolour* "make it night, as a watercolour".

    Args:
        before: What was asked for so far; perhaps nothing.
        wish: What is asked for now.
    """
    replaced = _find_replaced(wish)
    parts = (part.strip() for part in before.split(","))
    return ", ".join([*(one for one in parts if one and not replaced & {*find_looks(one)}), wish])


def _find_replaced(look: str) -> set[str]:
    """The looks that a new one takes the place of: those of its kind."""
    fresh = set(find_looks(look))
    return {one for kind in _KINDS if kind & fresh for one in kind}
