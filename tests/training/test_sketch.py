"""The stage that has the denoiser keep to lines."""

from random import Random

import numpy as np
import pytest
import torch

from training.adapters import build_unet
from training.plan import CHANNELS, SIDE, SIZES, WIDTH, WINDOW
from training.samples import plan_samples
from training.sheet import to_images
from training.sketch import Guided, build_adapter, lined, moved
from training.world import World

SIZE = SIZES["tiny"]


def test_things_are_moved_and_their_ground_goes_on(world: World) -> None:
    torch.manual_seed(0)
    samples = plan_samples(world, 40, references=False, seed=1)
    pictures, cover = moved(world, samples, torch.arange(40))
    assert pictures.shape == (40, 3, SIDE, SIDE)
    assert cover.shape == (40, SIDE, SIDE)
    corners = pictures[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    bare = (cover[:, [0, 0, -1, -1], [0, -1, 0, -1]] < 0.01).all(1)
    assert bare.float().mean() > 0.7
    assert torch.allclose(corners[bare], corners[bare][..., :1].expand(-1, -1, 4), atol=1e-4)
    shares = (cover > 0.5).float().mean((1, 2))
    assert shares.std() > 0.02, "not all of one size"
    across = torch.linspace(0, 1, SIDE)
    middles = (cover.sum(1) * across).sum(1) / cover.sum((1, 2))
    assert middles.std() > 0.02, "not all in the middle"


def test_lines_lie_about_the_things(world: World) -> None:
    torch.manual_seed(0)
    samples = plan_samples(world, 12, references=False, seed=2)
    pictures, cover = moved(world, samples, torch.arange(12))
    random, seen = Random(3), 0
    for picture, shape in zip(to_images(pictures), cover.numpy(), strict=True):
        lines = lined(picture, shape, random)
        assert lines.shape == (SIDE, SIDE)
        assert lines.dtype == np.uint8
        rows, columns = np.nonzero(shape > 0.5)
        drawn, beside = np.nonzero(lines > 128)
        if len(drawn):
            seen += 1
            assert rows.min() - 8 <= drawn.min() <= drawn.max() <= rows.max() + 8
            assert columns.min() - 8 <= beside.min() <= beside.max() <= columns.max() + 8
    assert seen >= 9


def test_the_denoiser_stays_and_the_adapter_learns() -> None:
    torch.manual_seed(0)
    guided = Guided(build_unet(SIZE), build_adapter(SIZE))
    learning = {name for name, weight in guided.named_parameters() if weight.requires_grad}
    assert learning == {f"adapter.{name}" for name, _ in guided.adapter.named_parameters()}
    states, noisy = torch.randn(2, WINDOW, WIDTH), torch.randn(2, CHANNELS, 16, 16)
    lines = torch.rand(2, 1, SIDE, SIDE)
    made = guided(noisy, torch.tensor([900, 10]), states, lines)
    assert made.shape == noisy.shape
    made.square().mean().backward()
    assert all(weight.grad is not None for weight in guided.adapter.parameters())


@pytest.mark.parametrize("size", SIZES)
def test_the_adapter_fits_the_denoiser_of_every_size(size: str) -> None:
    with torch.device("meta"):
        features = build_adapter(SIZES[size])(torch.rand(1, 1, SIDE, SIDE))
    widths = [feature.shape[1] for feature in features]
    assert widths == list(SIZES[size].unet)
    assert [feature.shape[-1] for feature in features] == [8, 8, 4]
