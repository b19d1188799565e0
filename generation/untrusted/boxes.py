"""What AVIF and HEIC say of their main picture before it is decoded (ISO 14496-12, 23008-12)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

MOST_ITEMS: Final = 1000
"""Items of a file, such as the tiles of its pictures: as many as libheif takes. Phones write some
fifty; what reads AVIF takes time by the square of their number."""

_LONG: Final = 1
"""A length of a box that stands for one of 64 bits behind its kind."""


@dataclass(frozen=True, slots=True)
class MainPicture:
    """What is told of a file and its main picture.

    Attributes:
        items: How many the file has.
        kind: How the main one is coded, such as ``hvc1``; empty where that is not found.
        size: Width and height before it is cropped and turned; None where that is not found.
    """

    items: int
    kind: bytes = b""
    size: tuple[int, int] | None = None


def find_main_picture(data: bytes) -> MainPicture | None:
    """What a file says of its main picture; None where that is not found.

    Lengths may lie: of what is not understood the decoder may make something, or not.
    """
    try:
        return _read_meta(data)
    except (struct.error, IndexError):
        return None


def _read_meta(data: bytes) -> MainPicture | None:
    meta = _find(data, b"meta", 0, len(data))
    if meta is None:
        return None
    # Of a full box four bytes are its version and flags.
    boxes = _walk(data, meta[0] + 4, meta[1])
    inside = {kind: (begun, ended) for kind, begun, ended in boxes}
    if not {b"pitm", b"iinf"} <= inside.keys():
        return None
    start, end = inside[b"pitm"]
    main = int.from_bytes(data[start + 4 : end])
    start, end = inside[b"iinf"]
    wide = 4 if data[start] else 2
    items = int.from_bytes(data[start + 4 : start + 4 + wide])
    kind = _find_kind(data, main, start + 4 + wide, end)
    properties = inside.get(b"iprp")
    size = _find_size(data, main, *properties) if properties else None
    return MainPicture(items, kind, size)


def _find_kind(data: bytes, item: int, start: int, end: int) -> bytes:
    for kind, place, _ in _walk(data, start, end):
        # Earlier versions are of files without pictures.
        if kind == b"infe" and data[place] >= 2:
            wide = 4 if data[place] > 2 else 2
            if int.from_bytes(data[place + 4 : place + 4 + wide]) == item:
                # Between them stands the number of a key.
                return data[place + 6 + wide : place + 10 + wide]
    return b""


def _find_size(data: bytes, item: int, start: int, end: int) -> tuple[int, int] | None:
    """What the first ``ispe`` says that belongs to an item."""
    properties, links = (_find(data, kind, start, end) for kind in (b"ipco", b"ipma"))
    if properties is None or links is None:
        return None
    boxes = list(_walk(data, *properties))
    for number in _list_properties(data, item, *links):
        if 0 < number <= len(boxes) and boxes[number - 1][0] == b"ispe":
            width, height = struct.unpack_from(">II", data, boxes[number - 1][1] + 4)
            return width, height
    return None


def _list_properties(data: bytes, item: int, start: int, end: int) -> Iterator[int]:
    """The numbers of the properties that belong to an item, counted from 1."""
    wide = 4 if data[start] else 2
    long = data[start + 3] & 1
    (count,) = struct.unpack_from(">I", data, start + 4)
    place = start + 8
    for _ in range(min(count, MOST_ITEMS)):
        owner, linked = int.from_bytes(data[place : place + wide]), data[place + wide]
        place += wide + 1
        if owner == item:
            for _ in range(linked):
                (number,) = struct.unpack_from(">H" if long else ">B", data, place)
                # The highest bit says whether it matters.
                yield number & (0x7FFF if long else 0x7F)
                place += 1 + long
            return
        place += linked * (1 + long)
        if place >= end:
            return


def _find(data: bytes, wanted: bytes, start: int, end: int) -> tuple[int, int] | None:
    boxes = _walk(data, start, end)
    return next(((begun, ended) for kind, begun, ended in boxes if kind == wanted), None)


def _walk(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kinds of the boxes in a row, and where their bodies begin and end; no more than matter."""
    return islice(_walk_all(data, start, end), MOST_ITEMS)


def _walk_all(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == _LONG:
            head, (length,) = 16, struct.unpack_from(">Q", data, start + 8)
        # One without a length reaches to the end.
        stop = min(start + length, end) if length else end
        if stop < start + head:
            return
        yield kind, start + head, stop
        start = stop
