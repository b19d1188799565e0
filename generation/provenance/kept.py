"""Signed statements of uploaded pictures, kept in the PNG that is left of each.

They stand in a chunk of their own behind the head, which no other program reads. So they are
stored, copied and deleted with the pixels.
"""

import hashlib
import struct
import zlib
from typing import Final

from generation.provenance.manifest import MOST_PACKED, Ingredient, pack

MOST_KEPT: Final = MOST_PACKED + 64
"""Bytes by which a PNG grows at most."""

UPLOAD: Final = "upload"
"""What an uploaded picture is called where another is made from it."""

_CHUNK: Final = b"eaSl"
"""Not critical, private, safe to copy (PNG, third edition, §5.4)."""

SIGN: Final = b"c2pa"
"""Occurs in every file that has statements."""

_HEAD: Final = 33
"""Bytes of the signature and of the first chunk, which every PNG begins with."""

_DIGITS: Final = 12


def keep_statements(png: bytes, upload: bytes, kind: str) -> bytes:
    """The PNG with the statements of the file that it was made from, if that has any.

    Args:
        png: What is left of an upload.
        upload: The file as it came.
        kind: Its format.
    """
    name = hashlib.sha256(upload).hexdigest()[:_DIGITS]
    packed = pack(upload, kind, f"{UPLOAD}-{name}", UPLOAD)
    if not packed:
        return png
    body = _CHUNK + name.encode() + packed
    chunk = struct.pack(">I", len(body) - len(_CHUNK)) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_HEAD] + chunk + png[_HEAD:]


def find_statements(png: bytes) -> Ingredient | None:
    """The upload that a stored PNG was made from, with its statements; None where none are kept."""
    start = _HEAD + 8
    if png[_HEAD + 4 : start] != _CHUNK:
        return None
    (length,) = struct.unpack_from(">I", png, _HEAD)
    name = png[start : start + _DIGITS].decode()
    packed = png[start + _DIGITS : start + length]
    return Ingredient(label=f"{UPLOAD}-{name}", title=UPLOAD, packed=packed)
