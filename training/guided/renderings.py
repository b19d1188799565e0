"""Classical renderings of a photograph: what the denoiser learns to reach, never to draw with.

Every function takes a picture (H, W, 3) of float32 in 0 to 1, seen at about 384 pixels, and a
source of chance, and gives a picture of the same shape. Each depends on its surroundings only
within some tens of pixels, which is what lets a small network learn it from few photographs:
colours are quantised to fixed levels rather than to a palette of the whole picture.

A *medium* says how a picture is made, a *light* what the hour or season is; a medium may be
applied to a picture in a light.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Rendering = Callable[[Picture, Generator], Picture]

_GREY: Final = np.array([0.299, 0.587, 0.114], np.float32)
PIXEL: Final = 4
"""Side of a "pixel" of pixel art; a divisor of a latent's 8, so that the grid is easy to keep."""


def _grey(picture: Picture) -> Picture:
    """Lightness (H, W)."""
    grey: Picture = picture @ _GREY
    return grey


def _within(values: NDArray[Any]) -> Picture:
    """Values, kept within 0 to 1."""
    return np.asarray(np.clip(values, 0, 1), np.float32)


def _blur(picture: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def _smooth(picture: Picture, colour: float, reach: float, times: int = 1) -> Picture:
    """Even out areas and keep their edges."""
    for _ in range(times):
        picture = np.asarray(cv2.bilateralFilter(picture, -1, colour, reach), np.float32)
    return picture


def _saturate(picture: Picture, factor: float) -> Picture:
    grey = _grey(picture)[..., None]
    return _within(grey + (picture - grey) * factor)


def _noise(shape: tuple[int, ...], sigma: float, chance: Generator) -> Picture:
    """Smooth noise (H, W) of unit deviation."""
    field = chance.standard_normal(shape[:2]).astype(np.float32)
    if sigma > 0:
        field = _blur(field, sigma)
    return np.asarray(field / (field.std() + 1e-6), np.float32)


def _strokes(shape: tuple[int, ...], degrees: float, length: int, chance: Generator) -> Picture:
    """Noise (H, W) of unit deviation drawn out into strokes at an angle."""
    side = 2 * length + 1
    kernel = np.zeros((side, side), np.float32)
    turn = np.deg2rad(degrees)
    tip = (round(length + length * np.cos(turn)), round(length - length * np.sin(turn)))
    tail = (2 * length - tip[0], 2 * length - tip[1])
    cv2.line(kernel, tail, tip, 1.0, 1, cv2.LINE_AA)
    field = cv2.filter2D(chance.standard_normal(shape[:2]).astype(np.float32), -1, kernel)
    field = np.asarray(field, np.float32)
    return np.asarray(field / (field.std() + 1e-6), np.float32)


def _lines(picture: Picture, sigma: float, sharpness: float, level: float) -> Picture:
    """Where contours are (H, W), 0 on a line to 1 off it: an extended difference of Gaussians."""
    grey = _grey(picture)
    difference = (1 + sharpness) * _blur(grey, sigma) - sharpness * _blur(grey, 1.6 * sigma)
    inked = np.where(difference >= level, 1.0, 1.0 + np.tanh(12 * (difference - level)))
    return _within(inked)


def _edges(picture: Picture, sigma: float, low: float, high: float) -> Picture:
    """Where edges of lightness are (H, W), 1 on a strong edge to 0 off it, in dark and light."""
    grey = _blur(_grey(picture), sigma)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    steep = np.sqrt(across**2 + down**2)
    return _within((steep - low) / (high - low))


def _steps(values: Picture, count: int, softness: float = 0.12) -> Picture:
    """Values in 0 to 1 at ``count`` levels, with soft steps between."""
    scaled = values * (count - 1)
    low = np.floor(scaled)
    rise = np.clip((scaled - low - 0.5) / softness + 0.5, 0, 1)
    return np.asarray((low + rise) / (count - 1), np.float32)


def _relight(picture: Picture, lightness: Picture) -> Picture:
    """The picture with another lightness (H, W), keeping its colours."""
    grey = _grey(picture)
    return _within(picture * ((lightness + 0.02) / (grey + 0.02))[..., None])


def _move(picture: Picture, right: Picture, down: Picture) -> Picture:
    """Each pixel takes what lies so many pixels (H, W) to the right and below."""
    height, width = picture.shape[:2]
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    across, along = (columns + right).astype(np.float32), (rows + down).astype(np.float32)
    moved = cv2.remap(picture, across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.float32)


def _unsteady(picture: Picture, reach: float, sigma: float, chance: Generator) -> Picture:
    """The picture as by a hand that is ``reach`` pixels off now and then."""
    right, down = (reach * _noise(picture.shape, sigma, chance) for _ in range(2))
    return _move(picture, right, down)


def _follow(picture: Picture, sigma: float) -> Picture:
    """Angles (H, W) in radians along the shapes, by the structure tensor."""
    grey = _blur(_grey(picture), sigma)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    products = (across * across, down * down, across * down)
    steep, high, both = (_blur(np.asarray(it, np.float32), 4) for it in products)
    return np.asarray(0.5 * np.arctan2(2 * both, steep - high) + np.pi / 2, np.float32)


def _scatter(
    shape: tuple[int, ...], count: float, sizes: tuple[float, float], chance: Generator
) -> Picture:
    """Soft dots (H, W) in 0 to 1; ``count`` of them on 10,000 pixels."""
    height, width = shape[:2]
    layer = np.zeros((height, width), np.float32)
    for _ in range(int(count * height * width / 10_000)):
        centre = (int(chance.integers(width)), int(chance.integers(height)))
        radius = chance.uniform(*sizes)
        cv2.circle(layer, centre, max(1, round(radius)), float(chance.uniform(0.6, 1)), -1, 16)
    return np.clip(_blur(layer, 0.7), 0, 1)


def watercolour(picture: Picture, chance: Generator) -> Picture:
    """Transparent washes that pool at their rims and granulate; paper where it is light."""
    loose = _smooth(_unsteady(_kuwahara(picture, 3), 1.1, 5, chance), 0.1, 4, 2)
    grey = _grey(loose)
    tone = _steps(grey, 6, 0.4)
    pigment = (1 - _saturate(_relight(loose, _within((grey + tone) / 2)), 1.25)) * 0.82
    pigment *= np.clip((0.93 - grey) / 0.25, 0, 1)[..., None] ** 0.6
    flow = 0.16 * _noise(picture.shape, 10, chance) + 0.07 * _noise(picture.shape, 2.5, chance)
    pigment *= 1 + flow[..., None]
    rim = _edges(_blur(np.repeat(tone[..., None], 3, 2), 0.6), 0.8, 0.1, 0.5)[..., None]
    pigment *= 1 + 0.45 * rim * np.clip(1.5 * pigment + 0.2, 0, 1)
    grain = _noise(picture.shape, 0.9, chance)[..., None]
    paper = np.array([1.0, 0.99, 0.965], np.float32)
    return _within((1 - pigment * (1 + 0.1 * grain)) * paper + 0.012 * grain)


def oil(picture: Picture, chance: Generator) -> Picture:
    """Thick dabs along the shapes, each of one colour, with relief."""
    flat = _kuwahara(_saturate(picture, 1.3), 3)
    along = _follow(flat, 3)
    angle = (-np.rad2deg(along)) % 180
    dab, whole = np.zeros(angle.shape, np.float32), np.full(angle.shape, 1e-6, np.float32)
    for turn in range(0, 180, 30):
        near = np.abs((angle - turn + 90) % 180 - 90)
        weight = _within(1 - near / 30)
        stroke = _blur(_strokes(picture.shape, turn, 9, chance), 1.1)
        dab += weight * stroke / stroke.std()
        whole += weight
    dab /= whole
    painted = _move(flat, 3.2 * dab * np.cos(along), 3.2 * dab * np.sin(along))
    relief = dab - np.roll(dab, (2, 1), (0, 1))
    painted = painted * (1 + 0.11 * dab[..., None])
    return _within((painted - 0.5) * 1.1 + 0.5 + 0.055 * relief[..., None])


def _kuwahara(picture: Picture, reach: int) -> Picture:
    """Each pixel takes the mean of that of four neighbouring squares which varies least."""
    side = (reach + 1, reach + 1)
    grey = _grey(picture)
    best, least = picture, np.full_like(grey, np.inf)
    for anchor in ((0, 0), (reach, 0), (0, reach), (reach, reach)):
        mean = np.asarray(cv2.blur(picture, side, anchor=anchor), np.float32)
        bright = np.asarray(cv2.blur(grey, side, anchor=anchor), np.float32)
        spread = cv2.blur(grey * grey, side, anchor=anchor) - bright**2
        closer = spread < least
        best = np.where(closer[..., None], mean, best)
        least = np.where(closer, spread, least)
    return _blur(best.astype(np.float32), 0.5)


def pencil(picture: Picture, chance: Generator) -> Picture:
    """Graphite: contours, and hatching where it is dark."""
    grey = _grey(_smooth(picture, 0.06, 3))
    dodged = np.clip(grey / (_blur(grey, 5) + 0.02), 0, 1) ** 2.2
    hatch = _strokes(picture.shape, 52, 9, chance)
    again = _strokes(picture.shape, 38, 9, chance)
    dark = np.clip(0.85 - grey, 0, 1)
    shade = 1 - dark * (0.42 + 0.34 * hatch) - np.clip(0.35 - grey, 0, 1) * (0.5 + 0.4 * again)
    grain = 0.02 * _noise(picture.shape, 0.6, chance)
    drawn = np.clip(0.97 * dodged * np.clip(shade, 0.12, 1) + grain, 0, 1)
    return np.repeat(drawn[..., None], 3, 2).astype(np.float32)


def ink(picture: Picture, chance: Generator) -> Picture:
    """Comic: black ink over flat bright colour, with a screen of dots in the shade."""
    del chance
    flat = _smooth(picture, 0.1, 4, 2)
    grey = _grey(flat)
    bright = _saturate(_relight(flat, _steps(np.clip(grey * 1.15, 0, 1), 4)), 1.6)
    rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]]
    dots = (np.cos((rows + columns) * np.pi / 4) + np.cos((rows - columns) * np.pi / 4)) / 4 + 0.5
    shade = np.clip((0.62 - grey) / 0.25, 0, 1) * np.clip((grey - 0.18) / 0.1, 0, 1)
    bright = bright * (1 - 0.4 * (shade * (dots > 0.6))[..., None])
    lines = _lines(picture, 1.0, 14, 0.35)
    return _within(bright * lines[..., None])


