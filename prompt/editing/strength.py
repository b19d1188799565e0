"""More or less of the image that pictures start from, in the recipe and in its flags."""

from dataclasses import replace

from generation.edits import move_strength
from generation.recipe import Recipe
from prompt.flags.table import IMAGE_WEIGHT, STRENGTH
from prompt.reading.grammar import format_flags
from prompt.resolution.fitting import parse_flags


def restate_strength(recipe: Recipe, factor: float) -> Recipe:
    """The recipe with its strength times a factor, and the flag for it among its parameters.

    Args:
        recipe: One that starts from an image, and draws over it.
        factor: As of :func:`generation.edits.move_strength`.
    """
    moved = move_strength(recipe, factor)
    if moved.inputs.start is None:
        return recipe
    values = dict(parse_flags(recipe.parameters))
    # An image weight says the same in other words.
    values.pop(IMAGE_WEIGHT.name, None)
    values[STRENGTH.name] = moved.inputs.start.strength
    return replace(moved, parameters=" ".join(format_flags(values)))
