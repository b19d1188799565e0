"""What a button does: one pure function from recipe to recipe for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from generation.catalogue.families import find_card
from generation.recipe import (
    Canvas,
    Conditions,
    Edges,
    Finishing,
    Ingredient,
    Inputs,
    Noise,
    Recipe,
    RecipeError,
    Region,
    Retouch,
    Size,
    Sought,
    Start,
    Tone,
    Upscaler,
    seed_noise,
)
from generation.variety import settle_words

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
    # All else stays: a stored picture is found again by this recipe's digest.
    return replace(recipe, noise=(recipe.noise[index],))


def enlarge(recipe: Recipe, index: int, factor: int = 2) -> Recipe:
    """U: picture ``index`` alone, ``factor`` times larger."""
    alone = narrow(recipe, index)
    return replace(alone, finishing=replace(alone.finishing, upscale=factor))


def drop_upscale(recipe: Recipe) -> Recipe:
    """The recipe of the pictures before they are enlarged."""
    return replace(recipe, finishing=replace(recipe.finishing, upscale=1, upscaler=None))


def set_upscaler(recipe: Recipe, upscaler: Upscaler | None) -> Recipe:
    """The recipe with what enlarges its finished pictures, if they are enlarged."""
    # None where nothing is enlarged, so that the same pictures have the same digest.
    used = upscaler if recipe.finishing.upscale > 1 else None
    return replace(recipe, finishing=replace(recipe.finishing, upscaler=used))


def upscale_creatively(parent: Parent, seed: int, factor: int = 2) -> Recipe:
    """The picture drawn ``factor`` times as large from itself, square by square, with new details.

    A square is as large as what the family draws best; a seamless picture has no place for one to
    begin, so it is drawn whole. The result is at least twice as large as the picture was shown.
    """
    recipe = settle_shape(parent.recipe)
    before = recipe.size
    drawn = find_card(recipe.family)
    tile_side = 0 if recipe.sampling.seamless or drawn.whole else drawn.side
    upscale = max(1, 2 * recipe.finishing.upscale // factor)
    return replace(
        recipe,
        size=Size(width=factor * before.width, height=factor * before.height, tile_side=tile_side),
        noise=seed_noise(seed, 1),
        # What was blended or edited is in the picture by now, and would count twice.
        inputs=replace(_begin(parent, _ANEW[factor]), shortened=tile_side > 0),
        # The picture that is started from has the structure already.
        conditions=replace(_select_conditions(parent), structure=None),
        finishing=Finishing(upscale=upscale, detail=recipe.finishing.detail),
    )


def _begin(parent: Parent, strength: float) -> Inputs:
    """Inputs of what starts from a finished picture."""
    start = Start(image=parent.image, strength=strength)
    return Inputs(start=start, shortened=_shortens(parent, strength))


def _shortens(parent: Parent, strength: float) -> bool:
    return find_card(parent.recipe.family).shortens(strength)


def is_redrawn(recipe: Recipe) -> bool:
    """Whether a creative upscale made this."""
    return _find_factor(recipe) is not None


def vary(recipe: Recipe, index: int, seed: int, strength: float = Variation.STRONG) -> Recipe:
    """V: four variations of picture ``index``, each turned towards noise of its own."""
    parent = recipe.noise[index]
    varied = tuple(parent.vary(fresh.seed, float(strength)) for fresh in seed_noise(seed, GRID))
    return replace(drop_upscale(recipe), noise=varied)


def _find_factor(recipe: Recipe) -> int | None:
    """How many times larger a creative upscale has drawn this; None for what none has."""
    start = recipe.inputs.start
    strength = start and start.strength
    # Compared exactly, since no flag can give these numbers and JSON keeps every digit.
    return next((times for times, own in _ANEW.items() if own == strength), None)


def vary_picture(parent: Parent, seed: int, how: Variation) -> Recipe:
    """V: four variations of a picture.

    What a creative upscale starts from leaves its noise little to say, so its variations are drawn
    from the picture itself, at the size that it had before.
    """
    recipe, times = parent.recipe, _find_factor(parent.recipe)
    if times is None:
        return vary(recipe, parent.index, seed, how)
    before = settle_shape(recipe).size
    return replace(
        recipe,
        size=Size(width=before.width // times, height=before.height // times),
        finishing=keep_grey(recipe),
        noise=seed_noise(seed, GRID),
        inputs=_begin(parent, _REPAINTED[how]),
    )


def reroll(recipe: Recipe, seed: int) -> Recipe:
    """🔄: the same recipe with new seeds; variations stay variations of the same parent."""
    fresh = seed_noise(seed, len(recipe.noise))
    return replace(recipe, noise=tuple(map(_reseed, recipe.noise, fresh)))


def _reseed(old: Noise, fresh: Noise) -> Noise:
    """Fresh noise; of a variation, the same parent's noise moved as far towards fresh noise."""
    if not old.variations:
        return fresh
    *before, last = old.variations
    return replace(old, variations=(*before, replace(last, seed=fresh.seed)))


