import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from generation.untrusted.clean import CleanImage, Limits, clean
from generation.untrusted.image_errors import (
    BrokenImageError,
    ImageError,
    ImageTooLargeError,
    NotAnImageError,
)
from tests.hostile import HEIC
from tests.photographs import PHOTOGRAPHS, ROCKET, Photograph

ORIENTATION = 0x0112


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(cleaned: CleanImage) -> Image.Image:
    return Image.open(io.BytesIO(cleaned.png), formats=["PNG"])


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_claiming(width: int, height: int, body: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(body))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda p: p.file)
def test_a_photograph_keeps_its_pixels(photograph: Photograph) -> None:
    cleaned = clean(photograph.read())
    with Image.open(photograph.path) as original:
        assert (cleaned.width, cleaned.height) == original.size
        assert decoded(cleaned).tobytes() == original.convert("RGB").tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("photograph", PHOTOGRAPHS[:2], ids=lambda p: p.file)
def test_every_format_is_read_and_equal_bytes_give_equal_bytes(
    kind: str, photograph: Photograph
) -> None:
    with Image.open(photograph.path) as original:
        original.thumbnail((160, 160))
        data = encoded(original, kind)
    cleaned = clean(data)
    assert cleaned == clean(data)
    assert decoded(cleaned).mode == "RGB"


def test_a_large_picture_is_scaled_down_in_proportion() -> None:
    data = encoded(Image.new("RGB", (3000, 1000), "red"), "PNG")
    cleaned = clean(data, Limits(max_side=600))
    assert (cleaned.width, cleaned.height) == (600, 200)
    assert decoded(cleaned).getpixel((300, 100)) == (255, 0, 0)


def test_a_sliver_stays_a_picture() -> None:
    cleaned = clean(encoded(Image.new("L", (9000, 180)), "PNG"))
    assert (cleaned.width, cleaned.height) == (2048, 41)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_camera_s_orientation_is_applied(orientation: int, kind: str) -> None:
    """Tagged such that a viewer shows red at the upper left of a picture twice as wide as high."""
    stored = Image.new("RGB", (64, 32), "blue")
    stored.paste("red", (0, 0, 32, 16))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    cleaned = clean(encoded(stored, kind, exif=tags, quality=95))
    picture = decoded(cleaned)
    assert picture.size == (64, 32)
    red, green, blue = picture.getpixel((8, 4))  # type: ignore[misc]
    assert (red > 200, green < 60, blue < 60) == (True, True, True)


@pytest.mark.parametrize("exif", [b"Exif\0\0MM\0*", b"Exif\0\0" + b"\xff" * 60])
def test_damaged_exif_is_ignored(exif: bytes) -> None:
    assert clean(encoded(Image.new("RGB", (8, 4)), "JPEG", exif=exif)).width == 8


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_transparent_becomes_white(mode: str) -> None:
    layer = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    layer.paste((255, 0, 0, 255), (0, 0, 4, 8))
    image = layer.convert(mode) if mode != "P" else layer.quantize(4)
    kind = "PNG" if mode != "PA" else "WEBP"
    picture = decoded(clean(encoded(image, kind, **({"lossless": True} if kind == "WEBP" else {}))))
    assert picture.mode == "RGB"
    assert picture.getpixel((7, 4)) == (255, 255, 255)
    assert picture.getpixel((1, 4)) != (255, 255, 255)


@pytest.mark.parametrize(
    ("mode", "value", "kind", "expected"),
    [
        ("I;16", 65535, "PNG", 255),
        ("I;16", 32768, "PNG", 128),
        ("1", 1, "PNG", 255),
        ("L", 77, "PNG", 77),
        ("P", 0, "GIF", 0),
    ],
)
def test_every_depth_becomes_eight_bits(mode: str, value: int, kind: str, expected: int) -> None:
    picture = decoded(clean(encoded(Image.new(mode, (4, 4), value), kind)))
    assert picture.getpixel((1, 1)) == (expected,) * 3


def test_what_phones_send_is_read() -> None:
    picture = decoded(clean(HEIC))
    assert picture.size == (64, 32)
    red, green, blue = picture.getpixel((8, 4))  # type: ignore[misc]
    assert (red > 200, green < 60, blue < 60) == (True, True, True)
    with pytest.raises(ImageTooLargeError):
        clean(HEIC, Limits(max_pixels=2000))


