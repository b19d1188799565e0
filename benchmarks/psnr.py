"""How near two pictures are, as the peak signal to noise ratio."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def measure_psnr(
    one: Image.Image, other: Image.Image, where: NDArray[np.bool_] | None = None
) -> float:
    """Peak signal to noise ratio of two pictures of a size, in dB; infinite for equal ones.

    Args:
        one: A picture.
        other: Another one.
        where: The pixels (height, width) that count; None for all.
    """
    error = (np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2
    error = error if where is None else error[where]
    return math.inf if not error.any() else 10 * math.log10(255**2 / error.mean())
