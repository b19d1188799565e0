"""Whether a drawing's outline becomes the outline of what is drawn.

Each drawing is a few strokes of a pen: a thing's outline with little inside, off the middle and of
another shape than the model draws by itself. The figure is how much of the outline's inside and of
what stands out from the picture's ground is shared (intersection over union). The baseline is the
same prompt and noise without the drawing; the judge, who learnt from things that fill the picture,
is shown what stands out at that size and says whether it is the thing that was asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.controls.bench import Bench, Point, portions
from generation.conditioning.line_maps import Grey
from generation.recipe import Recipe, Structure

SCALES: Final = (0.5, 1.0, 1.5)
ENDS: Final = (0.5, 1.0)

_PAPER: Final = 512
_PEN: Final = 9
_COLOURS: Final = ("red", "blue", "green", "yellow")
_STANDS_OUT: Final = 30
_ROOM: Final = 0.55
"""Half a side of what the judge is shown, beside the longer side of the thing."""

Pen = Callable[[ImageDraw.ImageDraw], None]


def _apple(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((40, 190, 290, 440), outline="black", width=_PEN)
    pen.line([(165, 190), (190, 110)], fill="black", width=_PEN)
    pen.ellipse((190, 105, 270, 150), outline="black", width=_PEN)


def _house(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle((110, 260, 410, 470), outline="black", width=_PEN)
    pen.line([(80, 265), (260, 90), (440, 265), (80, 265)], fill="black", width=_PEN)
    pen.rectangle((225, 350, 295, 470), outline="black", width=_PEN)


def _fish(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((40, 180, 350, 340), outline="black", width=_PEN)
    pen.line([(340, 260), (470, 160), (470, 360), (340, 260)], fill="black", width=_PEN)
    pen.ellipse((95, 230, 120, 255), outline="black", width=_PEN)


def _heart(pen: ImageDraw.ImageDraw) -> None:
    turn = np.linspace(0, 2 * np.pi, 80)
    across = 300 + 8.5 * 16 * np.sin(turn) ** 3
    down = 230 - 8.5 * (
        13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
    )
    pen.line(list(zip(across.tolist(), down.tolist(), strict=True)), fill="black", width=_PEN)


def _star(pen: ImageDraw.ImageDraw) -> None:
    spikes = np.arange(11) * np.pi / 5 + 0.25
    reach = np.where(np.arange(11) % 2 == 0, 170, 75)
    across, down = 310 + reach * np.sin(spikes), 200 - reach * np.cos(spikes)
    pen.line(list(zip(across.tolist(), down.tolist(), strict=True)), fill="black", width=_PEN)


def _tree(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((160, 40, 480, 330), outline="black", width=_PEN)
    pen.rectangle((290, 325, 345, 480), outline="black", width=_PEN)


PENS: Final[Mapping[str, Pen]] = {
    "apple": _apple,
    "house": _house,
    "fish": _fish,
    "heart": _heart,
    "star": _star,
    "tree": _tree,
}


def drawing(pen: Pen) -> Image.Image:
    """A pen drawing on paper."""
    paper = Image.new("RGB", (_PAPER, _PAPER), "white")
    pen(ImageDraw.Draw(paper))
    return paper


def inside(sketch: Image.Image, side: int) -> NDArray[np.bool_]:
    """What a drawing's strokes enclose, with the strokes, in a square of that side."""
    ink = np.asarray(sketch.convert("L").resize((side, side), Image.Resampling.LANCZOS)) < 200
    return _filled(ink.astype(np.uint8))


def silhouette(picture: Image.Image) -> NDArray[np.bool_]:
    """What stands out from the colour that a picture's border has."""
    pixels = np.asarray(picture.convert("RGB"), float)
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    away = np.abs(pixels - np.median(rim, axis=0)).max(axis=2)
    return _filled((away > _STANDS_OUT).astype(np.uint8))


def _filled(mask: Grey) -> NDArray[np.bool_]:
    found, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    made = np.zeros_like(mask)
    cv2.drawContours(made, found, -1, 1, -1)
    return made > 0


def shared(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((one & other).sum() / max(1, (one | other).sum()))


def _ways() -> Iterator[tuple[str, Structure | None]]:
    yield "without", None
    for scale in SCALES:
        for end in ENDS:
            kept = Structure(kind="scribble", image="drawing", scale=scale, end=end)
            yield f"scale {scale:g}, end {end:g}", kept


def measure(bench: Bench, count: int) -> Iterator[Point]:
    """Shared outlines, and how often the thing is named, without a drawing and with it.

    Args:
        bench: What to measure with.
        count: Pictures of each way, spread over drawings, colours and seeds.
    """
    sketches = {thing: drawing(pen) for thing, pen in PENS.items()}
    rows = bench.sheets["structure"] = [[sketch] for sketch in sketches.values()]
    for name, kept in _ways():
        found, hits = [], []
        for number, (thing, sketch) in enumerate(sketches.items()):
            wanted = inside(sketch, bench.engine.card.side)
            prompts = [f"a {colour} {thing}" for colour in _COLOURS]
            _learn(bench, kept, sketch)
            for text, seed, some in portions(prompts, count // len(sketches)):
                recipe = _keep_to(bench.recipe(text, seed, some), kept)
                pictures = bench.draw(recipe)
                found += [shared(wanted, silhouette(picture)) for picture in pictures]
                hits += _named(bench, pictures, thing)
                if kept is None or (kept.scale, kept.end) == (1, 1):
                    rows[number].append(pictures[0])
        yield {
            "drawing": name,
            "pictures": len(found),
            "outline shared": round(float(np.mean(found)), 3),
            "thing among five": round(float(np.mean(hits)), 3),
        }
    side = bench.engine.card.side
    for row in rows:
        row[0] = row[0].resize((side, side), Image.Resampling.LANCZOS)


def _keep_to(recipe: Recipe, kept: Structure | None) -> Recipe:
    return replace(recipe, conditions=replace(recipe.conditions, structure=kept))


def _learn(bench: Bench, kept: Structure | None, sketch: Image.Image) -> None:
    if kept is not None:
        assert bench.engine.conditioning.structures is not None
        bench.engine.conditioning.structures.memory.clear()
        recipe = _keep_to(bench.recipe("", 0), kept)
        bench.engine.conditioning.structures.learn(recipe, lambda _: sketch)


def _named(bench: Bench, pictures: Sequence[Image.Image], thing: str) -> list[bool]:
    return bench.shows([_filling(picture) for picture in pictures], thing)


def _filling(picture: Image.Image) -> Image.Image:
    """What stands out of a picture, as large as the things that the judge learnt from."""
    rows, columns = np.nonzero(silhouette(picture))
    if not len(rows):
        return picture
    left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    room = int(max(right - left, bottom - top) * _ROOM)
    across, down = int(left + right) // 2, int(top + bottom) // 2
    box = (across - room, down - room, across + room, down + room)
    ground = picture.getpixel((0, 0))
    paper = Image.new("RGB", (2 * room, 2 * room), ground)
    inner = (
        max(0, box[0]),
        max(0, box[1]),
        min(picture.width, box[2]),
        min(picture.height, box[3]),
    )
    paper.paste(picture.crop(inner), (inner[0] - box[0], inner[1] - box[1]))
    return paper.resize(picture.size, Image.Resampling.LANCZOS)
