"""A number hidden in how blue a picture is, which survives what Discord does to pictures.

Brightness stays as it is: of colour alone eyes see little that is fine, on plain grounds too.

Spread spectrum (Cox et al., *Secure spread spectrum watermarking for multimedia*, 1997): each coded
bit of the number is spread over some thirty coefficients of the cosine transform of a small, square
view of the picture, with signs that only the key tells. How strong it has to be is tried on that
view, halved and compressed as Discord would, so that no picture is changed more than it needs.

Whether it is there is told by a correlation with a vector of length 1. As the signs are as good as
drawn by lot, Hoeffding's inequality bounds what a picture without it reaches: over all 2³² numbers
and every way of looking, `SURE` is passed by less than one picture in 70,000, whatever it shows.
"""

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.provenance.convolutional import count_coded, decode, encode

NUMBER_BITS: Final = 32
"""Bits of the number that is hidden."""

SURE: Final = 8.3
"""Correlation from which on a number counts as read."""

LEAST_SIDE: Final = 128
"""Pixels of the shorter side below which a picture holds no mark."""

LAYOUTS: Final = ((1, 1), (2, 2), (2, 1))
"""Columns and rows of the pictures side by side that are looked for; each bears the mark."""

Floats = NDArray[np.float32]
Layout = tuple[int, int]

_CHECK_BYTES: Final = 2
_SIDE: Final = 512
# Lower ones would show as clouds; of colours, which files keep at half the size, higher ones go.
_BAND: Final = (6, 64)
# Correlation that a mark is to have once halved and compressed; 13 is read almost always.
_TARGET: Final = 17.0
_NEAR: Final = 0.06
_WRONG: Final = 0.02
# Root mean square of the change, in levels of 255; the most of it leaves 33.8 dB.
_FIRST, _MOST = 1.5, 5.0
# What a level of it is in green and in blue (ITU-R BT.601).
_BLUER: Final = {1: -0.344136, 2: 1.772}
_TRIES: Final = 4
_QUALITY: Final = 80
# Of a coefficient's usual size around it: what is larger counts as so large.
_CLIP: Final = 3.0
# What compression does to coefficients that are nearly nothing.
_FLOOR: Final = 3.0
_REACH: Final = 2
# Change in a flat place against the deviation in a busy one, both in levels.
_FLAT, _BUSY, _SHARE = 3.0, 12.0, 0.35


@dataclass(frozen=True, slots=True)
class Read:
    """A number that was found in a picture.

    Attributes:
        number: 32 bits.
        score: Its correlation.
        sure: Whether that is `SURE` or more, and the number fits its check.
    """

    number: int
    score: float
    sure: bool


