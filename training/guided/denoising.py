"""Stage: the denoiser, on drawings by the planner's guides and on photographs by themselves.

Until there is a planner it learns from photographs alone, which is a good beginning: how latents
look, and how to make a crisp picture from a guide, are the same in both worlds.
"""

from dataclasses import dataclass
from math import pi
from typing import Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from generation.catalogue.looks import LOOKS
from generation.guided.denoiser import Denoiser, Guide
from generation.tensors.precision import lower_precision
from training.bar import Bar
from training.guided.basis import CHANNELS, load_basis
from training.guided.planning import (
    EARLY,
    Lessons,
    build_lessons,
    new_planner,
    plan_guides,
    weigh,
)
from training.guided.views import NONE, load_views
from training.loop import Course, Training
from training.plan import Options, start

FILE: Final = "denoiser.safetensors"
WIDTHS: Final = (128, 192, 256)
_BATCH: Final = 48
_RATE: Final = 6e-4
_WINDOW: Final = 16
_RIGHT: Final = pi / 2
_DRAWN: Final = 0.8
"""Share of drawings among the samples: photographs were learnt before."""

_PURE: Final = 0.12
"""Share of samples that are noise alone, which every drawing begins with."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of either world, one row each.

    Attributes:
        target: Latents to reach (B, C, 16, 16).
        guide: Latents of the guide, clean (B, C, 16, 16).
        haze: Angle of the noise on it (B,).
        kind: Of which kind it is (B,).
        looks: Rows of the table of looks (B, 2); ``NONE`` for no second, and for none at all.
        seen: Latents whose look is to be had instead (B, C, 16, 16).
        seeing: Whether it is (B,).
        words: Embedding of the text (B, 256), zeros for none.
        weight: How much each counts (B,).
    """

    target: Tensor
    guide: Tensor
    haze: Tensor
    kind: Tensor
    looks: Tensor
    seen: Tensor
    seeing: Tensor
    words: Tensor
    weight: Tensor


def join(batches: list[Batch]) -> Batch:
    """Batches one after the other."""
    names = Batch.__slots__
    return Batch(**{n: torch.cat([getattr(batch, n) for batch in batches]) for n in names})


class Drawings:
    """Samples of drawings, by the planner's guides.

    Args:
        lessons: What the planner learnt from.
        guides: What it makes of each, float16 (N, C, 16, 16).
        styles: Their style words.
    """

    def __init__(self, lessons: Lessons, guides: Tensor, styles: tuple[str, ...]) -> None:
        self.lessons, self.guides = lessons, guides
        self.rows = torch.tensor([LOOKS.index(style) for style in styles], device=guides.device)
        self.same = [(lessons.look == style).nonzero()[:, 0] for style in range(len(styles))]

    def draw(self, count: int) -> Batch:
        """Samples at random."""
        lessons, device = self.lessons, self.guides.device
        rows = torch.randint(len(self.guides), (count,), device=device)
        target = lessons.latents[rows].float()
        chance = torch.rand(count, device=device)
        kind = torch.full((count,), int(Guide.PLAN), device=device)
        kind[chance < 0.05] = int(Guide.PICTURE)
        pictured = kind == int(Guide.PICTURE)
        guide = torch.where(pictured[:, None, None, None], target, self.guides[rows].float())
        haze = torch.rand(count, device=device) * _RIGHT
        kept = torch.rand(count, device=device)
        haze = torch.where(pictured, 0.25 + 0.8 * haze, haze * 0.6 * (kept < 0.25))
        style = lessons.look[rows]
        looks = torch.stack([self.rows[style], torch.full_like(style, NONE)], 1)
        silent = torch.rand(count, device=device) < 0.15
        looks[silent] = NONE
        caption = lessons.caption[rows]
        words = lessons.states[caption, lessons.length[caption] - 1].float()
        words[silent | (torch.rand(count, device=device) < 0.15)] = 0
        others = torch.stack(
            [self.same[s][torch.randint(len(self.same[s]), ())] for s in style.tolist()]
        )
        return Batch(
            target=target,
            guide=guide,
            haze=haze,
            kind=kind,
            looks=looks,
            seen=lessons.latents[others].float(),
            seeing=torch.rand(count, device=device) < 0.05,
            words=words,
            weight=weigh(target).sqrt(),
        )


