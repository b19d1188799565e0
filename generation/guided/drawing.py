"""Draws: a guide from words or from a picture, a look, and a walk from noise to a picture.

The walk is that of Song et al. 2021: at every step the predicted velocity gives clean latents and
noise, which are mixed again with less of the noise. With angles for noise levels a step is a turn:
z' = cos(next) picture + sin(next) noise.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise
from math import cos, pi, sin
from typing import Final, Self

import torch
from torch import Generator, Tensor
from torch.nn import functional

from generation.catalogue.looks import CELL, LIGHTS
from generation.guided.checkpoint import Networks
from generation.guided.denoiser import Guide
from generation.tensors.precision import lower_precision

RIGHT: Final = pi / 2
_PARTS: Final = 3
"""Parts along each side whose colours are lent as a whole."""

GRAIN: Final = 4
"""Latents that a side is filled up to a multiple of: the network halves it twice."""

_GRID: Final = 32
"""Pixels that a side is rounded to: a latent's 8, twice halved."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How to walk.

    Attributes:
        strength: 0 gives a picture back that is drawn from, 1 keeps its layout only.
        steps: From noise alone; fewer are taken from a later beginning.
        guidance: How far to go beyond what would be drawn without look and words: 1 is not at all.
            What the network does by itself, 1 or what was distilled, takes half the time.
    """

    strength: float = 0.6
    steps: int = 10
    guidance: float = 2.2

    def count(self, begin: float) -> int:
        """Steps from an angle on; three at least, for a look to show."""
        return max(3, round(self.steps * begin / RIGHT))


@dataclass(frozen=True, slots=True)
class Known:
    """A part of pictures that stays as it is while the rest is drawn.

    Attributes:
        latents: Clean latents of the whole (1, C, h, w).
        drawn: 1 where something is drawn, 0 where it stays (1, 1, h, w).
    """

    latents: Tensor
    drawn: Tensor

    def keep(self, latents: Tensor, noise: Tensor, angle: float) -> Tensor:
        """The latents, with what is known under the noise of an angle where nothing is drawn."""
        known = self.latents * cos(angle) + noise * sin(angle)
        return torch.where(self.drawn > 0, latents, known)


@dataclass(frozen=True, slots=True)
class Request:
    """What some pictures are drawn by, one row each.

    Attributes:
        guide: Clean latents (B, C, h, w); zeros for none.
        kind: Which :class:`Guide` it is.
        look: Vectors of looks (B, told).
        words: Embedding of the text (B, 256), zeros for none.
        haze: Angle of the noise on the guide, 0 to pi/2.
        begin: Angle to begin at: pi/2 is from noise alone.
        known: The part of the pictures that is not drawn, if there is one.
        posed: Whether each picture takes a pose of its own; not in the lattice of pixel art.
    """

    guide: Tensor
    kind: Guide
    look: Tensor
    words: Tensor
    haze: float = 0.0
    begin: float = RIGHT
    known: Known | None = None
    posed: bool = False

    def expand(self, count: int) -> Self:
        """A request of one row for as many pictures."""
        rows = {
            name: getattr(self, name).expand(count, *getattr(self, name).shape[1:])
            for name in ("guide", "look", "words")
        }
        return replace(self, **rows)


def place_strength(strength: float) -> tuple[float, float]:
    """Where a strength of 0 to 1 begins and how hazy it makes the guide, as angles.

    The beginning rises faster than the strength, so that a look shows early; above a half the
    guide is hazed, too, so that the layout loosens.
    """
    begin = RIGHT * min(1.0, 0.15 + 1.15 * strength) ** 0.8
    return begin, RIGHT * max(0.0, 0.9 * (strength - 0.45))


def fit_sides(width: int, height: int, area: int) -> tuple[int, int]:
    """The sides of a picture of about ``area`` pixels in the ratio of another, in whole latents."""
    scale = (area / (width * height)) ** 0.5
    across, down = (max(_GRID, round(side * scale / _GRID) * _GRID) for side in (width, height))
    return across, down


@torch.inference_mode()
def draw_pictures(networks: Networks, request: Request, noise: Tensor, walk: Walk) -> Tensor:
    """Draw.

    Args:
        networks: The model.
        request: What by; it says where to begin, not the walk's strength.
        noise: Unit noise for the beginning (B, C, h, w).
        walk: How.

    Returns:
        Pictures (B, 3, 8h, 8w) in -1 to 1.
    """
    return finish(networks, denoise(networks, request, noise, walk))


def finish(networks: Networks, latents: Tensor, *, exact: bool = False) -> Tensor:
    """Latents (B, C, h, w) → pictures (B, 3, 8h, 8w) in -1 to 1; in float32 where ``exact``."""
    # A copy, since pictures are decoded side by side, and it may hold its weights in bfloat16.
    decoder = deepcopy(networks.decoder).float() if exact else networks.decoder
    with nullcontext() if exact else lower_precision(latents.device):
        # Only what is added: the linear part carries the picture, and bfloat16 would show as bands.
        added = decoder(latents.contiguous(memory_format=torch.channels_last))
    whole: Tensor = networks.latents.decode(latents) + added.float()
    return whole.clamp(-1, 1)


def snap_cells(pictures: Tensor) -> Tensor:
    """Pixel art in its lattice: every cell of pictures (B, 3, H, W) in its mean colour.

    Drawings of it are taught in cells of ``CELL`` pixels; a side that is no multiple of that
    keeps what is left over as it is.
    """
    height, width = (side - side % CELL for side in pictures.shape[-2:])
    means = functional.avg_pool2d(pictures[..., :height, :width], CELL)
    made = pictures.clone()
    made[..., :height, :width] = means.repeat_interleave(CELL, 2).repeat_interleave(CELL, 3)
    return made


def denoise(networks: Networks, request: Request, noise: Tensor, walk: Walk) -> Tensor:
    """The latents (B, C, h, w) at the end of the walk; arguments as of :func:`draw_pictures`."""
    *_, (latents, _) = take_steps(networks, request, noise, walk)
    return latents


def take_steps(
    networks: Networks, request: Request, noise: Tensor, walk: Walk
) -> Iterator[tuple[Tensor, Tensor]]:
    """The walk, a step at a time; arguments as of :func:`draw_pictures`.

    Yields:
        After each step, the noisy latents and the estimate of the clean ones, (B, C, h, w) both.
    """
    begin = request.begin
    # From noise alone nothing of the guide may shine through, not even by rounding.
    pure = begin >= RIGHT - 1e-3
    latents = noise if pure else request.guide * cos(begin) + noise * sin(begin)
    conditional, unconditional = _build_conditioning(networks, request, noise)
    # What was distilled into the network is there without a second pass; the rest is a share of it.
    guidance = walk.guidance / (1.0 if request.kind == Guide.PLAN else networks.guidance)
    for now, after in pairwise(torch.linspace(begin, 0, walk.count(begin) + 1).tolist()):
        velocity = _velocity(networks, latents, now, conditional)
        if guidance != 1:
            without = _velocity(networks, latents, now, unconditional)
            velocity = without + guidance * (velocity - without)
        # Latents and velocity, turned back by the angle, are the two ends of the arc.
        picture = cos(now) * latents - sin(now) * velocity
        noisy = sin(now) * latents + cos(now) * velocity
        latents = cos(after) * picture + sin(after) * noisy
        if request.known is not None:
            # Under the noise of the start, so that what is kept moves along one arc.
            latents = request.known.keep(latents, noise, after)
        yield latents, picture


@dataclass(frozen=True, slots=True)
class _Conditioning:
    """The denoiser's inputs besides latents and angle; shapes as of ``Denoiser.forward``."""

    guide: Tensor
    haze: Tensor
    kind: Tensor
    look: Tensor


