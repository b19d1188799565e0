"""The judge: a small network that names the thing, the style and the colour of a drawing.

It knows the bundled model's commonest things before plain grounds, and nothing else. Of a picture
of anything else it is not sure, which is what tells knowing from guessing; its style and its colour
mean something only where it knows the thing, since it has no word for what is neither.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from generation.catalogue.families import BUNDLED
from generation.oklab import to_oklab
from generation.questions.measures import find_ground
from generation.questions.question import SURE, Seen

KNOWN: Final = 200
"""The judge knows this many of the commonest things."""

COLOURS: Final = 11
SIDE: Final = 128
"""Side in pixels of what it sees."""

FOLDER: Final = BUNDLED.with_name("judge-1")
WEIGHTS: Final = "judge.safetensors"
LABELS: Final = "labels.json"
THRESHOLDS: Final = "thresholds.json"
"""Shares that more is asked of than of others, by the thing's name: they are seen in much else."""


_WIDTHS: Final = (32, 64, 128, 192)
_STROKES: Final = 64
_MARGIN: Final = 8
"""Pixels by which a picture is made smaller, and moved: what is known is known there too."""

SURE_OF_THING: Final = 0.71
"""Share from which on a thing is named, if nothing more is asked of it."""

_LIKELY: Final = 0.5
"""Share from which on a thing that is referred to is taken for the likeliest: of 300 held-out
drawings 97 % reach it, and 99 % of these are named right."""

_SEEN: Final = 16
"""Levels of 255 by which something differs from its ground."""

_SURE_OF_STYLE: Final = 0.7
"""Share from which on a style is named: among four there is no word for any other."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores, one row for each picture; the highest is the judge's answer.

    Attributes:
        thing: (N, 200).
        style: (N, styles).
        colour: (N, 11).
    """

    thing: Tensor
    style: Tensor
    colour: Tensor


