"""Masks: what people paint over a picture, as a small black and white image for a canvas."""

import io
from typing import Final

from PIL import Image

from generation.untrusted.clean import Limits, clean
from generation.untrusted.image_errors import MaskMisfitError, NothingPaintedError

SIDE: Final = 512
"""Longer side in pixels of a mask as it is kept; the model's own grid is coarser than that."""

LIMITS: Final = Limits(max_bytes=2**20, max_pixels=2048 * 2048, max_side=SIDE)
"""How much of a painted mask is taken."""

_ROUNDING: Final = 2
"""Pixels by which a side may differ: the page shows a smaller picture and sends a smaller mask."""


def clean_mask(data: bytes, picture: tuple[int, int]) -> bytes:
    """A stranger's mask, checked and encoded anew.

    Args:
        data: An image file; bright pixels are painted, dark ones are not, and transparent ones
            count as bright, as everywhere.
        picture: Width and height in pixels of what it is painted over.

    Returns:
        A PNG of one bit a pixel, white where it is painted, at most ``SIDE`` pixels long. Equal
        masks give equal bytes.

    Raises:
        MaskMisfitError: It is of another shape than the picture, or far smaller.
        ImageError: It is no image that may be used.
        NothingPaintedError: Nothing is painted.
    """
    with Image.open(io.BytesIO(clean(data, LIMITS).png), formats=["PNG"]) as image:
        if not _fits(image.size, picture):
            raise MaskMisfitError(*image.size)
        # One bit: what is half painted, at a brush's soft edge, is drawn anew or it is not.
        mask = image.convert("L").point(lambda level: 255 * (level > 127), "1")
    if mask.getbbox() is None:
        raise NothingPaintedError
    buffer = io.BytesIO()
    mask.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _fits(mask: tuple[int, int], picture: tuple[int, int]) -> bool:
    """Whether a mask may be stretched over a picture: it has its shape, and enough pixels."""
    scale = max(mask) / max(picture)
    if max(mask) < min(SIDE, max(picture)) // 2:
        return False
    return all(
        abs(painted - whole * scale) <= _ROUNDING
        for painted, whole in zip(mask, picture, strict=True)
    )
