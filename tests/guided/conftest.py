"""Tiny networks, and folders of tiny photographs."""

import numpy as np
import pytest
import torch

from generation.catalogue.looks import LOOKS
from generation.guided.checkpoint import Networks
from generation.guided.denoiser import Denoiser
from generation.guided.latents import PATCH, Decoder, Latents
from generation.guided.planner import Planner
from training.guided.renderings import Picture

CHANNELS = 6


def some_latents(channels: int = CHANNELS) -> Latents:
    """Orthonormal directions at random: the first are the means of the three colours."""
    latents = Latents(channels)
    values = torch.randn(channels, 3 * PATCH * PATCH, generator=torch.Generator().manual_seed(3))
    for colour in range(min(3, channels)):
        values[colour] = 0
        values[colour].view(3, PATCH, PATCH)[colour] = 1
    basis = torch.linalg.qr(values.T).Q.T
    latents.basis.copy_(basis.reshape(channels, 3, PATCH, PATCH))
    latents.scale.copy_(torch.linspace(2, 0.5, channels))
    return latents


def random_weights(module: torch.nn.Module) -> None:
    """Weights that do something also where they begin at zero."""
    for number, weight in enumerate(module.parameters()):
        chance = torch.Generator().manual_seed(number)
        spread = 0.5 / max(weight[0].numel(), 1) ** 0.5 if weight.ndim > 1 else 0.05
        weight.data = torch.randn(weight.shape, generator=chance) * spread


@pytest.fixture(scope="session")
def networks() -> Networks:
    torch.manual_seed(0)
    made = Networks(
        latents=some_latents(),
        decoder=Decoder(CHANNELS, (16, 8, 8)),
        denoiser=Denoiser(CHANNELS, len(LOOKS), widths=(16, 16, 24), depth=(1, 1, 1), told=32),
        looks=LOOKS,
        planner=Planner(CHANNELS, side=4, hidden=64, depth=1, queries=2),
    )
    assert made.planner is not None
    for module in (made.decoder, made.denoiser, made.planner):
        random_weights(module)
        module.requires_grad_(requires_grad=False).eval()
    return made


def scene(seed: int, height: int = 96, width: int = 96) -> Picture:
    """A picture (H, W, 3) in 0 to 1 with areas, edges and a little noise."""
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    picture = np.stack([rows / height, columns / width, (rows + columns) % 40 / 40], -1)
    picture[height // 4 : height // 2, width // 3 : width // 2] = chance.uniform(0, 1, 3)
    picture += 0.02 * chance.standard_normal(picture.shape)
    return np.asarray(np.clip(picture, 0, 1), np.float32)
