"""Restoring: what a simulated editor changed is found, and all else put back.

Run with ``OMP_NUM_THREADS=1 python -m benchmarks.restoring``. Each case has a photograph or a drawn
scene, an edit whose place and pixels are known (something is put there from another picture, taken
away, or recoloured), and an editor that then moves, turns, zooms, tints, smooths and roughens the
whole, by numbers of the case's own. Of each it is told

- how the place that was found overlaps the true one, as intersection over union;
- PSNR against the original outside the true place, restored, and as the editor gave it back;
- the share of pixels that are the original's to the bit, and the seconds.
"""

import argparse
import math
import statistics
import time
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.psnr import measure_psnr
from generation.pictures.restoring import Restored, restore
from tests.photographs import PHOTOGRAPHS

CASES: Final = 120
SIDE: Final = 512
LEAST_EDIT: Final = 0.01
SEEN: Final = 12
"""Levels of 255 by which an edit changes a pixel at least, and the share of all that it changes."""

LEAST_OVERLAP: Final = 0.8
LEAST_PSNR: Final = 35.0

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Case:
    """One edit, and what an editor made of it.

    Attributes:
        kind: What the edit did.
        original: The picture before.
        edited: As the editor gave it back.
        changed: (height, width), where the edit is.
    """

    kind: str
    original: Image.Image
    edited: Image.Image
    changed: Mask


def make_case(number: int) -> Case:
    """The case of a number; the same every time."""
    chance = np.random.default_rng(number)
    original = _choose_picture(chance, number)
    kind = ("put there", "taken away", "recoloured")[number % 3]
    own, changed = np.asarray(original), np.zeros(original.size[::-1], np.bool_)
    wanted = own
    # Elsewhere, where it makes no difference that anybody could see.
    while changed.mean() < LEAST_EDIT:
        place = _draw_place(chance, original.size)
        match kind:
            case "put there":
                other = _choose_picture(chance, number + 1 + number % 7).resize(original.size)
                wanted = np.asarray(other.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
            case "taken away":
                wanted = cv2.inpaint(own, place.astype(np.uint8), 5, cv2.INPAINT_TELEA)
            case _:
                wanted = own[..., [1, 2, 0]]
        seen = np.abs(wanted.astype(int) - own).max(-1) > SEEN
        changed = place & _close(seen & place)
    edited = np.where(changed[..., None], wanted, own).astype(np.uint8)
    return Case(kind, original, Image.fromarray(_redraw(edited, chance)), changed)


def _choose_picture(chance: Generator, number: int) -> Image.Image:
    if number % 5 == 4:
        return _draw_scene(chance)
    with Image.open(PHOTOGRAPHS[number % len(PHOTOGRAPHS)].path) as photograph:
        picture = photograph.convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    return picture


def _draw_scene(chance: Generator) -> Image.Image:
    """Flat shapes on a plain ground, as the bundled model draws them."""
    scene = Image.new("RGB", (SIDE, SIDE), _pick(chance))
    brush = ImageDraw.Draw(scene)
    for _ in range(int(chance.integers(3, 7))):
        left, top = chance.integers(20, 400, 2)
        across, down = chance.integers(40, 180, 2)
        shape = brush.ellipse if chance.random() < 0.5 else brush.rectangle
        shape((left, top, left + across, top + down), fill=_pick(chance))
    return scene


def _pick(chance: Generator) -> tuple[int, int, int]:
    red, green, blue = map(int, chance.integers(30, 226, 3))
    return red, green, blue


def _draw_place(chance: Generator, size: tuple[int, int]) -> Mask:
    """A blob of 2 to 20 hundredths of the picture."""
    width, height = size
    share, sides = chance.uniform(0.02, 0.2), np.exp(chance.uniform(-0.4, 0.4))
    radius = math.sqrt(share * width * height / math.pi)
    middle = chance.uniform(0.25, 0.75, 2) * size
    turns = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    along = np.full(len(turns), radius)
    for count in range(2, 6):
        along += radius * chance.uniform(0, 0.12) * np.sin(count * turns + chance.uniform(0, 6))
    points = [
        (middle[0] + r * sides * np.cos(t), middle[1] + r / sides * np.sin(t))
        for r, t in zip(along, turns, strict=True)
    ]
    mask = Image.new("1", size)
    ImageDraw.Draw(mask).polygon(points, fill=1)
    return np.asarray(mask)


def _close(mask: Mask) -> Mask:
    kernel = np.ones((9, 9), np.uint8)
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, kernel) > 0


def _redraw(picture: Pixels, chance: Generator) -> Pixels:
    """The picture as an editor gives it back that draws the whole of it anew."""
    height, width = picture.shape[:2]
    zoom, turn = 1 + chance.uniform(-0.025, 0.025), chance.uniform(-1, 1)
    warp = np.array(cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom), np.float64)
    warp[:, 2] += chance.uniform(-0.025, 0.025, 2) * (width, height)
    moved = cv2.warpAffine(
        picture, warp, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    levels = cv2.GaussianBlur(moved, (0, 0), chance.uniform(0.3, 1.3)).astype(np.float64)
    levels = levels * chance.uniform(0.92, 1.08, 3) + chance.uniform(-8, 8, 3)
    levels += chance.normal(0, chance.uniform(0.5, 2), levels.shape)
    return levels.round().clip(0, 255).astype(np.uint8)


def measure_overlap(one: Mask, other: Mask) -> float:
    """Intersection over union."""
    return float((one & other).sum() / max(1, (one | other).sum()))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    count = given.cases
    rows: list[tuple[int, Case, Restored, float, float, float]] = []
    for number in range(given.first, given.first + count):
        case = make_case(number)
        began = time.perf_counter()
        made = restore(case.original, case.edited)
        took = time.perf_counter() - began
        overlap = measure_overlap(made.changed, case.changed)
        psnr = measure_psnr(made.picture, case.original, ~case.changed)
        rows.append((number, case, made, overlap, psnr, took))
        if overlap < LEAST_OVERLAP or psnr < LEAST_PSNR:
            print(f"case {number:>3} {case.kind:<11} overlap {overlap:.3f}  {psnr:6.2f} dB")
    before = [measure_psnr(row[1].edited, row[1].original, ~row[1].changed) for row in rows]
    overlaps, psnrs = [row[3] for row in rows], [row[4] for row in rows]
    for name, values in (
        ("overlap", overlaps),
        ("dB outside, restored", psnrs),
        ("dB outside, as it came", before),
        ("share untouched", [row[2].untouched for row in rows]),
        ("seconds", [row[5] for row in rows]),
    ):
        least, middle = min(values), statistics.median(values)
        mean = statistics.fmean(value for value in values if math.isfinite(value))
        print(f"{name:<24} least {least:7.3f}  median {middle:7.3f}  mean {mean:7.3f}")
    reached = sum(
        o >= LEAST_OVERLAP and p >= LEAST_PSNR for o, p in zip(overlaps, psnrs, strict=True)
    )
    print(f"{reached} of {count} reach {LEAST_OVERLAP} and {LEAST_PSNR:g} dB")


if __name__ == "__main__":
    main()
