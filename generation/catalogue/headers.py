"""Headers of safetensors files: which tensors are in them, read without loading any.

The format: eight bytes with the length of a JSON object, little-endian, the object, then the
tensors' bytes (https://github.com/huggingface/safetensors). Whether a file is whole shows in its
header, since that says where the last tensor ends.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from faults import HostError

KIND: Final = ".safetensors"

_LONGEST: Final = 100 * 2**20
"""Bytes of the longest header that the format allows."""

_BEGINNINGS: Final = {
    b"version https://git-lfs": "is a pointer of Git LFS, not the file: `git lfs pull` brings it",
    b"GGUF": "is a GGUF file under another ending; call it .gguf",
    b"PK\x03\x04": "has pickled weights, which may run code; take its safetensors version",
    # Pickles of each protocol since they have a mark.
    **dict.fromkeys(
        (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
        "has pickled weights, which may run code; take its safetensors version",
    ),
    b"<": "is a web page, saved in place of the model; download the file itself",
    b"{": "is a text file, saved in place of the model; download the file itself",
}
"""What other files begin with that carry a model's name, and what to say of them."""


class WeightsError(HostError, ValueError):
    """A file of weights that cannot be used; the text is one sentence that names no path."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file says of itself.

    Attributes:
        shapes: The shape of each tensor, by its name.
        formats: The number format of each, such as ``F16``.
        metadata: Texts that whoever wrote the file added.
    """

    shapes: Mapping[str, tuple[int, ...]]
    formats: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


def read_header(path: Path) -> Header:
    """The header of a file, held against its length.

    Raises:
        WeightsError: It is missing, cut short, or no safetensors file.
    """
    try:
        known = path.stat()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise WeightsError(f"{path.name} cannot be read ({reason})") from None
    return _read(path, known.st_size, known.st_mtime_ns)


# By size and time of change, so that a mended file is read again and others once.
@lru_cache(maxsize=1024)
def _read(path: Path, size: int, _changed: int) -> Header:
    try:
        with path.open("rb") as file:
            first = file.read(8)
            length = int.from_bytes(first, "little")
            rest = file.read(length) if length <= min(size, _LONGEST) else file.read(32)
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read ({error.strerror})") from None
    for beginning, says in _BEGINNINGS.items():
        if (first + rest[:32]).startswith(beginning):
            raise WeightsError(f"{path.name} {says}")
    if len(first) < 8 or not length:
        raise WeightsError(f"{path.name} is empty or cut short; download it again")
    if length > _LONGEST:
        raise WeightsError(f"{path.name} is no safetensors file; take the model's safetensors one")
    if len(rest) < length:
        raise WeightsError(f"{path.name} is cut short; download it again")
    return _parse(path.name, rest, size - 8 - length)


def _parse(name: str, text: bytes, room: int) -> Header:
    """The header, of a file with ``room`` bytes of tensors behind it."""
    try:
        entries: dict[str, Any] = json.loads(text)
        metadata = entries.pop("__metadata__", None) or {}
        shapes = {key: tuple(entry["shape"]) for key, entry in entries.items()}
        formats = {key: str(entry["dtype"]) for key, entry in entries.items()}
        end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        message = f"{name} is damaged or no safetensors file; download it again"
        raise WeightsError(message) from None
    if end > room:
        missing = (end - room) / 2**20
        raise WeightsError(f"{name} is cut short by {missing:.1f} MiB; download it again")
    if not shapes:
        raise WeightsError(f"{name} holds no tensors; download it again")
    return Header(shapes, formats, metadata)
