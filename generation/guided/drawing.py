"""Draws: a guide from words or from a picture, a look, and a walk from noise to a picture.

The walk is that of DDIM (Song and others, 2021): at every step the network tells the picture and
the noise in what it sees, which are then mixed again with less noise. With angles for levels a
step is a turn: z' = cos(next) picture + sin(next) noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi
from typing import Final

import torch
from torch import Generator, Tensor
from torch.nn import functional

from generation.guided.checkpoint import Networks
from generation.guided.denoiser import Guide

RIGHT: Final = pi / 2
_GRID: Final = 32
"""Pixels that a side is rounded to: a latent's 8, twice halved."""


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
    """

    guide: Tensor
    kind: Guide
    look: Tensor
    words: Tensor
    haze: float = 0.0
    begin: float = RIGHT


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
def draw_pictures(
    networks: Networks,
    request: Request,
    *,
    noise: Tensor,
    steps: int = 10,
    guidance: float = 1.5,
) -> Tensor:
    """Draw.

    Args:
        networks: The model.
        request: What by.
        noise: Unit noise for the beginning (B, C, h, w).
        steps: Of the walk.
        guidance: How far to go beyond what would be drawn without look and words: 1 is not at all,
            which takes half the time.

    Returns:
        Pictures (B, 3, 8h, 8w) in -1 to 1.
    """
    latents = walk(networks, request, noise=noise, steps=steps, guidance=guidance)
    return finish(networks, latents)


def finish(networks: Networks, latents: Tensor) -> Tensor:
    """Latents (B, C, h, w) → pictures (B, 3, 8h, 8w) in -1 to 1."""
    with torch.autocast(latents.device.type, torch.bfloat16):
        added = networks.decoder(latents.contiguous(memory_format=torch.channels_last))
    return (networks.latents.decode(latents) + added.float()).clamp(-1, 1)


def walk(
    networks: Networks, request: Request, *, noise: Tensor, steps: int, guidance: float
) -> Tensor:
    """The latents (B, C, h, w) at the end of the walk; arguments as of :func:`draw_pictures`."""
    if request.begin <= 0:
        return request.guide
    count = len(noise)
    start = request.guide * _cos(request.begin) + noise * _sin(request.begin)
    if request.begin >= RIGHT - 1e-3:
        start = noise
    # The noise on the guide is the noise of the beginning turned over: independent enough, and the
    # same seed draws the same picture.
    hazed = request.guide * _cos(request.haze) - noise.flip(2, 3) * _sin(request.haze)
    if request.kind == Guide.NOTHING:
        hazed = torch.zeros_like(hazed)
    plain = networks.denoiser.name_looks([]).expand(count, -1)
    spoken = request.look + networks.denoiser.words(request.words)
    kinds = torch.full((count,), int(request.kind), device=noise.device)
    haze = torch.full((count,), request.haze, device=noise.device)
    if request.kind == Guide.PLAN:
        # Without words there is no plan either.
        silent = (torch.zeros_like(hazed), torch.zeros_like(kinds), torch.zeros_like(haze))
    else:
        silent = (hazed, kinds, haze)
    told = (hazed, kinds, haze)
    latents = start
    angles = torch.linspace(request.begin, 0, steps + 1).tolist()
    for now, after in zip(angles, angles[1:], strict=False):
        angle = torch.full((count,), now, device=noise.device)
        velocity = _velocity(networks, latents, angle, told, spoken)
        if guidance != 1:
            without = _velocity(networks, latents, angle, silent, plain)
            velocity = without + guidance * (velocity - without)
        picture = _cos(now) * latents - _sin(now) * velocity
        noisy = _sin(now) * latents + _cos(now) * velocity
        latents = _cos(after) * picture + _sin(after) * noisy
    return latents


def _velocity(
    networks: Networks,
    latents: Tensor,
    angle: Tensor,
    told: tuple[Tensor, Tensor, Tensor],
    look: Tensor,
) -> Tensor:
    guide, kind, haze = told
    with torch.autocast(latents.device.type, torch.bfloat16):
        made: Tensor = networks.denoiser(
            latents.contiguous(memory_format=torch.channels_last),
            angle,
            guide.contiguous(memory_format=torch.channels_last),
            haze,
            kind,
            look,
        )
    return made


def _cos(angle: float) -> float:
    return float(torch.tensor(angle, dtype=torch.float64).cos())


def _sin(angle: float) -> float:
    return float(torch.tensor(angle, dtype=torch.float64).sin())


def make_noise(seeds: Sequence[int], shape: tuple[int, int, int]) -> Tensor:
    """Unit noise (B, C, h, w), each row from its own seed and nothing else."""
    return torch.stack(
        [torch.randn(shape, generator=Generator("cpu").manual_seed(seed)) for seed in seeds]
    )


@torch.inference_mode()
def name_look(networks: Networks, words: Sequence[str]) -> Tensor:
    """The vector (told,) of looks by their words: means of media, of lights, and their sum.

    Raises:
        ValueError: A word is of no look.
    """
    return networks.denoiser.name_looks([networks.looks.index(word) for word in words])


@torch.inference_mode()
def read_look(networks: Networks, picture: Tensor) -> Tensor:
    """The vector (1, told) of how a picture (1, 3, H, W) in -1 to 1 looks."""
    read: Tensor = networks.denoiser.reader(networks.latents.encode(picture))
    return read


@torch.inference_mode()
def restyle(
    networks: Networks,
    picture: Tensor,
    look: Tensor,
    *,
    seeds: Sequence[int],
    strength: float = 0.6,
    steps: int = 10,
    guidance: float = 1.5,
) -> Tensor:
    """A picture in another look.

    Args:
        networks: The model.
        picture: (1, 3, H, W) in -1 to 1, sides multiples of 32.
        look: Vector of the look (told,).
        seeds: One for each picture to draw.
        strength: 0 gives the picture back, 1 keeps its layout only.
        steps: Of the walk from noise alone; fewer are taken from a later beginning.
        guidance: As of :func:`draw_pictures`.

    Returns:
        Pictures (B, 3, H, W) in -1 to 1.
    """
    if strength <= 0:
        return picture.expand(len(seeds), -1, -1, -1)
    latents = networks.latents.encode(picture)
    begin, haze = place_strength(strength)
    request = Request(
        guide=latents.expand(len(seeds), -1, -1, -1),
        kind=Guide.PICTURE,
        look=look.expand(len(seeds), -1),
        words=torch.zeros(len(seeds), networks.denoiser.words.in_features),
        haze=haze,
        begin=begin,
    )
    noise = make_noise(seeds, (latents.shape[1], latents.shape[2], latents.shape[3]))
    taken = max(3, round(steps * begin / RIGHT))
    return draw_pictures(networks, request, noise=noise, steps=taken, guidance=guidance)


def widen(request: Request, height: int, width: int, ground: Tensor) -> Request:
    """A square plan laid in the middle of another ratio, on the ground's latents around it.

    Args:
        request: A plan's, (B, C, s, s).
        height: Wanted, in latents.
        width: Wanted, in latents.
        ground: Latents of the plain ground (B, C).
    """
    side = request.guide.shape[-1]
    scale = min(height, width) / side
    guide = request.guide
    if scale != 1:
        guide = functional.interpolate(guide, scale_factor=scale, mode="bilinear")
    whole = ground[:, :, None, None].expand(-1, -1, height, width).clone()
    top, left = (height - guide.shape[2]) // 2, (width - guide.shape[3]) // 2
    whole[:, :, top : top + guide.shape[2], left : left + guide.shape[3]] = guide
    return replace(request, guide=whole)
