"""Whether pictures come nearer to their image, evenly, as the image's weight rises.

The images are the bundled model's own drawings; each is drawn over with a prompt for the next
thing, at every weight with the same noise. Likeness is structural (SSIM) and of meaning (cosine of
the vision tower's embeddings). The baseline is the straight line from weight to strength.

    python -m benchmarks.controls.image_weight --pictures 200
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity

from benchmarks.controls.bench import Bench, open_bench
from generation.controls import LARGEST_IMAGE_WEIGHT, strength_for_image_weight
from generation.recipe import Start
from training.curves import plot

WEIGHTS: Final = tuple(round(LARGEST_IMAGE_WEIGHT * k / 9, 2) for k in range(1, 10))
_LEAST: Final = 0.05
"""Strength below which nothing is drawn."""


def straight(weight: float) -> float:
    """The baseline: strength falls in proportion to the weight."""
    return max(_LEAST, 1 - weight / LARGEST_IMAGE_WEIGHT)


WAYS: Final = {"ours": strength_for_image_weight, "1 - iw/3": straight}


def measure(bench: Bench, way: Callable[[float], float], count: int) -> Iterator[dict[str, float]]:
    """Likeness to the image at every weight, each the mean of as many pictures.

    Args:
        bench: What to measure with.
        way: From a weight to a strength.
        count: Pictures at each weight.
    """
    shown = list(bench.examples())
    pairs = list(islice(cycle(pairwise([*shown, shown[0]])), count))
    for weight in WEIGHTS:
        strength = way(weight)
        likeness = [
            _likeness(bench, image, thing, strength, seed)
            for seed, ((_, image), (thing, _)) in enumerate(pairs)
        ]
        ssim, cosine = np.array(likeness).mean(0)
        yield {
            "weight": weight,
            "strength": round(strength, 3),
            "pictures": len(pairs),
            "ssim": round(float(ssim), 4),
            "cosine": round(float(cosine), 4),
        }


def _likeness(
    bench: Bench, image: Image.Image, thing: str, strength: float, seed: int
) -> tuple[float, float]:
    recipe = replace(
        bench.recipe(f"a {thing}", seed), start=Start(image="image", strength=strength)
    )
    (drawn,) = bench.draw(recipe, image)
    ssim = structural_similarity(np.asarray(image), np.asarray(drawn), channel_axis=2)
    return float(ssim), float(bench.embedded(image) @ bench.embedded(drawn))


def evenness(values: Sequence[float]) -> dict[str, float]:
    """How well a curve rises: Spearman's rank correlation, and its largest step over the mean."""
    steps = np.diff(values)
    ranks = np.argsort(np.argsort(values))
    correlation = np.corrcoef(ranks, np.arange(len(values)))[0, 1]
    return {
        "rank correlation": round(float(correlation), 3),
        "largest step over mean": round(float(steps.max() / steps.mean()), 2),
        "smallest step over mean": round(float(steps.min() / steps.mean()), 2),
    }


def main() -> None:
    """Print a JSON object for every weight and for every curve; draw them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=20, help="at each weight")
    parser.add_argument("--plot", type=Path, help="PNG to draw the curves into")
    given = parser.parse_args()
    bench, lines = open_bench(), {}
    for name, way in WAYS.items():
        points = []
        for point in measure(bench, way, given.pictures):
            print(json.dumps({"way": name, **point}), flush=True)
            points.append(point)
        for kind in ("ssim", "cosine"):
            print(json.dumps({"way": name, "curve": kind, **evenness([p[kind] for p in points])}))
            lines[f"{kind}, {name}"] = [(p["weight"], p[kind]) for p in points]
    if given.plot:
        plot(lines, given.plot, across="image weight")


if __name__ == "__main__":
    main()