def _build_conditioning(
    networks: Networks, request: Request, noise: Tensor
) -> tuple[_Conditioning, _Conditioning]:
    """What was asked for, and the unconditional inputs that guidance moves away from."""
    count, denoiser = len(noise), networks.denoiser
    with lower_precision(noise.device):
        spoken = denoiser.words(request.words).float()
    # The noise on the guide is that of the beginning, turned over: it lies elsewhere, and the same
    # seed draws the same picture.
    guide = request.guide * cos(request.haze) - noise.flip(2, 3) * sin(request.haze)
    if request.kind == Guide.NOTHING:
        guide = torch.zeros_like(guide)
    full = _Conditioning(
        guide=guide.contiguous(memory_format=torch.channels_last),
        haze=torch.full((count,), request.haze, device=noise.device),
        kind=torch.full((count,), int(request.kind), device=noise.device),
        look=request.look + spoken,
    )
    # The guide stays: where things lie is told by it, and guidance is to strengthen the look.
    return full, replace(full, look=denoiser.name_looks([]).expand(count, -1))


def _velocity(
    networks: Networks, latents: Tensor, angle: float, condition: _Conditioning
) -> Tensor:
    """Velocities (B, C, h, w) of latents of that shape at an angle from 0 to pi/2."""
    with lower_precision(latents.device):
        made: Tensor = networks.denoiser(
            latents.contiguous(memory_format=torch.channels_last),
            torch.full((len(latents),), angle, device=latents.device),
            condition.guide,
            haze=condition.haze,
            kind=condition.kind,
            look=condition.look,
        )
    return made


def make_noise(seeds: Sequence[int], shape: tuple[int, int, int]) -> Tensor:
    """Unit noise (B, C, h, w), each row from its own seed and nothing else."""
    # On the CPU, so that a seed is the same noise on every device.
    return torch.stack(
        [torch.randn(shape, generator=Generator("cpu").manual_seed(seed)) for seed in seeds]
    )


