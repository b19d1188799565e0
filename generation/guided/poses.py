"""Poses: how each picture turns, sizes and places the thing of a plan, by its own noise.

A plan is one mean picture. Drawn as it is by any noise, four pictures of it would differ in grain
alone; people expect four that differ. What a pose is made of are sums of the noise, each normally
distributed, so that noise which is varied a little changes a pose a little.
"""

from dataclasses import replace
from math import pi
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from generation.guided.drawing import Known, Request
from generation.guided.dyes import find_corners
from generation.guided.latents import PATCH, Latents

_TURN: Final = 5 * pi / 180
"""Deviation of the angle by which a thing is turned, in radians."""

_SIZE: Final = 0.92
"""Mean size of a thing: turned, it still fits where it was."""

_GROWTH: Final = 0.04
"""Deviation of it."""

_SHIFT: Final = 0.015
"""Deviation of a thing's place, in widths of the picture."""

_FARTHEST: Final = 2.0
"""Deviations beyond which nothing is posed."""

_EVEN: Final = 0.12
"""Difference of a plan's corners up to which its ground is of one colour."""

SEEN: Final = 2 / 255
"""Difference from the ground, of values from -1 to 1, from which there is something to draw."""


def pose(request: Request, noise: Tensor, latents: Latents) -> Request:
    """A request for as many pictures as there is noise for, each in its own pose where it says so.

    Args:
        request: Of one row. A plan whose corners differ lies on no ground of one colour, and stays
            as it is.
        noise: What the pictures begin with (B, C, h, w).
        latents: The map between latents and pixels.
    """
    many, plan = request.expand(len(noise)), request.guide
    if not request.posed:
        return many
    corners = find_corners(plan)
    ground = corners.mean((2, 3), keepdim=True)
    uneven = latents.decode(corners) - latents.decode(ground.expand_as(corners))
    if uneven.abs().max() > _EVEN:
        return many
    behind = latents.decode(ground.expand_as(plan))
    apart = (latents.decode(plan) - behind).expand(len(noise), -1, -1, -1)
    height, width = apart.shape[-2:]
    grid = functional.affine_grid(
        place(noise, width / height), list(apart.shape), align_corners=False
    )
    posed = functional.grid_sample(apart, grid, "bicubic", "zeros", align_corners=False)
    drawn = functional.max_pool2d((posed.abs().amax(1, keepdim=True) > SEEN).float(), PATCH)
    guide = torch.where(drawn > 0, latents.encode(posed + behind), ground)
    return replace(many, guide=guide, known=request.known and Known(guide, drawn))


def place(noise: Tensor, ratio: float) -> Tensor:
    """Affine maps (B, 2, 3) from places in the posed pictures to those in the plan's."""
    turned, sized, across, down = _sum_up(noise, 4).unbind(1)
    angle, larger = _TURN * turned, 1 / (_SIZE + _GROWTH * sized)
    cos, sin = angle.cos() * larger, angle.sin() * larger
    # In a picture's own coordinates a width is as long as a height.
    first = torch.stack([cos, -sin / ratio, 2 * _SHIFT * across], 1)
    second = torch.stack([sin * ratio, cos, 2 * _SHIFT * down], 1)
    return torch.stack([first, second], 1)


def _sum_up(noise: Tensor, count: int) -> Tensor:
    """Standard normal values (B, count) of noise (B, C, h, w), each of channels of its own."""
    parts = noise[:, : noise.shape[1] // count * count].reshape(len(noise), count, -1)
    sums: Tensor = parts.sum(2) / parts.shape[2] ** 0.5
    return sums.clamp(-_FARTHEST, _FARTHEST)
