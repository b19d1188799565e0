"""What to tell a person whose image, or link to one, cannot be used."""

from typing import Final

from generation.images import BrokenImageError, ImageError, ImageTooLargeError, NotAnImageError
from generation.links import (
    LinkNotFoundError,
    LinkRefusedError,
    LinkTimeoutError,
    LinkUnreachableError,
    Refusal,
)

FORMATS: Final = "PNG, JPEG, WebP or GIF"

REFUSALS: Final = {
    Refusal.MALFORMED: "that is not a complete link; it should look like https://host/picture.png",
    Refusal.SCHEME: "only http and https links work",
    Refusal.CREDENTIALS: "links with a user name or password in them are not followed",
    Refusal.PORT: "links to unusual ports are not followed; please attach the image instead",
    Refusal.PRIVATE: "it leads into a private network; please attach the image instead",
    Refusal.NOT_LISTED: "here only images on Discord are fetched; please attach the image instead",
    Refusal.REDIRECTS: "it redirects too often; please link to the image itself",
}
"""Why a link was not followed, and what would work."""


def sentence(error: ImageError) -> str:
    """One sentence naming the input, what is wrong with it and what would work."""
    match error:
        case NotAnImageError():
            return f"What you gave is not an image that I can read; {FORMATS} would work."
        case BrokenImageError():
            return f"The {error.format} file is damaged; please save it again and retry."
        case ImageTooLargeError():
            return _too_large(error)
        case LinkRefusedError():
            return f"I cannot use the image link to `{error.host}`: {REFUSALS[error.reason]}."
        case LinkNotFoundError():
            return (
                f"There is no image at the link to `{error.host}` (it answered {error.status}); "
                "please check the link or attach the image."
            )
        case LinkTimeoutError():
            return (
                f"`{error.host}` did not send the image within {error.seconds:g} seconds; "
                "please attach it instead."
            )
        case LinkUnreachableError():
            return f"`{error.host}` cannot be reached; please check the link or attach the image."
    return f"The image cannot be used; {FORMATS} would work."


def _too_large(error: ImageTooLargeError) -> str:
    if error.unit == "bytes":
        found, limit, unit = error.found / 2**20, error.limit / 2**20, "MiB"
    else:
        found, limit, unit = error.found / 1e6, error.limit / 1e6, "megapixels"
    return f"The image has {found:.0f} {unit} or more; up to {limit:.0f} {unit} would work."
