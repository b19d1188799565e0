"""Z-Image: eight steps of the distilled checkpoint, or many of the base with guidance."""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from generation.conditioning.latent_control import BoundControl
from generation.conditioning.native_references import NativeReference
from generation.controls import TRAINED_STEPS
from generation.sampling.engine import device_of
from generation.sampling.flow import (
    FlowCondition,
    FlowFamily,
    compute_shift,
)
from generation.tensors.scaled_latents import read_scaled, show_scaled


def embed(pipe: Any, text: str, _: Sequence[NativeReference]) -> FlowCondition:  # noqa: ANN401
    """The language model's last layer but one, (1, tokens, width)."""
    # Otherwise the pipeline would encode an empty negative prompt as well.
    (tokens,), _ = pipe.encode_prompt(
        text, device=device_of(pipe), do_classifier_free_guidance=False
    )
    return FlowCondition(tokens[None])


def predict(pipe: Any, latents: Tensor, level: Tensor, read: FlowCondition) -> Tensor:  # noqa: ANN401
    """The velocity, noise minus picture, by the pipeline's guidance.

    That adds what leads away from the unwanted to all of what is wanted, so that a scale of 4 is
    one of 5 in other models' terms.
    """
    words = list(read.tokens.unbind(0))
    if read.avoid is None:
        return _run(pipe, latents, level, words, read.control)
    # One pass for both, as in the pipeline.
    words += read.avoid.tokens.unbind(0)
    show, avoid = _run(pipe, torch.cat([latents] * 2), level, words, read.control).float().chunk(2)
    return show + read.guidance * (show - avoid)


def _run(
    pipe: Any,  # noqa: ANN401
    latents: Tensor,
    level: Tensor,
    words: list[Tensor],
    control: BoundControl | None,
) -> Tensor:
    """The velocity for each row; the transformer counts time up and gives its negative."""
    # By the pipeline's arithmetic, as 1 - level may differ from it in the last bit.
    step = level.expand(len(latents)) * TRAINED_STEPS
    time = (TRAINED_STEPS - step) / TRAINED_STEPS
    # It reads films in a list, (channels, frames, height, width) each; a picture is one frame.
    given = list(latents.to(pipe.transformer.dtype).unsqueeze(2).unbind(0))
    inputs = {"x": given, "t": time, "cap_feats": words}
    added = {} if control is None else control(inputs)
    made = pipe.transformer(**inputs, **added, return_dict=False)[0]
    return -torch.stack(made).squeeze(2)


FAMILY: Final = FlowFamily(
    id="z-image",
    pipeline="ZImagePipeline",
    grain=8,
    channels=lambda pipe: int(pipe.transformer.in_channels),
    embed=embed,
    predict=predict,
    read=read_scaled,
    show=show_scaled,
    shift=compute_shift,
    # The base model; the distilled one is drawn without guidance.
    avoids=True,
)
