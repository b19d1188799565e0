"""Texts in a stranger's picture file: what programs wrote there of how they made it.

They stand in text chunks (PNG), EXIF and XMP (PNG, JPEG, WebP), or are hidden in the lowest bits of
the transparency. Like ``untrusted.clean`` this is called in the decoder's process alone. Whatever
the file, it takes no more than ``MOST_TEXT`` bytes of it, and damaged parts say nothing.
"""

import html
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from PIL import Image

MOST_TEXT: Final = 2**17
"""Bytes of all texts of a file together, unpacked; ComfyUI's graphs have some ten thousand."""

MOST_BLOCKS: Final = 256
"""Parts of a file that are looked into, each of ``MOST_TEXT`` at most; programs write three."""

HIDDEN: Final = "hidden"
"""Under what a text is found that was hidden in the transparency."""

COMMENT: Final = "UserComment"
DESCRIPTION: Final = "ImageDescription"

_Reader = Callable[[bytes], Iterator[tuple[str, str]]]

_XMP_KEYWORD: Final = b"XML:com.adobe.xmp"
_XMP_HEAD: Final = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF_HEAD: Final = b"Exif\0\0"
_MARKER: Final = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_APPLICATION, _SCAN, _END = 0xE1, 0xDA, 0xD9
_XMP_DESCRIPTION: Final = re.compile(
    r"<dc:description>\s*+(?:<rdf:\w++>\s*+<rdf:li[^<>]*+>)?([^<>]++)</|dc:description=\"([^\"]++)\""
)
_TAGS: Final = {0x010E: DESCRIPTION, 0x010F: "Make", 0x0110: "Model", 0x0131: "Software"}
_EXIF_IFD, _COMMENT_TAG = 0x8769, 0x9286
_CODE: Final = 8
"""Bytes before an EXIF comment that name its encoding."""

_BITS: Final = bytes(ord("0") + (value & 1) for value in range(256))
_SIGNATURES: Final = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}
"""What hidden texts begin with, and whether they are packed (sd-webui-stealth-pnginfo, NovelAI)."""

_SIGNATURE_BITS: Final = 8 * 15
_LENGTH_BITS: Final = 32
_GZIP: Final = 31


def read_texts(data: bytes) -> dict[str, str]:
    """The texts of a PNG, JPEG or WebP by the names that they have there; none of other files."""
    found: dict[str, str] = {}
    left = MOST_TEXT
    for read, block in islice(_list_blocks(data), MOST_BLOCKS):
        for name, text in read(block):
            # The first of each name: what comes later may have been put there by anybody since.
            if text and name not in found and len(text) <= left:
                found[name] = text
                left -= len(text)
    return found


def read_hidden(image: Image.Image) -> str:
    """The text that is hidden in a decoded picture's transparency; empty if there is none.

    Its bits stand in the pixels column by column: a signature, a length in bits, and so many.
    """
    packed = _SIGNATURES.get(_read_bits(image, 0, _SIGNATURE_BITS))
    if packed is None:
        return ""
    length = int.from_bytes(_read_bits(image, _SIGNATURE_BITS, _LENGTH_BITS))
    if not 0 < length <= 8 * MOST_TEXT or length % 8:
        return ""
    body = _read_bits(image, _SIGNATURE_BITS + _LENGTH_BITS, length)
    return _decode(_unpack(body, _GZIP) if packed else body)


