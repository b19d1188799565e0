"""Whether drawing around and into a picture keeps the rest, and shows no seam.

The pictures are the bundled model's own. Each is zoomed out of, has its middle drawn anew, and is
painted over with a slanted stroke. The baselines begin from the same frame: the picture put on top
of what was drawn, as inpainting is usually ended, and the same with a feathered edge, which changes
what should be kept.

A seam is how much larger the differences across the border are than those between neighbouring
columns and rows beside it, in levels of 0 to 255; 0 is none.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.controls.bench import Bench, Point, portions
from generation.derive import select_ninth
from generation.pictures.canvas import InpaintCanvas, frame, join
from generation.recipe import Canvas, Edges, Inputs

_FEATHER: Final = 8
"""Radius of the feathered edge in pixels."""

_BESIDE: Final = 6
"""How far from the border the neighbouring differences are taken, in pixels."""


def _pasted(framed: InpaintCanvas, drawn: Image.Image) -> Image.Image:
    return Image.composite(framed.picture, drawn, framed.kept)


def _feathered(framed: InpaintCanvas, drawn: Image.Image) -> Image.Image:
    soft = framed.kept.filter(ImageFilter.GaussianBlur(_FEATHER))
    return Image.composite(framed.picture, drawn, soft)


_MASK: Final = 256
"""Side of the painted mask in pixels."""

WAYS: Final[dict[str, Callable[[InpaintCanvas, Image.Image], Image.Image]]] = {
    "ours": join,
    "pasted": _pasted,
    "feathered": _feathered,
}


def canvases(strength: float) -> dict[str, Canvas]:
    """What is done to pictures, by name; beyond the edges with a family's own strength."""
    around = Edges(left=0.25, right=0.25, top=0.25, bottom=0.25)
    return {
        "zoom out 1.5x": Canvas(image="image", edges=around, strength=strength),
        "middle anew": Canvas(image="image", regions=(select_ninth(4),)),
        "painted over": Canvas(image="image", mask="stroke"),
    }


def stroke() -> Image.Image:
    """A mask as a finger paints it: round ends, slanted, a sixth of the picture wide."""
    mask = Image.new("L", (_MASK, _MASK))
    brush, radius = ImageDraw.Draw(mask), _MASK // 12
    for k in range(_MASK // 4, 3 * _MASK // 4):
        brush.circle((k, _MASK - k // 2 - _MASK // 3), radius, fill=255)
    return mask


def measure(bench: Bench, count: int) -> Iterator[Point]:
    """Change of what is kept, and seams.

    Args:
        bench: What to measure with.
        count: Pictures of each kind.
    """
    shown, own = list(bench.examples()), bench.engine.card
    for name, canvas in canvases(own.carried_on).items():
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        mask, row = stroke() if canvas.mask else None, []
        for (thing, small), seed, some in portions(shown, count):
            recipe = bench.recipe(f"a {thing}", seed, some)
            recipe = replace(recipe, inputs=Inputs(canvas=canvas))
            (picture,) = bench.engine.enlarge([small], recipe)
            framed = frame(canvas, picture, (own.side * own.enlarge,) * 2, mask)
            for drawn in bench.engine.enlarge(bench.draw(recipe, framed), recipe):
                for way, joined in WAYS.items():
                    whole = joined(framed, drawn)
                    found[way].append((_change(framed, whole), _seam(framed, whole)))
            row.append(join(framed, drawn).resize(small.size, Image.Resampling.LANCZOS))
        bench.sheets.setdefault("canvas", [[small for _, small in shown]]).append(row)
        for way, figures in found.items():
            changes, seams = np.array(figures).T
            yield {
                "canvas": name,
                "way": way,
                "pictures": len(figures),
                "largest change of what is kept": float(changes.max()),
                "seam": round(float(seams.mean()), 2),
            }


def _change(framed: InpaintCanvas, whole: Image.Image) -> float:
    differences = np.abs(np.asarray(framed.picture, float) - np.asarray(whole, float))
    return float(differences[np.asarray(framed.kept) > 0].max())


def _seam(framed: InpaintCanvas, whole: Image.Image) -> float:
    """Mean difference across the border, less that between neighbours on either side of it."""
    kept, pixels = np.asarray(framed.kept) > 0, np.asarray(whole, float)
    excess = []
    for axis in (0, 1):
        steps = np.abs(np.diff(pixels, axis=axis)).mean(2)
        border = np.diff(kept, axis=axis)
        beside = [np.roll(border, shift, axis) for shift in (-_BESIDE, _BESIDE)]
        excess.append(steps[border].mean() - np.mean([steps[near].mean() for near in beside]))
    return float(np.mean(excess))
