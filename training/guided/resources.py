"""Reads the files inside a Qt binary resource (``.rcc``), which some packages keep pictures in.

The layout is that of Qt's ``rcc`` tool, formats 1 to 3: a header, a tree of nodes, their names in
UTF-16, and the files themselves, each behind its length, plain or compressed.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

_MAGIC: Final = b"qres"
_ZLIB: Final = 1
_FOLDER: Final = 2
_ZSTD: Final = 4


def read_resources(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Path, without a leading slash, and content of every file; those packed by zstd are skipped.

    Args:
        data: The whole ``.rcc`` file.

    Raises:
        ValueError: It is no Qt resource.
    """
    if data[:4] != _MAGIC:
        message = "this is no Qt resource"
        raise ValueError(message)
    version, tree, files, names = struct.unpack_from(">4I", data, 4)
    node = 14 if version == 1 else 22

    def walk(number: int, path: str) -> Iterator[tuple[str, bytes]]:
        at = tree + number * node
        name_at, flags = struct.unpack_from(">IH", data, at)
        if number:
            (length,) = struct.unpack_from(">H", data, names + name_at)
            start = names + name_at + 6
            path = f"{path}/{data[start : start + 2 * length].decode('utf-16-be')}".lstrip("/")
        if flags & _FOLDER:
            count, first = struct.unpack_from(">II", data, at + 6)
            for child in range(first, first + count):
                yield from walk(child, path)
        elif not flags & _ZSTD:
            (place,) = struct.unpack_from(">I", data, at + 10)
            (size,) = struct.unpack_from(">I", data, files + place)
            content = data[files + place + 4 : files + place + 4 + size]
            # Behind Qt's own length of the unpacked file, four bytes, zlib's stream begins.
            yield path, zlib.decompress(content[4:]) if flags & _ZLIB else content

    yield from walk(0, "")
