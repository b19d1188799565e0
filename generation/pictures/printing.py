"""Pictures for paper: as many pixels as a size in centimetres takes, told in the file."""

import io
from dataclasses import dataclass
from typing import Final, Literal

from PIL import Image

from generation.pictures.grid import Change

DENSITY: Final = 300
"""Pixels per inch, at which the eye tells no pixels apart at reading distance."""

LARGEST: Final = 60.0
"""Longest side in centimetres: 7087 pixels, some 150 MB while it is made."""

_INCH: Final = 2.54
_QUALITIES: Final = (95, 90, 80, 70, 60)


@dataclass(frozen=True, slots=True)
class PrintSize:
    """How large a picture becomes on paper.

    Attributes:
        pixels: Width and height that the file has.
        own: Longest side, in centimetres, that the picture's own pixels are enough for.
    """

    pixels: tuple[int, int]
    own: float


def count_pixels(centimetres: float) -> int:
    """How many pixels a length takes."""
    return round(centimetres / _INCH * DENSITY)


def plan_print(size: tuple[int, int], longest: float) -> PrintSize:
    """How many pixels a picture has on paper.

    Args:
        size: Its width and height in pixels.
        longest: Its longest side on paper, in centimetres, up to ``LARGEST``.
    """
    scale = count_pixels(longest) / max(size)
    width, height = (max(1, round(side * scale)) for side in size)
    return PrintSize((width, height), round(max(size) / DENSITY * _INCH, 1))


def encode_print(
    picture: Image.Image, size: tuple[int, int], change: Change | None, limit: int
) -> tuple[bytes, Literal["jpeg"]]:
    """A picture as a JPEG that says how dense it is, and that format.

    Args:
        picture: In RGB.
        size: Width and height of the file in pixels.
        change: What is done to its own pixels first, if anything.
        limit: Most bytes.

    Raises:
        ValueError: It does not fit into so many.
    """
    # A change is made before: of the pixels of a print it would take most of a minute.
    marked = change(picture) if change else picture
    sized = marked.resize(size, Image.Resampling.LANCZOS)
    for quality in _QUALITIES:
        data = io.BytesIO()
        sized.save(data, "JPEG", quality=quality, dpi=(DENSITY, DENSITY), subsampling=0)
        if data.tell() <= limit:
            return data.getvalue(), "jpeg"
    raise ValueError("so large a print does not fit into a message")
