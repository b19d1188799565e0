"""Stage: how sure the judge has to be of each thing before it is said that a picture shows it.

It is asked about drawings that it did not learn from: by other hands, and of things that it has no
word for. Some of its things are a bare shape, such as lightning or a loaf, which it sees in many
others; of these it has to be surer than of it ever was where it was wrong.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from typing import Final

import torch
from PIL import Image

from generation.judge import (
    SURE_OF_THING,
    THRESHOLDS,
    Judge,
    find_agreed,
    list_views,
    load_judge,
    load_labels,
)
from generation.questions.colours import NAMES
from training.artwork import PIXEL_ART, Drawing, list_drawings, open_drawing, pixelate
from training.plan import Options, start
from training.world import common_things, name_thing

MARGIN: Final = 0.05
"""By how much surer than it ever was where it was wrong."""

_SEED: Final = 5
_GROUNDS: Final = (
    *("white", "white", "white", "black", "sky blue", "beige", "forest green", "red", "yellow"),
    *("grey", "navy"),
)
_PIXELS: Final = 1 / 3
"""Share of the drawings that are shown as pixels."""

_SIDE: Final = 256
_EDGE: Final = 32
"""Sides in pixels of a drawing, and of what is around it."""

_LEFT_OUT: Final = "emojione"
"""Its first version, which nothing here may have seen, is what descriptions are measured with."""

_LIKELY: Final = 0.35
"""Share in the first view below which no threshold can be reached."""

_TOGETHER: Final = 32
"""Drawings that are asked about together."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A drawing as it is shown: on which ground, whether as pixels, and what it may be called."""

    drawing: Drawing
    ground: str
    pixels: bool
    names: Sequence[str]


def calibrate(given: Options) -> None:
    """Write ``judges/thresholds.json``: a share by the name of each thing that is seen too often.

    Raises:
        StoppedError: The session ended first.
    """
    folder = given.folder("judges")
    judge, labels = load_judge(folder), load_labels(folder)
    shown, worst = list(_list_shown(given, set(labels["things"]))), dict[str, float]()
    with ExitStack() as stack:
        archives = {
            name: stack.enter_context(zipfile.ZipFile(given.pack / name))
            for name in {one.drawing.file.split("/")[0] for one in shown}
        }
        for start_at in range(0, len(shown), _TOGETHER):
            given.session.check()
            several = shown[start_at : start_at + _TOGETHER]
            for one, thing, share in _ask(archives, judge, several):
                # A small world has fewer things than a judge has answers.
                name = labels["things"][thing] if thing < len(labels["things"]) else ""
                if name and name not in one.names:
                    worst[name] = max(share, worst.get(name, 0.0))
    known = {
        name: round(share + MARGIN, 3)
        for name, share in sorted(worst.items())
        if share + MARGIN > SURE_OF_THING
    }
    (folder / THRESHOLDS).write_text(json.dumps(known, indent=1) + "\n")


def _list_shown(given: Options, known: set[str]) -> Iterator[_Shown]:
    """Drawings that it did not learn from, each on some ground."""
    chance, common = Random(_SEED), common_things()
    drawings = [one for one in list_drawings(given.pack) if one.style not in {_LEFT_OUT, PIXEL_ART}]
    chance.shuffle(drawings)
    for drawing in drawings:
        names = name_thing(drawing, common.get(drawing.label)).names
        one = _Shown(drawing, chance.choice(_GROUNDS), chance.random() < _PIXELS, names)
        if drawing.style not in given.size.styles or not known.intersection(one.names):
            yield one


@torch.inference_mode()
def _ask(
    archives: Mapping[str, zipfile.ZipFile], judge: Judge, several: Sequence[_Shown]
) -> Iterator[tuple[_Shown, int, float]]:
    """Those in which it always sees the same, what that is, and its mean share."""
    views = [list_views(_lay(archives, one)) for one in several]
    first = judge(torch.cat([each[:1] for each in views])).thing.softmax(1).amax(1)
    for one, each, share in zip(several, views, first.tolist(), strict=True):
        if share >= _LIKELY and (agreed := find_agreed(judge(each).thing)):
            yield one, *agreed


def _lay(archives: Mapping[str, zipfile.ZipFile], one: _Shown) -> Image.Image:
    """A drawing on its ground."""
    cut = open_drawing(archives, one.drawing)
    if one.pixels:
        cut = pixelate(cut).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
    else:
        cut = cut.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    picture = Image.new("RGB", (_SIDE + 2 * _EDGE,) * 2, f"#{NAMES[one.ground]}")
    picture.paste(cut, (_EDGE, _EDGE), cut)
    return picture


if __name__ == "__main__":
    start(__doc__, calibrate)
