"""Picture files that cost more than they look, made by code; `benchmarks.door` makes them large."""

import base64
import functools
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any, Final

from PIL import Image

PNG: Final = b"\x89PNG\r\n\x1a\n"

HEIC: Final = base64.b85decode(
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<0004fZDn*}000000000XXk=`10000000000aA{+70000000000000"
    "0000000B57=IV*mgE07O6l0RRC200001p#T8@00000003kF001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F"
    "#rGn01j|zbZr0t000010002}X>f9I0002pX>en20001XXm(>m0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN"
    "^|NjGU00093kN^M!000939=ZZRVE_RDDnbDP18@KU0|1Z!00RI30{|YNAb|yz>g1-"
    "mxCm%4AOHXZ10VnZ0{|gn00967L;=Bbz=;3=025<xY;ta6Y<K_x01W^JfB*mh6lrsCWdHyG00000KmY&$KmY&$C}"
    "V74Z~y=RKmY&$0RR91AOHXW0RR91000000{{R2-~a#s0ssI25O8UDX#fBK00RgJ2mk;87-"
    "?{AVE_OC000000RRC7fdT^sga7~lY;9y=bN~PVU?>5v3E&|)G#~%+JHP+(uy$X(N2(NxKl{dLukiD@|Jf~E?8Oy`"
    "`=v!VoIUMP)o3AsA9J-z#Y`4^R1FTw!jhZsdbbbn{2%{n(E<BhLx1Ubt?cagXhT|^-07NIfB"
)
"""Blue, 64 by 32 pixels, with red at the upper left; written by libheif, which reads alone here."""


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes = b"", crc: int | None = None) -> bytes:
    """A chunk of a PNG, with its CRC or another one."""
    right = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc or right)


def png(width: int, height: int, *parts: bytes, colours: int = 2) -> bytes:
    """A PNG of zeros; ``parts`` stand before its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    row = b"\0" * (1 + width * {0: 1, 2: 3, 6: 4}[colours])
    packer = zlib.compressobj(1)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"".join((PNG, chunk(b"IHDR", header), *parts, chunk(b"IDAT", pixels), chunk(b"IEND")))


def interlaced(side: int) -> bytes:
    """A PNG with transparency and 16 bits a channel in the seven passes of Adam7 (PNG, 8.1)."""
    header = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 1)
    packer, pixels = zlib.compressobj(1), []
    for left, top, across, down in (
        *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
        *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
    ):
        # The filter that takes most steps.
        row = b"\4" + b"\1" * (8 * -(-(side - left) // across))
        pixels += [packer.compress(row) for _ in range(-(-(side - top) // down))]
    body = b"".join(pixels) + packer.flush()
    return b"".join((PNG, chunk(b"IHDR", header), chunk(b"IDAT", body), chunk(b"IEND")))


@functools.cache
def _flat_jpeg(side: int, *, progressive: bool) -> bytes:
    return encoded(Image.new("L", (side, side), 90), "JPEG", progressive=progressive)


def jpeg_with_scans(scans: int, side: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = _flat_jpeg(side, progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


def jpeg_with(segments: bytes, side: int = 16) -> bytes:
    """A JPEG that begins with some segments."""
    data = _flat_jpeg(side, progressive=False)
    return data[:2] + segments + data[2:]


def exif_in_segments(count: int) -> bytes:
    """A JPEG whose EXIF is spread over many segments."""
    return jpeg_with(b"\xff\xe1\x00\x0aExif\0\0MM" * count)


def comments(count: int) -> bytes:
    """A JPEG with many empty comments."""
    return jpeg_with(b"\xff\xfe\x00\x02" * count)


def fill_bytes(count: int) -> bytes:
    """A JPEG with as many bytes between two segments that mean nothing."""
    return jpeg_with(b"\xff" * count)


def empty_chunks(count: int) -> bytes:
    """A PNG with many empty chunks of a kind that nobody knows."""
    return png(16, 16, chunk(b"eaSl") * count)


def single_bytes(count: int) -> bytes:
    """A PNG whose pixels come in chunks of one byte, ``count`` of which are empty."""
    whole = png(16, 16)
    start = whole.index(b"IDAT") - 4
    (length,) = struct.unpack_from(">I", whole, start)
    body = whole[start + 8 : start + 8 + length]
    pieces = b"".join(chunk(b"IDAT", bytes((value,))) for value in body)
    return whole[:start] + chunk(b"IDAT") * count + pieces + whole[start + 12 + length :]


def packed_text(size: int, chunks: int = 1) -> bytes:
    """A PNG with text that unpacks to ``size`` bytes in each of some chunks."""
    body = b"Comment\0\0" + zlib.compress(b"a" * size, 9)
    return png(16, 16, chunk(b"zTXt", body) * chunks)


def bad_text() -> bytes:
    """A PNG whose text has a wrong CRC."""
    return png(16, 16, chunk(b"tEXt", b"Comment\0none", crc=1))


def frames(kind: str, count: int, side: int = 16) -> bytes:
    """An animation that changes one pixel from frame to frame."""
    made = []
    for number in range(count):
        frame = Image.new("RGB", (side, side), (number % 256, number // 256 % 256, 90))
        made.append(frame)
    return encoded(made[0], kind, save_all=True, append_images=made[1:], lossless=True)


def gif_blocks(count: int) -> bytes:
    """A GIF with a comment of many blocks of one byte before its picture."""
    data = encoded(Image.new("P", (16, 16)), "GIF")
    start = data.index(b",", 13 + 3 * (2 << (data[10] & 7)))
    return data[:start] + b"!\xfe" + b"\x01a" * count + b"\0" + data[start:]


def webp_chunks(count: int) -> bytes:
    """A WebP with many empty chunks of a kind that nobody knows."""
    data = encoded(Image.new("RGBA", (16, 16), (9, 90, 9, 90)), "WEBP", exif=b"Exif\0\0MM\0*")
    body = data[12:30] + b"EASL\0\0\0\0" * count + data[30:]
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


SMALL: Final[dict[str, Callable[[], bytes]]] = {
    "1,000 scans": lambda: jpeg_with_scans(1000, 64),
    "a line": lambda: png(1, 51),
    "EXIF in 200,001 segments": lambda: exif_in_segments(200_001),
    "200,001 comments": lambda: comments(200_001),
    "200,001 chunks": lambda: empty_chunks(200_001),
    "200,001 blocks": lambda: gif_blocks(200_001),
    "200,001 chunks of WebP": lambda: webp_chunks(200_001),
}
"""Of each kind that is refused one that costs little itself."""

HARMLESS: Final[dict[str, Callable[[], bytes]]] = {
    "ten scans more": lambda: jpeg_with_scans(10, 64),
    "EXIF in 300 segments": lambda: exif_in_segments(300),
    "300 comments": lambda: comments(300),
    "fill bytes": lambda: fill_bytes(300_000),
    "300 chunks": lambda: empty_chunks(300),
    "empty chunks of pixels": lambda: single_bytes(300),
    "packed text": lambda: packed_text(3 * 2**20, 3),
    "bad text": bad_text,
    "frames of a GIF": lambda: frames("GIF", 60),
    "frames of a PNG": lambda: frames("PNG", 60),
    "frames of a WebP": lambda: frames("WEBP", 60),
    "blocks of a GIF": lambda: gif_blocks(300),
    "chunks of a WebP": lambda: webp_chunks(300),
}
"""Odd files that are good pictures: what is odd about them is ancillary."""
