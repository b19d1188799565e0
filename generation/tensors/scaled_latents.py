"""Latents of autoencoders that are told one shift and one scale, as FLUX.1's and Z-Image's."""

from typing import Any

from torch import Tensor


def read_scaled(pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401
    """The encoder's mode, scaled to about unit variance."""
    raw: Tensor = pipe.vae.encode(pixels).latent_dist.mode().float()
    return (raw - float(pipe.vae.config.shift_factor)) * float(pipe.vae.config.scaling_factor)


def show_scaled(pipe: Any, latents: Tensor) -> Tensor:  # noqa: ANN401
    """The inverse of ``read_scaled``, as pixels."""
    raw = latents / float(pipe.vae.config.scaling_factor) + float(pipe.vae.config.shift_factor)
    pixels: Tensor = pipe.vae.decode(raw.to(pipe.vae.dtype), return_dict=False)[0]
    return pixels
