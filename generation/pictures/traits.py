"""Traits of an image that decide how it is drawn from: its shape, and whether it is a photograph.

A drawing has flat areas, or lies on a plain ground; light and lenses leave neither. Both are looked
for in a small copy, in which what JPEG adds to flat areas has averaged out.
"""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

_SIDE: Final = 128
"""Longer side in pixels of the copy that is looked at."""

_ALIKE: Final = 3
"""Levels, of 255, that neighbouring pixels of a flat area differ by at most."""

_FLATTEST: Final = 0.7
"""Share of flat neighbours from which on an image is a drawing."""

_GROUND: Final = 12
"""Levels that pixels of a plain ground differ by at most from the one in the middle."""

_PLAINEST: Final = 0.9
"""Share of the border, taken up by one ground, from which on an image is a drawing."""


@dataclass(frozen=True, slots=True)
class ImageTraits:
    """What is known of an image.

    Attributes:
        width: In pixels.
        height: In pixels.
        photograph: Whether it seems to be a photograph.
    """

    width: int
    height: int
    photograph: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height


def read_traits(png: bytes) -> ImageTraits:
    """The traits of an image that was cleaned and stored."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return ImageTraits(image.width, image.height, is_photograph(image))


def is_photograph(image: Image.Image) -> bool:
    """Whether an image seems to be a photograph rather than a drawing.

    Measured on 360 drawings of nine sets, as they are and as JPEG down to quality 50, and on 76
    photographs: all but 0.6 % of the drawings and 9 % of the photographs are told right; those
    that are not show a thing on a plain ground.
    """
    small = image.convert("RGB")
    # By area: each pixel is the mean of those that it stands for, grain and JPEG's noise included.
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    levels = np.asarray(small, np.int16)
    # By the channel that differs most: red beside green of equal brightness is no flat area.
    steps = [np.abs(np.diff(levels, axis=axis)).max(-1).ravel() for axis in (0, 1)]
    near = np.concatenate(steps)
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    # The median, which a thing that reaches the border does not move.
    ground = np.abs(border - np.median(border, axis=0)).max(-1)
    # An image of one pixel has no neighbours, and is no photograph.
    flat = float((near <= _ALIKE).mean()) if near.size else 1.0
    return flat < _FLATTEST and float((ground <= _GROUND).mean()) < _PLAINEST
