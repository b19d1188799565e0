from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from generation.tensors.overlap import apply_in_tiles, halve_down, place_tiles


@given(st.integers(1, 400), st.integers(2, 64), st.data())
def test_spans_cover_everything_and_share_enough(length: int, side: int, data: Any) -> None:
    overlap = data.draw(st.integers(0, side - 1))
    starts = place_tiles(length, side, overlap)
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    if length > side:
        assert starts[-1] == length - side
        assert all(b - a <= side - overlap for a, b in pairwise(starts))
        assert len(starts) == -(-(length - overlap) // (side - overlap)), "as few as can be"


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 2, 4]), st.integers(16, 40))
def test_what_looks_at_single_places_is_the_same_in_patches(
    height: int, width: int, times: int, side: int
) -> None:
    whole = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(height))

    def work(seen: Tensor) -> Tensor:
        return functional.interpolate(seen, scale_factor=times) * 2 + 1

    made = apply_in_tiles(work, whole, side, overlap=side // 2, margin=side // 8)
    assert torch.allclose(made, work(whole), atol=1e-5)


def test_what_looks_less_far_than_the_margin_shows_no_seam() -> None:
    torch.manual_seed(0)
    whole, kernel = torch.rand(1, 1, 90, 130), torch.rand(1, 1, 9, 9) / 81

    def work(seen: Tensor) -> Tensor:
        return functional.conv2d(seen, kernel, padding=4)

    made = apply_in_tiles(work, whole, 48, overlap=24, margin=6)
    assert (made - work(whole)).abs().max() < 1e-3
    hard = apply_in_tiles(work, whole, 48, overlap=1)
    assert (hard - work(whole)).abs().max() > 0.1, "a seam would be seen by this test"


def test_no_square_is_larger_than_asked_for_and_progress_is_told() -> None:
    sizes: list[tuple[int, ...]] = []
    told: list[tuple[int, int]] = []

    def work(seen: Tensor) -> Tensor:
        sizes.append(tuple(seen.shape[-2:]))
        return seen

    apply_in_tiles(
        work, torch.zeros(1, 1, 100, 30), 32, overlap=8, done=lambda *now: told.append(now)
    )
    assert set(sizes) == {(32, 30)}
    assert told == [(k, 4) for k in range(1, 5)]


def test_whatever_hears_of_progress_may_end_it() -> None:
    def stop(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_in_tiles(lambda seen: seen, torch.zeros(1, 1, 64, 64), 16, overlap=4, done=stop)


def test_sides_to_try_fall_by_half() -> None:
    assert list(halve_down(256, 64)) == [256, 128, 64]
    assert list(halve_down(32, 64)) == []
