"""How visible the seams of a tiled picture are."""

import numpy as np
from PIL import Image


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


def measure_edge_excess(picture: Image.Image) -> float:
    """How much more differs across a picture's edges than across the lines at its quarters."""
    across, between = measure_edge_steps(picture)
    return across - between
