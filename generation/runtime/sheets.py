"""The pictures of a sheet drawn one after the other, those of one model in a row."""

from collections.abc import Callable

from PIL import Image

from generation.recipe import Recipe
from generation.recipe.sheet import Sheet
from generation.runtime.render import Pictures
from storage.queue.jobs import NO_MODEL, RenderError, Report

Draw = Callable[[Recipe, Report], Pictures]
"""Draws a recipe, whichever model it is for."""


def draw_cells(
    sheet: Sheet, draw: Draw, report: Report, serves: Callable[[Recipe], bool]
) -> list[Image.Image]:
    """Every picture of a sheet, row by row, as large as it is shown.

    Args:
        sheet: What to draw.
        draw: Draws one of its recipes.
        report: Called with the progress of them all; whatever it raises ends the drawing.
        serves: Whether a recipe's model is there.

    Raises:
        RenderError: ``model`` if one of their models is not served here; one cannot be drawn.
    """
    total, done = sheet.steps, 0
    # Before any is drawn: another worker may serve all of their models.
    if not all(serves(cell) for cell in sheet.cells):
        raise RenderError(NO_MODEL)

    def tell(step: int, steps: int, preview: bytes | None) -> None:
        # No steps in all say that a model is being loaded.
        report(done + min(step, steps), total if steps else 0, preview)

    drawn: dict[int, Image.Image] = {}
    # Each model is loaded once, however the dials lie.
    for place in sorted(range(len(sheet.cells)), key=lambda k: _name_model(sheet.cells[k])):
        recipe = sheet.cells[place]
        (drawn[place],) = draw(recipe, tell).single
        done += recipe.steps
    return [drawn[place] for place in range(len(sheet.cells))]


def _name_model(recipe: Recipe) -> tuple[str, str]:
    return recipe.family, recipe.model
