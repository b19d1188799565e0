"""Colours by name: some forty words that people use, each at its place in OKLab."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.oklab import Floats, to_oklab

NAMES: Final = {
    "black": "000000", "charcoal": "3b3b3d", "grey": "828282", "silver": "c2c2c4",
    "white": "ffffff", "red": "d81f26", "crimson": "9b111e", "burgundy": "5c0a1e",
    "coral": "ff7052", "salmon": "f2968a", "pink": "f7b6c6", "hot pink": "f0448f",
    "magenta": "d413b8", "orange": "fb8e10", "amber": "fec22c", "rust": "a63f12",
    "terracotta": "c06a4c", "peach": "fbc8a4", "brown": "74471f", "chocolate": "3f2413",
    "tan": "c9a67c", "beige": "e3d5bb", "cream": "fbf2d8", "gold": "cfa733", "yellow": "fbe51c",
    "mustard": "c69214", "olive": "6f6b1e", "khaki": "b3ab6d", "lime": "a3d62a", "green": "2e9a3e",
    "forest green": "1d4a29", "sage": "97aa85", "mint": "abe5c9", "teal": "0b7a7a",
    "turquoise": "3fcdc6", "sky blue": "8cc9ec", "blue": "1f5edc", "navy": "14234f",
    "slate": "5c6b7c", "purple": "74289c", "violet": "8759ea", "lavender": "c6b6ee",
    "plum": "632a55", "indigo": "35208a",
}  # fmt: skip
"""Each name with what it stands for, as sRGB."""

NEUTRALS: Final = ("black", "charcoal", "grey", "silver", "white")
"""Those without a hue."""

_GREYEST, _HUED = 0.022, 0.05
"""Chroma up to which a colour has no hue, and from which on it has one."""

_LIGHTNESS: Final = 0.6
"""How much a step in lightness counts beside one of hue: a shade of red is red for longer."""


def measure_chroma(lab: Floats) -> Floats:
    """How far colours (…, 3) are from grey, 0 to about 0.4."""
    chroma: Floats = np.hypot(lab[..., 1], lab[..., 2])
    return chroma


def name_colours(lab: Floats) -> list[str]:
    """The name that is nearest to each of some colours (N, 3)."""
    steps = (lab[:, None] - _PLACES) * np.array([_LIGHTNESS, 1, 1], dtype=np.float32)
    distances = np.linalg.norm(steps, axis=-1)
    chroma = measure_chroma(lab)[:, None]
    # A faint tint is called grey, and what clearly has a hue is not.
    distances[(chroma < _GREYEST) & ~_NEUTRAL] = np.inf
    distances[(chroma > _HUED) & _NEUTRAL] = np.inf
    names = tuple(NAMES)
    return [names[k] for k in distances.argmin(1)]


def _read(codes: Sequence[str]) -> NDArray[np.uint8]:
    return np.array([list(bytes.fromhex(code)) for code in codes], dtype=np.uint8)


_PLACES: Final = to_oklab(_read(tuple(NAMES.values())))
_NEUTRAL: Final = np.array([name in NEUTRALS for name in NAMES])