def _read_bits(image: Image.Image, first: int, count: int) -> bytes:
    """The lowest bits of a picture's transparency, down its columns; empty beyond its edge."""
    height = image.height
    left, right = first // height, -(-(first + count) // height)
    if image.mode != "RGBA" or right > image.width:
        return b""
    columns = image.crop((left, 0, right, height)).getchannel("A")
    levels = columns.transpose(Image.Transpose.TRANSPOSE).tobytes()[first - left * height :]
    return int(levels[:count].translate(_BITS), 2).to_bytes(count // 8)


def _list_blocks(data: bytes) -> Iterator[tuple[_Reader, bytes]]:
    """The parts of a file that may say something, and how each is read; of EXIF the first."""
    exif = False
    with suppress(struct.error):
        for read, block in _walk(data):
            if len(block) > MOST_TEXT or (exif and read is _read_exif):
                continue
            exif = exif or read is _read_exif
            yield read, block


def _walk(data: bytes) -> Iterator[tuple[_Reader, bytes]]:
    if data.startswith(b"\x89PNG"):
        yield from _walk_png(data)
    elif data.startswith(b"\xff\xd8"):
        yield from _walk_jpeg(data)
    elif data[8:12] == b"WEBP":
        yield from _walk_webp(data)


def _walk_png(data: bytes) -> Iterator[tuple[_Reader, bytes]]:
    place = 8
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind in _PNG_TEXTS:
            yield _PNG_TEXTS[kind], data[place + 8 : place + 8 + length]
        elif kind == b"eXIf":
            yield _read_exif, data[place + 8 : place + 8 + length]
        elif kind == b"IEND":
            return
        place += 12 + length


def _walk_jpeg(data: bytes) -> Iterator[tuple[_Reader, bytes]]:
    place = 2
    while found := _MARKER.match(data, place):
        kind, place = found[1][0], found.end()
        if kind in {_SCAN, _END}:
            return
        (length,) = struct.unpack_from(">H", data, place)
        body, place = data[place + 2 : place + length], place + length
        if kind == _APPLICATION and body.startswith(_EXIF_HEAD):
            yield _read_exif, body
        elif kind == _APPLICATION and body.startswith(_XMP_HEAD):
            yield _read_xmp, body[len(_XMP_HEAD) :]


def _walk_webp(data: bytes) -> Iterator[tuple[_Reader, bytes]]:
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind in _WEBP_TEXTS:
            yield _WEBP_TEXTS[kind], data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _read_text(body: bytes) -> Iterator[tuple[str, str]]:
    """Keyword and text of a chunk (PNG specification, 11.3.3)."""
    keyword, _, text = body.partition(b"\0")
    yield _decode(keyword), _decode(text)


def _read_packed_text(body: bytes) -> Iterator[tuple[str, str]]:
    keyword, _, rest = body.partition(b"\0")
    yield _decode(keyword), _decode(_unpack(rest[1:]))


def _read_international_text(body: bytes) -> Iterator[tuple[str, str]]:
    keyword, _, rest = body.partition(b"\0")
    text = rest[2:].split(b"\0", 2)[-1]
    text = _unpack(text) if rest[:1] == b"\1" else text
    if keyword == _XMP_KEYWORD:
        yield from _read_xmp(text)
    else:
        yield _decode(keyword), _decode(text)


def _read_exif(block: bytes) -> Iterator[tuple[str, str]]:
    try:
        tags = Image.Exif()
        tags.load(block)
        values = {name: tags.get(tag) for tag, name in _TAGS.items()}
        values[COMMENT] = tags.get_ifd(_EXIF_IFD).get(_COMMENT_TAG)
    except Exception:  # noqa: BLE001 - damaged EXIF makes Pillow raise almost anything
        return
    for name, value in values.items():
        if isinstance(value, str):
            # Pillow takes ASCII tags for Latin-1; programs write UTF-8 into them.
            yield name, _decode(value.encode("latin-1", "replace"))
        elif isinstance(value, bytes):
            yield name, _read_comment(value)


def _read_comment(value: bytes) -> str:
    """An EXIF comment in whichever encoding its first bytes name, or in UTF-8."""
    code, body = value[:_CODE], value[_CODE:]
    if code == b"UNICODE\0":
        # UTF-16 in the order of whoever wrote it: in most texts the high bytes are zeros.
        low_first = body[1::2].count(0) > body[::2].count(0)
        text = body.decode("utf-16-le" if low_first else "utf-16-be", "replace")
        return text.lstrip("\ufeff").rstrip("\0")
    return _decode(body if code in {b"ASCII\0\0\0", bytes(_CODE)} else value).rstrip("\0")


def _read_xmp(block: bytes) -> Iterator[tuple[str, str]]:
    # By an expression: what reads XML follows entities, and this is one name.
    if found := _XMP_DESCRIPTION.search(_decode(block)):
        yield "Description", html.unescape(found[1] or found[2]).strip()


def _unpack(packed: bytes, window: int = zlib.MAX_WBITS) -> bytes:
    """So much of packed bytes as is taken; nothing of damaged ones."""
    try:
        return zlib.decompressobj(window).decompress(packed, MOST_TEXT)
    except zlib.error:
        return b""


def _decode(body: bytes) -> str:
    """Text in UTF-8, or in Latin-1, which PNG and EXIF ask for and few programs write."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")


_PNG_TEXTS: Final[dict[bytes, _Reader]] = {
    b"tEXt": _read_text,
    b"zTXt": _read_packed_text,
    b"iTXt": _read_international_text,
}
_WEBP_TEXTS: Final[dict[bytes, _Reader]] = {b"EXIF": _read_exif, b"XMP ": _read_xmp}
"""How the chunks are read that may say something."""
