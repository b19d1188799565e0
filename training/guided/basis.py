"""Stage: fit the fixed linear latents, half on drawings, half on photographs and renderings."""

from random import Random
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from generation.guided.latents import PATCH, Latents
from training.guided.photographs import read_photographs
from training.guided.renderings import LIGHTS, MEDIA, Picture
from training.guided.views import cut_views
from training.plan import Options, start
from training.samples import grounds_of, plan_samples
from training.world import load_world

CHANNELS: Final = 24
_DRAWN: Final = 3000
_EVENNESS: Final = 0.45
"""Components keep their deviation to this power: 1 leaves them alone, 0 whitens them."""


def fit_basis(given: Options) -> None:
    """Write ``basis/latents.safetensors``."""
    torch.manual_seed(1)
    drawn = _squares(_drawings(given))
    photographed = _squares(_photographs(given))
    count = min(len(drawn), len(photographed))
    values = torch.cat([part[torch.randperm(len(part))[:count]] for part in (drawn, photographed)])
    mean = values.mean(0)
    powers, directions = torch.linalg.eigh((values - mean).T @ (values - mean) / len(values))
    kept = directions[:, -CHANNELS:].flip(1).T.contiguous()
    deviation = powers[-CHANNELS:].flip(0).sqrt()
    scaled = deviation**_EVENNESS
    latents = Latents(CHANNELS)
    latents.basis.copy_(kept.view(CHANNELS, 3, PATCH, PATCH))
    latents.mean.copy_(mean.view(3, PATCH, PATCH))
    latents.spread.copy_(scaled**2 / (scaled**2).mean())
    latents.scale.copy_(deviation / latents.spread.sqrt())
    save_file(latents.state_dict(), given.folder("basis") / "latents.safetensors")
    share = powers[-CHANNELS:].sum() / powers.sum()
    print(f"{CHANNELS} components keep {share:.1%} of the variance")


def load_basis(given: Options) -> Latents:
    """The fitted latents, on the CPU."""
    weights = load_file(given.folder("basis") / "latents.safetensors")
    latents = Latents(len(weights["scale"]))
    latents.load_state_dict(weights)
    return latents


def _squares(pictures: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) → their squares (M, 192)."""
    cut = pictures.unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH)
    return cut.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3 * PATCH * PATCH)


def _drawings(given: Options) -> Tensor:
    world = load_world(given)
    samples = plan_samples(world, _DRAWN, references=False, seed=31)
    return world.render(samples.look, grounds_of(samples.ground)).cpu()


def _photographs(given: Options) -> Tensor:
    random, chance = Random(3), np.random.default_rng(3)
    made: list[Picture] = []
    rendered = list({**MEDIA, **LIGHTS}.values())
    for number, view in enumerate(cut_views(read_photographs(given, "train"), random)):
        made.append(view)
        if number % 4 == 0:
            made.append(random.choice(rendered)(view, chance))
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2) * 2 - 1


if __name__ == "__main__":
    start(__doc__, fit_basis)
