"""The one thing before a plain ground, told by its colours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from generation.pictures.figure import find_figure, frame_box, grow
from tests.photographs import PHOTOGRAPHS

GROUNDS = st.tuples(*[st.integers(0, 255)] * 3)


def draw(ground: tuple[int, ...], box: tuple[int, ...], colour: tuple[int, ...]) -> Image.Image:
    picture = Image.new("RGB", (200, 160), ground)
    ImageDraw.Draw(picture).rectangle(box, fill=colour)
    return picture


@given(GROUNDS, st.integers(10, 90), st.integers(10, 70))
def test_a_thing_is_found_before_any_ground(ground: tuple[int, ...], left: int, top: int) -> None:
    other = tuple(255 - level if abs(level - 127) > 40 else 0 for level in ground)
    picture = draw(ground, (left, top, left + 80, top + 60), other)
    # What is enclosed belongs to it, of whatever colour.
    ImageDraw.Draw(picture).ellipse((left + 20, top + 20, left + 40, top + 40), fill=ground)
    found = find_figure(picture)
    assert found
    assert found.mask.resize(picture.size).getbbox() == (left, top, left + 81, top + 61)
    assert np.asarray(found.mask).sum() // 255 == 81 * 61


def test_specks_are_no_figure_and_fine_parts_belong_to_it() -> None:
    picture = draw((250, 250, 250), (60, 60, 120, 120), (200, 30, 30))
    brush = ImageDraw.Draw(picture)
    brush.rectangle((4, 4, 7, 7), fill=(30, 30, 30))
    brush.line((120, 90, 170, 90), fill=(30, 30, 30))
    found = find_figure(picture)
    assert found
    assert found.mask.getbbox() == (60, 60, 171, 121)
    assert found.ground == "white"


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda one: one.file)
def test_a_photograph_has_no_plain_ground(photograph: object) -> None:
    with Image.open(photograph.path) as picture:  # type: ignore[attr-defined]
        assert find_figure(picture.convert("RGB")) is None


def test_nothing_is_found_where_there_is_nothing() -> None:
    assert find_figure(Image.new("RGB", (64, 64), "blue")) is None


def test_masks_grow_and_are_framed() -> None:
    mask = Image.new("L", (100, 50), 0)
    mask.paste(255, (40, 20, 60, 30))
    assert grow(mask, 0.05).getbbox() == (35, 15, 65, 35)
    assert grow(mask, -0.02).getbbox() == (42, 22, 58, 28)
    assert frame_box(mask, 0.2).getbbox() == (38, 19, 62, 31)
    assert frame_box(Image.new("L", (9, 9), 0), 0.2).getbbox() is None
