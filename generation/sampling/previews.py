"""Previews: small pictures of what latents seem to become, while they are drawn."""

from collections.abc import Callable
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from generation.sampling.engine import Code, device_of

PATCH: Final = 32
"""Side in pixels of the flat patches that the preview's colours are measured with."""

_ROW: Final = 8
"""Patches in a row, and rows: with the latents inside each, more than any family has channels."""

Preview = Callable[[Tensor], list[Image.Image]]
"""From clean latents (pictures, channels, height, width) to small pictures."""


def preview_by_decoder(decoder: Any) -> Preview:  # noqa: ANN401 - diffusers has no types
    """Previews by a tiny autoencoder of the same latents (after TAESD), at the drawn size."""

    def preview(clean: Tensor) -> list[Image.Image]:
        made = decoder.decode(clean.to(decoder.dtype), return_dict=False)[0].float()
        return _to_images(made.permute(0, 2, 3, 1))

    return preview


def preview_by_palette(palette: Tensor) -> Preview:
    """Previews of one pixel per latent, by ``measure_palette``'s palette."""
    return lambda clean: _to_images(
        torch.einsum("bchw,cd->bhwd", clean, palette[:-1]) + palette[-1]
    )


def _to_images(colours: Tensor) -> list[Image.Image]:
    """Pictures from colours (pictures, height, width, 3) in [-1, 1]."""
    levels = ((colours + 1) * 127.5).clamp(0, 255).round().to(torch.uint8).cpu().numpy()
    return [Image.fromarray(one) for one in levels]


def measure_palette(family: Code, pipe: Any) -> Tensor:  # noqa: ANN401
    """The linear map from latents to colours that fits flat patches of many colours best.

    For models without a tiny decoder of their own: it costs one encoding at loading time. The last
    row of the result (channels + 1, 3) is the constant.
    """
    # A fixed seed: a checkpoint's previews look the same in every process.
    patches = torch.rand((1, 3, _ROW, _ROW), generator=torch.Generator().manual_seed(0)) * 2 - 1
    pixels = patches.repeat_interleave(PATCH, 2).repeat_interleave(PATCH, 3)
    with torch.inference_mode():
        read = family.read(pipe, pixels.to(device_of(pipe), pipe.vae.dtype))[0]
    factor = pixels.shape[-1] // read.shape[-1]
    latents = read.flatten(1).T.cpu()
    # Patches are flat and larger than a latent, so one pixel stands for all that a latent covers.
    colours = pixels[0, :, factor // 2 :: factor, factor // 2 :: factor].flatten(1).T
    # The column of ones fits the constant: the latents of mid grey are not zero.
    known = torch.cat([latents, torch.ones(len(latents), 1)], dim=1)
    # On the CPU: a thousand rows are soon solved, and not every device has this solver.
    palette: Tensor = torch.linalg.lstsq(known, colours).solution
    return palette.to(device_of(pipe))
