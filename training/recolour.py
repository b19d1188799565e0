"""Recolouring and grounds, on the device: affine maps of RGB, and blending over a ground."""

import math

import torch
from torch import Tensor

_TO_YIQ = torch.tensor(
    [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
)
_TO_RGB = torch.linalg.inv(_TO_YIQ)


def hue_rotation(degrees: Tensor) -> Tensor:
    """Maps that turn the hue in YIQ and keep the lightness.

    Args:
        degrees: Angles (N,).

    Returns:
        Affine maps (N, 3, 4) of RGB in 0 to 1: a matrix beside an offset of zero.
    """
    angle = degrees * (math.pi / 180)
    cos, sin, one, zero = angle.cos(), angle.sin(), torch.ones_like(angle), torch.zeros_like(angle)
    turn = torch.stack([one, zero, zero, zero, cos, -sin, zero, sin, cos], -1).view(-1, 3, 3)
    to_yiq, to_rgb = _TO_YIQ.to(degrees.device), _TO_RGB.to(degrees.device)
    return torch.cat([to_rgb @ turn @ to_yiq, torch.zeros(len(degrees), 3, 1).to(degrees)], -1)


def ink(colour: Tensor) -> Tensor:
    """Maps that paint everything in one colour each, (N, 3) in 0 to 1 → (N, 3, 4)."""
    return torch.cat([torch.zeros(len(colour), 3, 3).to(colour), colour[:, :, None]], -1)


def tint(colour: Tensor) -> Tensor:
    """Maps that make light parts take a colour each, (N, 3) in 0 to 1 → (N, 3, 4)."""
    grey = _TO_YIQ[0].to(colour)
    return torch.cat([colour[:, :, None] * grey, torch.zeros(len(colour), 3, 1).to(colour)], -1)


def unchanged(count: int, device: torch.device | str = "cpu") -> Tensor:
    """Maps (count, 3, 4) that leave every colour alone."""
    return torch.eye(3, 4, device=device).repeat(count, 1, 1)


def compose(drawings: Tensor, maps: Tensor, grounds: Tensor) -> Tensor:
    """Recolour drawings and lay them on plain grounds.

    Args:
        drawings: uint8 (N, 4, H, W), with coverage.
        maps: Affine maps (N, 3, 4).
        grounds: Colours (N, 3) in 0 to 1.

    Returns:
        Pictures (N, 3, H, W) in -1 to 1.
    """
    values = drawings.to(torch.float32) / 255
    colour, cover = values[:, :3], values[:, 3:]
    moved = torch.einsum("nij,njhw->nihw", maps[:, :, :3], colour) + maps[:, :, 3, None, None]
    pictures = moved.clamp(0, 1) * cover + grounds[:, :, None, None] * (1 - cover)
    return pictures * 2 - 1
