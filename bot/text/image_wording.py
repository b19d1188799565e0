"""What to tell a person whose image, or link to one, cannot be used."""

import math
from collections.abc import Mapping
from typing import Final

from bot.text import sentences
from bot.text.languages import say, write_number
from generation.untrusted.fetch import (
    LinkExpiredError,
    LinkNotFoundError,
    LinkRefusedError,
    LinkTimeoutError,
    LinkUnreachableError,
    Refusal,
)
from generation.untrusted.image_errors import (
    MOST_ASPECT,
    BrokenImageError,
    ImageError,
    ImageKindError,
    ImageTooHardError,
    ImageTooLargeError,
    ImageTooNarrowError,
    MaskMisfitError,
    NotAnImageError,
    NothingPaintedError,
)

FORMATS: Final = "PNG, JPEG, WebP, GIF, AVIF or HEIC"
UNUSABLE: Final = "The image cannot be used; {formats} would work."
UNREADABLE: Final = "That is not an image that I can read; {formats} would work."
DAMAGED: Final = "The {format} file is damaged; please save it again and retry."
ODD_KIND: Final = (
    "That kind of {format} cannot be read here; saved as an ordinary JPEG or PNG it would work."
)
TOO_MANY_BYTES: Final = (
    "The image file is larger than {limit} MiB; please save it smaller and retry."
)
TOO_MANY_PIXELS: Final = "The image has {found} megapixels; up to {limit} would work."
TOO_NARROW: Final = (
    "The image is {width}×{height}; its longer side may be {most} times as long as the "
    "shorter one at most."
)
TOO_HARD: Final = (
    "The image file takes too much work to read; please save it smaller or as JPEG and retry."
)
MISFIT: Final = (
    "What was painted is {width}×{height} and does not fit the picture; please open the "
    "link again and paint once more."
)
REFUSED: Final = "I cannot use the image link to `{host}`: {why}."
NOT_FOUND: Final = (
    "There is no image at the link to `{host}` (it answered {status}); please check the link or "
    "attach the image."
)
EXPIRED: Final = (
    "The link to `{host}` has expired: links to images on Discord work for a day. Copy the link "
    "anew, or attach the image."
)
SLOW: Final = "`{host}` did not send the image within {seconds} s; please attach it instead."
UNREACHABLE: Final = "`{host}` cannot be reached; please check the link or attach the image."

REFUSALS: Final[Mapping[Refusal, str]] = {
    Refusal.MALFORMED: "that is not a complete link; it should look like https://host/picture.png",
    Refusal.SCHEME: "only http and https links work",
    Refusal.CREDENTIALS: "links with a user name or password in them are not followed",
    Refusal.PORT: "links to unusual ports are not followed; please attach the image instead",
    Refusal.PRIVATE: "it leads to a private network; please attach the image instead",
    Refusal.NOT_LISTED: "only images on Discord are fetched here; please attach the image instead",
    Refusal.REDIRECTS: "it redirects too often; please link to the image itself",
}
"""Why a link was not followed, and what would work."""

_MEBIBYTE: Final = 2**20
_TENTHS_OF_A_MILLION: Final = 100_000


def word_image_error(error: ImageError) -> str:
    """One sentence naming the input, what is wrong with it and what would work."""
    match error:
        case NotAnImageError():
            return say(UNREADABLE, formats=say(FORMATS))
        case BrokenImageError() | ImageKindError():
            broken = isinstance(error, BrokenImageError)
            return say(DAMAGED if broken else ODD_KIND, format=error.format)
        case ImageTooLargeError():
            return _too_large(error)
        case ImageTooNarrowError():
            return say(TOO_NARROW, width=error.width, height=error.height, most=MOST_ASPECT)
        case ImageTooHardError():
            return say(TOO_HARD)
        case MaskMisfitError():
            return say(MISFIT, width=error.width, height=error.height)
        case NothingPaintedError():
            return say(sentences.NOTHING_PAINTED)
        case LinkRefusedError():
            return say(REFUSED, host=error.host, why=say(REFUSALS[error.reason]))
        case LinkExpiredError():
            return say(EXPIRED, host=error.host)
        case LinkNotFoundError():
            return say(NOT_FOUND, host=error.host, status=error.status)
        case LinkTimeoutError():
            return say(SLOW, host=error.host, seconds=f"{error.seconds:g}")
        case LinkUnreachableError():
            return say(UNREACHABLE, host=error.host)
    return say(UNUSABLE, formats=say(FORMATS))


def _too_large(error: ImageTooLargeError) -> str:
    if error.unit == "bytes":
        return say(TOO_MANY_BYTES, limit=write_number(error.limit / _MEBIBYTE))
    # Rounded up, so that what is a little over a limit does not read as if it were that.
    found = math.ceil(error.found / _TENTHS_OF_A_MILLION) / 10
    limit = error.limit / _TENTHS_OF_A_MILLION / 10
    return say(TOO_MANY_PIXELS, found=write_number(found), limit=write_number(limit))
