"""Retouching: turns, crops and tones of a finished picture, by arithmetic alone.

Tones are moved in OKLab, in which equal steps look equal (Björn Ottosson, "A perceptual color space
for image processing", 2020, whose matrices these are). Everything is decided pixel by pixel, so the
lines of a picture stay where they are, and the same retouch of the same pixels is the same picture.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from generation.recipe import Retouch, Tone

_Pixels = NDArray[np.float32]

_TURNS: Final = (
    None,
    Image.Transpose.ROTATE_270,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_90,
)
"""Pillow turns to the left."""

_TO_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_FROM_LAB: Final = np.linalg.inv(_TO_LAB).astype(np.float32)
_FROM_CONES: Final = np.linalg.inv(_TO_CONES).astype(np.float32)

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
    width, height = turned.size
    # Turned already, so that only the cut is left of its shape.
    across, down = Retouch(crop=wanted.crop).shape(width, height) if wanted.crop else turned.size
    left, top = (width - across) // 2, (height - down) // 2
    return move_tone(turned.crop((left, top, left + across, top + down)), wanted.tone)


def move_tone(picture: Image.Image, tone: Tone) -> Image.Image:
    """The picture with its light and colours moved."""
    if tone == Tone():
        return picture
    lab = to_oklab(np.asarray(picture, np.float32) / np.float32(255))
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


def to_oklab(pixels: _Pixels) -> _Pixels:
    """OKLab (…, 3), lightness from 0 to 1 first, of sRGB (…, 3) from 0 to 1."""
    linear = np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)
    lab: _Pixels = np.cbrt(linear.astype(np.float32) @ _TO_CONES.T) @ _TO_LAB.T
    return lab


def from_oklab(lab: _Pixels) -> _Pixels:
    """Pixels of sRGB (…, 3) from 0 to 1 of OKLab (…, 3); what no screen shows is cut off."""
    linear = ((lab @ _FROM_LAB.T) ** 3 @ _FROM_CONES.T).clip(0, 1)
    curve = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    shown: _Pixels = curve.clip(0, 1).astype(np.float32)
    return shown
