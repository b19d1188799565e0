"""Chroma: FLUX.1's layers led by guidance again, with padding masked out of what is read."""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from generation.conditioning.native_references import NativeReference
from generation.sampling.engine import device_of
from generation.sampling.flow import FlowCondition, FlowFamily, compute_shift, guide
from generation.tensors.scaled_latents import read_scaled, show_scaled

_MASK: Final = "attention_mask"


def embed(pipe: Any, text: str, _: Sequence[NativeReference]) -> FlowCondition:  # noqa: ANN401
    """T5's tokens, (1, 512, width), and which of them are read: all words and one of padding."""
    # Otherwise the pipeline would encode an empty negative prompt as well.
    tokens, _places, mask, *_ = pipe.encode_prompt(
        text, device=device_of(pipe), do_classifier_free_guidance=False
    )
    return FlowCondition(tokens, {_MASK: mask})


def predict(pipe: Any, latents: Tensor, level: Tensor, condition: FlowCondition) -> Tensor:  # noqa: ANN401
    """The velocity, noise minus picture, of the latents' shape, by classifier-free guidance."""
    return guide(_predict, pipe, latents, level, condition)


def _predict(pipe: Any, latents: Tensor, level: Tensor, condition: FlowCondition) -> Tensor:  # noqa: ANN401
    """The velocity as one condition alone has it; the transformer reads patches."""
    count, channels, height, width = latents.shape
    kind, tokens, mask = pipe.transformer.dtype, condition.tokens, condition.extra[_MASK]
    rows = pipe._pack_latents(latents, count, channels, height, width)
    line: Tensor = pipe.transformer(
        hidden_states=rows.to(kind),
        timestep=level.expand(count).to(kind),
        encoder_hidden_states=tokens,
        # Words have no place in the picture, as in the pipeline.
        txt_ids=torch.zeros(tokens.shape[1], 3, device=latents.device, dtype=kind),
        img_ids=pipe._prepare_latent_image_ids(1, height // 2, width // 2, latents.device, kind),
        attention_mask=torch.cat([mask, mask.new_ones(count, rows.shape[1])], 1),
        return_dict=False,
    )[0]
    grain = pipe.vae_scale_factor
    unpacked: Tensor = pipe._unpack_latents(line, height * grain, width * grain, grain)
    return unpacked


FAMILY: Final = FlowFamily(
    id="chroma",
    pipeline="ChromaPipeline",
    grain=8,
    # The transformer counts channels of patches of two by two latents.
    channels=lambda pipe: int(pipe.transformer.config.in_channels) // 4,
    embed=embed,
    predict=predict,
    read=read_scaled,
    show=show_scaled,
    shift=compute_shift,
    avoids=True,
)
