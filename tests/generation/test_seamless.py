"""Enlarging what has no edges, and bringing out its detail."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.controls.seams import measure_edge_excess, measure_edge_steps
from generation.pictures.detail import bring_out
from generation.pictures.tiling import MARGIN, enlarge_seamless


def waves(width: int = 64, height: int = 48) -> Image.Image:
    """A picture whose opposite edges meet: whole waves across and down."""
    across = np.sin(2 * np.pi * np.arange(width) / width)[None, :, None]
    down = np.cos(2 * np.pi * np.arange(height) / height)[:, None, None]
    levels = 128 + 60 * across + 60 * down + np.zeros((1, 1, 3))
    return Image.fromarray(levels.round().astype(np.uint8))


def slope(width: int = 64, height: int = 48) -> Image.Image:
    """A picture whose left and right edges are black and white."""
    levels = np.linspace(0, 255, width)[None, :, None] + np.zeros((height, 1, 3))
    return Image.fromarray(levels.round().astype(np.uint8))


def doubled(picture: Image.Image) -> Image.Image:
    return picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.LANCZOS)


def rolled(picture: Image.Image, across: int, down: int) -> Image.Image:
    return Image.fromarray(np.roll(np.asarray(picture), (down, across), (0, 1)))


def test_edges_that_meet_show_no_seam_and_others_do() -> None:
    assert measure_edge_excess(waves()) < 0.1
    across, between = measure_edge_steps(slope())
    assert across == pytest.approx(255 / 2, abs=1)
    assert between < 4


@pytest.mark.parametrize("larger", [doubled, partial(bring_out, amount=0.5)])
@given(st.integers(0, 63), st.integers(0, 47))
def test_it_does_not_matter_where_a_tile_is_cut(
    larger: partial[Image.Image], across: int, down: int
) -> None:
    there = enlarge_seamless(rolled(slope(), across, down), larger)
    factor = there.width // 64
    here = rolled(enlarge_seamless(slope(), larger), across * factor, down * factor)
    far = np.abs(np.asarray(here, int) - np.asarray(there, int))
    assert far.max() <= 1


def test_a_picture_smaller_than_the_margin_is_enlarged_too() -> None:
    assert MARGIN > 8
    assert enlarge_seamless(waves(8, 6), doubled).size == (16, 12)


class TestDetail:
    def test_none_is_the_picture_itself(self) -> None:
        picture = slope()
        assert bring_out(picture, 0.0) is picture

    def test_flat_ground_stays_as_it_is(self) -> None:
        flat = Image.new("RGB", (64, 48), (90, 140, 30))
        assert bring_out(flat, 1.0).tobytes() == flat.tobytes()

    def test_more_brings_out_more(self) -> None:
        picture = waves()
        contrasts = [np.asarray(bring_out(picture, a), float).std() for a in (0, 0.25, 0.5, 1)]
        assert contrasts == sorted(set(contrasts))