class Photographs:
    """Samples of photographs and their renderings.

    Args:
        latents: float16 (V, L, C, 48, 48); those at 0 along L are of the photographs themselves.
        looks: Rows of the table of looks (V, L, 2).
    """

    def __init__(self, latents: Tensor, looks: Tensor) -> None:
        self.latents, self.looks = latents, looks
        self.alone = int((looks[0, :, 1] == NONE).sum())

    def _windows(self, view: Tensor, made: Tensor, top: Tensor, left: Tensor) -> Tensor:
        parts = [
            self.latents[v, m, :, t : t + _WINDOW, s : s + _WINDOW]
            for v, m, t, s in zip(
                view.tolist(), made.tolist(), top.tolist(), left.tolist(), strict=True
            )
        ]
        return torch.stack(parts).float()

    def draw(self, count: int) -> Batch:
        """Samples at random."""
        views, variants, _, height, width = self.latents.shape
        device = self.latents.device
        view, made = torch.randint(views, (count,)), torch.randint(variants, (count,))
        top = torch.randint(height - _WINDOW + 1, (count,))
        left = torch.randint(width - _WINDOW + 1, (count,))
        chance, kept = torch.rand(count, device=device), torch.rand(count, device=device)
        haze = torch.rand(count, device=device)
        haze = torch.where(kept < 0.4, 0, torch.where(kept < 0.8, 0.5 * haze, haze)) * _RIGHT
        kind = torch.full((count,), int(Guide.PICTURE), device=device)
        kind[chance < 0.1] = int(Guide.NOTHING)
        looks = self.looks[view, made].to(device)
        looks[torch.rand(count, device=device) < 0.12] = NONE
        elsewhere = torch.randint(views, (count,))
        alone = (made < self.alone).to(device)
        return Batch(
            target=self._windows(view, made, top, left),
            guide=self._windows(view, torch.zeros_like(made), top, left),
            haze=haze,
            kind=kind,
            looks=looks,
            seen=self._windows(elsewhere, made, left, top),
            seeing=alone & (torch.rand(count, device=device) < 0.15),
            words=torch.zeros(count, 256, device=device),
            weight=torch.ones(count, device=device),
        )


@dataclass(frozen=True, slots=True)
class Noisy:
    """What a denoiser sees of a batch; fields by row.

    Attributes:
        latents: With noise of some angle (B, C, 16, 16).
        noise: That noise.
        angle: From 0, none of it, to pi/2, noise alone (B,).
        guide: The guide with its own noise (B, C, 16, 16).
        haze: The angle of that (B,).
    """

    latents: Tensor
    noise: Tensor
    angle: Tensor
    guide: Tensor
    haze: Tensor


def disturb(batch: Batch, clean: Tensor) -> Noisy:
    """A batch at random angles, with noise on what it begins with (B, C, 16, 16)."""
    count = len(clean)
    angle = torch.rand(count, device=clean.device)
    # Few steps are taken from a plan, and from far off: what is asked of it near the end is little.
    angle = torch.where(batch.kind == int(Guide.PLAN), angle.sqrt(), angle) * _RIGHT
    angle[torch.rand(count, device=clean.device) < _PURE] = _RIGHT
    cos, sin = _columns(angle)
    noise = torch.randn_like(clean)
    clear, hazy = _columns(batch.haze)
    there = batch.kind != int(Guide.NOTHING)
    guide = (clear * batch.guide + hazy * torch.randn_like(clean)) * there[:, None, None, None]
    return Noisy(cos * clean + sin * noise, noise, angle, guide, batch.haze * there)


def tell(denoiser: Denoiser, batch: Batch) -> Tensor:
    """The vectors of the looks and words that a batch asks for (B, told)."""
    table = functional.pad(denoiser.looks.weight, (0, 0, 0, 1))
    named = batch.looks.clone()
    named[:, 0] = torch.where(named[:, 0] == NONE, len(LOOKS), named[:, 0])
    look = table[named[:, 0]] + table[torch.where(named[:, 1] == NONE, -1, named[:, 1])]
    read = denoiser.reader(batch.seen)
    look = torch.where(batch.seeing[:, None], read.to(look.dtype), look)
    told: Tensor = look + denoiser.words(batch.words)
    return told


