"""What a button does: one pure function from recipe to recipe for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from generation.catalogue.families import card
from generation.recipe import (
    Canvas,
    Edges,
    Ingredient,
    Recipe,
    RecipeError,
    Region,
    Start,
    Upscaler,
    seeded,
)
from generation.variety import settled

GRID: Final = 4
"""Pictures in a grid."""

PAN: Final = 0.5
"""How much one pan adds, as a share of the picture."""

REDRAWN: Final = 1 / 3
"""Denoising strength with which a creative upscale draws details anew."""

_ANEW: Final = {2: REDRAWN, 4: 2 / 7}
"""The same by how many times larger the picture becomes.

Nobody can type them, since flags have four decimals, so they tell what a creative upscale made.
"""

GRAIN: Final = 16
"""Width and height of what is derived are multiples of this many pixels, which suits every family.
"""


class Variation(float, Enum):
    """How far a variation leaves its parent: the share of fresh noise mixed in.

    Starting points measured in the project's notes on diffusers, to be calibrated per family.
    """

    SUBTLE = 0.2
    STRONG = 0.6


_REPAINTED: Final = {Variation.SUBTLE: 0.35, Variation.STRONG: 0.65}
"""Denoising strengths that leave a picture about as far as the variations of its noise do."""


@dataclass(frozen=True, slots=True)
class Parent:
    """One picture that something is made of.

    Attributes:
        recipe: The recipe of its job.
        index: Its place in that job, counted from 0.
        image: SHA-256 of the finished picture's bytes; empty if it was never finished.
    """

    recipe: Recipe
    index: int = 0
    image: str = ""


def narrow(recipe: Recipe, index: int) -> Recipe:
    """The recipe of picture ``index`` (counted from 0) alone; it makes the very same pixels."""
    return replace(recipe, pictures=(recipe.pictures[index],))


def enlarge(recipe: Recipe, index: int, factor: int = 2) -> Recipe:
    """U: picture ``index`` alone, ``factor`` times larger."""
    return replace(narrow(recipe, index), upscale=factor)


def with_upscaler(recipe: Recipe, upscaler: Upscaler | None) -> Recipe:
    """The recipe with what enlarges its finished pictures, if they are enlarged."""
    return replace(recipe, upscaler=upscaler if recipe.upscale > 1 else None)


def creatively(parent: Parent, seed: int, factor: int = 2) -> Recipe:
    """The picture drawn ``factor`` times as large from itself, square by square, with new details.

    A square is as large as what the family draws best; a seamless picture has no place for one to
    begin, so it is drawn whole. The result is at least twice as large as the picture was shown.
    """
    recipe = settled(parent.recipe, parent.index)
    return replace(
        recipe,
        width=factor * recipe.width,
        height=factor * recipe.height,
        upscale=max(1, 2 * recipe.upscale // factor),
        patch=0 if recipe.tile else card(recipe.family).side,
        pictures=seeded(seed, 1),
        start=Start(image=parent.image, strength=_ANEW[factor]),
        canvas=None,
        blend=(),
        pull=1.0,
        edit=(),
        structure=None,
        refined=0.0,
    )


def redrawn(recipe: Recipe) -> bool:
    """Whether a creative upscale made this."""
    return _times(recipe) is not None


def vary(recipe: Recipe, index: int, seed: int, strength: float = Variation.STRONG) -> Recipe:
    """V: four variations of picture ``index``, each turned towards noise of its own."""
    parent = recipe.pictures[index]
    turned = tuple(parent.turned(fresh.seed, float(strength)) for fresh in seeded(seed, GRID))
    return replace(recipe, pictures=turned, upscale=1)


def _times(recipe: Recipe) -> int | None:
    """How many times larger a creative upscale has drawn this; None for what none has."""
    strength = recipe.start and recipe.start.strength
    return next((times for times, own in _ANEW.items() if own == strength), None)


def varied(parent: Parent, seed: int, how: Variation) -> Recipe:
    """V: four variations of a picture.

    What a creative upscale starts from leaves its noise little to say, so its variations are drawn
    from the picture itself, at the size that it had before.
    """
    recipe, times = parent.recipe, _times(parent.recipe)
    if times is None:
        return vary(recipe, parent.index, seed, how)
    return replace(
        recipe,
        width=recipe.width // times,
        height=recipe.height // times,
        patch=0,
        pictures=seeded(seed, GRID),
        start=Start(image=parent.image, strength=_REPAINTED[how]),
    )


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


def mapped(recipe: Recipe) -> Recipe:
    """Control map: what the network read of the image that the pictures' structure is from.

    Raises:
        RecipeError: Their structure is from none.
    """
    if recipe.structure is None:
        raise RecipeError("the pictures keep to the structure of no image")
    shown = replace(recipe.structure, shown=True)
    alone = narrow(recipe, 0)
    return replace(alone, structure=shown, start=None, canvas=None, upscale=1, refined=0.0)


# Around and in a finished picture


def framed(recipe: Recipe, factor: float, across: float, down: float) -> Edges:
    """What to add, equally on opposite sides, for the least frame of a ratio.

    Args:
        recipe: Of the picture inside.
        factor: How many times the picture the frame is at least, on each side; from 1.
        across: Width of the frame, beside ``down``.
        down: Height of the frame, beside ``across``.
    """
    ratio = (across / down) / (recipe.width / recipe.height)
    wide, high = factor * max(1.0, ratio), factor * max(1.0, 1 / ratio)
    side, end = (wide - 1) / 2, (high - 1) / 2
    return Edges(left=side, right=side, top=end, bottom=end)


def zoomed(recipe: Recipe, factor: float) -> Edges:
    """Zoom Out: what to add for a view ``factor`` times as wide and as high."""
    return framed(recipe, factor, recipe.width, recipe.height)


def squared(recipe: Recipe) -> Edges:
    """Make Square: what to add to the shorter sides."""
    return framed(recipe, 1, 1, 1)


def extend(parent: Parent, seed: int, edges: Edges) -> Recipe:
    """Four ways to go on beyond a picture's edges, with as many pixels as the picture has."""
    width, height = _within(parent.recipe, edges)
    canvas = Canvas(image=parent.image, edges=edges, strength=card(parent.recipe.family).carried_on)
    extended = _on_canvas(parent, seed, canvas)
    return replace(extended, width=width, height=height, structure=None)


