"""AVIF and HEIC files put together box by box, sound or not (ISO 14496-12, ISO 23008-12)."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from PIL import Image

from tests import hostile

SIDE: Final = 64
"""Of the coded pictures below: blue, with red at the upper left."""


def box(kind: bytes, *body: bytes) -> bytes:
    """A box with its length before it."""
    whole = b"".join(body)
    return struct.pack(">I4s", 8 + len(whole), kind) + whole


def full(kind: bytes, version: int, flags: int, *body: bytes) -> bytes:
    """A box that begins with its version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *body)


def extent(width: int, height: int) -> bytes:
    """The property that tells a size."""
    return full(b"ispe", 0, 0, struct.pack(">II", width, height))


def turn(quarters: int) -> bytes:
    """The property that turns a picture to the left."""
    return box(b"irot", bytes((quarters,)))


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a file.

    Attributes:
        kind: How it is coded, or what it is.
        data: Its bytes.
        properties: What is told of it, as boxes.
        references: Kinds of references, each with the numbers of the items that it leads to,
            counted from 1.
    """

    kind: bytes
    data: bytes = b""
    properties: Sequence[bytes] = ()
    references: Mapping[bytes, Sequence[int]] = field(default_factory=dict)


def write(brand: bytes, *items: Item, main: int = 1) -> bytes:
    """A file of some items, of which one is the picture."""
    properties = list(dict.fromkeys(one for item in items for one in item.properties))
    begin = box(b"ftyp", brand, bytes(4), b"mif1", brand)
    bodies = list(dict.fromkeys(item.data for item in items))

    def head(start: int) -> bytes:
        places = {body: start + sum(map(len, bodies[:at])) for at, body in enumerate(bodies)}
        numbered = list(enumerate(items, 1))
        infos = [
            full(b"infe", 2, 0, struct.pack(">HH4sx", number, 0, item.kind))
            for number, item in numbered
        ]
        references = [
            box(kind, struct.pack(f">IH{len(to)}I", number, len(to), *to))
            for number, item in numbered
            for kind, to in item.references.items()
        ]
        links = [
            struct.pack(
                f">HB{len(item.properties)}H",
                number,
                len(item.properties),
                # The highest bit says that a reader must know it.
                *(0x8000 | properties.index(one) + 1 for one in item.properties),
            )
            for number, item in numbered
        ]
        extents = [
            struct.pack(">HHHHII", number, 0, 0, 1, places[item.data], len(item.data))
            for number, item in numbered
        ]
        return full(
            b"meta",
            0,
            0,
            full(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
            full(b"pitm", 0, 0, struct.pack(">H", main)),
            full(b"iinf", 0, 0, struct.pack(">H", len(items)), *infos),
            full(b"iref", 1, 0, *references) if references else b"",
            box(
                b"iprp",
                box(b"ipco", *properties),
                full(b"ipma", 0, 1, struct.pack(">I", len(links)), *links),
            ),
            full(b"iloc", 1, 0, b"\x44\0", struct.pack(">H", len(items)), *extents),
        )

    # How long it is does not depend on where it says that the bodies begin.
    return begin + head(len(begin) + len(head(0)) + 8) + box(b"mdat", *bodies)


@cache
def coded(kind: str) -> Item:
    """A picture of ``SIDE`` pixels as ``AVIF`` or ``HEIC`` keeps it."""
    if kind == "HEIC":
        return _take_apart(hostile.HEIC, b"hvc1", b"hvcC")
    image = Image.new("RGB", (SIDE, SIDE), "blue")
    image.paste("red", (0, 0, SIDE // 2, SIDE // 4))
    return _take_apart(hostile.encoded(image, "AVIF", speed=10), b"av01", b"av1C")


def still(
    kind: str, *properties: bytes, exif: bytes = b"", size: tuple[int, int] = (0, 0)
) -> bytes:
    """A file with one picture.

    Args:
        kind: ``AVIF`` or ``HEIC``.
        properties: What is told of it besides.
        exif: As in TIFF.
        size: What it says of its size; as it is where there is none.
    """
    picture = coded(kind)
    told = [extent(*size), *picture.properties[1:]] if any(size) else picture.properties
    items = [Item(picture.kind, picture.data, [*told, *properties])]
    if exif:
        items.append(Item(b"Exif", bytes(4) + exif, references={b"cdsc": [1]}))
    return write(kind.lower().encode(), *items)


def grid(kind: str, rows: int, columns: int, size: tuple[int, int] = (0, 0)) -> bytes:
    """A file whose picture is made of tiles, all of which are the same.

    Args:
        kind: ``AVIF`` or ``HEIC``.
        rows: How many are below each other.
        columns: How many are beside each other.
        size: Of the whole; that of all tiles where there is none.
    """
    width, height = size if any(size) else (SIDE * columns, SIDE * rows)
    form = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)
    tiles = range(2, rows * columns + 2)
    whole = Item(b"grid", form, [extent(width, height)], {b"dimg": tiles})
    return write(kind.lower().encode(), whole, *[coded(kind)] * len(tiles))


def many(kind: str, count: int, exif: bytes) -> bytes:
    """A file of many pictures, all of which share the same EXIF."""
    told = Item(b"Exif", bytes(4) + exif, references={b"cdsc": range(1, count + 1)})
    return write(kind.lower().encode(), *[coded(kind)] * count, told)


def _take_apart(data: bytes, kind: bytes, *needed: bytes) -> Item:
    """The only picture of a file that an encoder wrote, with those of its properties."""
    properties = {
        name: data[start:end]
        for name, start, end in _walk_in(data, b"meta", b"iprp", b"ipco")
        if name in {b"ispe", *needed}
    }
    pixels = next(
        data[start + 8 : end] for name, start, end in _walk(data, 0, len(data)) if name == b"mdat"
    )
    return Item(kind, pixels, [extent(SIDE, SIDE), *(properties[name] for name in needed)])


def _walk_in(data: bytes, *path: bytes) -> Iterator[tuple[bytes, int, int]]:
    start, end = 0, len(data)
    for kind in path:
        start, end = next((a, b) for name, a, b in _walk(data, start, end) if name == kind)
        start += 12 if kind == b"meta" else 8
    return _walk(data, start, end)


def _walk(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kinds of the boxes in a row, and where each begins and ends."""
    while start < end:
        length, kind = struct.unpack_from(">I4s", data, start)
        yield kind, start, start + length
        start += length
