"""Line plots, drawn with Pillow: loss curves of a stage, measured curves of the model."""

import csv
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_SIZE: Final = (1080, 600)
_EDGE: Final = (96, 24, 36, 84)
_ROW: Final = 30
_TEXT: Final = 20
_TICKS: Final = 5
_DOTTED: Final = 40
"""Lines of no more points than this show where they are."""

_GREY: Final = ("#dddddd", "#555555")
_INKS: Final = ("#d1495b", "#2e86ab", "#3b8b5a", "#b07d2b", "#6f4e9c", "#555555", "#c46210")

Line = Sequence[tuple[float, float]]
"""Points from left to right."""


def plot(lines: Mapping[str, Line], path: Path, *, across: str) -> None:
    """Draw lines into a PNG, with their names above.

    Args:
        lines: Points by name.
        path: Where to write.
        across: What the horizontal axis counts.
    """
    points = [point for line in lines.values() for point in line]
    if not points:
        return
    left, right = _span([x for x, _ in points])
    low, high = _span([y for _, y in points])
    font = ImageFont.load_default(_TEXT)
    image = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(image)
    legend, rows = _legend(list(lines), draw, font)
    x0, y0 = _EDGE[0], _EDGE[1] + _ROW * rows
    x1, y1 = _SIZE[0] - _EDGE[2], _SIZE[1] - _EDGE[3]

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            x0 + (x - left) / (right - left) * (x1 - x0),
            y1 - (y - low) / (high - low) * (y1 - y0),
        )

    rules, words = _GREY
    for part in range(_TICKS):
        share = part / (_TICKS - 1)
        x, y = left + (right - left) * share, low + (high - low) * share
        draw.line([place(left, y), place(right, y)], fill=rules)
        draw.text((x0 - 10, place(left, y)[1]), f"{y:.3g}", words, font, anchor="rm")
        draw.text((place(x, low)[0], y1 + 10), f"{x:.4g}", words, font, anchor="mt")
    draw.text(((x0 + x1) / 2, y1 + 42), across, words, font, anchor="mt")
    for (name, line), ink, corner in zip(lines.items(), cycle(_INKS), legend):
        places = [place(x, y) for x, y in line]
        draw.line(places, fill=ink, width=3, joint="curve")
        for x, y in places if len(places) <= _DOTTED else ():
            draw.circle((x, y), 5, fill=ink)
        draw.text(corner, name, ink, font)
    image.save(path)


def _legend(
    names: Sequence[str],
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> tuple[list[tuple[float, float]], int]:
    """Where the names are written, and in how many rows."""
    corners: list[tuple[float, float]] = []
    x, row = float(_EDGE[0]), 0
    for name in names:
        wide = draw.textlength(name, font) + _ROW
        if x + wide > _SIZE[0] and corners:
            x, row = float(_EDGE[0]), row + 1
        corners.append((x, _EDGE[1] / 2 + row * _ROW))
        x += wide
    return corners, row + 1


def draw_curves(source: Path, path: Path) -> None:
    """Draw the columns of a loss.csv; each is scaled to its own highest value."""
    if not source.exists():
        return
    with source.open(newline="") as file:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    if len(rows) < 2:
        return
    names = [name for name in rows[0] if name not in {"step", "seconds"}]
    tops = {name: max(abs(row[name]) for row in rows) or 1.0 for name in names}
    lines = {
        f"{name} / {tops[name]:.3g}": [(row["step"], row[name] / tops[name]) for row in rows]
        for name in names
    }
    plot(lines, path, across="step")


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low, low + 1.0)
