"""FLUX.2 klein: four steps without guidance, or many with it; latents are patches of two by two.

Images are read natively: as further tokens, each image at a time coordinate of its own.
"""

from collections.abc import Sequence
from typing import Any, Final

import torch
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from PIL import Image
from torch import Tensor

from generation.conditioning.native_references import (
    NativeReference,
    compute_attention_bias,
    fit_reference,
)
from generation.sampling.engine import device_of
from generation.sampling.flow import FlowCondition, FlowFamily, guide


def embed(pipe: Any, text: str, _: Sequence[NativeReference]) -> FlowCondition:  # noqa: ANN401
    """Three layers of the language model side by side, (1, 512, width)."""
    tokens: Tensor = pipe.encode_prompt(text, device=device_of(pipe))[0]
    return FlowCondition(tokens)


def predict(pipe: Any, latents: Tensor, level: Tensor, condition: FlowCondition) -> Tensor:  # noqa: ANN401
    """The velocity, noise minus picture, of the latents' shape, by classifier-free guidance."""
    return guide(predict_once, pipe, latents, level, condition)


def predict_once(
    pipe: Any,  # noqa: ANN401
    latents: Tensor,
    level: Tensor,
    condition: FlowCondition,
    guidance: Tensor | None = None,
) -> Tensor:
    """The velocity as one condition alone has it; the transformer reads rows.

    Args:
        pipe: The pipeline.
        latents: Of pictures.
        level: Their noise level.
        condition: What they show.
        guidance: The scale for each, for a transformer that reads it.
    """
    kind, tokens, references = pipe.transformer.dtype, condition.tokens, condition.references
    images = [one.latents.to(latents) for one in references]
    places = [pipe._prepare_latent_ids(latents[:1])]
    places += [pipe._prepare_image_ids(images)] if images else []
    # The picture's tokens come first, so that they can be cut off the front of what is predicted.
    given = [_flatten(latents), *(_flatten(one).expand(len(latents), -1, -1) for one in images)]
    size = given[0].shape[1]
    line: Tensor = pipe.transformer(
        hidden_states=torch.cat(given, 1).to(kind),
        timestep=level.expand(len(latents)).to(kind),
        guidance=guidance,
        encoder_hidden_states=tokens,
        txt_ids=pipe._prepare_text_ids(tokens[:1]).to(latents.device),
        img_ids=torch.cat(places, 1).to(latents.device),
        joint_attention_kwargs=_bias_attention(tokens.shape[1] + size, references, tokens),
        return_dict=False,
    )[0]
    return line[:, :size].transpose(1, 2).reshape(latents.shape)


def _flatten(latents: Tensor) -> Tensor:
    """Latents (…, channels, height, width) as rows (…, height × width, channels)."""
    return latents.flatten(2).transpose(1, 2)


def _bias_attention(
    before: int, references: Sequence[NativeReference], like: Tensor
) -> dict[str, Tensor] | None:
    added = compute_attention_bias(before, references, like)
    return None if added is None else {"attention_mask": added}


def look(pipe: Any, image: Image.Image) -> Tensor:  # noqa: ANN401
    """An image's normalised patches."""
    fitting = fit_reference(image, FAMILY.grain)
    pixels = pipe.image_processor.preprocess(fitting).to(device_of(pipe), pipe.vae.dtype)
    return read(pipe, pixels)


def read(pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401
    """Normalised patches of the encoder's mode."""
    raw = pipe._patchify_latents(pipe.vae.encode(pixels).latent_dist.mode().float())
    mean, deviation = _read_statistics(pipe, raw.device)
    return (raw - mean) / deviation  # type: ignore[no-any-return]


def show(pipe: Any, latents: Tensor) -> Tensor:  # noqa: ANN401
    """The inverse of ``read``, as pixels."""
    mean, deviation = _read_statistics(pipe, latents.device)
    raw = pipe._unpatchify_latents(latents * deviation + mean)
    pixels: Tensor = pipe.vae.decode(raw.to(pipe.vae.dtype), return_dict=False)[0]
    return pixels


def _read_statistics(pipe: Any, device: torch.device) -> tuple[Tensor, Tensor]:  # noqa: ANN401
    """Mean and standard deviation of each channel of the patches."""
    # Statistics are in a batch norm of the autoencoder that never runs as a layer.
    norm = pipe.vae.bn
    spread = torch.sqrt(norm.running_var.float() + pipe.vae.config.batch_norm_eps)
    mean = norm.running_mean.float()
    return mean.view(1, -1, 1, 1).to(device), spread.view(1, -1, 1, 1).to(device)


def shift(_: Any, size: int, steps: int) -> float:  # noqa: ANN401
    """As the model's authors fitted it, to the number of steps as well."""
    return float(compute_empirical_mu(size, steps))


FAMILY: Final = FlowFamily(
    id="flux2-klein",
    pipeline="Flux2KleinPipeline",
    # Eight pixels of the autoencoder, two by two of which make a patch.
    grain=16,
    channels=lambda pipe: int(pipe.transformer.config.in_channels),
    embed=embed,
    predict=predict,
    read=read,
    show=show,
    shift=shift,
    look=look,
    # The base model; the distilled one is drawn without guidance.
    avoids=True,
)
