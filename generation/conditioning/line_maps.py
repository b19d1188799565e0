"""Line maps: what ControlNets read of an image, white lines on black. Pixels only.

A drawing is recognised as one: thin strokes that stand out from a plain ground. Its strokes are the
lines already, so they are taken as they are instead of having their two edges looked for, which
would draw every stroke twice.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Grey = NDArray[np.uint8]
"""Brightness (height, width), 0 to 255."""

Pixels = NDArray[np.uint8]
"""Red, green and blue (height, width, 3), 0 to 255."""

WORKING_SIDE: Final = 512
"""Lines are looked for at this length of the shorter side at least, as the annotators of the
published ControlNets do."""

_LOW, _HIGH = 100, 200
"""The thresholds of Canny's hysteresis that ControlNet was trained with (Zhang et al. 2023)."""

_STROKE: Final = 1 / 16
"""A stroke is thinner than this share of the shorter side."""

# A drawing has little ink, which stands out from its ground, with hardly anything between.
_LEAST_INK: Final = 0.001
_MOST_INK: Final = 0.25
_LEAST_CONTRAST: Final = 60
_MOST_BETWEEN: Final = 0.12
"""Share of the pixels that are neither ink nor ground: in a drawing only the rims of strokes."""

_PEN: Final = 1 / 128
"""Width of a scribble's lines, as a share of the shorter side."""


