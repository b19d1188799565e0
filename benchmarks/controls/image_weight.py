"""Whether pictures come nearer to their image, evenly, as the image's weight rises.

The images are the bundled model's own drawings; each is drawn over with a prompt for the next
thing, at every weight with the same noise. Likeness is structural (SSIM) and of meaning (cosine of
the vision tower's embeddings). The baseline is the straight line from weight to strength.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity

from benchmarks.controls.bench import Bench, Point, portions
from generation.controls import LARGEST_IMAGE_WEIGHT, strength_for_image_weight
from generation.recipe import Inputs, Start

WEIGHTS: Final = tuple(round(LARGEST_IMAGE_WEIGHT * k / 9, 2) for k in range(1, 10))
_LEAST: Final = 0.05
"""Strength below which nothing is drawn."""


def straight(weight: float) -> float:
    """The baseline: strength falls in proportion to the weight."""
    return max(_LEAST, 1 - weight / LARGEST_IMAGE_WEIGHT)


def measure(bench: Bench, count: int) -> Iterator[Point]:
    """Likeness to the image at every weight and by either way, and how evenly it rises."""
    strengths = bench.engine.card.image_strengths
    ways: dict[str, Callable[[float], float]] = {
        "ours": partial(strength_for_image_weight, strengths=strengths),
        "1 - iw/3": straight,
    }
    shown = list(bench.examples())
    pairs = [(image, thing) for (_, image), (thing, _) in pairwise([*shown, shown[0]])]
    for name, way in ways.items():
        curves: dict[str, list[float]] = {"ssim": [], "cosine": []}
        rows = [[image] for image, _ in pairs]
        for weight in WEIGHTS:
            strength, found = way(weight), []
            for number, ((image, thing), seed, some) in enumerate(portions(pairs, count)):
                recipe = bench.recipe(f"a {thing}", seed, some)
                inputs = Inputs(start=Start(image="image", strength=strength))
                pictures = bench.draw(replace(recipe, inputs=inputs), image)
                found += [_likeness(bench, image, picture) for picture in pictures]
                rows[number].append(pictures[0])
            ssim, cosine = np.array(found).mean(0)
            yield {
                "strength from": name,
                "--iw": weight,
                "strength": round(strength, 3),
                "pictures": len(found),
                "SSIM": round(float(ssim), 4),
                "cosine": round(float(cosine), 4),
            }
            curves["ssim"].append(ssim)
            curves["cosine"].append(cosine)
        bench.sheets.setdefault("image_weight", rows[:3])
        for kind, values in curves.items():
            yield {"strength from": name, "curve": kind, **evenness(values)}


def _likeness(bench: Bench, image: Image.Image, drawn: Image.Image) -> tuple[float, float]:
    ssim = structural_similarity(np.asarray(image), np.asarray(drawn), channel_axis=2)
    return float(ssim), float(bench.embedded(image) @ bench.embedded(drawn))


def evenness(values: Sequence[float]) -> dict[str, float]:
    """How well a curve rises: Spearman's rank correlation, and its steps over their mean."""
    steps = np.diff(values)
    ranks = np.argsort(np.argsort(values))
    correlation = np.corrcoef(ranks, np.arange(len(values)))[0, 1]
    return {
        "rank correlation": round(float(correlation), 3),
        "largest step over mean": round(float(steps.max() / steps.mean()), 2),
        "smallest step over mean": round(float(steps.min() / steps.mean()), 2),
    }
