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
    fresh = set(find_looks(look))
    replaced = {one for kind in _KINDS if kind & fresh for one in kind}
    parts = (part.strip() for part in prompt.split(","))
    kept = [part for part in parts if part and read_look(part) not in replaced]
    return ", ".join([*kept, look])
