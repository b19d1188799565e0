"""Stage: the judge, a small network apart from the model that names thing, style and colour.

It learns from other random samples than the model and never sees the combinations that are held
out. On real pictures of those it shows the ceiling of every measurement.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from training.device import half
from training.loop import Course, Training
from training.plan import SIDE, Options, start
from training.samples import grounds_of
from training.world import COLOUR_WORDS, World, load_world

KNOWN: Final = 200
"""The judge knows this many of the commonest things."""

WEIGHTS: Final = "judge.safetensors"
LABELS: Final = "labels.json"

_WIDTHS: Final = (32, 64, 128, 192)
_STROKES: Final = 64
_WHITE_GROUND: Final = 0.6


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

    def __init__(self, styles: int, things: int = KNOWN) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _WIDTHS[0], 5, stride=2, padding=2)
        pairs = zip(_WIDTHS, (*_WIDTHS[1:], _WIDTHS[-1]), strict=True)
        self.blocks = nn.Sequential(*[_Block(before, after) for before, after in pairs])
        self.thing = nn.Linear(_WIDTHS[-1] * 4, things)
        self.manner = _Manner()
        self.style = nn.Linear(2 * _STROKES, styles)
        self.colour = nn.Linear(_WIDTHS[-1] * 4, len(COLOUR_WORDS))

    def forward(self, pictures: Tensor) -> Verdict:
        """Scores of pictures."""
        coarse = functional.avg_pool2d(pictures, 2)  # tells as much, in a quarter of the time
        seen = functional.silu(self.blocks(self.stem(coarse))).flatten(1)
        style = self.style(self.manner(pictures))
        return Verdict(self.thing(seen).float(), style.float(), self.colour(seen).float())


def disturb(pictures: Tensor) -> Tensor:
    """The pictures moved, zoomed, blurred and made noisy, as a model's pictures may be."""
    zoom = 1 + 0.25 * (torch.rand(()).item() - 0.5)
    side = max(16, round(SIDE * zoom))
    moved = functional.interpolate(pictures, (side, side), mode="bilinear", antialias=True)
    pad = (SIDE - side) // 2
    moved = functional.pad(
        moved, (pad, SIDE - side - pad, pad, SIDE - side - pad), mode="replicate"
    )
    moved = moved.roll(torch.randint(-10, 11, (2,)).tolist(), (2, 3))
    if torch.rand(()) < 0.5:
        coarse = int(torch.randint(64, SIDE, ()).item())
        moved = functional.interpolate(moved, (coarse, coarse), mode="bilinear", antialias=True)
        moved = functional.interpolate(moved, (SIDE, SIDE), mode="bilinear")
    return moved + 0.08 * torch.rand(()).item() * torch.randn_like(moved)


def rows_for_judging(world: World, *, held: bool) -> Tensor:
    """Rows of looks of known things: those held out, or all others."""
    looks = world.looks
    return ((looks.held == held) & (world.thing[looks.drawing] < KNOWN)).nonzero()[:, 0]


def train_judge(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``judges/judge.safetensors``."""
    size, device = given.size, given.device
    torch.manual_seed(77)
    world = load_world(given)
    rows = rows_for_judging(world, held=False)
    judge = Judge(len(world.styles)).to(device)
    course = Course.of(
        given, "judges", minutes, rate=size.rates["judges"], decay=min(size.decay, 0.995)
    )
    training = Training(course, judge)

    def step(share: float) -> dict[str, Tensor]:
        del share
        picked = rows[
            torch.randint(len(rows), (size.batches["judges"] // given.abreast or 1,), device=device)
        ]
        pictures, thing, style, colour = show(world, picked)
        with half(device):
            said = judge(disturb(pictures))
        name = functional.cross_entropy(said.thing, thing, label_smoothing=0.05)
        manner = functional.cross_entropy(said.style, style, label_smoothing=0.05)
        hue = functional.cross_entropy(said.colour, colour, ignore_index=-1, label_smoothing=0.05)
        right = (said.thing.argmax(1) == thing).float().mean()
        return {"loss": name + manner + hue, "named": right}

    training.run(step)
    weights = {name: weight.half().contiguous() for name, weight in judge.state_dict().items()}
    save_file(weights, course.folder / WEIGHTS)
    known = {
        "things": [thing.names[0] for thing in world.things[:KNOWN]],
        "styles": list(world.styles),
        "colours": list(COLOUR_WORDS),
    }
    (course.folder / LABELS).write_text(json.dumps(known, indent=1) + "\n")


def show(world: World, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pictures of looks on white or coloured grounds, with their thing, style and colour."""
    looks = world.looks
    words = torch.randint(len(COLOUR_WORDS), (len(rows),), device=rows.device)
    white = torch.rand(len(rows), device=rows.device) < _WHITE_GROUND
    words = torch.where(white, COLOUR_WORDS.index("white"), words)
    drawing = looks.drawing[rows]
    pictures = world.render(rows, grounds_of(words))
    return pictures, world.thing[drawing], world.style[drawing], looks.colour[rows]


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


if __name__ == "__main__":
    start(__doc__, lambda given: train_judge(given, given.minutes))
