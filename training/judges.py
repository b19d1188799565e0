"""Stage: the judge, a small network apart from the model that names thing, style and colour.

It learns from other random samples than the model and never sees the combinations that are held
out. On real pictures of those it shows the ceiling of every measurement.
"""

import json
from typing import Final

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from generation.guided.dyes import COLOUR_WORDS
from generation.judge import KNOWN, LABELS, SIDE, WEIGHTS, Judge
from training.device import half
from training.loop import Course, Training
from training.plan import Options, start
from training.samples import grounds_of
from training.world import World, load_world

_WHITE_GROUND: Final = 0.6


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
    judge = Judge(len(world.styles), colours=len(COLOUR_WORDS)).to(device)
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


if __name__ == "__main__":
    start(__doc__, lambda given: train_judge(given, given.minutes))
