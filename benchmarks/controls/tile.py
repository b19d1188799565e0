"""Whether the opposite edges of a tile differ no more than neighbouring columns and rows do.

The bundled model draws the same prompts, on coloured grounds where a seam would show, with the same
noise with and without ``--tile``; the latter is the baseline. Measured at the size that people see,
and held to the columns and rows at the quarters, which are borders of the blocks that the model
draws in, as the edges are.

    python -m benchmarks.controls.tile --pictures 200
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from benchmarks.controls.bench import THINGS, Bench, report
from generation.tiles import edge_steps

GROUNDS: Final = ("green", "blue", "yellow", "pink")


def measure(bench: Bench, count: int) -> Iterator[dict[str, object]]:
    """Mean differences across the edges and between neighbours, in levels of 0 to 255.

    Args:
        bench: What to measure with.
        count: Pictures of each kind.
    """
    for tile in (False, True):
        steps = []
        for number in range(count):
            thing, ground = THINGS[number % len(THINGS)], GROUNDS[number % len(GROUNDS)]
            plain = bench.recipe(f"a {thing}, {ground} background", number)
            (drawn,) = bench.draw(replace(plain, tile=tile))
            (shown,) = bench.engine.enlarge([drawn], tile=tile)
            steps.append(edge_steps(shown))
        across, between = np.array(steps).mean(0)
        yield {
            "tile": tile,
            "pictures": count,
            "across the edges": round(float(across), 2),
            "between neighbours": round(float(between), 2),
            "excess": round(float(across - between), 2),
        }


def main() -> None:
    """Print a JSON object without tiling, and one with it."""
    report(__doc__, measure)


if __name__ == "__main__":
    main()