def test_cmyk_is_read() -> None:
    picture = decoded(clean(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")))
    red, green, blue = picture.getpixel((4, 4))  # type: ignore[misc]
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    red, *others = (Image.new("RGB", (16, 16), colour) for colour in ["red", "blue", "lime"])
    data = encoded(red, kind, save_all=True, append_images=others, lossless=True)
    assert decoded(clean(data)).getpixel((4, 4)) == (255, 0, 0)


def test_nothing_but_pixels_comes_out() -> None:
    tags = Image.Exif()
    tags[0x010E] = "SECRET PLACE"
    with Image.open(ROCKET.path) as rocket:
        data = encoded(
            rocket, "JPEG", exif=tags, comment=b"SECRET NOTE", icc_profile=b"SECRET PROFILE"
        )
    assert b"SECRET" in data
    cleaned = clean(data)
    assert b"SECRET" not in cleaned.png
    assert not decoded(cleaned).info


def test_too_many_bytes_are_not_even_looked_at() -> None:
    with pytest.raises(ImageTooLargeError) as caught:
        clean(b"\0" * 101, Limits(max_bytes=100))
    assert (caught.value.unit, caught.value.limit, caught.value.found) == ("bytes", 100, 101)


@pytest.mark.parametrize(
    ("width", "height"),
    [(5001, 5000), (65535, 65535), (2**31 - 1, 2**31 - 1), (25_000_001, 1), (10_000, 9_000)],
)
def test_a_header_over_the_limit_is_enough(width: int, height: int) -> None:
    with pytest.raises(ImageTooLargeError) as caught:
        clean(png_claiming(width, height))
    assert caught.value.unit == "pixels"
    assert caught.value.found > caught.value.limit == 25_000_000


def test_a_gif_whose_frame_outgrows_its_screen_is_measured_by_the_frame() -> None:
    screen = struct.pack("<HHBBB", 1, 1, 0, 0, 0)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x08\0;"
    with pytest.raises(ImageTooLargeError):
        clean(b"GIF89a" + screen + frame)


def test_a_bomb_inside_an_honest_header_costs_nothing() -> None:
    bomb = png_claiming(4, 4, b"\0" * 50_000_000)
    assert clean(bomb).width == 4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"%PDF-1.7",
        b"\x89PNG\r\n",
        encoded(Image.new("RGB", (4, 4)), "BMP"),
        encoded(Image.new("RGB", (4, 4)), "TIFF"),
        encoded(Image.new("RGB", (4, 4)), "ICO"),
        encoded(Image.new("RGB", (4, 4)), "PPM"),
        encoded(Image.new("RGB", (4, 4)), "JPEG2000"),
        b"PK\x03\x04" + b"\0" * 50,
    ],
)
def test_other_formats_are_no_pictures_here(data: bytes) -> None:
    with pytest.raises(NotAnImageError):
        clean(data)


@pytest.mark.parametrize(
    "data",
    [
        png_claiming(64, 64, b"\0" * 10),
        png_claiming(64, 64),
        png_claiming(64, 64)[:-30],
        encoded(Image.effect_noise((64, 64), 90), "JPEG")[:-400],
        encoded(Image.effect_noise((64, 64), 90), "WEBP")[:-400],
        encoded(Image.effect_noise((64, 64), 90).convert("P"), "GIF")[:-900],
    ],
    ids=["short", "empty", "cut", "jpeg", "webp", "gif"],
)
def test_a_picture_that_lies_or_ends_early_is_broken(data: bytes) -> None:
    with pytest.raises((BrokenImageError, NotAnImageError)):
        clean(data)


def sample(kind: str) -> bytes:
    image = Image.effect_noise((24, 24), 90).convert("RGB")
    return encoded(image, kind, **({"quality": 40} if kind in {"JPEG", "WEBP"} else {}))


SAMPLES = {kind: sample(kind) for kind in ["PNG", "JPEG", "WEBP", "GIF", "AVIF"]} | {"HEIC": HEIC}


def survives(data: bytes) -> None:
    try:
        cleaned = clean(data, Limits(max_pixels=1_000_000, max_side=64))
    except ImageError:
        return
    assert decoded(cleaned).size == (cleaned.width, cleaned.height)


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_truncation_is_refused_or_read(kind: str) -> None:
    for end in range(0, len(SAMPLES[kind]), 3):
        survives(SAMPLES[kind][:end])


EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
)


@settings(max_examples=150)
@given(kind=st.sampled_from(sorted(SAMPLES)), edits=EDITS)
def test_every_mutation_is_refused_or_read(kind: str, edits: list[tuple[float, int]]) -> None:
    damaged = bytearray(SAMPLES[kind])
    for place, value in edits:
        damaged[int(place * len(damaged))] = value
    survives(bytes(damaged))
