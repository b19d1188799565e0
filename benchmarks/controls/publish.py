"""Puts what was measured into docs/controls.md, as tables, curves and pictures."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from PIL import Image

from benchmarks.controls.bench import Point
from training.curves import Line, plot
from training.sheet import save_sheet

FIGURES: Final = Path(__file__).parent / "figures"
"""Where figures are kept, a file for each measurement."""

PAGE: Final = Path(__file__).parents[2] / "docs" / "controls.md"
"""Where they are published, with pictures in a folder of the same name beside it."""

_BEGIN: Final = "<!-- figures of {name}: python -m benchmarks.controls publish -->"
_END: Final = "<!-- end of figures -->"


@dataclass(frozen=True, slots=True)
class Curve:
    """What of the figures is drawn as lines.

    Attributes:
        across: Key of what runs from left to right.
        up: Keys of what is drawn over it.
        by: Key whose every value has a line of its own; empty for one line.
    """

    across: str
    up: tuple[str, ...]
    by: str = ""


CURVES: Final[Mapping[str, Mapping[str, Curve]]] = {
    "image_weight": {
        "image_weight-ssim": Curve("--iw", ("SSIM",), "strength from"),
        "image_weight-cosine": Curve("--iw", ("cosine",), "strength from"),
    },
    "style": {"style": Curve("scale", ("style",), "by")},
    "chaos": {"chaos": Curve("--chaos", ("spread",))},
}
"""Names of the curves that each measurement is drawn as."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One measurement.

    Attributes:
        command: What was run.
        day: When, as YYYY-MM-DD.
        torch: Version of torch.
        points: What it gave, in order.
    """

    command: str
    day: str
    torch: str
    points: Sequence[Point]

    def save(self, name: str, sheets: Mapping[str, Sequence[Sequence[Image.Image]]]) -> None:
        """Keep the figures for publication, and the rows of pictures beside the page."""
        FIGURES.mkdir(exist_ok=True)
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        (FIGURES / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        for sheet, rows in sheets.items():
            cells = [cell for row in rows for cell in row]
            save_sheet(cells, _picture(f"{sheet}.webp"), columns=len(rows[0]))

    @classmethod
    def load(cls, name: str) -> "Figures":
        """What was kept under a name."""
        return cls(**json.loads((FIGURES / f"{name}.json").read_text(encoding="utf-8")))


def publish() -> None:
    """Draw the curves and write the page anew."""
    for name in _kept():
        for file, curve in CURVES.get(name, {}).items():
            lines = dict(_lines(curve, Figures.load(name).points))
            plot(lines, _picture(f"{file}.png"), across=curve.across)
    PAGE.write_text(published(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def published(page: str) -> str:
    """The page with the figures as they are kept, each between its own marks."""
    for name in _kept():
        begin = _BEGIN.format(name=name)
        if begin in page:
            before, _, rest = page.partition(begin)
            after = rest.partition(_END)[2]
            page = "".join((before, begin, "\n\n", *_section(name), _END, after))
    return page


def _kept() -> list[str]:
    return sorted(file.stem for file in FIGURES.glob("*.json"))


def _picture(file: str) -> Path:
    folder = PAGE.with_suffix("")
    folder.mkdir(exist_ok=True)
    return folder / file


def _section(name: str) -> Iterator[str]:
    figures = Figures.load(name)
    yield f"`{figures.command}`, {figures.day}, torch {figures.torch}:\n\n"
    for _, rows in groupby(figures.points, tuple):
        yield from _table(list(rows))
        yield "\n"
    for file in CURVES.get(name, {}):
        yield f"![]({PAGE.stem}/{file}.png)\n\n"


def _table(rows: Sequence[Point]) -> Iterator[str]:
    heads = list(rows[0])
    yield f"| {' | '.join(heads)} |\n"
    yield f"|{'|'.join('---:' if _counts(rows[0][head]) else '---' for head in heads)}|\n"
    for row in rows:
        yield f"| {' | '.join(_cell(row[head]) for head in heads)} |\n"


def _counts(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _lines(curve: Curve, points: Sequence[Point]) -> Iterator[tuple[str, Line]]:
    """The curve's lines with their names."""
    shown = [point for point in points if curve.across in point]
    for value in dict.fromkeys(point.get(curve.by) for point in shown):
        own = [point for point in shown if point.get(curve.by) == value]
        for key in curve.up:
            name = f"{key}, {value}" if curve.by else key
            yield name, [(_number(point[curve.across]), _number(point[key])) for point in own]


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)
