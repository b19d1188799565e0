"""Retouching: turns, crops and tones of a finished picture, by arithmetic alone.

Tones are moved in OKLab, in which equal steps look equal. Everything is decided pixel by pixel, so
the lines of a picture stay where they are, and equal pixels become equal pixels.
"""

from typing import Final

import numpy as np
from PIL import Image, ImageOps

from generation.oklab import from_oklab, to_oklab
from generation.recipe import Retouch, Tone

_TURNS: Final = (
    None,
    Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_90,
)
"""Pillow turns to the left."""

# What a whole step of each does, tried on photographs and drawings: plain to see, and no more.
_WARMTH: Final = np.array([0.0, 0.02, 0.06], np.float32)
_SEPIA: Final = np.array([0.0, 0.02, 0.055], np.float32)
_LIGHT: Final = 0.7
_CONTRAST: Final = 0.6
_MIDDLE: Final = 0.6
"""Lightness that looks half way between black and white."""


def retouch(picture: Image.Image, wanted: Retouch | None) -> Image.Image:
    """The picture turned, cut and toned.

    Args:
        picture: RGB.
        wanted: What is done; None for nothing.
    """
    if wanted is None:
        return picture
    turn = _TURNS[wanted.turns]
    turned = picture if turn is None else picture.transpose(turn)
    if wanted.flipped:
        turned = ImageOps.mirror(turned)
    across, down = wanted.shape(*picture.size)
    left, top = (turned.width - across) // 2, (turned.height - down) // 2
    return move_tone(turned.crop((left, top, left + across, top + down)), wanted.tone)


def move_tone(picture: Image.Image, tone: Tone) -> Image.Image:
    """The picture with its light and colours moved."""
    if tone == Tone():
        return picture
    lab = to_oklab(np.asarray(picture))
    light = lab[..., 0]
    # As gamma does, it leaves black and white where they are.
    light = np.clip(light, 0, 1) ** np.float32(2 ** (-_LIGHT * tone.light))
    light = _MIDDLE + (light - _MIDDLE) * np.float32(1 + _CONTRAST * tone.contrast)
    colours = lab[..., 1:] * np.float32(1 + tone.colour)
    # Black and white are of no colour, and stay so.
    tinted = (4 * light * (1 - light)).clip(0, 1)[..., None]
    colours = colours + tinted * (tone.warmth * _WARMTH[1:] + tone.sepia * _SEPIA[1:])
    made = from_oklab(np.concatenate([light[..., None], colours], axis=-1))
    return Image.fromarray((made * 255).round().astype(np.uint8))
