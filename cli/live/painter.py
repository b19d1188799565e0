"""Pictures without a model: what is checked is their way, and not what is on them."""

import itertools
from collections.abc import Callable
from typing import Any, Final

from PIL import Image

from generation.derive import narrow
from generation.pictures.grid import compose
from generation.pictures.metadata import encode_png
from generation.recipe import Recipe
from storage.files import Files
from storage.queue.jobs import Made, Rendered, Report

STEPS: Final = 4
"""Progress that is told of each job."""

_COLOURS: Final = ((178, 74, 60), (60, 120, 178), (88, 150, 84), (196, 160, 64))


def paint_with(files: Files) -> Callable[[dict[str, Any], Report], Rendered]:
    """The function that the queue calls for every job; each picture is of one colour."""
    colours = itertools.cycle(_COLOURS)

    def paint(data: dict[str, Any], report: Report) -> Rendered:
        recipe = Recipe.from_json(data)
        for step in range(1, STEPS + 1):
            report(step, STEPS, None)
        larger = recipe.finishing.upscale
        size = recipe.size.width * larger, recipe.size.height * larger
        pictures = [Image.new("RGB", size, next(colours)) for _ in recipe.noise]
        single = [
            _keep(picture, files, encode_png(picture, recipe, index=index), narrow(recipe, index))
            for index, picture in enumerate(pictures)
        ]
        if len(pictures) == 1:
            return Rendered(pictures=single)
        grid = compose(pictures)
        return Rendered(pictures=single, grid=_keep(grid, files, encode_png(grid, recipe), recipe))

    return paint


def _keep(picture: Image.Image, files: Files, png: bytes, recipe: Recipe) -> Made:
    sha256 = files.put(png)
    return Made(sha256=sha256, width=picture.width, height=picture.height, digest=recipe.digest)
