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
    # No more than the picture itself, which beyond would only come again.
    margin = min(MARGIN, *picture.size)
    around = ((margin, margin), (margin, margin), (0, 0))
    wide = larger(Image.fromarray(np.pad(np.asarray(picture), around, mode="wrap")))
    factor = wide.width // (picture.width + 2 * margin)
    left, right = margin * factor, (margin + picture.width) * factor
    return wide.crop((left, left, right, (margin + picture.height) * factor))
