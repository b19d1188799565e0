"""Sides in pixels for a ratio: programs that know no ratios are told width and height."""

from math import gcd
from typing import Final

_AREA: Final = 1024 * 1024
GRAIN: Final = 8
"""Sides are multiples of this in pixels, as latents need them, if a program asks for no more."""

_LARGEST: Final = 1.5
_LEAST: Final = 0.7
"""Megapixels between which exact sides have to be; beyond, a ratio near to theirs is written."""


def compute_sides(ratio: tuple[int, int], grain: int = GRAIN) -> tuple[int, int]:
    """Width and height in pixels of exactly this ratio, of about a megapixel.

    Args:
        ratio: Width to height.
        grain: What both are multiples of; from 64 on a megapixel is the most.
    """
    across, down = ratio
    units = (_AREA / (across * down)) ** 0.5 / grain
    unit = max(1, int(units) if grain > GRAIN else round(units)) * grain
    return across * unit, down * unit


def round_ratio(ratio: tuple[int, int], grain: int = GRAIN) -> tuple[int, int]:
    """The ratio in lowest terms; where its exact sides would not fit, the nearest that do.

    Args:
        ratio: Width to height, whole numbers from 1.
        grain: What both sides are multiples of.
    """
    across, down = _reduce(*ratio)
    width, height = compute_sides((across, down), grain)
    most = _AREA if grain > GRAIN else _LARGEST * _AREA
    if (grain == GRAIN or width * height >= _LEAST * _AREA) and width * height <= most:
        return across, down
    wide = (_AREA * across / down) ** 0.5
    columns, rows = (max(1, round(side / grain)) for side in (wide, _AREA / wide))
    while columns * rows * grain**2 > most:
        columns, rows = (columns - 1, rows) if columns >= rows else (columns, rows - 1)
    return _reduce(columns, rows)


def _reduce(across: int, down: int) -> tuple[int, int]:
    shared = gcd(across, down)
    return across // shared, down // shared
