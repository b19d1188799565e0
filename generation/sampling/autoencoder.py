"""Between pictures and latents: the autoencoders of the families with a UNet."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from PIL import Image, ImageOps
from torch import Tensor

from generation.recipe import Recipe
from generation.sampling.engine import device_of
from generation.sampling.seamless import read_seamless
from generation.sampling.soundness import compute_with_vae


@contextmanager
def tile_vae(vae: Any, *, wanted: bool) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
    """An autoencoder that sees large pictures in tiles, if that is wanted."""
    # Where memory was short tiling is on already, with smaller tiles, and is not ours to end.
    if wanted and not vae.use_tiling:
        vae.enable_tiling()
        try:
            yield
        finally:
            vae.disable_tiling()
    else:
        yield


def fit_pixels(pipe: Any, picture: Image.Image, recipe: Recipe) -> Tensor:  # noqa: ANN401
    """Pixels (1, 3, height, width) in [-1, 1] of a picture cut and scaled to the recipe's size."""
    size = (recipe.size.width, recipe.size.height)
    # Cut rather than squeezed: a model goes on drawing a distorted picture distorted.
    cut = ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.LANCZOS)
    pixels: Tensor = pipe.image_processor.preprocess(cut).to(device_of(pipe), pipe.vae.dtype)
    return pixels


def encode_picture(pipe: Any, picture: Image.Image, recipe: Recipe) -> Tensor:  # noqa: ANN401
    """Latents (1, channels, height, width) of a picture cut and scaled to the recipe's size."""
    pixels, grain = fit_pixels(pipe, picture, recipe), pipe.vae_scale_factor

    def read(pixels: Tensor) -> Tensor:
        return encode_pixels(pipe.vae, pixels)

    return read_seamless(read, pixels, grain) if recipe.sampling.seamless else read(pixels)


def encode_pixels(vae: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """Latents of pixels (1, 3, height, width) in [-1, 1].

    The mode of the encoder's distribution is taken, so nothing random enters here.

    Raises:
        RenderError: ``no_picture`` if the encoder overflows.
    """
    return scale_latents(vae, _encode(vae, pixels).float())


def read_beside(pipe: Any, image: Image.Image, recipe: Recipe) -> Tensor:  # noqa: ANN401
    """Latents (1, channels, height, width) of an image that a UNet sees beside its noise.

    They are not scaled to the noise's variance: so such models were trained.

    Raises:
        RenderError: ``no_picture`` if the encoder overflows.
    """
    return _encode(pipe.vae, fit_pixels(pipe, image, recipe))


def _encode(vae: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """The encoder's own latents of pixels."""

    def encode() -> Tensor:
        latents: Tensor = vae.encode(pixels.to(vae.dtype)).latent_dist.mode()
        return latents

    return compute_with_vae(vae, encode, shows=False)


def decode_latents(pipe: Any, latents: Tensor) -> list[Image.Image]:  # noqa: ANN401
    """The pictures of latents (pictures, channels, height, width), one by one to spare memory.

    Raises:
        RenderError: ``no_picture`` if the decoder overflows.
    """
    raw = unscale_latents(pipe.vae, latents)

    def decode(row: Tensor) -> Tensor:
        pixels: Tensor = pipe.vae.decode(row[None].to(pipe.vae.dtype), return_dict=False)[0]
        return pixels

    pixels = [compute_with_vae(pipe.vae, partial(decode, row), shows=True) for row in raw]
    return [pipe.image_processor.postprocess(one.float())[0] for one in pixels]


def scale_latents(vae: Any, raw: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """The autoencoder's own latents, scaled to about unit variance."""
    statistics = _read_statistics(vae, raw.device)
    scaling = float(vae.config.scaling_factor)
    return (raw if statistics is None else (raw - statistics[0]) / statistics[1]) * scaling


def unscale_latents(vae: Any, latents: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """The inverse of ``scale_latents``."""
    statistics = _read_statistics(vae, latents.device)
    raw = latents / float(vae.config.scaling_factor)
    return raw if statistics is None else raw * statistics[1] + statistics[0]


def _read_statistics(
    vae: Any,  # noqa: ANN401 - diffusers has no types
    device: torch.device,
) -> tuple[Tensor, Tensor] | None:
    """Mean and standard deviation of each channel, for the checkpoints that state them."""
    # Playground 2.5 states them, in XL's structure; most files have one factor for all channels.
    stated = getattr(vae.config, "latents_mean", None), getattr(vae.config, "latents_std", None)
    if stated[0] is None or stated[1] is None:
        return None
    mean, deviation = (torch.tensor(one, device=device).view(1, -1, 1, 1) for one in stated)
    return mean, deviation
