"""Whether the four pictures of a grid differ the more, the larger ``--chaos`` is.

Grids of the bundled model are drawn with the same noise at every setting. The spread is the mean
over the pairs in a grid: of pixels (levels of 0 to 255) and of meaning (1 - cosine of the vision
tower's embeddings). Beside it stands how often the judge still names the prompt's thing. Chaos 0 is
the baseline: seeds alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.controls.bench import THINGS, Bench, Point
from benchmarks.controls.image_weight import evenness
from generation.controls import share_for_chaos
from generation.derive import GRID

SETTINGS: Final = (0, 10, 25, 50, 75, 90, 100)


def measure(bench: Bench, count: int) -> Iterator[Point]:
    """Spread and the share of pictures that show the prompt's thing, at every setting.

    Args:
        bench: What to measure with.
        count: Pictures at each setting, in whole grids.
    """
    grids, curves = max(1, count // GRID), np.zeros((len(SETTINGS), 2))
    rows = bench.sheets.setdefault("chaos", [])
    for row, chaos in enumerate(SETTINGS):
        spreads, hits = [], []
        for number in range(grids):
            thing = THINGS[number % len(THINGS)]
            recipe = bench.recipe(f"a {thing}", 100 + number * GRID, GRID)
            conditions = replace(recipe.conditions, chaos=share_for_chaos(chaos))
            pictures = bench.draw(replace(recipe, conditions=conditions))
            spreads.append(_spread(bench, pictures))
            hits += bench.shows(pictures, thing)
            if number == 1:
                rows.append(pictures)
        curves[row] = np.array(spreads).mean(0)
        yield {
            "--chaos": chaos,
            "pictures": grids * GRID,
            "spread": round(float(curves[row, 0]), 2),
            "spread of meaning": round(float(curves[row, 1]), 4),
            "thing among five": round(float(np.mean(hits)), 3),
        }
    for kind, values in zip(("spread", "spread of meaning"), curves.T.tolist(), strict=True):
        yield {"curve": kind, **evenness(values)}


def _spread(bench: Bench, pictures: Sequence[Image.Image]) -> tuple[float, float]:
    frames = [np.asarray(picture, float) for picture in pictures]
    sights = [bench.embedded(picture) for picture in pictures]
    return (
        float(np.mean([np.abs(one - other).mean() for one, other in combinations(frames, 2)])),
        float(np.mean([1 - float(one @ other) for one, other in combinations(sights, 2)])),
    )
