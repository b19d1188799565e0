"""Painted masks: what comes through the door, and what does not."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from generation.untrusted.clean import BrokenImageError, ImageTooLargeError, NotAnImageError
from generation.untrusted.masks import LIMITS, SIDE, NothingPaintedError, clean_mask
from tests.generation.samples import encoded

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def decoded(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


@given(arrays.arrays(np.bool_, SHAPES).filter(np.any))
def test_a_mask_comes_back_as_it_was_painted(shape: np.ndarray) -> None:
    data = encoded(Image.fromarray((shape * 255).astype(np.uint8)))
    mask = decoded(clean_mask(data))
    assert mask.mode == "1"
    assert np.array_equal(np.asarray(mask), shape)
    assert clean_mask(clean_mask(data)) == clean_mask(data)


@given(arrays.arrays(np.uint8, SHAPES).filter(lambda levels: levels.max() > 127))
def test_grey_becomes_black_or_white(levels: np.ndarray) -> None:
    mask = decoded(clean_mask(encoded(Image.fromarray(levels))))
    assert np.array_equal(np.asarray(mask), levels > 127)


def test_a_large_mask_is_made_smaller_and_keeps_its_shape() -> None:
    large = Image.new("L", (2000, 1000))
    large.paste(255, (500, 250, 1500, 750))
    mask = decoded(clean_mask(encoded(large)))
    assert mask.size == (SIDE, SIDE // 2)
    assert mask.getbbox() == pytest.approx((128, 64, 384, 192), abs=1)


@pytest.mark.parametrize("size", [(1, 1), (300, 200)])
def test_nothing_painted_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(NothingPaintedError):
        clean_mask(encoded(Image.new("L", size)))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NotAnImageError),
        (b"<svg onload=alert(1)>", NotAnImageError),
        (encoded(Image.new("L", (64, 64), 255))[:60], BrokenImageError),
        (b"\x89PNG" + bytes(LIMITS.max_bytes), ImageTooLargeError),
        (encoded(Image.new("1", (4096, 4096), 1)), ImageTooLargeError),
    ],
    ids=["empty", "other", "cut short", "bytes", "pixels"],
)
def test_what_is_no_mask_is_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        clean_mask(data)
