import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generation.pictures.grid import compose, cut_picture, encode_view, fit
from generation.pictures.metadata import encode_png, read_recipe
from generation.recipe import Phrase, Recipe, seed_noise
from tests.recipes import make


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = random.Random(seed).randbytes(width * height * 3)
    return Image.frombytes("RGB", (width, height), pixels)


def recipe(prompt: str = "a red apple") -> Recipe:
    return make(
        family="easel",
        model="tiny",
        prompt=prompt,
        phrases=(Phrase(text=prompt),),
        width=64,
        height=64,
        noise=seed_noise(7, 4),
        steps=4,
        guidance=4.0,
        sampler="Euler",
    )


@given(
    count=st.integers(1, 17),
    width=st.integers(1, 12),
    height=st.integers(1, 12),
)
def test_every_picture_comes_out_of_the_grid_pixel_for_pixel(
    count: int, width: int, height: int
) -> None:
    pictures = [noise(width, height, seed) for seed in range(count)]
    grid = compose(pictures)
    for k, picture in enumerate(pictures):
        assert cut_picture(grid, k, count).tobytes() == picture.tobytes()


@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (5, 3, 2), (9, 3, 3), (10, 4, 3)],
)
def test_the_shape_is_near_square(count: int, columns: int, rows: int) -> None:
    grid = compose([noise(6, 4, seed) for seed in range(count)])
    assert grid.size == (6 * columns, 4 * rows)


def test_four_stand_in_reading_order() -> None:
    colours = ["red", "green", "blue", "white"]
    grid = compose([Image.new("RGB", (2, 3), colour) for colour in colours])
    found = [grid.getpixel(at) for at in [(0, 0), (2, 0), (0, 3), (2, 3)]]
    assert found == [(255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)]


@pytest.mark.parametrize("pictures", [[], [noise(4, 4), noise(4, 5)]])
def test_no_grid_of_nothing_or_of_different_sizes(pictures: list[Image.Image]) -> None:
    with pytest.raises(ValueError, match="one size"):
        compose(pictures)


@pytest.mark.parametrize("k", [-1, 4])
def test_no_picture_outside_the_grid(k: int) -> None:
    with pytest.raises(IndexError):
        cut_picture(noise(8, 8), k)


def test_a_file_that_fits_is_sent_as_it_is() -> None:
    png = encode_png(noise(32, 32), recipe())
    assert fit(png, recipe(), len(png)) == (png, "png")


@pytest.mark.parametrize("limit", [180_000, 60_000, 20_000, 2_000, 500, 120])
def test_a_larger_one_becomes_a_webp_below_the_limit(limit: int) -> None:
    png = encode_png(noise(320, 320), recipe())
    data, extension = fit(png, recipe(), limit)
    assert extension == "webp"
    assert len(data) <= limit
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.format == "WEBP"
        assert image.width == image.height


def test_lower_quality_is_tried_before_a_smaller_picture() -> None:
    png = encode_png(noise(320, 320), recipe())
    data, _ = fit(png, recipe(), len(png) - 1)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (320, 320)


def test_the_webp_carries_the_recipe() -> None:
    png = encode_png(noise(320, 320), recipe())
    data, _ = fit(png, recipe(), 60_000)
    assert read_recipe(data) == recipe()


def test_a_recipe_larger_than_the_limit_is_left_out() -> None:
    long = recipe("word " * 400)
    data, _ = fit(encode_png(noise(64, 64), long), long, 1_500)
    assert len(data) <= 1_500
    assert read_recipe(data) is None


def test_too_wide_for_webp_is_made_smaller() -> None:
    png = encode_png(Image.linear_gradient("L").resize((16_400, 8)).convert("RGB"), recipe())
    data, _ = fit(png, recipe(), len(png) - 1)
    with Image.open(io.BytesIO(data)) as image:
        assert image.width == int(16_400 * 0.8)


def test_no_picture_fits_into_nothing() -> None:
    with pytest.raises(ValueError, match="10 bytes"):
        fit(encode_png(noise(4, 4), recipe()), recipe(), 10)


@pytest.mark.parametrize(("size", "shown"), [((300, 100), (90, 30)), ((40, 60), (40, 60))])
def test_a_view_fits_a_screen_and_keeps_the_recipe_to_itself(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    data = encode_view(encode_png(noise(*size), recipe()), 90)
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("WEBP", shown)
    assert read_recipe(data) is None
