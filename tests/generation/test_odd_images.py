"""Image files that nobody should have made: each is read as it looks, or refused by what is true.

All of them go through the door, and what people would be told is looked at.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import pytest
from PIL import Image

from bot.text.image_wording import word_image_error
from generation.untrusted import texts
from generation.untrusted.boxes import MOST_ITEMS
from generation.untrusted.door import Decoder
from generation.untrusted.image_errors import ImageError
from tests import heif, hostile
from tests.hostile import PNG, chunk, encoded, png

RED, BLUE, WHITE, BLACK, PINK = "red", "blue", "white", "black", "pink"
COLOURS: Final = {
    RED: (255, 0, 0),
    BLUE: (0, 0, 255),
    WHITE: (255, 255, 255),
    BLACK: (0, 0, 0),
    PINK: (255, 127, 127),
}
DAMAGED, KIND = "The {} file is damaged", "That kind of {} cannot be read here"
NO_IMAGE = "not an image that I can read"
TOO_MUCH = "takes too much work"

Looks = tuple[int, int, str, str]
"""Width and height, and the colours at the upper left and at the upper right."""

Row = tuple[Callable[[], bytes], str | Looks]
"""A file, and what is said of it or what it looks like."""


def half(width: int = 64, height: int = 32) -> Image.Image:
    """Blue, with red at the upper left."""
    image = Image.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    return image


def animated(kind: str, **options: object) -> bytes:
    """Red and blue first, and then other colours."""
    more = [Image.new("RGB", (64, 32), colour) for colour in ("lime", BLACK)]
    return encoded(half(), kind, save_all=True, append_images=more, **options)


def cut_in_second_frame(kind: str, mark: bytes) -> bytes:
    """A film that ends a little behind the second place where a mark stands."""
    data = animated(kind, lossless=True)
    return data[: data.index(mark, data.index(mark) + 1) + 8]


def png_of(header: tuple[int, ...], pixels: bytes, *parts: bytes) -> bytes:
    """A PNG of any kind: width, height, depth and colours, and its unpacked rows."""
    width, height, depth, colours = header
    head = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND")
    return b"".join((PNG, chunk(b"IHDR", head), *parts, body))


def two_headers() -> bytes:
    data = png(16, 16)
    second = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    return data[:33] + chunk(b"IHDR", second) + data[33:]


def palette_with_alpha() -> bytes:
    image = Image.new("P", (8, 8))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (4, 0, 8, 8))
    return encoded(image, "PNG", transparency=b"\x80\xff")


def tags(*entries: tuple[int, int, int, int], more: int = 0, following: int = 0) -> bytes:
    """EXIF as in TIFF: entries of tag, type, count and value or place, and zeros behind them."""
    body = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return (
        b"MM\0*\0\0\0\x08"
        + struct.pack(f">H{len(body)}sI", len(entries), body, following)
        + bytes(more)
    )


def turned(value: int, kind: int = 3) -> bytes:
    """EXIF that says how to turn a picture; a short stands in the upper half of its place."""
    return tags((0x112, kind, 1, value << 16 if kind == 3 else value))


BOMB: Final = tags(*((tag, 7, 50_000, 8) for tag in range(1, 4001)), more=10_000)
"""Four thousand tags, each of which is almost the whole block."""
CIRCLES: Final = tags((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0x14A, 4, 1, 8), following=8)


def jpeg(exif: bytes = b"", **options: object) -> bytes:
    return encoded(
        half(), "JPEG", quality=95, **({"exif": b"Exif\0\0" + exif} if exif else {}), **options
    )


def jpeg_with_frame(at: int, value: bytes) -> bytes:
    """A JPEG whose frame says another kind (at 1), depth (at 4), height (at 5) or width (at 7)."""
    data = jpeg()
    place = data.index(b"\xff\xc0") + at
    return data[:place] + value + data[place + len(value) :]


def profiles(count: int) -> bytes:
    """Segments of a colour profile, each as long as may be."""
    whole = bytes(65_519)
    return b"".join(
        b"\xff\xe2\xff\xffICC_PROFILE\0" + bytes((number % 255 + 1, 255)) + whole
        for number in range(count)
    )


def gif(screen: tuple[int, int], *frame: int, code: int = 2) -> bytes:
    """A GIF of red, with a frame of so much from the left and from above, so wide and so high."""
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + b"\xff\0\0\0\0\xff"
    picture = (
        b"," + struct.pack("<HHHHB", *frame, 0) + bytes((code,)) + b"\2\x44\1\0" if frame else b""
    )
    return head + picture + b";"


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def webp_film(width: int, height: int, frames: int = 2) -> bytes:
    """A film of small frames on a canvas of any size."""
    canvas = bytes((2, 0, 0, 0)) + b"".join(
        (side - 1).to_bytes(3, "little") for side in (width, height)
    )
    picture = encoded(half(), "WEBP", lossless=True)[12:]
    sides = b"".join((side - 1).to_bytes(3, "little") for side in (64, 32))
    frame = bytes(6) + sides + bytes((16, 0, 0, 0)) + picture
    return webp((b"VP8X", canvas), (b"ANIM", bytes(6)), *[(b"ANMF", frame)] * frames)


def refers_to_itself(kind: str) -> bytes:
    whole = heif.coded(kind)
    body = struct.pack(">BBBBII", 0, 1, 0, 0, heif.SIDE, heif.SIDE)
    circle = heif.Item(b"grid", body, [whole.properties[0]], {b"dimg": [1]})
    return heif.write(kind.lower().encode(), circle)


def boxed(kind: str) -> dict[str, Row]:
    """Files of AVIF or HEIC."""
    return {
        "as it is": (lambda: heif.still(kind), (64, 64, RED, BLUE)),
        "turned": (lambda: heif.still(kind, heif.turn(3)), (64, 64, BLUE, RED)),
        # Which of the two counts is settled: what is told beside the pixels does not.
        "turned by EXIF": (
            lambda: heif.still(kind, exif=turned(6)),
            (64, 64, RED, BLUE),
        ),
        "turned by both": (
            lambda: heif.still(kind, heif.turn(3), exif=turned(6)),
            (64, 64, BLUE, RED),
        ),
        "long EXIF": (
            lambda: heif.still(kind, exif=tags(more=10**6)),
            (64, 64, RED, BLUE),
        ),
        "tiles": (lambda: heif.grid(kind, 2, 3), (192, 128, RED, BLUE)),
        "many tiles": (lambda: heif.grid(kind, MOST_ITEMS // 40 + 1, 40), TOO_MUCH),
        "huge tiles": (
            lambda: heif.grid(kind, 2, 2, (30_000, 30_000)),
            "900 megapixels; up to 25",
        ),
        "huge": (
            lambda: heif.still(kind, size=(2**31, 2**31)),
            "megapixels; up to 25",
        ),
        "without sides": (
            lambda: heif.still(kind, size=(64, 0)),
            DAMAGED.format(kind),
        ),
        "in circles": (lambda: refers_to_itself(kind), DAMAGED.format(kind)),
        "cut": (lambda: heif.still(kind)[:-60], DAMAGED.format(kind)),
        "of another codec": (
            lambda: heif.write(
                kind.lower().encode(), heif.Item(b"j2k1", b"-", [heif.extent(9, 9)])
            ),
            KIND.format(kind),
        ),
    }


ODD: Final[dict[str, Row]] = {
    "GIF, looping": (lambda: animated("GIF", loop=0), (64, 32, RED, BLUE)),
    "GIF, cut in its second frame": (
        lambda: cut_in_second_frame("GIF", b"!\xf9"),
        (64, 32, RED, BLUE),
    ),
    "GIF, cut in its first": (lambda: encoded(half(), "GIF")[:-20], DAMAGED.format("GIF")),
    "GIF without a frame": (lambda: gif((9, 9)), DAMAGED.format("GIF")),
    "GIF, frame without sides": (lambda: gif((9, 9), 0, 0, 0, 0), DAMAGED.format("GIF")),
    "GIF, screen without sides": (lambda: gif((0, 0), 0, 0, 1, 1), (1, 1, RED, RED)),
    "GIF, huge screen": (lambda: gif((65_535, 65_535), 0, 0, 1, 1), "4,294.9 megapixels; up to 25"),
    "GIF, frame far outside": (lambda: gif((9, 9), 60_000, 0, 1, 1), "60001×9"),
    "GIF, codes of 255 bits": (lambda: gif((1, 1), 0, 0, 1, 1, code=255), DAMAGED.format("GIF")),
    "APNG, looping": (lambda: animated("PNG", loop=0), (64, 32, RED, BLUE)),
    "APNG, cut in its second frame": (
        lambda: cut_in_second_frame("PNG", b"fcTL"),
        (64, 32, RED, BLUE),
    ),
    "PNG without width": (lambda: png_of((0, 8, 8, 2), b""), DAMAGED.format("PNG")),
    "PNG without height": (lambda: png_of((100, 0, 8, 2), b""), DAMAGED.format("PNG")),
    "PNG with two heads": (two_headers, "1,600 megapixels"),
    "PNG for apps": (lambda: PNG + chunk(b"CgBI", bytes(4)) + png(9, 9)[8:], KIND.format("PNG")),
    "PNG, grey of 16 bits": (
        lambda: png_of((2, 1, 16, 0), b"\0\xff\xff\0\xff"),
        (2, 1, WHITE, BLACK),
    ),
    "PNG, grey of 16 bits with alpha": (
        lambda: png_of((2, 1, 16, 4), b"\0\0\0\0\0\0\0\xff\xff"),
        (2, 1, WHITE, BLACK),
    ),
    "PNG, colours of 16 bits": (
        lambda: png_of((2, 1, 16, 2), b"\0\xff\xff\0\0\0\0\0\0\0\0\xff\xff"),
        (2, 1, RED, BLUE),
    ),
    "PNG, palette with alpha": (palette_with_alpha, (8, 8, PINK, BLUE)),
    "PNG, one colour transparent": (
        lambda: encoded(half(), "PNG", transparency=(255, 0, 0)),
        (64, 32, WHITE, BLUE),
    ),
    "PNG without palette": (lambda: png_of((2, 1, 8, 3), b"\0\0\1"), DAMAGED.format("PNG")),
    "PNG, profile that unpacks to 30 MB": (
        lambda: encoded(half(), "PNG", icc_profile=bytes(30_000_000)),
        (64, 32, RED, BLUE),
    ),
    "PNG, EXIF that unpacks": (lambda: encoded(half(), "PNG", exif=BOMB), (64, 32, RED, BLUE)),
    "PNG, EXIF in circles": (lambda: encoded(half(), "PNG", exif=CIRCLES), (64, 32, RED, BLUE)),
    "JPEG, EXIF that unpacks": (lambda: jpeg(BOMB), (64, 32, RED, BLUE)),
    "JPEG, EXIF in circles": (lambda: jpeg(CIRCLES), (64, 32, RED, BLUE)),
    "JPEG, turned by 0": (lambda: jpeg(turned(0)), (64, 32, RED, BLUE)),
    "JPEG, turned by 9": (lambda: jpeg(turned(9)), (64, 32, RED, BLUE)),
    "JPEG, turned by a long": (lambda: jpeg(turned(6, kind=4)), (32, 64, BLUE, RED)),
    "JPEG, long profile": (lambda: jpeg()[:2] + profiles(40) + jpeg()[2:], (64, 32, RED, BLUE)),
    "JPEG, something behind it": (lambda: jpeg() + png(99, 99), (64, 32, RED, BLUE)),
    "JPEG, several pictures": (lambda: animated("MPO"), (64, 32, RED, BLUE)),
    "JPEG, thousands of scans": (lambda: hostile.jpeg_with_scans(3000, 16), TOO_MUCH),
    "JPEG for printing": (
        lambda: encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"),
        (8, 8, RED, RED),
    ),
    "JPEG, cut": (lambda: jpeg()[:-200], DAMAGED.format("JPEG")),
    "JPEG without height": (lambda: jpeg_with_frame(5, b"\0\0"), DAMAGED.format("JPEG")),
    "JPEG without width": (lambda: jpeg_with_frame(7, b"\0\0"), DAMAGED.format("JPEG")),
    "JPEG of 12 bits": (lambda: jpeg_with_frame(4, b"\x0c"), KIND.format("JPEG")),
    "JPEG without loss": (lambda: jpeg_with_frame(1, b"\xc3"), KIND.format("JPEG")),
    "JPEG-LS": (lambda: jpeg_with_frame(1, b"\xf7"), KIND.format("JPEG")),
    "WebP, looping": (lambda: animated("WEBP", loop=0, lossless=True), (64, 32, RED, BLUE)),
    "WebP, cut in its second frame": (
        lambda: cut_in_second_frame("WEBP", b"ANMF"),
        (64, 32, RED, BLUE),
    ),
    "WebP, cut in its first": (lambda: encoded(half(), "WEBP")[:-40], DAMAGED.format("WebP")),
    "WebP, huge canvas": (lambda: webp_film(16_384, 16_384), "268.5 megapixels"),
    "WebP, hugest canvas": (lambda: webp_film(2**24, 2**24), "megapixels; up to 25"),
    "WebP, canvas too small": (lambda: webp_film(16, 16), DAMAGED.format("WebP")),
    "WebP, film without frames": (lambda: webp_film(64, 32, frames=0), DAMAGED.format("WebP")),
    "WebP without loss, huge": (
        lambda: webp((b"VP8L", b"/" + struct.pack("<I", 16_382 | 16_382 << 14) + bytes(90))),
        "268.5 megapixels",
    ),
    "WebP with loss, without sides": (
        lambda: webp((b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + bytes(90))),
        DAMAGED.format("WebP"),
    ),
    "WebP, profile and text": (
        lambda: encoded(half(), "WEBP", lossless=True, icc_profile=bytes(10**6), xmp=bytes(10**6)),
        (64, 32, RED, BLUE),
    ),
    "AVIF, looping": (lambda: animated("AVIF", speed=10), (64, 32, RED, BLUE)),
    **{f"{kind}, {name}": row for kind in ("AVIF", "HEIC") for name, row in boxed(kind).items()},
    **{
        f"TIFF, {mode}": (partial(encoded, Image.new(mode, (9, 9)), "TIFF"), NO_IMAGE)
        for mode in ("CMYK", "LAB", "I;16", "F", "P", "RGBA")
    },
    "TIFF in circles": (lambda: CIRCLES, NO_IMAGE),
    "ICO with a PNG": (
        lambda: b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, 99, 22) + png(99, 99),
        NO_IMAGE,
    ),
    "JPEG 2000": (lambda: encoded(half(), "JPEG2000"), NO_IMAGE),
    "JPEG XL": (lambda: b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(90), NO_IMAGE),
    "SVG": (
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///'/></svg>",
        NO_IMAGE,
    ),
    "PDF": (lambda: encoded(half(), "PDF"), NO_IMAGE),
    "film": (lambda: b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(90), NO_IMAGE),
    "nothing": (bytes, NO_IMAGE),
}


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(20.0) as decoder:
        yield decoder


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_read_or_refused_by_what_is_true(decoder: Decoder, name: str) -> None:
    make, expected = ODD[name]
    if isinstance(expected, str):
        with pytest.raises(ImageError) as caught:
            decoder.clean(make())
        assert expected in word_image_error(caught.value)
        return
    width, height, left, right = expected
    image = decoder.clean(make())
    assert image.traits.shape == (width, height)
    with Image.open(io.BytesIO(image.png)) as picture:
        for place, colour in ((0, left), (width - 1, right)):
            seen = picture.getpixel((place, 0))
            assert isinstance(seen, tuple)
            assert max(abs(a - b) for a, b in zip(seen, COLOURS[colour], strict=True)) < 12


def test_of_many_texts_the_first_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[bytes] = []
    unpack = texts._unpack

    def count(body: bytes) -> bytes:
        unpacked.append(body)
        return unpack(body)

    monkeypatch.setattr(texts, "_unpack", count)
    parts = [chunk(b"zTXt", b"k%d\0\0" % number + zlib.compress(b"a")) for number in range(9000)]
    assert len(texts.read_texts(png(4, 4, *parts))) == texts.MOST_BLOCKS
    assert len(unpacked) == texts.MOST_BLOCKS
