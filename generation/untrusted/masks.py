"""Masks: what people paint over a picture, as a small black and white image for a canvas."""

import io
from typing import Final

from PIL import Image

from faults import UserError
from generation.untrusted.clean import Limits, clean

SIDE: Final = 512
"""Longer side in pixels of a mask as it is kept; the model's own grid is coarser than that."""

LIMITS: Final = Limits(max_bytes=2**20, max_pixels=2048 * 2048, max_side=SIDE)
"""How much of a painted mask is taken."""


class NothingPaintedError(UserError, ValueError):
    """A mask without any white in it."""


def clean_mask(data: bytes) -> bytes:
    """A stranger's mask, checked and encoded anew.

    Args:
        data: An image file; bright pixels are painted, dark ones are not, and transparent ones
            count as bright, as everywhere.

    Returns:
        A PNG of one bit a pixel, white where it is painted, at most ``SIDE`` pixels long. Equal
        masks give equal bytes.

    Raises:
        ImageError: It is no image that may be used.
        NothingPaintedError: Nothing is painted.
    """
    with Image.open(io.BytesIO(clean(data, LIMITS).png), formats=["PNG"]) as image:
        # One bit: what is half painted, at a brush's soft edge, is drawn anew or it is not.
        mask = image.convert("L").point(lambda level: 255 * (level > 127), "1")
    if mask.getbbox() is None:
        raise NothingPaintedError
    buffer = io.BytesIO()
    mask.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
