"""OKLab, a space of colours in which equal steps look equal.

Its matrices are its author's: Björn Ottosson, "A perceptual color space for image processing",
2020.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_TO_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    dtype=np.float32,
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    dtype=np.float32,
)

_FROM_LAB: Final = np.linalg.inv(_TO_LAB).astype(np.float32)
_FROM_CONES: Final = np.linalg.inv(_TO_CONES).astype(np.float32)


def to_oklab(pixels: NDArray[np.uint8]) -> Floats:
    """Pixels of sRGB in OKLab.

    Args:
        pixels: (…, 3), 0 to 255.

    Returns:
        (…, 3): lightness from 0 to 1, and green to red and blue to yellow from -0.4 to 0.4.
    """
    levels = np.arange(256, dtype=np.float32) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(linear.astype(np.float32)[pixels] @ _TO_CONES.T)
    lab: Floats = cones @ _TO_LAB.T
    return lab


def from_oklab(lab: Floats) -> Floats:
    """Pixels of sRGB (…, 3) from 0 to 1 of OKLab (…, 3); what no screen shows is cut off."""
    linear = ((lab @ _FROM_LAB.T) ** 3 @ _FROM_CONES.T).clip(0, 1)
    curve = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    shown: Floats = curve.clip(0, 1).astype(np.float32)
    return shown
