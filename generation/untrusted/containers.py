"""What a picture file is made of, told before anything decodes it; what no picture needs left out.

Decoders are slow or unbounded where files are odd rather than large: a thousand scans, a million
comments, text that unpacks to gigabytes. Here a file is walked through by its lengths alone, parts
are counted, and only those that make up the first picture are handed on, so that a damaged or
enormous ancillary part costs nothing and spoils nothing.
"""

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from generation.untrusted.boxes import MOST_ITEMS, find_main_picture
from generation.untrusted.image_errors import (
    BrokenImageError,
    ImageKindError,
    ImageTooHardError,
    NotAnImageError,
)

MOST_PARTS: Final = 200_000
"""Chunks, segments or blocks of a file; a GIF of 20 MiB that is one picture has 80,000."""

MOST_SCANS: Final = 64
"""Scans of a JPEG, each of which passes over the whole picture; encoders write about ten."""

_LARGEST_EXIF: Final = 2**16
"""Bytes of EXIF, as many as fit into a JPEG; only the orientation is read from it."""


_MAGIC: Final = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "WebP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}
_BRANDS: Final = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "HEIC"),
}


@dataclass(frozen=True, slots=True)
class Container:
    """A picture file without what is not needed.

    Attributes:
        format: By its first bytes: ``PNG``, ``JPEG``, ``WebP``, ``GIF``, ``AVIF`` or ``HEIC``.
        data: The parts that make up the first picture, and its EXIF.
        size: Width and height, as far as the walk met them.
    """

    format: str
    data: bytes
    size: tuple[int, int] | None = None


def read_container(data: bytes) -> Container:
    """What a stranger's file is made of.

    A file that ends early or lies about lengths is handed on as far as it goes: whether it can be
    decoded is for its decoder to say.

    Raises:
        NotAnImageError: It is of no format that is read here.
        BrokenImageError: It ends in the middle of what tells of its parts.
        ImageKindError: It is of a kind of its format that its decoder does not read.
        ImageTooHardError: It has too many parts.
    """
    format_ = find_format(data)
    if format_ is None:
        raise NotAnImageError
    strip = _STRIPPERS.get(format_)
    if strip is None:
        return _judge_boxes(format_, data)
    try:
        return strip(data)
    except (struct.error, IndexError):
        raise BrokenImageError(format_) from None


def find_format(data: bytes) -> str | None:
    """The format of a file by its first bytes, as `Container` names it; None for any other."""
    for format_, magic in _MAGIC.items():
        if magic.match(data):
            return format_
    if data[4:8] != b"ftyp":
        return None
    # The major brand may be the general one of both, so those that follow decide.
    (length,) = struct.unpack_from(">I", data)
    brands = re.findall(rb".{4}", data[8 : min(length, 256)], re.DOTALL)
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), None)


class _Parts:
    """Parts of a file in the making, counted as they are met."""

    def __init__(self, *begun: bytes) -> None:
        self.kept = list(begun)
        self.met = 0

    def count(self) -> None:
        """Meets a part, of whatever kind.

        Raises:
            ImageTooHardError: There were too many already.
        """
        self.met += 1
        if self.met > MOST_PARTS:
            raise ImageTooHardError

    def keep(self, *parts: bytes) -> None:
        self.kept += parts

    def join(self) -> bytes:
        return b"".join(self.kept)


_CODED: Final = {
    "AVIF": frozenset({b"av01", b"grid"}),
    "HEIC": frozenset({b"hvc1", b"grid", b"iden", b"iovl"}),
}
"""How pictures are coded that are read, alone or as tiles of one; other codecs are in no wheel."""


def _judge_boxes(format_: str, data: bytes) -> Container:
    """AVIF and HEIC as they are: their boxes refer to each other by their places in the file."""
    main = find_main_picture(data)
    if main is None:
        return Container(format_, data)
    if main.items > MOST_ITEMS:
        raise ImageTooHardError
    if main.kind and main.kind not in _CODED[format_]:
        raise ImageKindError(format_)
    return Container(format_, data, main.size)


_PNG_NEEDED: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_PNG_OF_APPS: Final = b"CgBI"
"""Begins what Xcode packs into apps for iPhones, whose pixels are packed in another way."""


def _strip_png(data: bytes) -> Container:
    parts, place, exif = _Parts(data[:8]), 8, False
    while place + 8 <= len(data):
        parts.count()
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == _PNG_OF_APPS:
            raise ImageKindError("PNG")
        whole = data[place : place + 12 + length]
        place += 12 + length
        if kind == b"eXIf" and not exif and _is_sound_exif(whole):
            exif = True
            parts.keep(whole)
        elif kind in _PNG_NEEDED and (length or kind == b"IEND"):
            parts.keep(whole)
        if kind == b"IEND":
            break
    size = struct.unpack_from(">II", data, 16) if data[12:16] == b"IHDR" else None
    return Container("PNG", parts.join(), size)


def _is_sound_exif(chunk: bytes) -> bool:
    if not 12 < len(chunk) <= _LARGEST_EXIF + 12:
        return False
    return chunk[-4:] == struct.pack(">I", zlib.crc32(chunk[4:-4]))


