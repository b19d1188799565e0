"""Traits of an image that decide how it is drawn from: its shape, and whether it is a photograph.

A drawing has flat areas, or lies on a plain ground; light and lenses leave neither. Both are looked
for in a small copy, in which what JPEG adds to flat areas has averaged out.
"""

import io
import statistics
from dataclasses import dataclass
from functools import reduce
from typing import Final

from PIL import Image, ImageChops

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
    return _share_of_flat(small) < _FLATTEST and _share_of_ground(small) < _PLAINEST


def _share_of_flat(small: Image.Image) -> float:
    """Share of neighbouring pixels that are alike; of a single pixel, which has none, all."""
    width, height = small.size
    beside = [(0, 0, width - 1, height), (1, 0, width, height)]
    below = [(0, 0, width, height - 1), (0, 1, width, height)]
    flat = steps = 0
    for first, second in (beside, below):
        step = ImageChops.difference(small.crop(first), small.crop(second))
        # By the channel that differs most: red beside green of equal brightness is no flat area.
        levels = reduce(ImageChops.lighter, step.split()).histogram()
        flat, steps = flat + sum(levels[: _ALIKE + 1]), steps + sum(levels)
    return flat / steps if steps else 1.0


def _share_of_ground(small: Image.Image) -> float:
    """Share of the border's pixels that are near the one in the middle of them."""
    width, height = small.size
    sides = [
        (0, 0, width, 1),
        (0, height - 1, width, height),
        (0, 0, 1, height),
        (width - 1, 0, width, height),
    ]
    levels = b"".join(small.crop(side).tobytes() for side in sides)
    channels = [levels[channel::3] for channel in range(3)]
    # The median, which a thing that reaches the border does not move.
    ground = [statistics.median(channel) for channel in channels]
    near = [
        all(abs(level - middle) <= _GROUND for level, middle in zip(pixel, ground, strict=True))
        for pixel in zip(*channels, strict=True)
    ]
    return sum(near) / len(near)
