"""Figures: the one thing in a picture that stands before a plain ground, told by its colours."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from generation.oklab import Floats, to_oklab
from generation.questions.colours import name_colours

_SIDE: Final = 256
"""Longer side in pixels of the copy in which it is told apart, finer than a model's own grid."""

_STEP, _UNEVEN = 0.05, 0.1
"""Distances in OKLab from the ground's colour: what is nearer belongs to any ground, and what is
farther to none."""

_PLAIN: Final = 0.95
"""Share of a picture's edge that a plain ground takes up."""

_ROOM: Final = 1.15
"""How much farther than at the edge it may stray within, as a factor."""

_THICK: Final = 9
"""Pixels of the copy that a figure is wide somewhere."""

_LEAST, _MOST = 0.01, 0.9
"""Shares of a picture that a figure takes up at least, and at most."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figure:
    """A thing before a plain ground.

    Attributes:
        mask: L, of the picture's proportions, 255 where the thing is and 0 elsewhere.
        ground: What the ground's colour is called, one of ``generation.questions.colours.NAMES``.
    """

    mask: Image.Image
    ground: str


def find_figure(picture: Image.Image) -> Figure | None:
    """The figure of a picture; None where its ground is not plain, or there is nothing before it.

    What the ground does not reach from the picture's edge belongs to the figure, of whatever colour
    it is.

    Args:
        picture: RGB.
    """
    small = picture.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    lab = to_oklab(np.asarray(small))
    edge = np.zeros(lab.shape[:2], np.bool_)
    edge[[0, -1]], edge[:, [0, -1]] = True, True
    ground: Floats = np.median(lab[edge], axis=0)
    away = np.linalg.norm(lab - ground, axis=-1)
    if (away[edge] <= _UNEVEN).mean() < _PLAIN:
        return None
    # As far as the ground itself strays: drawn ones are a little darker somewhere.
    alike = away <= np.clip(_ROOM * np.quantile(away[edge], _PLAIN), _STEP, _UNEVEN)
    other = ~_reach(edge & alike, alike)
    # Specks of another colour are none of it, but all that is fine on what is thick.
    image = Image.fromarray(other.astype(np.uint8) * 255)
    thick = image.filter(ImageFilter.MinFilter(_THICK)).filter(ImageFilter.MaxFilter(_THICK))
    figure = _reach((np.asarray(thick) > 0) & other, other)
    if not _LEAST <= figure.mean() <= _MOST:
        return None
    mask = Image.fromarray(figure.astype(np.uint8) * 255)
    return Figure(mask, name_colours(ground[None])[0])


def _reach(reached: Mask, open_to: Mask) -> Mask:
    """What can be reached from some places through open ones, from each to the four beside it."""
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown &= open_to
        if (grown == reached).all():
            return reached
        reached = grown


def grow(mask: Image.Image, share: float) -> Image.Image:
    """A mask with a border around it, or without one for a share below 0.

    Args:
        mask: L, 0 or 255.
        share: Width of the border, as a share of the mask's longer side.
    """
    width = 2 * round(abs(share) * max(mask.size)) + 1
    kind = ImageFilter.MaxFilter if share >= 0 else ImageFilter.MinFilter
    return mask.filter(kind(width))


def frame_box(mask: Image.Image, share: float) -> Image.Image:
    """The rectangle around what a mask covers, wider and higher by a share of its own sides."""
    box = mask.getbbox()
    framed = Image.new("L", mask.size, 0)
    if box is not None:
        left, top, right, bottom = box
        across, down = round((right - left) * share / 2), round((bottom - top) * share / 2)
        framed.paste(255, (left - across, top - down, right + across, bottom + down))
    return framed
