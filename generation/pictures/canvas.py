"""Canvas: finished pictures that are kept but for what is drawn around them, or anew in them.

What is kept comes back pixel for pixel. The model draws a little of it again, so that at the border
both are known; how far they differ there is spread into what was drawn, and no seam shows.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from generation.recipe import Canvas

_FADES: Final = (1 / 64, 1 / 32, 1 / 16, 1 / 8)
"""How far from the border its difference fades out, as shares of the longer side; the mean of
these counts, so it fades ever more slowly. Farther, and what was drawn would lose its own colours.
"""

_RIM: Final = 8
"""Pixels beside the border that colours are carried on from."""

_LEAST: Final = 1e-6
"""Shares below this count as nothing."""

# In the last, even 2,048 pixels have become four.
_COPIES: Final = 10
"""Copies, each half as large as the one before, in which something known is looked for."""

Array = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class InpaintCanvas:
    """A picture in its frame, and which pixels of it are kept.

    Attributes:
        picture: RGB, in the size that is shown; where nothing is kept, colours from the border.
        kept: Of the same size, 255 where pixels are kept and 0 where they are drawn.
    """

    picture: Image.Image
    kept: Image.Image


Init = Image.Image | InpaintCanvas | None
"""What denoising starts from: an init image to paint over, a canvas to fill, or noise alone."""


def frame(
    canvas: Canvas,
    picture: Image.Image,
    size: tuple[int, int],
    mask: Image.Image | None = None,
) -> InpaintCanvas:
    """Lay a picture into its frame.

    Args:
        canvas: What is drawn around it and anew in it.
        picture: The picture of the canvas, RGB.
        size: Width and height of the frame in pixels.
        mask: The mask of the canvas, of any size and mode, if it has one.
    """
    left, top, right, bottom = place_picture(canvas, size)
    within = (right - left, bottom - top)
    own = picture if picture.size == within else picture.resize(within, Image.Resampling.LANCZOS)
    kept = Image.new("L", size, 0)
    kept.paste(255, (left, top, right, bottom))
    for region in canvas.regions:
        corner = (left + round(region.left * within[0]), top + round(region.top * within[1]))
        other = (left + round(region.right * within[0]), top + round(region.bottom * within[1]))
        kept.paste(0, (*corner, *other))  # nothing, where less than half a pixel is left of it
    if mask is not None:
        kept.paste(0, (left, top), _select_white(mask, within))
    whole = Image.new("RGB", size)
    whole.paste(own, (left, top))
    return InpaintCanvas(_carry_colours(whole, kept), kept)


def _select_white(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Where a mask is white, as 0 or 255; its stairs become curves when it is enlarged."""
    smooth = mask.convert("L").resize(size, Image.Resampling.BICUBIC)
    return smooth.point(lambda level: 255 * (level > 127))


def place_picture(canvas: Canvas, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the picture in its frame, in whole pixels."""
    edges, (width, height) = canvas.edges, size
    across, down = 1 + edges.left + edges.right, 1 + edges.top + edges.bottom
    left, top = round(edges.left / across * width), round(edges.top / down * height)
    right = round((edges.left + 1) / across * width)
    bottom = round((edges.top + 1) / down * height)
    # A pixel at least, where wide edges leave the picture less than half of one.
    return left, top, max(right, left + 1), max(bottom, top + 1)


def join(canvas: InpaintCanvas, drawn: Image.Image) -> Image.Image:
    """What was drawn, with every kept pixel in its place and no seam around them.

    Args:
        canvas: The picture in its frame.
        drawn: The whole frame as the model drew it, in the frame's size.
    """
    kept = _read_share(canvas.kept)
    own, made = np.asarray(canvas.picture, np.float32), np.asarray(drawn, np.float32)
    spread = _spread(own - made, _find_rim(canvas.kept)) * _measure_nearness(canvas.kept)
    # Kept pixels are copied, not blended: people compare them with the original.
    joined = np.where(kept > 0, own, np.clip(made + spread, 0, 255))
    return Image.fromarray(joined.round().astype(np.uint8))


def _carry_colours(picture: Image.Image, kept: Image.Image) -> Image.Image:
    """The picture with colours from the border wherever nothing is kept."""
    own = np.asarray(picture, np.float32)
    filled = np.where(_read_share(kept) > 0, own, _spread(own, _find_rim(kept)))
    return Image.fromarray(filled.clip(0, 255).round().astype(np.uint8))


def _find_rim(kept: Image.Image) -> Array:
    """Which kept pixels lie beside the border; all of them where there is no border."""
    known = _read_share(kept)
    # What is kept even after the darkest within reach was taken is too deep for the rim.
    rim = known - _read_share(kept.filter(ImageFilter.MinFilter(2 * _RIM + 1)))
    return rim if rim.any() else known


def _read_share(kept: Image.Image) -> Array:
    """How much of every pixel is kept, (height, width, 1), from 0 to 1."""
    return np.asarray(kept, np.float32)[..., None] / np.float32(255)


def _spread(values: Array, known: Array) -> Array:
    """Known values carried on into the unknown, smoother the farther from them.

    Pull and push over ever smaller copies (after Gortler et al. 1996): a place takes the mean of
    what is known near it from the finest copy in which anything is.

    Args:
        values: (height, width, channels).
        known: (height, width, 1), from 0 to 1.
    """
    height, width = values.shape[:2]
    filled, weight = np.zeros_like(values), np.zeros_like(known)
    for level in range(_COPIES):
        size = (max(1, width >> level), max(1, height >> level))
        share = _resize(_resize(known, size), (width, height))
        sums = _resize(_resize(values * known, size), (width, height))
        # In full from a quarter of a cell on; with less known nearby, coarser copies have a say.
        there = (1 - weight) * np.minimum(4 * share, 1)
        filled += there * sums / np.maximum(share, _LEAST)
        weight += there
    return filled / np.maximum(weight, _LEAST)


def _measure_nearness(kept: Image.Image) -> Array:
    """From 1 beside what is kept to 0 far from it, (height, width, 1).

    Half of a square view is kept where its centre lies on a straight border, and ever less of it
    on the way to where the view ends.
    """
    views = [
        _read_share(kept.filter(ImageFilter.BoxBlur(max(1, round(fade * max(kept.size))))))
        for fade in _FADES
    ]
    return np.asarray(np.minimum(2 * np.stack(views), 1).mean(0), np.float32)


def _resize(values: Array, size: tuple[int, int]) -> Array:
    """Every channel scaled, by area when smaller and smoothly when larger."""
    smaller = size[0] < values.shape[1] or size[1] < values.shape[0]
    how = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    # A channel at a time: of floating-point images Pillow knows those of one channel only.
    layers = [
        np.asarray(Image.fromarray(np.ascontiguousarray(values[..., k])).resize(size, how))
        for k in range(values.shape[2])
    ]
    return np.asarray(np.stack(layers, -1), np.float32)