# Whatever lies between two markers is skipped, as decoders skip it.
_MARKER: Final = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
# The last one is of JPEG-LS.
_FRAMES: Final = (frozenset(range(0xC0, 0xD0)) | {0xF7}) - {0xC4, 0xC8, 0xCC}
_READ_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
"""Sequential or progressive, by Huffman or arithmetic; others are without loss or in layers."""
_READ_LAYERS: Final = frozenset({1, 3, 4})
_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
_END, _SCAN = 0xD9, 0xDA
_APPLICATIONS: Final = {0xE0: b"JFIF\0", 0xE1: b"Exif\0\0", 0xEE: b"Adobe"}
"""Segments of applications that matter: they tell of colours and of the orientation."""


def _strip_jpeg(data: bytes) -> Container:
    parts, place, scans = _Parts(data[:2]), 2, 0
    size: tuple[int, int] | None = None
    met: set[int] = set()
    while found := _MARKER.search(data, place):
        parts.count()
        kind, place = found[1][0], found.end()
        if kind == _END:
            parts.keep(b"\xff\xd9")
            break
        if kind in _ALONE or place + 2 > len(data):
            continue
        (length,) = struct.unpack_from(">H", data, place)
        body = data[place : place + length]
        place += length
        if kind in _FRAMES:
            size = size or _read_frame(kind, body)
        elif kind in _APPLICATIONS:
            # The first of each; comments and applications besides are dropped.
            if kind in met or not body.startswith(_APPLICATIONS[kind], 2):
                continue
            met.add(kind)
        elif kind == _SCAN:
            scans += 1
            if scans > MOST_SCANS:
                raise ImageTooHardError
            end = _SCAN_END.search(data, place)
            after = end.start() if end else len(data)
            body, place = body + data[place:after], after
        elif kind not in _TABLES:
            continue
        parts.keep(bytes((0xFF, kind)), body)
    return Container("JPEG", parts.join(), size)


def _read_frame(kind: int, body: bytes) -> tuple[int, int] | None:
    if len(body) < 8:
        return None
    depth, height, width, layers = struct.unpack_from(">BHHB", body, 2)
    if kind not in _READ_FRAMES or depth != 8 or layers not in _READ_LAYERS:
        raise ImageKindError("JPEG")
    return width, height


_EXTENSION, _IMAGE, _GRAPHIC_CONTROL = 0x21, 0x2C, 0xF9


def _strip_gif(data: bytes) -> Container:
    """Keeps the screen, the first frame, and how that one is transparent."""
    if len(data) < 13:
        return Container("GIF", data)
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    place = 13 + _measure_palette(flags)
    parts, control = _Parts(data[:place]), b""
    while place + 10 <= len(data):
        parts.count()
        start, kind = place, data[place]
        if kind == _EXTENSION:
            place = _pass_blocks(data, place + 2, parts)
            if data[start + 1] == _GRAPHIC_CONTROL:
                control = data[start:place]
        elif kind == _IMAGE:
            left, top, across, down, flags = struct.unpack_from("<HHHHB", data, place + 1)
            # A frame may be larger than its screen, which then grows.
            width, height = max(width, left + across), max(height, top + down)
            place = _pass_blocks(data, place + 11 + _measure_palette(flags), parts)
            parts.keep(control, data[start:place], b";")
            break
        else:
            break
    return Container("GIF", parts.join(), (width, height))


def _measure_palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _pass_blocks(data: bytes, place: int, parts: _Parts) -> int:
    """Where the blocks that begin at a place end."""
    while place < len(data) and data[place]:
        parts.count()
        place += 1 + data[place]
    return place + 1


_WEBP_NEEDED: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_WEBP_PROFILE, _WEBP_EXIF, _WEBP_TEXT = 0x20, 0x08, 0x04


def _strip_webp(data: bytes) -> Container:
    parts, place = _Parts(), 12
    header, met = b"", set()
    size: tuple[int, int] | None = None
    while place + 8 <= len(data):
        parts.count()
        kind, length = struct.unpack_from("<4sI", data, place)
        whole = data[place : place + 8 + length + length % 2]
        place += len(whole)
        # The first that tells it is the canvas, where there is one.
        size = size or _read_webp_size(kind, whole[8:18])
        if kind == b"VP8X":
            header = header or whole
        # The first of each; of an animation the first frame.
        elif kind in _WEBP_NEEDED or (kind == b"EXIF" and length <= _LARGEST_EXIF):
            if kind not in met:
                parts.keep(whole)
            met.add(kind)
    if len(header) == 18:
        left_out = _WEBP_PROFILE | _WEBP_TEXT | (0 if b"EXIF" in met else _WEBP_EXIF)
        header = header[:8] + bytes((header[8] & ~left_out,)) + header[9:]
    body = b"WEBP" + header + parts.join()
    return Container("WebP", b"RIFF" + struct.pack("<I", len(body)) + body, size)


def _read_webp_size(kind: bytes, start: bytes) -> tuple[int, int] | None:
    """Width and height by the beginning of a chunk that tells them (RFC 9649); else None."""
    if len(start) < 10:
        return None
    if kind == b"VP8X":
        width, height = (int.from_bytes(start[at : at + 3], "little") for at in (4, 7))
        return width + 1, height + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", start, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", start, 1)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    return None


_STRIPPERS: Final[dict[str, Callable[[bytes], Container]]] = {
    "PNG": _strip_png,
    "JPEG": _strip_jpeg,
    "GIF": _strip_gif,
    "WebP": _strip_webp,
}
