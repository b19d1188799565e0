"""Whether what was computed is a picture: numbers that overflow are drawn as black squares."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import structlog
import torch
from PIL import Image
from torch import Tensor

from generation.pictures.canvas import Init, InpaintCanvas
from storage.queue.jobs import RenderError

NO_PICTURE: Final = "no_picture"
"""Failure of a job whose numbers became no picture, in whatever format they were computed."""

_log = structlog.get_logger(__name__)


def require_finite(numbers: Tensor) -> Tensor:
    """The numbers, of any shape.

    Raises:
        RenderError: ``no_picture`` if one of them is infinite or none at all.
    """
    if not bool(torch.isfinite(numbers).all()):
        raise RenderError(NO_PICTURE)
    return numbers


def is_flat(pixels: Tensor) -> bool:
    """Whether pixels (…, channels, height, width) in -1 to 1 have one colour all over.

    Told as the picture will be: cut to its range, in 8 bits.
    """
    levels = ((pixels.float().clamp(-1, 1) + 1) * 127.5).round()
    return bool((levels == levels[..., :1, :1]).all())


def compute_with_vae(
    vae: Any,  # noqa: ANN401 - diffusers has no types
    compute: Callable[[], Tensor],
    *,
    shows: bool,
) -> Tensor:
    """What an autoencoder makes, once more in float32 where its own 16 bits were too few.

    Args:
        vae: The autoencoder; afterwards it is in its own number format again, so that no picture
            depends on those before it.
        compute: Uses it, in the format that it has just then.
        shows: Whether it makes pixels, -1 to 1: one colour all over then is no picture either.

    Returns:
        Pixels or latents, finite; pixels may still be of one colour.

    Raises:
        RenderError: ``no_picture`` if they are not finite in float32 either.
    """
    made, own = compute(), vae.dtype
    if own == torch.float32 or not has_overflowed(made, shows=shows):
        return require_finite(made)
    _log.warning("the autoencoder overflows; once more in float32", format=str(own))
    vae.to(torch.float32)
    try:
        return require_finite(compute())
    finally:
        vae.to(own)


def has_overflowed(made: Tensor, *, shows: bool) -> bool:
    """Whether numbers seem to be too large for their format.

    Args:
        made: Pixels in -1 to 1, or latents.
        shows: Whether they are pixels: one colour all over then is no picture either.
    """
    return not bool(torch.isfinite(made).all()) or (shows and is_flat(made))


def require_pictures(pictures: Iterable[Image.Image], start: Init) -> list[Image.Image]:
    """Pictures that show something: of one colour all over only where what they start from is.

    Raises:
        RenderError: ``no_picture`` if one shows nothing.
    """
    drawn = list(pictures)
    begun = start.picture if isinstance(start, InpaintCanvas) else start
    if begun is not None and has_one_colour(begun):
        return drawn
    if any(map(has_one_colour, drawn)):
        raise RenderError(NO_PICTURE)
    return drawn


def has_one_colour(picture: Image.Image) -> bool:
    """Whether all pixels of a picture are alike."""
    bands = picture.convert("RGB").split()
    return all(low == high for low, high in (band.getextrema() for band in bands))
