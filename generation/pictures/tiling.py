"""Tiles: pictures whose opposite edges meet, made larger so that they still do."""

from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image

MARGIN: Final = 16
"""Pixels of the other side that a picture is enlarged with: what enlarges looks no further."""


def enlarge_seamless(
    picture: Image.Image, larger: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """What ``larger`` makes of the picture, as if the same picture lay on all sides of it.

    Args:
        picture: RGB.
        larger: Enlarges a picture by a whole factor.
    """
    margin = min(MARGIN, *picture.size)
    around = ((margin, margin), (margin, margin), (0, 0))
    wide = larger(Image.fromarray(np.pad(np.asarray(picture), around, mode="wrap")))
    factor = wide.width // (picture.width + 2 * margin)
    left, right = margin * factor, (margin + picture.width) * factor
    return wide.crop((left, left, right, (margin + picture.height) * factor))


def measure_edge_steps(picture: Image.Image) -> tuple[float, float]:
    """How visible a tiled picture's seams are, in levels of 0 to 255.

    A model draws in blocks, and at their borders neighbours differ more than within. A picture's
    edges are such borders, and so are the lines at its quarters: these are what they are held to.

    Returns:
        The mean difference across the edges, and that across the lines at the quarters; no seam
        shows where the first is no larger.
    """
    pixels = np.asarray(picture.convert("RGB"), float)
    across, between = [], []
    for axis in (0, 1):
        steps = np.abs(np.diff(pixels, axis=axis, append=pixels.take([0], axis)))
        side = pixels.shape[axis]
        *quarters, edge = (steps.take(side * k // 4 - 1, axis).mean() for k in (1, 2, 3, 4))
        across.append(edge)
        between += quarters
    return float(np.mean(across)), float(np.mean(between))


def edge_excess(picture: Image.Image) -> float:
    """How much more differs across a picture's edges than across the lines at its quarters."""
    across, between = measure_edge_steps(picture)
    return across - between
