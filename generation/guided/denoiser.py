"""The denoiser: one fully convolutional network that draws by a guide and a look.

Its inputs are noisy latents, the guide, the guide's noise level (its haze) and kind, and the vector
of a look. It has no normalisation and no attention: the guide tells where things are, so that all
else is local, and pictures of any size and ratio can be drawn.

The noise level is an angle: z = cos(angle) x + sin(angle) noise, from 0 (the picture) to a right
angle (noise alone: a zero terminal signal-to-noise ratio). The network predicts the velocity
dz/d(angle) = cos(angle) noise - sin(angle) x (Salimans and Ho, 2022).
"""

from enum import IntEnum
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

_WAVES: Final = 32


class Guide(IntEnum):
    """Where a guide comes from: nowhere, the planner or a picture."""

    NOTHING = 0
    PLAN = 1
    PICTURE = 2


class _Step(nn.Module):
    """Two convolutions, between which time, guide and look scale and shift the features."""

    def __init__(self, width: int, told: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.told = nn.Linear(told, 2 * width)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        # A step begins by adding nothing, so that a deep stack trains from the start.
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """Features (B, W, h, w) and conditioning (B, told) → features of the same shape."""
        scale, shift = self.told(told)[:, :, None, None].chunk(2, 1)
        inner = self.first(functional.silu(x)) * (1 + scale) + shift
        added: Tensor = self.second(functional.silu(inner))
        return x + added


class LookReader(nn.Module):
    """Reads how a picture looks: statistics of its small features, wherever they lie.

    Args:
        channels: Of the latents.
        width: Of the vector of a look.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        # Of points and of their surroundings, as colour is of the one and texture of the other.
        self.near = nn.Conv2d(channels, 96, 1)
        self.around = nn.Conv2d(96, 128, 3, padding=1)
        self.leave = nn.Sequential(nn.Linear(448, 384), nn.SiLU(), nn.Linear(384, width))

    def forward(self, latents: Tensor) -> Tensor:
        """Latents (B, C, h, w) of any size → vectors of looks (B, width)."""
        near = functional.silu(self.near(latents))
        around = functional.silu(self.around(near))
        traits = torch.cat([near, around], 1)
        # Biased, as one latent has no other variance; and no root of 0, whose slope is infinite.
        mean, spread = traits.mean((2, 3)), traits.var((2, 3), unbiased=False)
        read: Tensor = self.leave(torch.cat([mean, (spread + 1e-4).sqrt()], 1))
        return read


class Denoiser(nn.Module):
    """The network.

    Args:
        channels: Of the latents.
        looks: How many looks have a word; one more row stands for none.
        spread: Variance of each channel of the latents (C,).
        widths: Features at the latents' size, at half and at a quarter of it.
        depth: Steps at each size, on the way down and on the way up.
        told: Width of the conditioning vector, of noise levels, kind of guide and look.
        words: Width of the embedding of a text.
    """

    spread: Tensor

    def __init__(
        self,
        channels: int,
        looks: int,
        spread: Tensor | None = None,
        *,
        widths: tuple[int, int, int] = (128, 192, 256),
        depth: tuple[int, int, int] = (2, 2, 2),
        told: int = 384,
        words: int = 256,
    ) -> None:
        super().__init__()
        # A buffer: stored with the weights, since the guess below depends on it, and never trained.
        self.register_buffer("spread", torch.ones(channels) if spread is None else spread.clone())
        self.looks = nn.Embedding(looks + 1, told)
        self.reader = LookReader(channels, told)
        self.words = nn.Linear(words, told, bias=False)
        self.kinds = nn.Embedding(len(Guide), told)
        self.levels = nn.Linear(4 * _WAVES, told)
        self.told = nn.Sequential(nn.SiLU(), nn.Linear(told, told), nn.SiLU())
        fine, middle, coarse = widths
        self.widths, self.depth = widths, depth
        self.enter = nn.Conv2d(2 * channels, fine, 3, padding=1)
        self.down = nn.ModuleList(
            nn.ModuleList(_Step(width, told) for _ in range(count))
            for width, count in zip(widths, depth, strict=True)
        )
        self.shrink = nn.ModuleList(
            [nn.Conv2d(fine, middle, 2, stride=2), nn.Conv2d(middle, coarse, 2, stride=2)]
        )
        # Enlarged by pixel shuffle after a 1x1 convolution, all of it computed at the smaller size.
        self.grow = nn.ModuleList(
            [nn.Conv2d(coarse, 4 * middle, 1), nn.Conv2d(middle, 4 * fine, 1)]
        )
        self.join = nn.ModuleList([nn.Conv2d(2 * middle, middle, 1), nn.Conv2d(2 * fine, fine, 1)])
        self.up = nn.ModuleList(
            nn.ModuleList(_Step(width, told) for _ in range(count))
            for width, count in ((middle, depth[1]), (fine, depth[0]))
        )
        self.leave = nn.Conv2d(fine, channels, 3, padding=1)
        # Training begins at the best linear guess: see _guess.
        nn.init.zeros_(self.leave.weight)
        nn.init.normal_(self.looks.weight, std=0.5)

    def name_looks(self, rows: list[int]) -> Tensor:
        """The mean vector (told,) of looks that have words; that of none if there are none."""
        none = self.looks.num_embeddings - 1
        chosen = torch.tensor(rows or [none], device=self.looks.weight.device)
        vectors: Tensor = self.looks(chosen)
        return vectors.mean(0)

    def forward(
        self,
        noisy: Tensor,
        angle: Tensor,
        guide: Tensor,
        *,
        haze: Tensor,
        kind: Tensor,
        look: Tensor,
    ) -> Tensor:
        """Velocities.

        Args:
            noisy: Noisy latents (B, C, h, w); h and w are multiples of 4.
            angle: How noisy, 0 to pi/2 (B,).
            guide: Guide, mixed with noise as far as its haze says (B, C, h, w); zeros for none.
            haze: How noisy the guide is, 0 to pi/2 (B,).
            kind: Of which :class:`Guide` it is (B,).
            look: How it is to look (B, told), as of :meth:`name_looks` or the reader.

        Returns:
            Velocities (B, C, h, w).
        """
        told = self.levels(torch.cat([_waves(angle), _waves(haze)], 1)) + self.kinds(kind) + look
        told = self.told(told)
        x = self.enter(torch.cat([noisy, guide], 1))
        kept = []
        for level, steps in enumerate(self.down):
            for step in steps:  # type: ignore[attr-defined]
                x = step(x, told)
            if level < len(self.shrink):
                kept.append(x)
                x = self.shrink[level](x)
        for level, steps in enumerate(self.up):
            x = functional.pixel_shuffle(self.grow[level](x), 2)
            x = self.join[level](torch.cat([x, kept.pop()], 1))
            for step in steps:  # type: ignore[attr-defined]
                x = step(x, told)
        made: Tensor = self.leave(functional.silu(x))
        # The guess is in float32, and autocast must not round it with the network's part.
        return made.float() + self._guess(noisy, angle)

    def _guess(self, noisy: Tensor, angle: Tensor) -> Tensor:
        """The best velocity that is linear in the noisy latents; the network adds what it lacks."""
        # From the means of picture and noise given z, both Gaussian, of variance spread and 1.
        cos, sin = angle.cos()[:, None], angle.sin()[:, None]
        share = sin * cos * (1 - self.spread) / (cos**2 * self.spread + sin**2)
        return share[:, :, None, None] * noisy


def _waves(angle: Tensor) -> Tensor:
    """Sines and cosines of angles at many paces, (B,) → (B, 64)."""
    # From 1 to 90: the slowest wave rises over the whole range, the quickest is below a step.
    paces = torch.exp(torch.linspace(0, 4.5, _WAVES, device=angle.device))
    # In float32, as the eight bits of bfloat16 are too few for 90 times an angle.
    turned = angle[:, None].float() * paces
    return torch.cat([turned.sin(), turned.cos()], 1)
