"""Detail: fine lines and local contrast of a finished picture, brought out.

What a picture has beyond its smoothed copy is its detail; added once more, it stands out (unsharp
masking). A narrow copy gives fine lines, a wide one the tones of whole parts. Both are shares of
the picture's side, so that a picture looks alike at every size.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

_NARROW: Final = 1 / 256
_WIDE: Final = 1 / 16
"""Radii of the smoothed copies, as shares of the shorter side."""

_TONE: Final = 0.5
"""How much of the wide copy's difference counts beside the narrow one's."""


def bring_out(picture: Image.Image, amount: float) -> Image.Image:
    """The picture with its detail and local contrast added once more.

    Args:
        picture: RGB.
        amount: How much of them, as a share of what there is; 0 for none.
    """
    # As it is: a recipe without detail need not pay for two blurs.
    if not amount:
        return picture
    side, own = min(picture.size), np.asarray(picture, np.float32)
    fine, tone = own - _smooth(picture, _NARROW * side), own - _smooth(picture, _WIDE * side)
    made = own + amount * (fine + _TONE * tone)
    return Image.fromarray(made.clip(0, 255).round().astype(np.uint8))


def _smooth(picture: Image.Image, radius: float) -> NDArray[np.float32]:
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float32)
