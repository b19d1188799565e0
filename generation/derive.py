"""What a button does: one pure function from recipe to recipe for each."""

from dataclasses import replace
from enum import Enum
from typing import Final

from generation.recipe import Recipe, seeded

GRID: Final = 4
"""Pictures in a grid."""


class Variation(float, Enum):
    """How far a variation leaves its parent: the share of fresh noise mixed in.

    Starting points measured in the project's notes on diffusers, to be calibrated per family.
    """

    SUBTLE = 0.2
    STRONG = 0.6


def narrow(recipe: Recipe, index: int) -> Recipe:
    """The recipe of picture ``index`` (counted from 0) alone; it makes the very same pixels."""
    return replace(recipe, pictures=(recipe.pictures[index],))


def enlarge(recipe: Recipe, index: int, factor: int = 2) -> Recipe:
    """U: picture ``index`` alone, ``factor`` times larger."""
    return replace(narrow(recipe, index), upscale=factor)


def vary(recipe: Recipe, index: int, seed: int, strength: float = Variation.STRONG) -> Recipe:
    """V: four variations of picture ``index``, each turned towards noise of its own."""
    parent = recipe.pictures[index]
    turned = tuple(parent.turned(fresh.seed, float(strength)) for fresh in seeded(seed, GRID))
    return replace(recipe, pictures=turned, upscale=1)


def subtly(recipe: Recipe, index: int, seed: int) -> Recipe:
    """V as people set it who like their variations close to the picture."""
    return vary(recipe, index, seed, Variation.SUBTLE)


def reroll(recipe: Recipe, seed: int) -> Recipe:
    """🔄: the same recipe with new seeds; variations stay variations of the same parent."""
    fresh = seeded(seed, len(recipe.pictures))
    pictures = tuple(
        replace(old, turns=(*old.turns[:-1], replace(old.turns[-1], seed=new.seed)))
        if old.turns
        else new
        for old, new in zip(recipe.pictures, fresh, strict=True)
    )
    return replace(recipe, pictures=pictures)
