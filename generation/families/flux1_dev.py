"""FLUX.1: guidance is an input of its transformer, so it costs nothing; schnell has none."""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from generation.conditioning.native_references import NativeReference
from generation.sampling.engine import device_of
from generation.sampling.flow import (
    FlowCondition,
    FlowFamily,
    compute_shift,
    read_scaled,
    show_scaled,
)


def embed(pipe: Any, text: str, _: Sequence[NativeReference]) -> FlowCondition:  # noqa: ANN401
    """T5's tokens, (1, 512, width), and CLIP's summary of the same text."""
    tokens, pooled, _places = pipe.encode_prompt(text, device=device_of(pipe))
    return FlowCondition(tokens, {"pooled_projections": pooled})


def predict(pipe: Any, latents: Tensor, level: Tensor, condition: FlowCondition) -> Tensor:  # noqa: ANN401
    """The velocity, noise minus picture, of the latents' shape; the transformer reads patches."""
    count, channels, height, width = latents.shape
    kind, tokens = pipe.transformer.dtype, condition.tokens
    line: Tensor = pipe.transformer(
        hidden_states=pipe._pack_latents(latents, count, channels, height, width).to(kind),
        timestep=level.expand(count).to(kind),
        # Schnell was distilled without that input.
        guidance=latents.new_full((count,), condition.guidance, dtype=torch.float32)
        if pipe.transformer.config.guidance_embeds
        else None,
        encoder_hidden_states=tokens,
        # Words have no place in the picture, as in the pipeline.
        txt_ids=torch.zeros(tokens.shape[1], 3, device=latents.device, dtype=kind),
        img_ids=pipe._prepare_latent_image_ids(
            count, height // 2, width // 2, latents.device, kind
        ),
        return_dict=False,
        **condition.extra,
    )[0]
    grain = pipe.vae_scale_factor
    unpacked: Tensor = pipe._unpack_latents(line, height * grain, width * grain, grain)
    return unpacked


FAMILY: Final = FlowFamily(
    id="flux1-dev",
    pipeline="FluxPipeline",
    grain=8,
    # The transformer counts channels of patches of two by two latents.
    channels=lambda pipe: int(pipe.transformer.config.in_channels) // 4,
    embed=embed,
    predict=predict,
    read=read_scaled,
    show=show_scaled,
    shift=compute_shift,
)