class Watermark:
    """Hides numbers in pictures, and finds them, by a key."""

    def __init__(self, key: bytes) -> None:
        """Args: key: What the signs are drawn from; whoever has it can read, hide and remove."""
        self._key = key

    def embed(self, image: Image.Image, number: int, layout: Layout = (1, 1)) -> Image.Image:
        """The picture with a number in it.

        Args:
            image: RGB. One with a side under 128 pixels comes back as it is.
            number: 32 bits.
            layout: Columns and rows of pictures that it consists of. Each bears the number, so that
                it is in a part that is cut out.
        """
        cells = _cut(image, layout)
        if min(cells[0, 0].size) < LEAST_SIDE:
            return image
        marked = image.copy()
        for corner, cell in cells.items():
            # What a grid of three leaves over stays black, as all that is of one colour.
            if cell.getcolors(1) is None:
                marked.paste(self._embed(cell, number), corner)
        return marked

    def read(self, image: Image.Image) -> Read | None:
        """The number in a picture; None where none is found, which proves nothing.

        Args:
            image: RGB, in any size; also one picture cut out of a grid.
        """
        # The most likely first; what is cut out of a grid is found by it, too.
        for layout in LAYOUTS:
            (found,) = self.decode_all(look(image, layout)[None])
            if found.sure:
                return found
        return None

    def decode_all(self, seen: Floats) -> list[Read]:
        """The numbers that are likeliest in what was seen, sure or not.

        Args:
            seen: As :func:`look` returns it, of shape (pictures, coefficients).
        """
        soft = np.stack([self._despread(one) for one in seen])
        found = []
        for word, values in zip(decode(soft), soft, strict=True):
            number = int.from_bytes(np.packbits(word[:NUMBER_BITS]).tobytes(), "big")
            score = float(encode(word) @ values)
            checked = bool((self._write(number) == word).all())
            found.append(Read(number, score, sure=checked and score >= SURE))
        return found

    def _embed(self, image: Image.Image, number: int) -> Image.Image:
        view, half = _view(image), (max(1, image.width // 2), max(1, image.height // 2))
        small = image.resize((_SIDE, _SIDE), Image.Resampling.BOX)
        bright, _, red = small.convert("YCbCr").split()
        code, mask = encode(self._write(number)), _mask(np.asarray(bright, np.float32))
        # Between equal for all, which shows, and against their size, which is gone soonest.
        quiet = self._signs / np.sqrt(_measure(_transform(view)).ravel()[_PLACES])

        def spread(amounts: Floats) -> Floats:
            coefficients = np.zeros((_BAND[1], _BAND[1]), np.float32)
            coefficients.ravel()[_PLACES] = (code * amounts)[self._bits] * quiet
            return (_COSINES.T @ coefficients @ _COSINES * mask).astype(np.float32)

        def hear(changed: Floats) -> Floats:
            """How far each coded bit says what it should, once halved and compressed."""
            seen = _whiten(_transform(_compress(changed, (bright, red), half)))
            return code * self._despread(seen)

        # What the picture itself says of a bit, or a mark that it bears, is made up for.
        before = hear(view)
        amounts = np.maximum(0, _TARGET / _CODED - before)
        if not amounts.any():
            return image
        amounts *= _FIRST / _size(spread(amounts))
        for _ in range(_TRIES):
            change = spread(amounts)
            if (share := _MOST / _size(np.clip(view + change, 0, 255) - view)) < 1:
                change, amounts = change * share, amounts * share
            heard = hear(view + change)
            lacking = _TARGET / _CODED - heard
            gain = float(np.sum(heard - before)) / float(np.sum(amounts))
            near = abs(float(np.sum(lacking))) < _NEAR * _TARGET
            # A bit that says the opposite costs the code more than one that says little.
            if (near and float(np.mean(heard < 0)) < _WRONG) or gain <= 0:
                break
            amounts = np.maximum(0, amounts + lacking / gain)
        return _add(image, change)

    def _despread(self, seen: Floats) -> Floats:
        """The coefficients as soft values of the coded bits."""
        return np.bincount(self._bits, seen * self._signs, _CODED).astype(np.float32)

    def _write(self, number: int) -> NDArray[np.bool_]:
        """A number with its check, which another key would not give."""
        data = number.to_bytes(NUMBER_BITS // 8, "big")
        check = self._draw(b"check" + data, _CHECK_BYTES)
        return np.unpackbits(np.frombuffer(data + check, np.uint8)).astype(np.bool_)

    @cached_property
    def _bits(self) -> NDArray[np.intp]:
        """Which coded bit each coefficient carries."""
        lots = np.frombuffer(self._draw(b"order", 8 * len(_PLACES)), "<u8")
        bits = np.empty(len(_PLACES), np.intp)
        bits[np.argsort(lots, kind="stable")] = np.arange(len(_PLACES)) % _CODED
        return bits

    @cached_property
    def _signs(self) -> Floats:
        drawn = np.frombuffer(self._draw(b"signs", -(-len(_PLACES) // 8)), np.uint8)
        return np.where(np.unpackbits(drawn)[: len(_PLACES)], 1, -1).astype(np.float32)

    def _draw(self, what: bytes, count: int) -> bytes:
        """Bytes that only the key tells; the same in every release of every library."""
        return hashlib.shake_256(len(self._key).to_bytes(4, "big") + self._key + what).digest(count)


def look(image: Image.Image, layout: Layout = (1, 1)) -> Floats:
    """What a mark would be heard in: coefficients of pictures side by side, added up, of length 1.

    Args:
        image: RGB.
        layout: Columns and rows of the pictures.
    """
    cells = _cut(image, layout).values()
    seen = np.sum([_whiten(_transform(_view(cell))) for cell in cells], axis=0)
    return _normalise(seen)


def _cut(image: Image.Image, layout: Layout) -> dict[tuple[int, int], Image.Image]:
    """The pictures side by side in an image, by their upper left corners."""
    columns, rows = layout
    width, height = max(1, image.width // columns), max(1, image.height // rows)
    corners = [(x * width, y * height) for y in range(rows) for x in range(columns)]
    return {(x, y): image.crop((x, y, x + width, y + height)) for x, y in corners}


def _view(image: Image.Image) -> Floats:
    """How blue a picture is (Cb of ITU-R BT.601) in a square of a fixed size, whatever its own."""
    filter_ = Image.Resampling.BOX if min(image.size) >= 2 * _SIDE else Image.Resampling.LANCZOS
    blue = image.convert("YCbCr").getchannel("Cb").resize((_SIDE, _SIDE), filter_)
    return np.asarray(blue, np.float32)


def _transform(view: Floats) -> Floats:
    """The lowest coefficients of the orthonormal cosine transform (DCT-II)."""
    return (_COSINES @ view @ _COSINES.T).astype(np.float32)


def _measure(coefficients: Floats) -> Floats:
    """How large coefficients are around each."""
    return _blur(np.abs(coefficients), _REACH) * 1.25 + _FLOOR


def _whiten(coefficients: Floats) -> Floats:
    """The band's coefficients against their usual size, as a vector of length 1."""
    seen = np.clip(coefficients / _measure(coefficients), -_CLIP, _CLIP)
    return _normalise(seen.ravel()[_PLACES])


def _normalise(seen: Floats) -> Floats:
    length = float(np.linalg.norm(seen))
    return (seen / length if length else seen).astype(np.float32)


def _size(change: Floats) -> float:
    """The root mean square of a change."""
    return math.sqrt(float(np.mean(change * change)))


def _mask(view: Floats) -> Floats:
    """How much of a change each place hides, by the deviation of the brightness around it."""
    squares = _blur(view * view, 3) - np.square(_blur(view, 3))
    busy = _blur(np.sqrt(np.maximum(squares, 0)), _REACH)
    return (_FLAT + _SHARE * np.minimum(busy, _BUSY)).astype(np.float32)


def _blur(values: Floats, reach: int) -> Floats:
    """The mean of each value and those within reach, edges repeated."""
    width = 2 * reach + 1
    for _ in range(2):
        # Sums run down the columns, which is several times faster where those lie together.
        padded = np.asfortranarray(np.pad(values, ((reach + 1, reach), (0, 0)), "edge"))
        sums = np.cumsum(padded, axis=0, dtype=np.float64)
        values = ((sums[width:] - sums[:-width]) / width).astype(np.float32).T
    return values


def _compress(view: Floats, rest: Sequence[Image.Image], half: tuple[int, int]) -> Floats:
    """The view as it is after Discord's preview of half the size.

    Args:
        view: How blue a picture is.
        rest: How bright it is, and how red, in the view's size.
        half: Half of the picture's own size.
    """
    blue = Image.fromarray(np.clip(np.rint(view), 0, 255).astype(np.uint8))
    shown = Image.merge("YCbCr", (rest[0], blue, rest[1])).convert("RGB")
    small = (min(_SIDE, half[0]), min(_SIDE, half[1]))
    if small != shown.size:
        shown = shown.resize(small, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=_QUALITY, method=0)
    with Image.open(buffer, formats=["WEBP"]) as decoded:
        return _view(decoded)


def _add(image: Image.Image, change: Floats) -> Image.Image:
    """The picture bluer or yellower, and no brighter, by a change of the view's size."""
    full = np.asarray(Image.fromarray(change).resize(image.size, Image.Resampling.BICUBIC))
    bands = list(image.split())
    for channel, share in _BLUER.items():
        changed = np.asarray(bands[channel]) + np.rint(full * share).astype(np.int16)
        bands[channel] = Image.fromarray(np.clip(changed, 0, 255).astype(np.uint8))
    return Image.merge(image.mode, bands)


def _list_cosines() -> Floats:
    places, waves = np.arange(_SIDE), np.arange(_BAND[1])
    angles = np.pi / (2 * _SIDE) * np.outer(waves, 2 * places + 1)
    return np.asarray(np.cos(angles) * math.sqrt(2 / _SIDE), np.float32)


def _list_places() -> NDArray[np.intp]:
    """Where the band's coefficients stand in those that are computed, row by row."""
    waves = np.arange(_BAND[1])
    away = np.hypot(waves[:, None], waves)
    return np.flatnonzero((away >= _BAND[0]) & (away < _BAND[1]))


_COSINES: Final = _list_cosines()
_PLACES: Final = _list_places()
_CODED: Final = count_coded(NUMBER_BITS + 8 * _CHECK_BYTES)
