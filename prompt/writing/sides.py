"""Sides in pixels for a ratio: programs that know no ratios are told width and height."""

from math import gcd
from typing import Final

_AREA: Final = 1024 * 1024
_LARGEST: Final = 1.5 * _AREA
"""Pixels that an exact ratio may need at least; beyond, a ratio near to it is written."""

_GRAIN: Final = 8
"""Sides are multiples of this in pixels, as latents need them."""


def compute_sides(ratio: tuple[int, int]) -> tuple[int, int]:
    """Width and height in pixels of exactly this ratio, of about a megapixel."""
    across, down = ratio
    unit = max(1, round((_AREA / (across * down)) ** 0.5 / _GRAIN)) * _GRAIN
    return across * unit, down * unit


def round_ratio(ratio: tuple[int, int]) -> tuple[int, int]:
    """The ratio in lowest terms; where its exact sides would be too large, the nearest that fits.

    Args:
        ratio: Width to height, whole numbers from 1.
    """
    across, down = _reduce(*ratio)
    if across * down * _GRAIN**2 <= _LARGEST:
        return across, down
    wide = (_AREA * across / down) ** 0.5
    return _reduce(*(max(1, round(side / _GRAIN)) for side in (wide, _AREA / wide)))


def _reduce(across: int, down: int) -> tuple[int, int]:
    shared = gcd(across, down)
    return across // shared, down // shared