@torch.inference_mode()
def name_look(networks: Networks, words: Sequence[str]) -> Tensor:
    """The vector (told,) of looks by their words: means of media, of lights, and their sum.

    Raises:
        ValueError: A word is of no look.
    """
    unknown = [word for word in words if word not in networks.looks]
    if unknown:
        message = f"no look is called {', '.join(unknown)}"
        raise ValueError(message)
    # Light and medium go together and are summed; of two media the mean is meant.
    lights = [networks.looks.index(word) for word in words if word in LIGHTS]
    others = [networks.looks.index(word) for word in words if word not in LIGHTS]
    named = networks.denoiser.name_looks(others or lights)
    if lights and others:
        named = named + networks.denoiser.name_looks(lights)
    return named


@torch.inference_mode()
def read_look(networks: Networks, picture: Tensor) -> Tensor:
    """The vector (1, told) of how a picture (1, 3, H, W) in -1 to 1 looks."""
    with lower_precision(picture.device):
        read: Tensor = networks.denoiser.reader(networks.latents.encode(picture).float())
    return read.float()


@torch.inference_mode()
def restyle(
    networks: Networks, picture: Tensor, look: Tensor, *, seeds: Sequence[int], walk: Walk
) -> Tensor:
    """A picture in another look.

    Args:
        networks: The model.
        picture: (1, 3, H, W) in -1 to 1, sides multiples of 32.
        look: Vector of the look (told,).
        seeds: One for each picture to draw.
        walk: How; with a strength of 0 the picture is given back as it is.

    Returns:
        Pictures (B, 3, H, W) in -1 to 1.
    """
    count = len(seeds)
    # A walk takes three steps at least, which would change it.
    if walk.strength <= 0:
        return picture.expand(count, -1, -1, -1)
    latents = networks.latents.encode(picture)
    begin, haze = place_strength(walk.strength)
    request = Request(
        guide=latents.expand(count, -1, -1, -1),
        kind=Guide.PICTURE,
        look=look.expand(count, -1),
        words=torch.zeros(count, networks.denoiser.words.in_features),
        haze=haze,
        begin=begin,
    )
    _, channels, height, width = latents.shape
    return draw_pictures(networks, request, make_noise(seeds, (channels, height, width)), walk)


@torch.inference_mode()
def plan_request(
    networks: Networks,
    states: Tensor,
    length: Tensor,
    look: Tensor,
    *,
    content: Tensor | None = None,
    style: Tensor | None = None,
) -> Request:
    """A request by words and by embeddings of references.

    Args:
        networks: The model.
        states: Text states (B, tokens, 256).
        length: How many of them are of the text (B,).
        look: Vectors of looks (B, told).
        content: Embeddings of what to show (B, 256).
        style: Embeddings of how to show it (B, 256).

    Raises:
        ValueError: The model is of photographs alone.
    """
    if networks.planner is None:
        message = "this model draws from pictures alone"
        raise ValueError(message)
    # Attention looks back only, so the state of the end has read all of the text.
    end = states[torch.arange(len(states)), length - 1]
    none = torch.zeros_like(end)
    guide = networks.planner(
        states, length, none if content is None else content, none if style is None else style
    )
    return Request(guide=guide, kind=Guide.PLAN, look=look, words=end)


def mix_guides(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Guides (B, C, h, w) between two: the first at a share of 0, the second at 1."""
    return torch.lerp(first, second, share)


def lend_colours(guide: Tensor, other: Tensor, share: float) -> Tensor:
    """A guide (B, C, h, w) with its colours and light, but not its layout, drawn to another's.

    Whole guides mixed would show both layouts through each other; here only their means over large
    parts are mixed.
    """
    size = guide.shape[-2:]
    drift = functional.adaptive_avg_pool2d(mix_guides(guide, other, share) - guide, _PARTS)
    return guide + functional.interpolate(drift, size=size, mode="bilinear")


def fill_up(latents: Tensor) -> Tensor:
    """Latents (B, C, h, w) with their last row and column repeated, up to whole grains."""
    height, width = latents.shape[-2:]
    # Repeated, since zeros would be an edge that is drawn along.
    more = (0, -width % GRAIN, 0, -height % GRAIN)
    return functional.pad(latents, more, mode="replicate") if any(more) else latents


def widen(guide: Tensor, height: int, width: int, ground: Tensor) -> Tensor:
    """A square plan laid in the middle of another ratio, on the ground's latents around it.

    Args:
        guide: A plan (B, C, s, s), s the lesser of the two sides.
        height: Wanted, in latents.
        width: Wanted, in latents.
        ground: Latents of the plain ground (B, C).

    Returns:
        The whole (B, C, height, width).
    """
    least = min(height, width)
    # A copy, since the rows of an expanded tensor share memory and cannot be written to.
    whole = ground[:, :, None, None].expand(-1, -1, height, width).clone()
    top, left = (height - least) // 2, (width - least) // 2
    whole[:, :, top : top + least, left : left + least] = guide
    return whole