def show_map(recipe: Recipe) -> Recipe:
    """Control map: what the network read of the image that the pictures' structure is from.

    Raises:
        RecipeError: Their structure is from none.
    """
    structure = recipe.conditions.structure
    if structure is None:
        raise RecipeError("the pictures keep to the structure of no image")
    shown = replace(structure, shown=True)
    return replace(
        # One map serves all pictures of a grid.
        narrow(recipe, 0),
        size=Size(width=recipe.size.width, height=recipe.size.height),
        inputs=Inputs(),
        conditions=replace(recipe.conditions, structure=shown),
        finishing=drop_finishing(recipe).finishing,
    )


def reword(made: Recipe, fresh: Recipe, *, bound: bool, sized: bool) -> Recipe:
    """What a button made, drawn from other words.

    Args:
        made: The button's recipe, which decides the noise and how pictures are enlarged.
        fresh: The words' own recipe, which decides everything else.
        bound: Whether pictures hold to the images that the button gave them, and so to its inputs,
            its structure and its size, whatever the words say of these.
        sized: Whether, unless they are bound, the words decide the size as well.
    """
    upscale, retouch = made.finishing.upscale, made.finishing.retouch
    finishing = replace(fresh.finishing, upscale=upscale, retouch=retouch)
    kept = replace(fresh, noise=made.noise, finishing=finishing)
    if bound:
        conditions = replace(fresh.conditions, structure=made.conditions.structure)
        held = replace(kept, size=made.size, inputs=made.inputs, conditions=conditions)
        return _plan_blend(held, made.inputs.plan) if made.inputs.blend else held
    if sized:
        return kept
    size = Size(width=made.size.width, height=made.size.height, refinement=fresh.size.refinement)
    return replace(kept, size=size)


# Around and in a finished picture


def fit_to_ratio(recipe: Recipe, factor: float, across: float, down: float) -> Edges:
    """What to add, equally on opposite sides, for the least frame of a ratio.

    Args:
        recipe: Of the picture inside.
        factor: How many times the picture the frame is at least, on each side; from 1.
        across: Width of the frame, beside ``down``.
        down: Height of the frame, beside ``across``.
    """
    ratio = (across / down) / (recipe.size.width / recipe.size.height)
    wide, high = factor * max(1.0, ratio), factor * max(1.0, 1 / ratio)
    side, end = (wide - 1) / 2, (high - 1) / 2
    return Edges(left=side, right=side, top=end, bottom=end)


def zoom_out(recipe: Recipe, factor: float) -> Edges:
    """Zoom Out: what to add for a view ``factor`` times as wide and as high."""
    return fit_to_ratio(recipe, factor, recipe.size.width, recipe.size.height)


def make_square(recipe: Recipe) -> Edges:
    """Make Square: what to add to the shorter sides."""
    return fit_to_ratio(recipe, 1, 1, 1)


def extend(parent: Parent, seed: int, edges: Edges) -> Recipe:
    """Four ways to go on beyond a picture's edges, with as many pixels as the picture has.

    Args:
        parent: The picture.
        seed: Of the first.
        edges: What to add, as shares of the picture as it is shown.
    """
    parent = replace(parent, recipe=settle_shape(parent.recipe))
    canvas = Canvas(
        image=parent.image, edges=edges, strength=find_card(parent.recipe.family).carried_on
    )
    # The structure is of the old frame, and would be stretched into the new one.
    conditions = replace(_select_conditions(parent), structure=None)
    return _draw_on_canvas(parent, seed, canvas, _fit_frame(parent.recipe.size, edges), conditions)


