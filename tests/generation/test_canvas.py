"""Frames around pictures, and what is drawn joined to what is kept."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

from generation.pictures.canvas import frame, join, place_picture
from generation.recipe import Canvas, Edges, Region
from tests.generation.samples import photograph
from tests.generation.strategies import canvases

SIZES = st.tuples(st.integers(16, 96), st.integers(16, 96))


def noise(size: tuple[int, int], seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(pixels)


SLIVER = Canvas(
    image="0" * 64,
    edges=Edges(left=0, right=2, top=0, bottom=0),
    regions=(Region(left=0.375, top=0, right=0.5, bottom=1),),
)
"""A part of a picture so narrow in its frame that it is less than a pixel."""


@given(canvases, SIZES, SIZES)
@example(SLIVER, (16, 16), (16, 16))
@settings(max_examples=60)
def test_kept_pixels_come_back_unchanged(
    canvas: Canvas, own: tuple[int, int], size: tuple[int, int]
) -> None:
    framed = frame(canvas, noise(own), size)
    joined = join(framed, noise(size, 1))
    assert joined.size == framed.picture.size == framed.kept.size == size
    kept = np.asarray(framed.kept) > 0
    left, top, right, bottom = place_picture(canvas, size)
    shown = noise(own).resize((right - left, bottom - top), Image.Resampling.LANCZOS)
    whole = Image.new("RGB", size)
    whole.paste(shown, (left, top))
    assert np.array_equal(np.asarray(joined)[kept], np.asarray(whole)[kept])


@given(st.floats(0, 2), st.floats(0, 2), st.floats(0, 2), st.floats(0, 2))
def test_a_picture_lies_in_its_frame_by_its_edges(
    left: float, top: float, right: float, bottom: float
) -> None:
    edges = Edges(left=left, top=top, right=right, bottom=bottom)
    size = round(100 * (1 + left + right)), round(80 * (1 + top + bottom))
    place = place_picture(Canvas(image="a", edges=edges), size)
    wanted = (100 * left, 80 * top, 100 * (left + 1), 80 * (top + 1))
    assert place == pytest.approx(wanted, abs=2)


def test_regions_are_not_kept() -> None:
    region = Region(left=0.25, top=0.5, right=0.75, bottom=1)
    framed = frame(Canvas(image="a", regions=(region,)), photograph(), (96, 72))
    kept = np.asarray(framed.kept)
    assert not kept[36:, 24:72].any()
    assert (kept == 0).sum() == 36 * 48


MASKS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 16), st.integers(1, 16)))


@given(MASKS, SIZES)
def test_any_shape_is_drawn_and_the_rest_is_kept_exactly(
    shape: np.ndarray, size: tuple[int, int]
) -> None:
    """Kept is whatever lies farther from anything white than the mask's own pixels are large."""
    mask = Image.fromarray((shape * 255).astype(np.uint8))
    picture, drawn = noise(size), noise(size, 1)
    framed = frame(Canvas(image="a", mask="b"), picture, size, mask)
    joined, kept = np.asarray(join(framed, drawn)), np.asarray(framed.kept)
    assert set(np.unique(kept)) <= {0, 255}
    assert np.array_equal(joined[kept > 0], np.asarray(picture)[kept > 0])
    near = _nearest(_grown(shape), size)
    assert not (kept == 0)[~near].any(), "drawn where nothing is painted near"
    deep = _nearest(~_grown(~shape), size)
    assert not (kept > 0)[deep].any(), "kept in the middle of what is painted"


def _grown(shape: np.ndarray) -> np.ndarray:
    """With the eight neighbours of everything in it."""
    wide = np.pad(shape, 1)
    rows = wide[:-2] | wide[1:-1] | wide[2:]
    return np.asarray(rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:])


def _nearest(shape: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    image = Image.fromarray(shape.astype(np.uint8))
    return np.asarray(image.resize(size, Image.Resampling.NEAREST)) > 0


def test_a_disc_stays_a_disc_in_a_frame_with_edges() -> None:
    """A mask is of the picture, wherever that lies in its frame and however large it is there."""
    down, across = np.mgrid[:64, :64]
    disc = (down - 20) ** 2 + (across - 40) ** 2 < 15**2
    mask = Image.fromarray((disc * 255).astype(np.uint8))
    canvas = Canvas(image="a", edges=Edges(left=1.0), mask="b")
    kept = np.asarray(frame(canvas, noise((256, 256)), (512, 256), mask).kept)
    assert not kept[:, :256].any()
    down, across = np.mgrid[:256, :256]
    large = (down - 82) ** 2 + (across - 162) ** 2 < 60**2
    assert ((kept[:, 256:] == 0) != large).mean() < 0.01


def test_a_mask_and_regions_add_up() -> None:
    mask = Image.new("L", (8, 8))
    mask.paste(255, (0, 0, 4, 4))
    region = Region(left=0.5, top=0.5, right=1, bottom=1)
    framed = frame(Canvas(image="a", regions=(region,), mask="b"), photograph(), (96, 72), mask)
    drawn = np.asarray(framed.kept) == 0
    assert drawn[:30, :40].all()
    assert drawn[36:, 48:].all()
    assert not drawn[:36, 48:].any()


def test_a_shift_of_colours_leaves_no_seam() -> None:
    """Beside putting what is kept on top of what was drawn, as inpainting is usually ended."""
    smooth = Image.linear_gradient("L").resize((128, 128)).convert("RGB")
    framed = frame(Canvas(image="a", edges=Edges(right=1.0)), smooth, (256, 128))
    other = np.asarray(framed.picture, float) * 0.7 + 40
    drawn = Image.fromarray(other.round().astype(np.uint8))
    pasted = drawn.copy()
    pasted.paste(framed.picture.crop((0, 0, 128, 128)), (0, 0))

    def step(picture: Image.Image) -> float:
        pixels = np.asarray(picture, float)
        return float(np.abs(pixels[:, 128] - pixels[:, 127]).mean())

    assert step(join(framed, drawn)) < step(pasted) / 3


def test_a_painted_shape_shows_no_border_and_keeps_its_own_colours() -> None:
    """Where the model has shifted all colours, inside and beside what is painted alike."""
    picture = Image.linear_gradient("L").resize((256, 256)).convert("RGB")
    mask = Image.new("L", (64, 64))
    ImageDraw.Draw(mask).ellipse((12, 12, 52, 52), fill=255)
    framed = frame(Canvas(image="a", mask="b"), picture, picture.size, mask)
    shifted = np.clip(np.asarray(picture, float) + np.array((-40, 30, 10)), 0, 255)
    joined = np.asarray(join(framed, Image.fromarray(shifted.astype(np.uint8))), float)
    border = np.diff(np.asarray(framed.kept, int), axis=1) != 0
    steps = np.abs(np.diff(joined, axis=1)).mean(2)
    assert steps[border].mean() < 2, "a step of some 27 levels without joining"
    left = np.abs(joined - np.asarray(picture, float)).mean(2)[112:144, 112:144]
    assert left.mean() > 15


def test_colours_are_carried_on_from_the_border() -> None:
    picture = Image.new("RGB", (64, 64), (200, 30, 30))
    picture.paste((20, 60, 220), (0, 0, 64, 64))
    picture.paste((200, 30, 30), (16, 16, 48, 48))
    framed = frame(
        Canvas(image="a", edges=Edges(left=0.5, right=0.5, top=0.5, bottom=0.5)),
        picture,
        (128, 128),
    )
    assert framed.picture.getpixel((2, 2)) == pytest.approx((20, 60, 220), abs=12)
