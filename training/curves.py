"""Line plots, drawn with Pillow: loss curves of a stage, measured curves of the model."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

_SIZE: Final = (720, 360)
_EDGE: Final = (56, 16, 16, 28)
_INKS: Final = ("#d1495b", "#2e86ab", "#3b8b5a", "#b07d2b", "#6f4e9c", "#555555", "#c46210")

Line = Sequence[tuple[float, float]]
"""Points from left to right."""


def plot(lines: Mapping[str, Line], path: Path, *, across: str) -> None:
    """Draw lines into a PNG.

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
    image = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(image)
    x0, y0, x1, y1 = _EDGE[0], _EDGE[1], _SIZE[0] - _EDGE[2], _SIZE[1] - _EDGE[3]

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            x0 + (x - left) / (right - left) * (x1 - x0),
            y1 - (y - low) / (high - low) * (y1 - y0),
        )

    draw.rectangle((x0, y0, x1, y1), outline="#bbbbbb")
    for part in range(5):
        y = low + (high - low) * part / 4
        draw.text((4, place(left, y)[1] - 6), f"{y:.3g}", fill="#444444")
        x = left + (right - left) * part / 4
        draw.text((place(x, low)[0] - 10, y1 + 4), f"{x:.4g}", fill="#444444")
    draw.text((x1 - 8 * len(across), y1 + 14), across, fill="#444444")
    for number, (name, line) in enumerate(lines.items()):
        ink = _INKS[number % len(_INKS)]
        draw.line([place(x, y) for x, y in line], fill=ink, width=2)
        draw.text((x0 + 8 + 100 * (number % 6), y0 + 4 + 14 * (number // 6)), name, fill=ink)
    image.save(path)


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
