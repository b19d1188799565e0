"""Files as they are walked through before anything decodes them."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from generation.untrusted.clean import Limits, clean
from generation.untrusted.containers import MOST_SCANS, read_container
from generation.untrusted.image_errors import (
    ImageTooHardError,
    ImageTooLargeError,
    ImageTooNarrowError,
    NotAnImageError,
)
from tests import hostile
from tests.photographs import PHOTOGRAPHS, Photograph


@pytest.mark.parametrize("make", hostile.SMALL.values(), ids=hostile.SMALL)
def test_what_would_cost_too_much_is_refused_before_it_is_decoded(
    make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make()
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was decoded"))
    with pytest.raises((ImageTooHardError, ImageTooNarrowError)):
        clean(data)


@pytest.mark.parametrize("make", hostile.HARMLESS.values(), ids=hostile.HARMLESS)
def test_what_is_ancillary_never_spoils_a_good_picture(make: Callable[[], bytes]) -> None:
    data = make()
    container = read_container(data)
    cleaned = clean(data)
    assert len(container.data) < 20_000
    assert cleaned.width == cleaned.height
    with Image.open(io.BytesIO(container.data)) as kept:
        assert kept.size == (cleaned.width, cleaned.height)
        assert getattr(kept, "n_frames", 1) == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("photograph", PHOTOGRAPHS[:2], ids=lambda one: one.file)
def test_what_is_kept_has_every_pixel_and_the_size(kind: str, photograph: Photograph) -> None:
    with Image.open(photograph.path) as image:
        image.thumbnail((160, 160))
        data = hostile.encoded(image, kind)
    container = read_container(data)
    assert container.format.upper() == kind
    assert container.size == image.size
    with Image.open(io.BytesIO(data)) as whole, Image.open(io.BytesIO(container.data)) as kept:
        assert kept.convert("RGB").tobytes() == whole.convert("RGB").tobytes()


def test_as_many_scans_are_read_as_encoders_write() -> None:
    data = hostile.jpeg_with_scans(1, 64)
    scans = data.count(b"\xff\xda")
    assert clean(hostile.jpeg_with_scans(1 + MOST_SCANS - scans, 64)).width == 64
    with pytest.raises(ImageTooHardError):
        clean(hostile.jpeg_with_scans(2 + MOST_SCANS - scans, 64))


@pytest.mark.parametrize(
    ("good", "narrow"), [((1, 50), (1, 51)), ((50, 1), (51, 1)), ((2, 100), (2, 101))]
)
def test_a_side_may_be_fifty_times_the_other(
    good: tuple[int, int], narrow: tuple[int, int]
) -> None:
    assert clean(hostile.png(*good)).traits.shape == good
    with pytest.raises(ImageTooNarrowError) as caught:
        clean(hostile.png(*narrow))
    assert (caught.value.width, caught.value.height) == narrow


def test_of_too_many_pixels_the_number_is_told() -> None:
    with pytest.raises(ImageTooLargeError) as caught:
        clean(hostile.png(120, 101), Limits(max_pixels=12_000))
    assert caught.value.found == 12_120


def test_avif_heic_and_films_are_told_apart_by_all_their_brands() -> None:
    assert read_container(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic").format == "HEIC"
    assert read_container(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif").format == "AVIF"
    with pytest.raises(NotAnImageError):
        read_container(b"\0\0\0\x18ftypisom\0\0\0\0isommp41")
