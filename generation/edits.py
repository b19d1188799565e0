"""What editing by words does to recipes: one pure function from recipe to recipe for each kind.

Light, colours and shape are moved by arithmetic and never drawn; how a whole picture looks is drawn
anew from the same noise, or from the same image, as the picture that is edited was. So nothing is
ever drawn from what was itself drawn so, and a picture does not wear out from edit to edit.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from generation import derive
from generation.derive import Parent
from generation.recipe import Ingredient, Inputs, Recipe, Retouch, Tone, seed_noise

TONES: Final[Mapping[str, Tone]] = MappingProxyType(
    {
        "warmer": Tone(warmth=0.5),
        "cooler": Tone(warmth=-0.5),
        "brighter": Tone(light=0.4),
        "darker": Tone(light=-0.4),
        "contrast": Tone(contrast=0.4),
        "soft": Tone(contrast=-0.4),
        "vivid": Tone(colour=0.35),
        "muted": Tone(colour=-0.35),
        "grey": Tone(colour=-1.0),
        "sepia": Tone(colour=-1.0, sepia=1.0),
    }
)
"""By what people ask for, one step of it: tried on photographs and drawings, to be seen at once."""

STEP: Final = 1.3
"""What the strength of a picture from an image is multiplied by where less of the image is asked
for, and divided by where more of it is."""

LEAST: Final = 0.05
"""The least strength that such a step leads to; 0 would give the image back."""


def set_retouch(recipe: Recipe, wanted: Retouch) -> Recipe:
    """The recipe with its pictures retouched as told and not otherwise.

    Everything else stays, so that their pixels are found again instead of being drawn.
    """
    # A retouch that does nothing any more is none.
    kept = None if wanted == Retouch() else wanted
    return replace(recipe, finishing=replace(recipe.finishing, retouch=kept))


def move_strength(recipe: Recipe, factor: float) -> Recipe:
    """The recipe with less of the image that it starts from, or more for a factor below 1.

    Args:
        recipe: One that starts from an image, and draws over it.
        factor: On the denoising strength, which stays from ``LEAST`` to 1.
    """
    start = recipe.inputs.start
    if start is None:
        return recipe
    # As flags write it, so that the number can be typed.
    strength = round(min(1.0, max(LEAST, start.strength * factor)), 2)
    inputs = replace(recipe.inputs, start=replace(start, strength=strength))
    return replace(recipe, inputs=inputs)


def edit_natively(parent: Parent, seed: int, *, restored: bool) -> Recipe:
    """One picture by a model that changes images as words say.

    Args:
        parent: The picture that is changed.
        seed: Of the new one.
        restored: Whether all that the words did not change is put back.
    """
    recipe = derive.settle_shape(parent.recipe)
    return replace(
        recipe,
        noise=seed_noise(seed, 1),
        # What is changed has been retouched; only greys can be made grey once more.
        finishing=derive.keep_grey(recipe),
        inputs=Inputs(edit=(Ingredient(image=parent.image, weight=1.0),), restored=restored),
        conditions=replace(recipe.conditions, structure=None, references=()),
    )


def is_edited_whole(recipe: Recipe) -> bool:
    """Whether a picture is an image that was changed as a whole, and not turned or cut since."""
    retouch = recipe.finishing.retouch or Retouch()
    as_drawn = retouch == Retouch(tone=retouch.tone)
    return len(recipe.inputs.edit) == 1 and not recipe.inputs.restored and as_drawn


def edit_anew(parent: Parent, seed: int) -> Recipe:
    """The same from the image that such a picture was made of, so that none is drawn over it."""
    recipe = parent.recipe
    base = replace(parent, image=recipe.inputs.edit[0].image)
    made = edit_natively(base, seed, restored=False)
    # That image has none of the picture's retouches yet.
    kept = recipe.finishing.retouch
    return replace(made, finishing=replace(made.finishing, retouch=kept))
