"""Z-Image: eight steps of the distilled checkpoint, without guidance."""

from typing import Any, Final

import torch
from diffusers.pipelines.z_image.pipeline_z_image import calculate_shift
from torch import Tensor

from generation.controls import TRAINED_STEPS
from generation.families.diffusion import place
from generation.families.flow import FlowFamily


def embed(pipe: Any, text: str) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """The language model's last layer but one, (1, tokens, width)."""
    (tokens,), _ = pipe.encode_prompt(text, device=place(pipe), do_classifier_free_guidance=False)
    return tokens[None]  # type: ignore[no-any-return]


def predict(pipe: Any, latents: Tensor, level: Tensor, tokens: Tensor) -> Tensor:  # noqa: ANN401
    """The line towards noise; the transformer counts time upwards, and points to the picture."""
    step = level.expand(len(latents)) * TRAINED_STEPS
    time = (TRAINED_STEPS - step) / TRAINED_STEPS
    given = list(latents.to(pipe.transformer.dtype).unsqueeze(2).unbind(0))
    words = list(tokens.unbind(0))
    made = pipe.transformer(given, time, words, return_dict=False)[0]
    return -torch.stack(made).squeeze(2)


def read(pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401
    """The encoder's mode, scaled to about unit variance."""
    raw: Tensor = pipe.vae.encode(pixels).latent_dist.mode().float()
    return (raw - float(pipe.vae.config.shift_factor)) * float(pipe.vae.config.scaling_factor)


def show(pipe: Any, latents: Tensor) -> Tensor:  # noqa: ANN401
    """The inverse of ``read``, as pixels."""
    raw = latents / float(pipe.vae.config.scaling_factor) + float(pipe.vae.config.shift_factor)
    pixels: Tensor = pipe.vae.decode(raw.to(pipe.vae.dtype), return_dict=False)[0]
    return pixels


def shift(pipe: Any, size: int, _steps: int) -> float:  # noqa: ANN401
    """By the number of patches of two by two latents, where the schedule asks for it."""
    config = pipe.scheduler.config
    return float(
        calculate_shift(
            size // 4,
            config.get("base_image_seq_len", 256),
            config.get("max_image_seq_len", 4096),
            config.get("base_shift", 0.5),
            config.get("max_shift", 1.15),
        )
    )


FAMILY: Final = FlowFamily(
    id="z-image",
    pipeline="ZImagePipeline",
    grain=8,
    channels=lambda pipe: int(pipe.transformer.in_channels),
    embed=embed,
    predict=predict,
    read=read,
    show=show,
    shift=shift,
)