def draw_line_map(kind: str, picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The lines of a picture or a drawing, cut and scaled to a size.

    Args:
        kind: ``scribble``, ``lineart`` or ``canny``.
        picture: Any image.
        size: Width and height in pixels.

    Returns:
        Brightness alone: 255 on a line, 0 where there is none.
    """
    # Small pictures are searched enlarged, as blur and thresholds are in pixels of that size.
    factor = max(1.0, WORKING_SIDE / min(size))
    large = (round(size[0] * factor), round(size[1] * factor))
    pixels = np.asarray(_place(picture.convert("RGB"), large))
    drawn = LINES[kind](pixels, find_strokes(_to_grey(pixels)))
    return Image.fromarray(shrink(drawn, size))


def _place(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A picture cut and scaled to a size; a drawing is kept whole, on more of its ground."""
    small = np.asarray(ImageOps.contain(picture, size))
    if find_strokes(_to_grey(small)) is None:
        return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    # Most of a drawing is ground, so the median is its colour.
    red, green, blue = (int(level) for level in np.median(small, axis=(0, 1)))
    return ImageOps.pad(picture, size, Image.Resampling.LANCZOS, color=(red, green, blue))


def _to_grey(pixels: Pixels) -> Grey:
    return _cast_grey(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def find_strokes(grey: Grey) -> Grey | None:
    """The ink of a drawing, 255 on its strokes, or None if this is no drawing.

    Light strokes on a dark ground count as well: a line map is one.
    """
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = grey <= level
    # Whatever is rarer is the ink: chalk on a board is light.
    ink = dark if dark.mean() <= 0.5 else ~dark
    if not _LEAST_INK <= ink.mean() <= _MOST_INK:
        return None
    pen, ground = float(np.median(grey[ink])), float(np.median(grey[~ink]))
    contrast = abs(ground - pen)
    if contrast < _LEAST_CONTRAST:
        return None
    # A stroke's rim is smoothed by any camera or resize; a photograph has far more shades between.
    way = (grey.astype(np.float32) - pen) / (ground - pen)
    between = ((way > 0.3) & (way < 0.85)).mean()
    mask = np.where(ink, np.uint8(255), np.uint8(0))
    return mask if between <= _MOST_BETWEEN and _is_thin(mask) else None


def _is_thin(ink: Grey) -> bool:
    """Whether next to nothing is left of strokes that are worn off by half the widest stroke."""
    # A few pixels are let pass, since strokes are thicker where they cross.
    width = max(3, round(min(ink.shape) * _STROKE))
    worn = cv2.erode(ink, _make_disc(width))
    return bool((worn > 0).sum() <= 0.02 * (ink > 0).sum())


def draw_canny(pixels: Pixels, ink: Grey | None) -> Grey:
    """Canny's edges (1986); of a drawing the middle of each stroke."""
    if ink is not None:
        return thin(ink)
    # OpenCV's Canny does not smooth, and would follow the grain.
    return _cast_grey(cv2.Canny(cv2.GaussianBlur(pixels, (0, 0), 1), _LOW, _HIGH))


def draw_lineart(pixels: Pixels, ink: Grey | None) -> Grey:
    """Dark lines and dark sides of edges, in shades; of a drawing its strokes.

    How much darker a pixel is than its surroundings (a difference of Gaussians), with the darkest
    tenth of what stands out at full strength.
    """
    if ink is not None:
        return ink
    # Two blurs, as one pixel alone would be darker than its surroundings in mere grain.
    near = cv2.GaussianBlur(pixels, (0, 0), 1).astype(np.float32)
    around = cv2.GaussianBlur(pixels, (0, 0), 6).astype(np.float32)
    darker = (around - near).max(axis=2).clip(0)
    seen = darker[darker > 4]
    # Never less than 16, or the noise of an even picture would be stretched to full lines.
    full = max(16.0, float(np.percentile(seen, 90))) if seen.size else 16.0
    return _cast_grey((darker * (255 / full)).clip(0, 255))


def draw_scribble(pixels: Pixels, ink: Grey | None) -> Grey:
    """The large edges as with a broad pen; of a drawing its strokes, all of one width."""
    lines = (
        thin(ink) if ink is not None else cv2.Canny(_remove_texture(pixels), _LOW / 2, _HIGH / 2)
    )
    width = max(1, round(min(lines.shape) * _PEN))
    return _cast_grey(cv2.dilate(lines, _make_disc(width)))


LINES: Final[Mapping[str, Callable[[Pixels, Grey | None], Grey]]] = {
    "scribble": draw_scribble,
    "lineart": draw_lineart,
    "canny": draw_canny,
}
"""Kinds of line map by name."""


def _remove_texture(pixels: Pixels) -> NDArray[Any]:
    """Pixels without texture: only large edges are left."""
    return cv2.GaussianBlur(cv2.medianBlur(pixels, 7), (0, 0), 2)


def thin(ink: Grey) -> Grey:
    """Strokes worn off to lines one pixel wide that still hang together (Zhang and Suen 1984)."""
    # Thinning is in OpenCV's contrib build alone, which the package does not ask for.
    # The rim of nothing gives every pixel eight neighbours.
    left = np.pad(ink > 0, 1)
    while True:
        before = left.sum()
        # Two halves: with both rims taken at once, a stroke two pixels wide would vanish.
        for half in (0, 1):
            left[1:-1, 1:-1] &= ~_find_loose(left, half)
        if left.sum() == before:
            return np.where(left[1:-1, 1:-1], np.uint8(255), np.uint8(0))


def _find_loose(left: NDArray[np.bool_], half: int) -> NDArray[np.bool_]:
    """The pixels that one half of a round takes away: on a rim, and no bridge or end of a line."""
    places = (
        (0, 1),
        (0, 2),
        (1, 2),
        (2, 2),
        (2, 1),
        (2, 0),
        (1, 0),
        (0, 0),
    )  # from north, clockwise
    height, width = left.shape[0] - 2, left.shape[1] - 2
    around = [left[y : y + height, x : x + width] for y, x in places]
    count = sum(one.astype(np.uint8) for one in around)
    # One turn from empty to set on the way around: without this pixel all still hangs together.
    turns = sum(
        (~one & following).astype(np.uint8)
        for one, following in zip(around, around[1:] + around[:1], strict=True)
    )
    north, east, south, west = around[0], around[2], around[4], around[6]
    if half == 0:
        rim = ~(north & east & south) & ~(east & south & west)
    else:
        rim = ~(north & east & west) & ~(north & south & west)
    return (count >= 2) & (count <= 6) & (turns == 1) & rim & left[1:-1, 1:-1]


def shrink(lines: Grey, size: tuple[int, int]) -> Grey:
    """A line map at a smaller size; no line becomes so thin that it fades."""
    factor = min(lines.shape) / min(size)
    if factor <= 1:
        return lines
    bold = cv2.dilate(lines, _make_disc(round(factor)))
    return _cast_grey(cv2.resize(bold, size, interpolation=cv2.INTER_AREA))


def _make_disc(width: int) -> NDArray[Any]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))


def _cast_grey(values: NDArray[Any]) -> Grey:
    return values.astype(np.uint8)
