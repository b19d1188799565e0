"""A stranger's picture cleaned: its bytes come in, a PNG of nothing but pixels comes out.

Everything else in the project goes through ``untrusted.door``, which does this in a process of its
own: what is called here runs through C code that a stranger's bytes may upset.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from PIL import Image, ImageFile

from generation.untrusted.containers import Container, read_container
from generation.untrusted.image_errors import (
    MOST_ASPECT,
    BrokenImageError,
    ImageError,
    ImageTooHardError,
    ImageTooLargeError,
    ImageTooNarrowError,
)
from generation.untrusted.texts import HIDDEN, read_hidden, read_texts
from generation.untrusted.traits import ImageTraits, is_photograph

_ORIENTATION_TAG: Final = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to set upright what a camera tagged with this EXIF orientation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a stranger's picture is taken.

    Attributes:
        max_bytes: Largest file, in bytes.
        max_pixels: Largest picture, width times height.
        max_side: Longer side in pixels to which larger pictures are scaled down.
        max_seconds: Longest time that fetching a link may take, redirects included.
    """

    max_bytes: int = 20 * 2**20
    max_pixels: int = 25_000_000
    max_side: int = 2048
    max_seconds: float = 10.0


LIMITS: Final = Limits()
"""The limits of an installation that sets none."""


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A picture that is safe to hand on.

    Attributes:
        png: RGB, 8 bits a channel, upright, without any metadata.
        traits: Its width and height, and whether it seems to be a photograph.
        texts: What programs wrote into the file, as ``untrusted.texts`` finds it; of these the
            PNG has none.
    """

    png: bytes
    traits: ImageTraits
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """In pixels."""
        return self.traits.width

    @property
    def height(self) -> int:
        """In pixels."""
        return self.traits.height


def clean(data: bytes, limits: Limits = LIMITS) -> CleanImage:
    """Decodes a stranger's picture and encodes it anew.

    The first frame is scaled down to ``limits.max_side``, laid on white where it is transparent,
    turned into RGB and set upright. Equal bytes give equal bytes. Colour profiles are dropped, not
    applied: the library that reads them is no place for a stranger's bytes.

    Raises:
        NotAnImageError: The bytes are no PNG, JPEG, WebP, GIF, AVIF or HEIC.
        BrokenImageError: They begin like one but do not decode.
        ImageKindError: They are of a kind of their format that is not read.
        ImageTooLargeError: Too many bytes, or too many pixels by the file's own header.
        ImageTooNarrowError: By its header one side is out of all proportion to the other.
        ImageTooHardError: Too many parts or scans, or not enough memory.
    """
    if len(data) > limits.max_bytes:
        raise ImageTooLargeError("bytes", limits.max_bytes, len(data))
    container = read_container(data)
    if container.size is not None:
        _judge(container.format, container.size, limits)
    try:
        picture, hidden = _decode(container, limits)
    except ImageError:
        raise
    except Exception as error:  # damaged files make Pillow raise almost anything
        # What lacks memory says so in each library's own words.
        if isinstance(error, MemoryError) or "memory" in str(error).lower():
            raise ImageTooHardError from error
        raise BrokenImageError(container.format) from error
    traits = ImageTraits(picture.width, picture.height, is_photograph(picture))
    texts = read_texts(data) | ({HIDDEN: hidden} if hidden else {})
    return CleanImage(_encode_png(picture), traits, texts)


def _judge(format_: str, size: tuple[int, int], limits: Limits) -> None:
    """Refuses a picture by its size, before anything is decoded."""
    width, height = size
    if not min(size):
        raise BrokenImageError(format_)
    if width * height > limits.max_pixels:
        raise ImageTooLargeError("pixels", limits.max_pixels, width * height)
    # Scaled down, a line would have to stand in memory as a square of its length.
    if max(size) > MOST_ASPECT * min(size):
        raise ImageTooNarrowError(width, height)


def _decode(container: Container, limits: Limits) -> tuple[Image.Image, str]:
    """The picture in RGB, scaled and upright, and what is hidden in its transparency."""
    # Opening reads the header alone.
    with _OPENERS[container.format](io.BytesIO(container.data)) as image:
        _judge(container.format, image.size, limits)
        size = _fit(image.size, limits.max_side)
        # A JPEG is decoded at a half, a quarter or an eighth where that is enough.
        image.draft(None, size)
        image.load()
        turn = _TURNS.get(_read_orientation(image))
    # Scaling and laying it on white would wipe it out.
    picture, hidden = _unpack(image), read_hidden(image)
    # In full size it may take 100 MB, and what scales it as much again.
    del image
    if picture.size != size:
        # Reduced by whole steps first: half the time, and no difference that could be seen.
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.0)
    picture = _flatten(picture)
    return (picture if turn is None else picture.transpose(turn)), hidden


# Pillow's classes themselves rather than its `open`, which would load all of them, and whose own
# limit of pixels raises before the size is known.
def _open_png(file: io.BytesIO) -> ImageFile.ImageFile:
    from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415 - once there is one

    return PngImageFile(file)


def _open_jpeg(file: io.BytesIO) -> ImageFile.ImageFile:
    from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415

    return JpegImageFile(file)


def _open_gif(file: io.BytesIO) -> ImageFile.ImageFile:
    from PIL.GifImagePlugin import GifImageFile  # noqa: PLC0415

    return GifImageFile(file)


def _open_webp(file: io.BytesIO) -> ImageFile.ImageFile:
    from PIL.WebPImagePlugin import WebPImageFile  # noqa: PLC0415

    return WebPImageFile(file)


def _open_avif(file: io.BytesIO) -> ImageFile.ImageFile:
    from PIL import AvifImagePlugin  # noqa: PLC0415

    # Each thread of the decoder keeps a picture of its own in memory.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    return AvifImagePlugin.AvifImageFile(file)


def _open_heif(file: io.BytesIO) -> ImageFile.ImageFile:
    from pi_heif import HeifImageFile, options  # noqa: PLC0415

    options.DECODE_THREADS = 1
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    image: ImageFile.ImageFile = HeifImageFile(file)
    return image


_OPENERS: Final[dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]]] = {
    "PNG": _open_png,
    "JPEG": _open_jpeg,
    "GIF": _open_gif,
    "WebP": _open_webp,
    "AVIF": _open_avif,
    "HEIC": _open_heif,
}
"""How each format is opened; no more of them than people send."""


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    longest = max(size)
    if longest <= side:
        return size
    width, height = (max(1, round(length * side / longest)) for length in size)
    return width, height


def _read_orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # noqa: BLE001 - a picture with damaged EXIF is still a picture
        return 1
    return value if isinstance(value, int) else 1


def _unpack(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be scaled: RGB, grey, or RGB with transparency."""
    if image.mode.startswith("I"):
        # Modes with 16 bits would be cut off at 255 by convert, and come out white.
        return image.point(lambda level: level / 256, "L")
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image if image.mode in {"L", "RGB"} else image.convert("RGB")


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _encode_png(image: Image.Image) -> bytes:
    # Pillow carries what it has read, such as profiles, into what it writes.
    image.info.clear()
    buffer = io.BytesIO()
    # The fastest: the file is kept for drawing from, not sent on.
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
