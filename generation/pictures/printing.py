"""Pictures for paper: as many pixels as a size in centimetres takes, told in the file."""

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image

DENSITY: Final = 300
"""Pixels per inch, at which the eye tells no pixels apart at reading distance."""

LARGEST: Final = 60.0
"""Longest side in centimetres: 7087 pixels, some 150 MB while it is made."""

_INCH: Final = 2.54
_QUALITIES: Final = (95, 90, 80, 70, 60)


@dataclass(frozen=True, slots=True)
class Print:
    """A file for paper.

    Attributes:
        jpeg: Its bytes, which say how dense it is.
        size: Width and height in pixels.
        own: Longest side, in centimetres, that the picture's own pixels are enough for.
    """

    jpeg: bytes
    size: tuple[int, int]
    own: float


def count_pixels(centimetres: float) -> int:
    """How many pixels a length takes."""
    return round(centimetres / _INCH * DENSITY)


def prepare_print(picture: bytes, longest: float, limit: int) -> Print:
    """A picture with the pixels for its size on paper.

    Args:
        picture: An image file.
        longest: Its longest side on paper, in centimetres, up to ``LARGEST``.
        limit: Most bytes.

    Raises:
        ValueError: It does not fit into so many.
    """
    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    before = max(image.size)
    scale = count_pixels(longest) / before
    width, height = (max(1, round(side * scale)) for side in image.size)
    sized = image.resize((width, height), Image.Resampling.LANCZOS)
    for quality in _QUALITIES:
        data = io.BytesIO()
        sized.save(data, "JPEG", quality=quality, dpi=(DENSITY, DENSITY), subsampling=0)
        if data.tell() <= limit:
            own = round(before / DENSITY * _INCH, 1)
            return Print(data.getvalue(), (width, height), own)
    raise ValueError("so large a print does not fit into a message")
