"""Headers of GGUF files: which tensors are in them, read without loading any.

The format, little-endian: the magic, a version, how many tensors and how many facts there are, the
facts, then each tensor's name, sizes (the innermost first), kind and place
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import BinaryIO, Final

from generation.catalogue.headers import Header, WeightsError

KIND: Final = ".gguf"
MAGIC: Final = b"GGUF"

_VERSIONS: Final = (2, 3)
_MOST: Final = 1_000_000
"""Tensors or facts, beyond which a file is damaged; published ones have a few thousand."""

_LONGEST: Final = 2**24
"""Bytes of the longest text that is read."""

_NUMBERS: Final[Mapping[int, str]] = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_TEXT: Final = 8
_LIST: Final = 9

_FORMATS: Final[Mapping[int, tuple[str, int, int]]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 20: ("IQ4_NL", 32, 18), 23: ("IQ4_XS", 256, 136), 30: ("BF16", 1, 2),
}  # fmt: skip
"""How a tensor's numbers are kept: ggml's name, and how many take how many bytes.

Those alone that diffusers reads.
"""

OTHER: Final = "other"
"""What any other way is called here."""

_GRAIN: Final = 32
"""Tensors begin at multiples of this many bytes."""


def read_gguf(path: Path) -> Header:
    """The header of a file.

    Raises:
        WeightsError: It is missing, cut short, or no GGUF file.
    """
    try:
        with path.open("rb") as file:
            return _read(path.name, file, path.stat().st_size)
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read ({error.strerror})") from None
    except (struct.error, UnicodeDecodeError, KeyError, MemoryError):
        raise WeightsError(f"{path.name} is damaged or cut short; download it again") from None


def _read(name: str, file: BinaryIO, size: int) -> Header:
    if file.read(4) != MAGIC:
        raise WeightsError(f"{name} is no GGUF file, whatever it is called")
    version, tensors, facts = struct.unpack("<IQQ", file.read(20))
    if version not in _VERSIONS or max(tensors, facts) > _MOST:
        raise WeightsError(f"{name} is of a GGUF version that Easel does not read, or damaged")
    metadata = {}
    for _ in range(facts):
        key = _read_text(file)
        said = _read_value(file, _read_number(file, "<I"))
        if isinstance(said, str):
            metadata[key] = said
    shapes, formats, length = {}, {}, 0
    for _ in range(tensors):
        key = _read_text(file)
        count = _read_number(file, "<I")
        sides = [int(_read_number(file, "<Q")) for _ in range(int(count))]
        formats[key], block, taken = _FORMATS.get(int(_read_number(file, "<I")), (OTHER, 1, 0))
        begins = int(_read_number(file, "<Q"))
        length = max(length, begins + prod(sides) // block * taken)
        shapes[key] = tuple(reversed(sides))
    if -(-file.tell() // _GRAIN) * _GRAIN + length > size:
        raise WeightsError(f"{name} is cut short; download it again")
    if not shapes:
        raise WeightsError(f"{name} holds no tensors; download it again")
    return Header(shapes, formats, metadata)


def _read_number(file: BinaryIO, form: str) -> float:
    number: float
    (number,) = struct.unpack(form, file.read(struct.calcsize(form)))
    return number


def _read_text(file: BinaryIO) -> str:
    length = int(_read_number(file, "<Q"))
    if length > _LONGEST:
        raise KeyError(length)
    text = file.read(length)
    if len(text) < length:
        raise struct.error("the file ends in a text")
    return text.decode("utf-8")


def _read_value(file: BinaryIO, kind: float) -> object:
    if kind == _TEXT:
        return _read_text(file)
    if kind == _LIST:
        inner, count = _read_number(file, "<I"), int(_read_number(file, "<Q"))
        if inner in _NUMBERS:
            # Vocabularies come in lists of millions, and none is needed.
            file.seek(count * struct.calcsize(_NUMBERS[int(inner)]), 1)
            return None
        return [_read_value(file, inner) for _ in range(count)]
    return _read_number(file, _NUMBERS[int(kind)])
