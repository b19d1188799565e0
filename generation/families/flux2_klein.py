"""FLUX.2 klein: four steps, without guidance; latents are patches of two by two."""

from typing import Any, Final

import torch
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from torch import Tensor

from generation.families.diffusion import place
from generation.families.flow import FlowFamily


def embed(pipe: Any, text: str) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """Three layers of the language model side by side, (1, 512, width)."""
    tokens: Tensor = pipe.encode_prompt(text, device=place(pipe))[0]
    return tokens


def predict(pipe: Any, latents: Tensor, level: Tensor, tokens: Tensor) -> Tensor:  # noqa: ANN401
    """The line towards noise, of the latents' shape; patches lie in rows for the transformer."""
    places = pipe._prepare_latent_ids(latents).to(latents.device)
    words = pipe._prepare_text_ids(tokens).to(latents.device)
    kind = pipe.transformer.dtype
    line: Tensor = pipe.transformer(
        hidden_states=latents.flatten(2).transpose(1, 2).to(kind),
        timestep=level.expand(len(latents)).to(kind),
        guidance=None,
        encoder_hidden_states=tokens,
        txt_ids=words,
        img_ids=places,
        return_dict=False,
    )[0]
    return line.transpose(1, 2).reshape(latents.shape)


def read(pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401
    """Normalised patches of the encoder's mode."""
    raw = pipe._patchify_latents(pipe.vae.encode(pixels).latent_dist.mode().float())
    mean, deviation = _statistics(pipe, raw.device)
    return (raw - mean) / deviation  # type: ignore[no-any-return]


def show(pipe: Any, latents: Tensor) -> Tensor:  # noqa: ANN401
    """The inverse of ``read``, as pixels."""
    mean, deviation = _statistics(pipe, latents.device)
    raw = pipe._unpatchify_latents(latents * deviation + mean)
    pixels: Tensor = pipe.vae.decode(raw.to(pipe.vae.dtype), return_dict=False)[0]
    return pixels


def _statistics(pipe: Any, device: torch.device) -> tuple[Tensor, Tensor]:  # noqa: ANN401
    """Mean and standard deviation of each channel of the patches."""
    norm = pipe.vae.bn
    spread = torch.sqrt(norm.running_var.float() + pipe.vae.config.batch_norm_eps)
    mean = norm.running_mean.float()
    return mean.view(1, -1, 1, 1).to(device), spread.view(1, -1, 1, 1).to(device)


FAMILY: Final = FlowFamily(
    id="flux2-klein",
    pipeline="Flux2KleinPipeline",
    grain=16,
    channels=lambda pipe: int(pipe.transformer.config.in_channels),
    embed=embed,
    predict=predict,
    read=read,
    show=show,
    shift=lambda _, size, steps: compute_empirical_mu(size, steps),
)
