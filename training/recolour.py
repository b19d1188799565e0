"""Recolouring and grounds, on the device: affine maps of RGB, and blending over a ground."""

import torch
from torch import Tensor


def ink(colour: Tensor) -> Tensor:
    """Maps that paint everything in one colour each, (N, 3) in 0 to 1 → (N, 3, 4)."""
    return torch.cat([torch.zeros(len(colour), 3, 3).to(colour), colour[:, :, None]], -1)


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
