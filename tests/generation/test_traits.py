"""What is read of an image: its shape, and whether it is a photograph."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from generation.untrusted.traits import is_photograph, read_traits
from tests.generation.samples import encoded
from tests.generation.samples import photograph as drawing
from tests.photographs import PHOTOGRAPHS, Photograph


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def circle() -> Image.Image:
    """A shaded ball on white, as rendered drawings have it."""
    image = Image.new("RGB", (512, 512), "white")
    for k in range(180):
        ImageDraw.Draw(image).ellipse((76 + k, 76 + k, 436 - k, 436 - k), fill=(90 + k // 2, 60, k))
    return image


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda one: one.file)
@pytest.mark.parametrize("quality", [0, 50, 90])
def test_photographs_are_told(photograph: Photograph, quality: int) -> None:
    with Image.open(photograph.path) as image:
        seen = image.convert("RGB")
    assert is_photograph(jpeg(seen, quality) if quality else seen)


@pytest.mark.parametrize("made", [drawing, circle])
@pytest.mark.parametrize("quality", [0, 50, 90])
def test_drawings_are_told(made: object, quality: int) -> None:
    image = made()  # type: ignore[operator]
    large = image.resize((768, 768), Image.Resampling.NEAREST)
    assert not is_photograph(jpeg(large, quality) if quality else large)


def test_a_single_pixel_is_no_photograph() -> None:
    assert not is_photograph(Image.new("RGB", (1, 1)))


def test_the_shape_is_read_of_the_stored_file() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (30, 40, 3), np.uint8)
    traits = read_traits(encoded(Image.fromarray(noise)))
    assert (traits.shape, traits.photograph) == ((40, 30), True)
