"""Whether the opposite edges of a tile differ no more than neighbouring columns and rows do.

The bundled model draws the same prompts, on coloured grounds where a seam would show, with the same
noise with and without ``--tile``; the latter is the baseline. Measured at the size that people see,
and held to the columns and rows at the quarters, which are borders of the blocks that the model
draws in, as the edges are. Beside it stands how often the judge still names the prompt's thing.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.controls.bench import THINGS, Bench, Point, portions
from benchmarks.controls.seams import measure_edge_steps

_SHOWN: Final = 4

GROUNDS: Final = ("green", "blue", "yellow", "pink")


def measure(bench: Bench, count: int) -> Iterator[Point]:
    """Mean differences across the edges and between neighbours, in levels of 0 to 255.

    Args:
        bench: What to measure with.
        count: Pictures of each kind.
    """
    kinds = list(product(THINGS, GROUNDS))
    for tile in (False, True):
        steps, hits, row = [], [], []
        for (thing, ground), seed, some in portions(kinds, count):
            recipe = bench.recipe(f"a {thing}, {ground} background", seed, some)
            recipe = replace(recipe, sampling=replace(recipe.sampling, seamless=tile))
            drawn = bench.draw(recipe)
            hits += bench.shows(drawn, thing)
            steps += [measure_edge_steps(shown) for shown in bench.engine.enlarge(drawn, recipe)]
            row.append(drawn[0])
        across, between = np.array(steps).mean(0)
        bench.sheets.setdefault("tile", []).append([_laid(one) for one in row[:_SHOWN]])
        yield {
            "--tile": tile,
            "pictures": len(steps),
            "across the edges": round(float(across), 2),
            "between neighbours": round(float(between), 2),
            "ratio": round(float(across / between), 2),
            "thing among five": round(float(np.mean(hits)), 3),
        }


def _laid(picture: Image.Image) -> Image.Image:
    """Two by two of a picture."""
    return Image.fromarray(np.tile(np.asarray(picture), (2, 2, 1)))
