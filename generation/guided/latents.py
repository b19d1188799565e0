"""Latents by a fixed linear map, and the small network that turns them back into pictures.

A picture is cut into squares of 8x8 pixels; a latent holds the first principal components of each
(Pearson, 1901), partly whitened: coarse ones keep more of their energy than fine ones, so that an
error counts about as much as it is seen. The encoder has nothing to learn, and any picture whose
sides are multiples of 8 has latents: drawings, pixel art and photographs alike.
"""

from typing import Final

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

PATCH: Final = 8
"""Side in pixels of what one latent stands for."""


class Latents(nn.Module):
    """The linear encoder, and its transpose.

    Attributes:
        basis: Principal directions of a square's values (C, 3, 8, 8), orthonormal.
        mean: Mean square (3, 8, 8).
        scale: What each component is divided by (C,).
        spread: Variance of each scaled component over pictures (C,).
    """

    basis: Tensor
    mean: Tensor
    scale: Tensor
    spread: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        # Buffers: measured once, stored with the weights and never trained.
        self.register_buffer("basis", torch.zeros(channels, 3, PATCH, PATCH))
        self.register_buffer("mean", torch.zeros(3, PATCH, PATCH))
        self.register_buffer("scale", torch.ones(channels))
        self.register_buffer("spread", torch.ones(channels))

    @property
    def channels(self) -> int:
        """Components that are kept, C."""
        return len(self.scale)

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in -1 to 1 → latents (B, C, H/8, W/8), in about -5 to 5."""
        # The mean is taken off as the convolution's bias, without a copy of the pictures.
        offset = (self.basis * self.mean).sum((1, 2, 3))
        found = functional.conv2d(pictures, self.basis, -offset, stride=PATCH)
        return found / self.scale[:, None, None]

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (B, C, h, w) → what the kept components say, (B, 3, 8h, 8w) in about -1 to 1."""
        scaled = latents * self.scale[:, None, None]
        made = functional.conv_transpose2d(scaled, self.basis, stride=PATCH)
        return made + self.mean.repeat(1, *latents.shape[-2:])


class Residual(nn.Module):
    """Two convolutions that add to what they read; no normalisation, which is slow on a CPU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, W, h, w) → the same shape."""
        added: Tensor = self.second(functional.silu(self.first(functional.silu(x))))
        return x + added


class Decoder(nn.Module):
    """What the linear map lost, added again: crisp edges where the latents tell of an edge.

    Works at an eighth, a quarter and half of the picture's size, never at its full one.

    Args:
        channels: Of the latents.
        widths: Features at an eighth, a quarter and half of the size.
    """

    def __init__(self, channels: int, widths: tuple[int, int, int] = (192, 96, 48)) -> None:
        super().__init__()
        coarse, middle, fine = widths
        self.enter = nn.Conv2d(channels, coarse, 3, padding=1)
        self.coarse = nn.Sequential(Residual(coarse), Residual(coarse), Residual(coarse))
        self.to_middle = nn.Conv2d(coarse, 4 * middle, 1)
        self.middle = nn.Sequential(Residual(middle), Residual(middle))
        self.to_fine = nn.Conv2d(middle, 4 * fine, 1)
        self.fine = Residual(fine)
        # Three colours of two by two pixels, so that nothing is computed at the full size.
        self.leave = nn.Conv2d(fine, 12, 3, padding=1)
        # Training begins at the linear decoding alone.
        nn.init.zeros_(self.leave.weight)

    def forward(self, latents: Tensor) -> Tensor:
        """Latents (B, C, h, w) → what to add to the linear decoding (B, 3, 8h, 8w)."""
        x = self.coarse(self.enter(latents))
        x = self.middle(functional.pixel_shuffle(self.to_middle(x), 2))
        x = self.fine(functional.pixel_shuffle(self.to_fine(x), 2))
        added: Tensor = functional.pixel_shuffle(self.leave(functional.silu(x)), 2)
        return added


def shrink(picture: Image.Image, side: int) -> Image.Image:
    """A picture of about ``side`` squared pixels, in whole latents, for its look to be read."""
    scale = side / (picture.width * picture.height) ** 0.5
    size = [max(1, round(length * scale / PATCH)) * PATCH for length in picture.size]
    return picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)
