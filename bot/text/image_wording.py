"""What to tell a person whose image, or link to one, cannot be used."""

from collections.abc import Mapping
from typing import Final

from bot.text.languages import say
from generation.untrusted.clean import (
    BrokenImageError,
    ImageError,
    ImageTooLargeError,
    NotAnImageError,
)
from generation.untrusted.fetch import (
    LinkNotFoundError,
    LinkRefusedError,
    LinkTimeoutError,
    LinkUnreachableError,
    Refusal,
)
from prompt.sentences import Plural

FORMATS: Final = "PNG, JPEG, WebP or GIF"
UNUSABLE: Final = "The image cannot be used; {formats} would work."
UNREADABLE: Final = "That is not an image that I can read; {formats} would work."
DAMAGED: Final = "The {format} file is damaged; please save it again and retry."
TOO_MANY_BYTES: Final = "The image file is {found} MiB or larger; up to {limit} MiB would work."
TOO_MANY_PIXELS: Final = Plural(
    "The image has {count} megapixel or more; up to {limit} would work.",
    "The image has {count} megapixels or more; up to {limit} would work.",
)
REFUSED: Final = "I cannot use the image link to `{host}`: {why}."
NOT_FOUND: Final = (
    "There is no image at the link to `{host}` (it answered {status}); please check the link or "
    "attach the image."
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
_MILLION: Final = 1_000_000


def word_image_error(error: ImageError) -> str:
    """One sentence naming the input, what is wrong with it and what would work."""
    match error:
        case NotAnImageError():
            return say(UNREADABLE, formats=say(FORMATS))
        case BrokenImageError():
            return say(DAMAGED, format=error.format)
        case ImageTooLargeError():
            return _too_large(error)
        case LinkRefusedError():
            return say(REFUSED, host=error.host, why=say(REFUSALS[error.reason]))
        case LinkNotFoundError():
            return say(NOT_FOUND, host=error.host, status=error.status)
        case LinkTimeoutError():
            return say(SLOW, host=error.host, seconds=f"{error.seconds:g}")
        case LinkUnreachableError():
            return say(UNREACHABLE, host=error.host)
    return say(UNUSABLE, formats=say(FORMATS))


def _too_large(error: ImageTooLargeError) -> str:
    if error.unit == "bytes":
        found, limit = (round(size / _MEBIBYTE) for size in (error.found, error.limit))
        return say(TOO_MANY_BYTES, found=found, limit=limit)
    count, limit = (round(size / _MILLION) for size in (error.found, error.limit))
    return say(TOO_MANY_PIXELS, count=count, limit=limit)
