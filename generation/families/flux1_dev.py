"""FLUX.1: guidance is an input of its transformer, so it costs nothing; schnell has none.

Of this kind Kontext alone reads images; what it predicts is predicted here as well.
"""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from generation.catalogue.checkpoints import find_folder
from generation.conditioning.flux_adapter import FILE, ImageLooks, load_image_looks
from generation.conditioning.native_references import (
    NativeReference,
    compute_attention_bias,
    pool_patches,
)
from generation.conditioning.redux import ImageWords, load_image_words
from generation.sampling.engine import device_of
from generation.sampling.flow import (
    FlowCondition,
    FlowFamily,
    compute_shift,
)
from generation.tensors.scaled_latents import read_scaled, show_scaled


def embed(pipe: Any, text: str, _: Sequence[NativeReference]) -> FlowCondition:  # noqa: ANN401
    """T5's tokens, (1, 512, width), and CLIP's summary of the same text."""
    tokens, pooled, _places = pipe.encode_prompt(text, device=device_of(pipe))
    return FlowCondition(tokens, {"pooled_projections": pooled})


def predict(pipe: Any, latents: Tensor, level: Tensor, condition: FlowCondition) -> Tensor:  # noqa: ANN401
    """The velocity, noise minus picture, of the latents' shape; the transformer reads patches."""
    count, channels, height, width = latents.shape
    kind, tokens = pipe.transformer.dtype, condition.tokens
    # The picture first, so that what is predicted of it can be cut off the front.
    rows = [pipe._pack_latents(latents, count, channels, height, width)]
    rows += [
        _pack(pipe, one.latents.to(latents)).expand(count, -1, -1) for one in condition.references
    ]
    size = rows[0].shape[1]
    added = _weigh_attention(condition, size)
    inputs = {
        "hidden_states": torch.cat(rows, 1).to(kind),
        "timestep": level.expand(count).to(kind),
        # Schnell was distilled without that input.
        "guidance": latents.new_full((count,), condition.guidance, dtype=torch.float32)
        if pipe.transformer.config.guidance_embeds
        else None,
        "encoder_hidden_states": tokens,
        # Words have no place in the picture, as in the pipeline.
        "txt_ids": torch.zeros(tokens.shape[1], 3, device=latents.device, dtype=kind),
        "img_ids": _place(pipe, latents, condition.references).to(kind),
        **condition.extra,
    }
    kept = {} if condition.control is None else condition.control(inputs)
    # Only what is attached for a drawing knows what to do with images.
    seen = {"ip_hidden_states": [*condition.looks]} if condition.looks else {}
    masked = {} if added is None else {"attention_mask": added}
    line: Tensor = pipe.transformer(
        **inputs,
        **kept,
        joint_attention_kwargs={**seen, **masked} or None,
        return_dict=False,
    )[0]
    grain = pipe.vae_scale_factor
    unpacked: Tensor = pipe._unpack_latents(line[:, :size], height * grain, width * grain, grain)
    return unpacked


def _weigh_attention(condition: FlowCondition, size: int) -> Tensor | None:
    """What is added to attention's logits for weights of images, (1, 1, tokens, tokens)."""
    tokens, logits = condition.tokens, condition.logits
    if logits is None:
        before = tokens.shape[1] + size
        return compute_attention_bias(before, pool_patches(condition.references), tokens)
    row = torch.cat([logits, logits.new_zeros(size)])
    added = row.repeat(len(row), 1)
    # Images read each other as they always do: a weight changes what is seen of its own alone.
    added[: len(logits)][logits != 0] = 0
    return added[None, None]


def _pack(pipe: Any, latents: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """One image's latents as rows, (1, patches, 4 × channels)."""
    _, channels, height, width = latents.shape
    packed: Tensor = pipe._pack_latents(latents, 1, channels, height, width)
    return packed


def _place(pipe: Any, latents: Tensor, references: Sequence[NativeReference]) -> Tensor:  # noqa: ANN401
    """Places of the patches of picture and images, (patches, 3).

    Images lie in a plane of their own, where training had one; further ones lie right of it.
    """
    places, left = [], 0
    for plane, one in [(0, latents), *((1, each.latents) for each in references)]:
        height, width = (side // 2 for side in one.shape[-2:])
        each = pipe._prepare_latent_image_ids(1, height, width, latents.device, torch.float32)
        each[:, 0] = plane
        if plane:
            each[:, 2] += left
            left += width
        places.append(each)
    return torch.cat(places)


def see(pipe: Any, source: str) -> ImageWords | ImageLooks:  # noqa: ANN401
    """What shows images to the model: an image adapter, or Redux, whichever lies there."""
    folder = find_folder(source, FILE)
    if folder is not None and (folder / FILE).is_file():
        return load_image_looks(pipe, folder)
    return load_image_words(pipe, source)


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
    see=see,
)