def predict(denoiser: Denoiser, batch: Batch, noisy: Noisy, look: Tensor) -> Tensor:
    """The velocities of a batch (B, C, 16, 16), in float32."""
    made: Tensor = denoiser(
        noisy.latents.contiguous(memory_format=torch.channels_last),
        noisy.angle,
        noisy.guide.contiguous(memory_format=torch.channels_last),
        haze=noisy.haze,
        kind=batch.kind,
        look=look,
    )
    return made.float()


def lose(denoiser: Denoiser, batch: Batch) -> Tensor:
    """Mean squared error of the velocities of a batch at random angles, by row (B,)."""
    noisy = disturb(batch, batch.target)
    made = predict(denoiser, batch, noisy, tell(denoiser, batch))
    cos, sin = _columns(noisy.angle)
    wrong = (made - (cos * noisy.noise - sin * batch.target)) ** 2
    mean: Tensor = wrong.mean((1, 2, 3))
    return mean


def _columns(angle: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines (B, 1, 1, 1)."""
    return angle.cos()[:, None, None, None], angle.sin()[:, None, None, None]


@torch.no_grad()
def load_drawings(given: Options) -> Drawings | None:
    """Drawings with their guides; None as long as there is no planner."""
    path = given.out / "planner" / "planner.safetensors"
    if not path.exists():
        return None
    lessons = build_lessons(given)
    early = path.with_name(EARLY)
    planners = [new_planner().to(given.device) for _ in range(2)]
    for planner, weights in zip(planners, (path, early if early.exists() else path), strict=True):
        planner.load_state_dict(load_file(weights, device=given.device))
    made = []
    with Bar("guides", len(lessons.caption)) as bar:
        for number, rows in enumerate(
            torch.split(torch.arange(len(lessons.caption), device=given.device), 512)
        ):
            given.session.check()
            # Every other batch by a planner that knew less: of what it never saw, the finished one
            # draws as hazily as that one does of what it did.
            made.append(plan_guides(planners[number % 2], lessons, rows).half())
            bar.update(int(rows[-1]))
    return Drawings(lessons, torch.cat(made), given.size.styles)


def new_denoiser(given: Options) -> Denoiser:
    """A denoiser that has learnt nothing."""
    return Denoiser(CHANNELS, len(LOOKS), load_basis(given).spread, widths=WIDTHS)


def load_photographs(given: Options) -> Photographs:
    """The views that are learnt from, in every look."""
    latents, looks = load_views(given, "train", "latents")
    return Photographs(latents.to(given.device), looks)


def train_denoiser(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``denoiser/denoiser.safetensors``."""
    torch.manual_seed(6)
    drawings = load_drawings(given)
    photographs = load_photographs(given)
    denoiser = new_denoiser(given).to(given.device)
    denoiser.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    course = Course.of(given, "denoiser", minutes, rate=_RATE, decay=min(given.size.decay, 0.998))
    training = Training(course, denoiser)
    batch = _BATCH if given.device == "cpu" else 512

    def step(share: float) -> dict[str, Tensor]:
        del share
        if drawings is None:
            samples, first = photographs.draw(batch), 0
        else:
            first = round(_DRAWN * batch)
            samples = join([drawings.draw(first), photographs.draw(batch - first)])
        with lower_precision(given.device):
            wrong = lose(denoiser, samples)
        losses = {"loss": (wrong * samples.weight).mean(), "photographs": wrong[first:].mean()}
        if first:
            losses["drawings"] = wrong[:first].mean()
        return losses

    training.run(step)
    save_file(
        {name: weight.contiguous() for name, weight in denoiser.state_dict().items()},
        course.folder / FILE,
    )


if __name__ == "__main__":
    start(__doc__, lambda given: train_denoiser(given, given.minutes))
