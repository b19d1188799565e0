"""The guarded door for pictures that strangers send: their bytes come in, a clean PNG goes out.

Nothing else in the project decodes an upload. ``untrusted.fetch`` fetches linked pictures and hands
their bytes to this module.
"""

import io
from dataclasses import dataclass
from typing import Final, Literal

from PIL import Image, UnidentifiedImageError

from faults import UserError

# No more than people send: each decoder is C code that a stranger's bytes run through.
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
"""Formats that are decoded at all; of an animation the first frame."""

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
        width: In pixels.
        height: In pixels.
    """

    png: bytes
    width: int
    height: int


class ImageError(UserError):
    """A picture that a person gave and that cannot be used."""


class NotAnImageError(ImageError):
    """The bytes are in no format that is read here."""


class BrokenImageError(ImageError):
    """The bytes begin like a picture but do not decode to one.

    Attributes:
        format: Name of the format that they begin like.
    """

    def __init__(self, format_: str) -> None:
        super().__init__(f"broken {format_} data")
        self.format = format_


class ImageTooLargeError(ImageError):
    """The picture is over a limit.

    Attributes:
        unit: What was counted.
        limit: How much of it is taken.
        found: How much there is; at least this much where the rest was not read.
    """

    def __init__(self, unit: Literal["bytes", "pixels"], limit: int, found: int) -> None:
        super().__init__(f"{found} {unit}, over the limit of {limit}")
        self.unit: Literal["bytes", "pixels"] = unit
        self.limit = limit
        self.found = found


def clean(data: bytes, limits: Limits = LIMITS) -> CleanImage:
    """Decodes a stranger's picture and encodes it anew.

    The first frame is set upright, laid on white where it is transparent, turned into RGB and
    scaled down to ``limits.max_side``. Equal bytes give equal bytes. Colour profiles are dropped,
    not applied: the library that reads them is no place for a stranger's bytes.

    Raises:
        NotAnImageError: The bytes are no PNG, JPEG, WebP or GIF.
        BrokenImageError: They begin like one but do not decode.
        ImageTooLargeError: Too many bytes, or too many pixels by the file's own header.
    """
    if len(data) > limits.max_bytes:
        raise ImageTooLargeError("bytes", limits.max_bytes, len(data))
    # Opening reads the header alone, so the size is known before a pixel is decoded.
    with _open(data, limits) as image:
        try:
            picture = _scale_down(_flatten(_turn_upright(image)), limits.max_side)
        except Exception as error:  # damaged files make Pillow raise almost anything
            raise BrokenImageError(image.format or "image") from error
    return CleanImage(_encode_png(picture), picture.width, picture.height)


def _open(data: bytes, limits: Limits) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise NotAnImageError from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow raises before it tells the size: it is known only to be over Pillow's limit.
        bomb = Image.MAX_IMAGE_PIXELS or limits.max_pixels
        raise ImageTooLargeError("pixels", limits.max_pixels, bomb + 1) from error
    except Exception as error:
        raise BrokenImageError("image") from error
    if image.width * image.height > limits.max_pixels:
        image.close()
        raise ImageTooLargeError("pixels", limits.max_pixels, image.width * image.height)
    return image


def _turn_upright(image: Image.Image) -> Image.Image:
    image.load()
    turn = _TURNS.get(_read_orientation(image))
    return image if turn is None else image.transpose(turn)


def _read_orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # noqa: BLE001 - a picture with damaged EXIF is still a picture
        return 1
    return value if isinstance(value, int) else 1


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Modes with 16 bits would be cut off at 255 by convert, and come out white.
        image = image.point(lambda level: level / 256, "L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")


def _scale_down(image: Image.Image, side: int) -> Image.Image:
    longest = max(image.size)
    if longest <= side:
        return image
    width, height = (max(1, round(length * side / longest)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _encode_png(image: Image.Image) -> bytes:
    # Pillow carries what it has read, such as profiles, into what it writes.
    image.info.clear()
    buffer = io.BytesIO()
    # The fastest: the file is kept for drawing from, not sent on.
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
