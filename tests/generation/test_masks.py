"""Painted masks: what comes through the door, and what does not."""

import io
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from generation.untrusted.image_errors import (
    BrokenImageError,
    ImageTooLargeError,
    MaskMisfitError,
    NotAnImageError,
    NothingPaintedError,
)
from generation.untrusted.masks import LIMITS, SIDE, clean_mask
from tests.generation.samples import encoded

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def decoded(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


@given(arrays.arrays(np.bool_, SHAPES).filter(np.any))
def test_a_mask_comes_back_as_it_was_painted(shape: np.ndarray) -> None:
    data = encoded(Image.fromarray((shape * 255).astype(np.uint8)))
    size = shape.shape[1], shape.shape[0]
    mask = decoded(clean_mask(data, size))
    assert mask.mode == "1"
    assert np.array_equal(np.asarray(mask), shape)
    assert clean_mask(clean_mask(data, size), size) == clean_mask(data, size)


@given(arrays.arrays(np.uint8, SHAPES).filter(lambda levels: levels.max() > 127))
def test_grey_becomes_black_or_white(levels: np.ndarray) -> None:
    size = levels.shape[1], levels.shape[0]
    mask = decoded(clean_mask(encoded(Image.fromarray(levels)), size))
    assert np.array_equal(np.asarray(mask), levels > 127)


def test_a_large_mask_is_made_smaller_and_keeps_its_shape() -> None:
    large = Image.new("L", (2000, 1000))
    large.paste(255, (500, 250, 1500, 750))
    mask = decoded(clean_mask(encoded(large), large.size))
    assert mask.size == (SIDE, SIDE // 2)
    assert mask.getbbox() == pytest.approx((128, 64, 384, 192), abs=1)


@pytest.mark.parametrize("size", [(1, 1), (300, 200)])
def test_nothing_painted_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(NothingPaintedError):
        clean_mask(encoded(Image.new("L", size)), size)


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
        clean_mask(data, (64, 64))


def as_the_page_sends_it(width: int, height: int) -> tuple[int, int]:
    """The size of the mask that a browser makes of a picture, through each of its roundings."""
    for longest, rounded in ((1280, round), (1024, round), (SIDE, math.ceil)):
        scale = min(1, longest / max(width, height))
        width, height = (max(1, rounded(side * scale)) for side in (width, height))
    return width, height


SIDES = st.integers(64, 4096)


@given(SIDES, SIDES)
def test_what_the_page_sends_fits_every_picture(width: int, height: int) -> None:
    assume(max(width, height) <= 14 * min(width, height))
    painted = Image.new("1", as_the_page_sends_it(width, height), 1)
    assert decoded(clean_mask(encoded(painted), (width, height))).getbbox()


@pytest.mark.parametrize(
    "size", [(1, 1), (255, 255), (512, 500), (500, 512), (1024, 512), (2048, 41)]
)
def test_what_was_painted_over_something_else_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(MaskMisfitError):
        clean_mask(encoded(Image.new("1", size, 1)), (1024, 1024))