def repaint(parent: Parent, seed: int, regions: Sequence[Region] = (), mask: str = "") -> Recipe:
    """Vary (Region): four ways to draw some parts of a picture, or what a mask covers, anew."""
    canvas = Canvas(image=parent.image, regions=tuple(regions), mask=mask)
    return _on_canvas(parent, seed, canvas)


def _on_canvas(parent: Parent, seed: int, canvas: Canvas) -> Recipe:
    return replace(
        settled(parent.recipe, parent.index),
        pictures=seeded(seed, GRID),
        upscale=1,
        patch=0,
        start=None,
        blend=(),
        pull=1.0,
        edit=(),
        canvas=canvas,
        refined=0.0,
    )


def _within(recipe: Recipe, edges: Edges) -> tuple[int, int]:
    """The size with a picture's area and the ratio of its frame."""
    across = recipe.width * (1 + edges.left + edges.right)
    down = recipe.height * (1 + edges.top + edges.bottom)
    scale = (recipe.width * recipe.height / (across * down)) ** 0.5
    width, height = (max(1, round(side * scale / GRAIN)) * GRAIN for side in (across, down))
    return width, height


def ninth(place: int) -> Region:
    """One of nine equal parts of a picture, row by row from 0 to 8."""
    row, column = divmod(place, 3)
    return Region(left=column / 3, top=row / 3, right=(column + 1) / 3, bottom=(row + 1) / 3)


def blend(recipe: Recipe, images: Sequence[Ingredient]) -> Recipe:
    """The recipe with several images blended in the place of any that it started from."""
    return replace(recipe, start=None, canvas=None, blend=tuple(images), edit=())