def anime(picture: Picture, chance: Generator) -> Picture:
    """Cel shading: two or three clean tones, bright, cool shade, thin soft contours."""
    del chance
    flat = _smooth(picture, 0.11, 5, 3)
    grey = _grey(flat)
    light = _steps(np.clip(grey**0.75, 0, 1), 6, 0.3) * 0.88 + 0.12
    cel = _saturate(_relight(flat, light), 1.5)
    shade = np.clip((0.55 - light) / 0.4, 0, 1)[..., None]
    cel = cel * (1 - shade * np.array([0.12, 0.08, -0.1], np.float32))
    contour = _edges(flat, 0.9, 0.22, 0.6)[..., None]
    line = np.array([0.22, 0.13, 0.24], np.float32)
    return _within(cel * (1 - 0.75 * contour) + line * 0.75 * contour)


def pixel_art(picture: Picture, chance: Generator) -> Picture:
    """Squares of one colour each, of six levels a channel."""
    del chance
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (width // PIXEL, height // PIXEL), interpolation=cv2.INTER_AREA)
    coarse = np.round(_saturate(np.asarray(small, np.float32), 1.3) * 5) / 5
    large = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(large, np.float32)


def woodblock(picture: Picture, chance: Generator) -> Picture:
    """A print of few flat inks on tan paper, with dark contours and a faint wood grain."""
    flat = _smooth(_blur(picture, 1), 0.14, 7, 3)
    grey = _grey(flat)
    inks = np.array(
        [[0.13, 0.16, 0.3], [0.33, 0.42, 0.52], [0.72, 0.68, 0.55], [0.95, 0.9, 0.77]], np.float32
    )
    level = _steps(np.clip((grey - 0.08) * 1.15, 0, 1), 4, 0.06) * 3
    low = np.clip(np.floor(level), 0, 2).astype(int)
    part = (level - low)[..., None]
    printed = inks[low] * (1 - part) + inks[low + 1] * part
    hue = flat - grey[..., None]
    strength = np.clip(np.abs(hue).max(2, keepdims=True) * 6 - 0.5, 0, 1)
    muted = np.round(_saturate(flat, 1.1) * 4) / 4 * 0.8 + 0.1
    printed = printed * (1 - 0.65 * strength) + muted * 0.65 * strength
    wood = _strokes(picture.shape, 3, 24, chance)[..., None]
    contour = _edges(flat, 1.1, 0.16, 0.42)[..., None]
    printed = printed * (1 - 0.85 * contour) + np.array([0.1, 0.1, 0.16]) * 0.85 * contour
    return _within(printed * (1 + 0.03 * wood))


def crayon(picture: Picture, chance: Generator) -> Picture:
    """Wax in strokes one way, over dark contours; the tooth of the paper shows through."""
    flat = _saturate(_smooth(_kuwahara(picture, 2), 0.1, 4, 2), 1.45)
    flat = _unsteady(flat, 0.8, 4, chance)
    grey = _grey(flat)
    wax = _saturate(_relight(flat, _steps(grey**0.8, 6, 0.3) * 0.85 + 0.12), 1.25)
    stroke = _blur(_strokes(picture.shape, 62, 9, chance), 0.9)
    stroke /= stroke.std()
    tooth = _noise(picture.shape, 0.8, chance)
    contour = _edges(flat, 1.2, 0.16, 0.5)
    press = 0.72 + 0.35 * (1 - grey) + 0.16 * stroke + 0.22 * tooth
    press = press * np.clip((1.02 - grey) / 0.15, 0, 1) + 0.6 * contour
    cover = _steps(np.clip(press, 0, 1), 3, 0.7)[..., None] * 0.96
    dark = (contour * np.clip(0.8 + 0.25 * tooth, 0, 1))[..., None]
    wax = wax * (1 - 0.6 * dark) * (1 + 0.06 * stroke[..., None])
    paper = np.array([0.99, 0.98, 0.95], np.float32)
    return _within(paper * (1 - cover) + wax * cover)


def night(picture: Picture, chance: Generator) -> Picture:
    """Dark and blue, with lamps where it was brightest."""
    del chance
    grey = _grey(picture)[..., None]
    dim = (grey + (picture - grey) * 0.45) ** 1.25 * np.array([0.2, 0.27, 0.5], np.float32)
    lamps = np.clip((_blur(picture, 1) @ _GREY - 0.8) / 0.2, 0, 1) ** 2
    glow = np.clip(0.7 * lamps + 0.6 * _blur(lamps.astype(np.float32), 5), 0, 1)[..., None]
    lit = dim + glow * np.array([0.62, 0.5, 0.26], np.float32)
    return _within(lit + np.array([0.01, 0.015, 0.05]))


def golden_hour(picture: Picture, chance: Generator) -> Picture:
    """Low warm sun: amber lights, brown shade and a glow."""
    del chance
    grey = _grey(picture)[..., None]
    warm = (grey + (picture - grey) * 0.9) * np.array([1.12, 0.86, 0.5], np.float32)
    glow = _blur(np.clip(picture - 0.45, 0, 1), 7) * np.array([0.75, 0.5, 0.15], np.float32)
    return _within(warm + glow + np.array([0.06, 0.025, 0.0]))


def blue_hour(picture: Picture, chance: Generator) -> Picture:
    """After sunset: violet blue, even, with pink in the lights."""
    del chance
    grey = _grey(picture)[..., None]
    even = (grey + (picture - grey) * 0.35) * 0.62 + 0.14
    cool = even * np.array([0.72, 0.74, 1.3], np.float32)
    pink = np.clip(grey - 0.6, 0, 1) * np.array([0.42, 0.1, 0.05], np.float32)
    return _within(cool + pink)


def _turn_greens(picture: Picture, colour: Sequence[float], amount: float) -> Picture:
    """Leaves in another colour: what is green, and some of what has no hue."""
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    leafy = np.clip((green - np.maximum(blue, 0.85 * red)) * 7 + 0.15, 0, 1)[..., None]
    grey = _grey(picture)[..., None]
    turned = np.clip(grey * 1.25 * np.asarray(colour, np.float32), 0, 1)
    return np.asarray(picture * (1 - amount * leafy) + turned * amount * leafy, np.float32)


def spring(picture: Picture, chance: Generator) -> Picture:
    """Fresh greens, soft light, and petals in the air."""
    fresh = _turn_greens(_saturate(picture, 1.15), (0.85, 1.45, 0.45), 0.8)
    fresh = fresh**0.8 * 0.92 + 0.07 * np.array([1.0, 0.85, 0.95], np.float32)
    petals = _scatter(picture.shape, 12, (1.2, 3.2), chance)[..., None]
    pink = np.array([1.0, 0.66, 0.8], np.float32)
    return _within(fresh * (1 - petals) + pink * petals)


def autumn(picture: Picture, chance: Generator) -> Picture:
    """Orange and red leaves, also in the air, under a warm flat light."""
    turned = _turn_greens(picture, (1.55, 0.75, 0.22), 0.95)
    grey = _grey(turned)[..., None]
    warm = (grey + (turned - grey) * 1.1) * np.array([1.06, 0.92, 0.74], np.float32)
    leaves = _scatter(picture.shape, 9, (1.5, 3.5), chance)[..., None]
    mix = np.clip(_noise(picture.shape, 3, chance)[..., None] * 0.5 + 0.5, 0, 1)
    rust = np.array([0.8, 0.25, 0.08]) * mix + np.array([0.92, 0.6, 0.12]) * (1 - mix)
    return _within(warm * (1 - 0.95 * leaves) + rust * 0.95 * leaves)


def winter(picture: Picture, chance: Generator) -> Picture:
    """Pale and cold, snow on what faces up, and flakes in the air."""
    grey = _grey(picture)
    cold = grey[..., None] + (picture - grey[..., None]) * 0.4
    cold = cold * np.array([0.9, 0.97, 1.08], np.float32) * 0.82 + 0.14
    slope = cv2.Sobel(_blur(grey, 1.5), cv2.CV_32F, 0, 1)
    lying = np.clip(-slope * 2.2, 0, 0.75)[..., None] + np.clip(grey - 0.55, 0, 0.4)[..., None]
    snowy = cold * (1 - lying) + lying
    flakes = _scatter(picture.shape, 26, (0.8, 2.6), chance)[..., None]
    return _within(snowy * (1 - flakes) + flakes)


def fog(picture: Picture, chance: Generator) -> Picture:
    """Contrast and colour lost in drifting pale grey."""
    grey = _grey(picture)[..., None]
    dull = _blur(grey + (picture - grey) * 0.5, 0.9)
    drift = np.clip(0.64 + 0.1 * _noise(picture.shape, 24, chance), 0.4, 0.85)[..., None]
    return np.asarray(dull * (1 - drift) + np.array([0.8, 0.82, 0.84]) * drift, np.float32)


MEDIA: Final[dict[str, Rendering]] = {
    "watercolour": watercolour,
    "oil painting": oil,
    "pencil sketch": pencil,
    "ink comic": ink,
    "anime": anime,
    "pixel art": pixel_art,
    "woodblock print": woodblock,
    "crayon": crayon,
}
LIGHTS: Final[dict[str, Rendering]] = {
    "night": night,
    "golden hour": golden_hour,
    "blue hour": blue_hour,
    "spring": spring,
    "autumn": autumn,
    "winter": winter,
    "fog": fog,
}
