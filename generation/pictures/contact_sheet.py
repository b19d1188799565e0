"""Pictures that differ in one or two things, side by side with what is changed beside them."""

import math
import string
from collections.abc import Sequence
from itertools import count
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

from generation.pictures.grid import choose_layout

LONGEST_SIDE: Final = 2560
"""Pixels of a sheet's longer side at most, labels not counted."""

LABEL_LENGTH: Final = 28
"""Characters that fit beside a picture."""

_DRAWN: Final = frozenset(string.printable) - frozenset("\n\r\t\v\f")
"""Characters that Pillow's own font has; another would be drawn as a box."""

_GROUND, _INK = "#f4f4f4", "#1c1c1c"
_GAP: Final = 8


def mark_labels(labels: Sequence[str], *, letters: bool) -> tuple[str, ...]:
    """What is written on a sheet in the place of labels: themselves, where all of them can be.

    Args:
        labels: What is changed, value by value.
        letters: Whether letters stand for them otherwise, or else numbers.
    """
    if all(len(label) <= LABEL_LENGTH and _DRAWN.issuperset(label) for label in labels):
        return tuple(labels)
    names = string.ascii_uppercase if letters else map(str, count(1))
    return tuple(name for name, _ in zip(names, labels, strict=False))


def compose_sheet(
    pictures: Sequence[Image.Image], columns: Sequence[str], rows: Sequence[str] = ()
) -> Image.Image:
    """A sheet of pictures with its labels, RGB.

    With columns alone the pictures stand in the squarest grid, each below its own label.

    Args:
        pictures: Row by row; those smaller than the largest stand in the middle of their cells.
        columns: What is changed from left to right.
        rows: The same from top to bottom.

    Raises:
        ValueError: There are not as many pictures as cells.
    """
    if len(pictures) != len(columns) * max(1, len(rows)):
        raise ValueError("a sheet needs a picture for each cell")
    across, down = (len(columns), len(rows)) if rows else choose_layout(len(columns))
    width, height = (max(sides) for sides in zip(*(one.size for one in pictures), strict=True))
    share = min(1.0, LONGEST_SIDE / (across * width), LONGEST_SIDE / (down * height))
    cell = max(1, round(width * share)), max(1, round(height * share))
    font = ImageFont.load_default(max(12, min(30, cell[0] // 14)))
    band = round(2.2 * font.size) if isinstance(font, ImageFont.FreeTypeFont) else 24
    tops, sides = mark_labels(columns, letters=True), mark_labels(rows, letters=False)
    margin = max((math.ceil(font.getlength(side)) + 2 * _GAP for side in sides), default=_GAP)
    # Of two dials the columns are named once, at the top.
    bands = 1 if rows else down
    sheet = Image.new(
        "RGB",
        (margin + across * (cell[0] + _GAP), bands * band + down * (cell[1] + _GAP)),
        _GROUND,
    )
    pen = ImageDraw.Draw(sheet)
    for place, picture in enumerate(pictures):
        right, below = place % across, place // across
        left = margin + right * (cell[0] + _GAP)
        top = (1 if rows else below + 1) * band + below * (cell[1] + _GAP)
        whole = picture.convert("RGB")
        shown = ImageOps.pad(whole, cell, Image.Resampling.LANCZOS, color=_GROUND)
        sheet.paste(shown, (left, top))
        if not rows or below == 0:
            middle = left + cell[0] / 2, top - band / 2
            pen.text(middle, tops[right if rows else place], _INK, font, anchor="mm")
        if rows and right == 0:
            pen.text((margin / 2, top + cell[1] / 2), sides[below], _INK, font, anchor="mm")
    return sheet