class _Block(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.norm, self.again = nn.GroupNorm(8, before), nn.GroupNorm(8, after)
        self.first = nn.Conv2d(before, after, 3, stride=2, padding=1)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        self.skip = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        made = self.second(functional.silu(self.again(self.first(functional.silu(self.norm(x))))))
        joined: Tensor = self.skip(functional.avg_pool2d(x, 2)) + made
        return joined


class _Manner(nn.Module):
    """How a picture is drawn, from small patches of it: too small to tell by what is drawn.

    Each patch is 19 pixels wide; what counts is their mean, and where each trait is strongest.
    """

    def __init__(self) -> None:
        super().__init__()
        self.near = nn.Conv2d(3, _STROKES // 2, 5, stride=2, padding=2)
        self.norm, self.again = nn.GroupNorm(8, _STROKES // 2), nn.GroupNorm(8, _STROKES)
        self.far = nn.Conv2d(_STROKES // 2, _STROKES, 4, stride=2, padding=1)
        self.last = nn.Conv2d(_STROKES, _STROKES, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) → (N, 128)."""
        near = functional.silu(self.norm(self.near(pictures)))
        far = functional.silu(self.last(functional.silu(self.again(self.far(near)))))
        return torch.cat([far.mean((2, 3)), far.amax((2, 3))], 1)


class Judge(nn.Module):
    """Names the thing, the style and the colour of pictures (N, 3, 128, 128) in -1 to 1."""

    def __init__(self, styles: int, things: int = KNOWN, colours: int = COLOURS) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _WIDTHS[0], 5, stride=2, padding=2)
        pairs = zip(_WIDTHS, (*_WIDTHS[1:], _WIDTHS[-1]), strict=True)
        self.blocks = nn.Sequential(*[_Block(before, after) for before, after in pairs])
        self.thing = nn.Linear(_WIDTHS[-1] * 4, things)
        self.manner = _Manner()
        self.style = nn.Linear(2 * _STROKES, styles)
        self.colour = nn.Linear(_WIDTHS[-1] * 4, colours)

    def forward(self, pictures: Tensor) -> Verdict:
        """Scores of pictures."""
        coarse = functional.avg_pool2d(pictures, 2)  # tells as much, in a quarter of the time
        seen = functional.silu(self.blocks(self.stem(coarse))).flatten(1)
        style = self.style(self.manner(pictures))
        return Verdict(self.thing(seen).float(), style.float(), self.colour(seen).float())


def load_judge(folder: Path, device: str = "cpu") -> Judge:
    """The trained judge of a folder, computing in float32."""
    weights = load_file(folder / WEIGHTS, device=device)
    judge = Judge(len(weights["style.bias"]), len(weights["thing.bias"])).to(device)
    judge.load_state_dict(weights)
    return judge.eval()


def load_labels(folder: Path) -> dict[str, list[str]]:
    """What the judge's answers mean: "things", "styles" and "colours", by number."""
    known: dict[str, list[str]] = json.loads((folder / LABELS).read_text())
    return known


def load_thresholds(folder: Path) -> dict[str, float]:
    """How sure the judge has to be of a thing that it sees too often, by its name."""
    known: dict[str, float] = json.loads((folder / THRESHOLDS).read_text())
    return known


def name_drawing(picture: Image.Image) -> Seen:
    """What the bundled judge knows of a picture; see :func:`see`."""
    return see(*_open(), picture)


@torch.inference_mode()
def name_reference(picture: Image.Image) -> Seen:
    """The likeliest of a picture that a prompt refers to; nothing without a plain ground.

    Whoever refers to a drawing means that something of it is drawn: the nearest that can be.
    """
    if not _shows_on_ground(picture):
        return Seen()
    judge, labels, _ = _open()
    verdict: Verdict = judge(list_views(picture))
    return Seen(
        thing=_name_likeliest(verdict.thing, labels["things"], _LIKELY),
        medium=_name_likeliest(verdict.style, labels["styles"], 0.0),
        colour=_name_agreed(verdict.colour, labels["colours"], SURE),
    )


def _name_likeliest(scores: Tensor, names: Sequence[str], least: float) -> str:
    share, place = scores.softmax(1).mean(0).max(0)
    return names[int(place)] if share >= least else ""


@cache
def _open() -> tuple[Judge, dict[str, list[str]], dict[str, float]]:
    return load_judge(FOLDER), load_labels(FOLDER), load_thresholds(FOLDER)


@torch.inference_mode()
def see(
    judge: Judge,
    labels: dict[str, list[str]],
    thresholds: Mapping[str, float],
    picture: Image.Image,
) -> Seen:
    """What the judge knows of a picture; nothing where it would have to guess.

    It learnt from things before plain grounds, so it is not asked about anything else. It looks at
    the picture as it is, smaller and moved, and has to name the same each time.
    """
    if not _shows_on_ground(picture):
        return Seen()
    verdict: Verdict = judge(list_views(picture))
    agreed = find_agreed(verdict.thing)
    thing = labels["things"][agreed[0]] if agreed else ""
    if agreed is None or agreed[1] < thresholds.get(thing, SURE_OF_THING):
        return Seen()
    return Seen(
        thing=thing,
        medium=_name_agreed(verdict.style, labels["styles"], _SURE_OF_STYLE),
        colour=_name_agreed(verdict.colour, labels["colours"], SURE),
    )


def _shows_on_ground(picture: Image.Image) -> bool:
    """Whether something can be seen before a ground of one colour."""
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    values = np.asarray(small)
    seen = np.ptp(values, axis=(0, 1)).max() >= _SEEN
    return bool(seen) and find_ground(to_oklab(values)) is not None


def _name_agreed(scores: Tensor, names: Sequence[str], least: float) -> str:
    """What every view shows, if that is sure; empty where it is not."""
    agreed = find_agreed(scores)
    return names[agreed[0]] if agreed and agreed[1] >= least else ""


def find_agreed(scores: Tensor) -> tuple[int, float] | None:
    """The answer that every row gives, and its mean share; None where they differ."""
    shares = scores.softmax(1)
    best = shares.argmax(1)
    if not bool((best == best[0]).all()):
        return None
    return int(best[0]), float(shares[:, best[0]].mean())


def list_views(picture: Image.Image) -> Tensor:
    """The picture in several views, (N, 3, SIDE, SIDE) in -1 to 1."""
    whole = picture.convert("RGB")
    # A square, filled up with the colour at the edge, since things were learnt whole.
    edge = np.asarray(whole)[0, 0]
    border = int(edge[0]), int(edge[1]), int(edge[2])
    full = ImageOps.pad(whole, (SIDE, SIDE), Image.Resampling.BICUBIC, color=border)
    inner = full.resize((SIDE - 2 * _MARGIN,) * 2, Image.Resampling.BICUBIC)
    views = [full]
    for left, top in ((_MARGIN, _MARGIN), (0, 2 * _MARGIN), (2 * _MARGIN, 0)):
        view = Image.new("RGB", (SIDE, SIDE), border)
        view.paste(inner, (left, top))
        views.append(view)
    stacked = np.stack([np.asarray(view, dtype=np.float32) for view in views])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2) / 127.5 - 1
