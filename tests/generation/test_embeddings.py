from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from generation.conditioning.spherical import spherical_mean
from generation.sampling.noise import slerp


@st.composite
def families(draw: Any, least: int = 2) -> tuple[Tensor, Tensor]:
    """Embeddings as alike as those of images are, and weights."""
    count = draw(st.integers(least, 5))
    source = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    common = torch.randn(1, 24, generator=source, dtype=torch.float64)
    own = torch.randn(count, 24, generator=source, dtype=torch.float64)
    weights = draw(st.lists(st.floats(0.01, 100), min_size=count, max_size=count))
    return common + draw(st.floats(0.1, 1.2)) * own, torch.tensor(weights, dtype=torch.float64)


def angles(points: Tensor, to: Tensor) -> Tensor:
    return torch.nn.functional.cosine_similarity(points, to[None]).clamp(-1, 1).acos()


@given(families(), st.randoms())
def test_the_order_does_not_matter(given_: tuple[Tensor, Tensor], random: Any) -> None:
    points, weights = given_
    order = list(range(len(points)))
    random.shuffle(order)
    turned = spherical_mean(points[order], weights[order])
    assert torch.allclose(turned, spherical_mean(points, weights), atol=1e-6)


@given(families(), st.floats(0.001, 1000))
def test_only_the_ratio_of_weights_counts(given_: tuple[Tensor, Tensor], factor: float) -> None:
    points, weights = given_
    scaled = spherical_mean(points, weights * factor)
    assert torch.allclose(scaled, spherical_mean(points, weights), atol=1e-6)


@given(families())
def test_it_is_as_long_as_the_embeddings_are_on_average(given_: tuple[Tensor, Tensor]) -> None:
    points, weights = given_
    wanted = (weights / weights.sum()) @ points.norm(dim=1)
    assert float(spherical_mean(points, weights).norm()) == pytest.approx(float(wanted))


@given(families())
def test_nothing_near_it_is_nearer_to_all(given_: tuple[Tensor, Tensor]) -> None:
    points, weights = given_

    def spread(at: Tensor) -> float:
        return float((weights / weights.sum()) @ angles(points, at).square())

    mean = spherical_mean(points, weights)
    source = torch.Generator().manual_seed(1)
    for _ in range(8):
        aside = torch.randn(mean.shape, generator=source, dtype=mean.dtype)
        assert spread(mean) <= spread(mean + 0.01 * mean.norm() * aside / aside.norm()) + 1e-12


@given(families(), st.floats(0.01, 0.99))
def test_of_two_it_is_where_slerp_ends(given_: tuple[Tensor, Tensor], share: float) -> None:
    pair = torch.nn.functional.normalize(given_[0][:2])
    mean = spherical_mean(pair, torch.tensor([1 - share, share]))
    assert torch.allclose(mean, slerp(pair[0], pair[1], share), atol=1e-5)


@given(families())
def test_more_weight_draws_it_nearer(given_: tuple[Tensor, Tensor]) -> None:
    points, weights = given_
    near = []
    for factor in (1, 2, 4, 8):
        heavier = torch.cat([weights[:1] * factor, weights[1:]])
        near.append(float(angles(points[:1], spherical_mean(points, heavier))))
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(near))
    assert near[-1] < near[0]


@given(families(least=1))
def test_one_image_twice_is_that_image(given_: tuple[Tensor, Tensor]) -> None:
    point = given_[0][:1]
    mean = spherical_mean(torch.cat([point, point]), torch.tensor([1.0, 3.0]))
    assert torch.allclose(mean, point[0], atol=1e-6)


def test_of_opposites_it_is_the_heaviest() -> None:
    points = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    assert torch.equal(spherical_mean(points, torch.tensor([1.0, 1.0])), points[0])
