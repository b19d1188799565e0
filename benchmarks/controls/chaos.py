"""Whether the four pictures of a grid differ the more, the larger ``--chaos`` is.

Grids of the bundled model are drawn with the same noise at every setting. The spread is the mean
over the pairs in a grid: of pixels (levels of 0 to 255) and of meaning (1 - cosine of the vision
tower's embeddings). Beside it stands how often the judge still names the prompt's thing. Chaos 0 is
the baseline: seeds alone.

    python -m benchmarks.controls.chaos --pictures 200
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.controls.bench import THINGS, Bench, open_bench
from benchmarks.controls.image_weight import evenness
from generation.controls import spread_for_chaos
from generation.derive import GRID
from generation.recipe import seeded
from training.curves import plot

SETTINGS: Final = (0, 10, 25, 50, 75, 100)


def measure(bench: Bench, count: int) -> Iterator[dict[str, float]]:
    """Spread and the share of pictures that show the prompt's thing, at every setting.

    Args:
        bench: What to measure with.
        count: Pictures at each setting, in whole grids.
    """
    grids = max(1, count // GRID)
    for chaos in SETTINGS:
        spreads, hits = [], []
        for number in range(grids):
            thing = THINGS[number % len(THINGS)]
            plain = bench.recipe(f"a {thing}", 0)
            recipe = replace(
                plain,
                pictures=seeded(100 + number * GRID, GRID),
                spread=spread_for_chaos(chaos),
            )
            pictures = bench.draw(recipe)
            spreads.append(_spread(bench, pictures))
            named = bench.judged(pictures)[1].topk(5).indices.tolist()
            hits += [bench.things.index(thing) in row for row in named]
        pixels, meaning = np.array(spreads).mean(0)
        yield {
            "chaos": chaos,
            "pictures": grids * GRID,
            "pixels": round(float(pixels), 2),
            "meaning": round(float(meaning), 4),
            "thing": round(float(np.mean(hits)), 3),
        }


def _spread(bench: Bench, pictures: Sequence[Image.Image]) -> tuple[float, float]:
    frames = [np.asarray(picture, float) for picture in pictures]
    sights = [bench.embedded(picture) for picture in pictures]
    return (
        float(np.mean([np.abs(one - other).mean() for one, other in combinations(frames, 2)])),
        float(np.mean([1 - float(one @ other) for one, other in combinations(sights, 2)])),
    )


def main() -> None:
    """Print a JSON object for every setting and for every curve; draw them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=20, help="at each setting")
    parser.add_argument("--plot", type=Path, help="PNG to draw the curve into")
    given = parser.parse_args()
    points = []
    for point in measure(open_bench(), given.pictures):
        print(json.dumps(point), flush=True)
        points.append(point)
    for kind in ("pixels", "meaning"):
        print(json.dumps({"curve": kind, **evenness([point[kind] for point in points])}))
    if given.plot:
        line = [(point["chaos"], point["pixels"]) for point in points]
        plot({"spread in levels of 255": line}, given.plot, across="chaos")


if __name__ == "__main__":
    main()