def repaint(
    parent: Parent,
    seed: int,
    regions: Sequence[Region] = (),
    mask: str = "",
    *,
    sought: Sought | None = None,
    strength: float = 1.0,
) -> Recipe:
    """Vary (Region): four ways to draw some parts of a picture, or what a mask covers, anew.

    Args:
        parent: The picture.
        seed: Of the first.
        regions: The parts.
        mask: SHA-256 of the mask; empty for none.
        sought: What is drawn anew where it is seen; None for nothing.
        strength: As of a canvas.
    """
    parent = replace(parent, recipe=settle_shape(parent.recipe))
    # Of the size only width and height: a canvas is drawn once, and in one piece.
    canvas = Canvas(
        image=parent.image, regions=tuple(regions), mask=mask, sought=sought, strength=strength
    )
    size = Size(width=parent.recipe.size.width, height=parent.recipe.size.height)
    return _draw_on_canvas(parent, seed, canvas, size, _select_conditions(parent))


def settle_shape(recipe: Recipe) -> Recipe:
    """The recipe in the size that its pictures have since they were turned or cut.

    Only for what is made from a finished picture: by itself it would draw another one.
    """
    size, retouch = recipe.size, recipe.finishing.retouch
    if retouch is None or retouch.shape(size.width, size.height) == (size.width, size.height):
        return recipe
    width, height = (
        max(1, round(side / GRAIN)) * GRAIN for side in retouch.shape(size.width, size.height)
    )
    return replace(recipe, size=replace(size, width=width, height=height))


def _draw_on_canvas(
    parent: Parent, seed: int, canvas: Canvas, size: Size, conditions: Conditions
) -> Recipe:
    return replace(
        parent.recipe,
        size=size,
        noise=seed_noise(seed, GRID),
        inputs=Inputs(canvas=canvas, shortened=_shortens(parent, canvas.strength)),
        conditions=conditions,
        finishing=keep_grey(parent.recipe),
    )


def _select_conditions(parent: Parent) -> Conditions:
    """What the one picture was drawn from; the seed that added to its words is gone from now on."""
    return settle_words(parent.recipe, parent.index).conditions


def keep_grey(recipe: Recipe) -> Finishing:
    """Finishing of a picture that goes on beside a retouched one: without colour if that has none.

    Greys stay as they are when they are made grey once more; no other tone can be given twice.
    """
    bare, retouch = drop_finishing(recipe).finishing, recipe.finishing.retouch
    if retouch is None or retouch.tone.colour > -1:
        return bare
    tone = Tone(colour=retouch.tone.colour, sepia=retouch.tone.sepia)
    return replace(bare, retouch=Retouch(tone=tone))


def drop_finishing(recipe: Recipe) -> Recipe:
    """The recipe of the pictures as they are drawn, before they are retouched and enlarged."""
    return replace(recipe, finishing=Finishing(detail=recipe.finishing.detail))


def _fit_frame(size: Size, edges: Edges) -> Size:
    """The size with a picture's area and the ratio of its frame."""
    across = size.width * (1 + edges.left + edges.right)
    down = size.height * (1 + edges.top + edges.bottom)
    # Models draw best at their own area, so a wider view has fewer pixels for each thing in it.
    scale = (size.width * size.height / (across * down)) ** 0.5
    width, height = (max(1, round(side * scale / GRAIN)) * GRAIN for side in (across, down))
    return Size(width=width, height=height)


def select_ninth(place: int) -> Region:
    """One of nine equal parts of a picture, row by row from 0 to 8."""
    row, column = divmod(place, 3)
    return Region(left=column / 3, top=row / 3, right=(column + 1) / 3, bottom=(row + 1) / 3)


def blend(recipe: Recipe, images: Sequence[Ingredient], plan: float = 0.0) -> Recipe:
    """The recipe with several images blended in the place of any that it started from.

    Args:
        recipe: What else is said.
        images: What to blend, each by its weight.
        plan: The card's, of a family that plans: images alone are blended into one.
    """
    inputs = Inputs(blend=tuple(images), blend_scale=recipe.inputs.blend_scale)
    return _plan_blend(replace(recipe, inputs=inputs), plan)


def _plan_blend(recipe: Recipe, plan: float) -> Recipe:
    """A blend drawn by a plan, where nothing but its images says what to show."""
    said = recipe.conditions
    alone = not (said.phrases or said.repels or said.references or said.vary_by_picture)
    plan = plan if alone and not recipe.sampling.seamless else 0.0
    return replace(recipe, inputs=replace(recipe.inputs, plan=plan))
