"""Qwen-Image-Edit: a model of language and sight reads words and images together.

Its guidance is classifier-free, with the line's length kept as the words alone give it. Its own
processor of images wants torchvision; the same is done here with what is installed anyway.
"""

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

import torch
from diffusers.models.attention_dispatch import dispatch_attention_fn
from diffusers.models.transformers.transformer_qwenimage import (
    QwenDoubleStreamAttnProcessor2_0,
    apply_rotary_emb_qwen,
)
from PIL import Image
from torch import Tensor
from transformers import BatchFeature
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from generation.conditioning.native_references import (
    AREA,
    NativeReference,
    compute_attention_bias,
    pool_patches,
)
from generation.sampling.engine import device_of
from generation.sampling.flow import FlowCondition, FlowFamily, compute_shift

# This area and the rounding of sides are those of QwenImageEditPlusPipeline.
SEEN_AREA: Final = 384 * 384
"""Pixels of an image as the language model sees it."""

_SIDES: Final = 32
"""Width and height of an image are rounded to multiples of this many pixels."""

_IMAGE: Final = "<|image_pad|>"


@dataclass(frozen=True, slots=True)
class Reader:
    """From text and images to the language model's input, as the pipeline's processor does it.

    Attributes:
        tokenizer: The pipeline's.
        images: From images to patches.
    """

    tokenizer: Any
    images: Any

    def __call__(
        self,
        text: Sequence[str],
        images: Sequence[Image.Image] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> BatchFeature:
        """Tokens and patches; an image's mark in the text becomes one for each of its tokens."""
        seen = self.images(list(images), return_tensors="pt") if images else {}
        whole = list(text)
        for grid in seen.get("image_grid_thw", ()):
            # By a character that no text has, or the next image would find its mark among these.
            marks = "\0" * (int(grid.prod()) // self.images.merge_size**2)
            whole = [one.replace(_IMAGE, marks, 1) for one in whole]
        read = self.tokenizer([one.replace("\0", _IMAGE) for one in whole], **options)
        return BatchFeature({**read, **seen})


class BiasedAttention(QwenDoubleStreamAttnProcessor2_0):  # type: ignore[misc]
    """Joint attention of words and images, to whose logits something may be added."""

    def __call__(  # noqa: PLR0917 - as its parent is called
        self,
        attn: Any,  # noqa: ANN401 - diffusers has no types
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        encoder_hidden_states_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
        image_rotary_emb: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """As its parent, which refuses a mask; ``attention_mask`` is added to the logits."""
        # Without weights nothing differs from diffusers, to the last bit.
        if attention_mask is None:
            made: tuple[Tensor, Tensor] = super().__call__(
                attn,
                hidden_states,
                encoder_hidden_states,
                encoder_hidden_states_mask,
                None,
                image_rotary_emb,
            )
            return made
        # From here on the parent's own lines, with a mask; words go first, as the mask counts on.
        here, there = image_rotary_emb or (None, None)
        words, images = encoder_hidden_states, hidden_states
        queries = torch.cat(
            [
                _split_heads(attn, attn.add_q_proj(words), attn.norm_added_q, there),
                _split_heads(attn, attn.to_q(images), attn.norm_q, here),
            ],
            1,
        )
        keys = torch.cat(
            [
                _split_heads(attn, attn.add_k_proj(words), attn.norm_added_k, there),
                _split_heads(attn, attn.to_k(images), attn.norm_k, here),
            ],
            1,
        )
        values = [_split_heads(attn, attn.add_v_proj(words)), _split_heads(attn, attn.to_v(images))]
        read = dispatch_attention_fn(
            queries, keys, torch.cat(values, 1), attn_mask=attention_mask
        ).flatten(2, 3)
        size = words.shape[1]
        # What follows in to_out is dropout, which does nothing in drawing.
        return attn.to_out[0](read[:, size:].contiguous()), attn.to_add_out(
            read[:, :size].contiguous()
        )


def _split_heads(
    attn: Any,  # noqa: ANN401 - diffusers has no types
    rows: Tensor,
    norm: Any = None,  # noqa: ANN401
    places: Tensor | None = None,
) -> Tensor:
    """Rows split into heads, normalised and turned to their places."""
    split = rows.reshape(*rows.shape[:-1], attn.heads, -1)
    split = split if norm is None else norm(split)
    turned: Tensor = split
    if places is not None:
        turned = apply_rotary_emb_qwen(split, places, use_real=False)
    return turned


def prepare(pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
    """Give a loaded pipeline its reader and its attention."""
    # Called by encode_prompt, so that embedding stays the pipeline's own.
    pipe.processor = Reader(pipe.tokenizer, Qwen2VLImageProcessorPil())
    pipe.transformer.set_attn_processor(BiasedAttention())


def embed(pipe: Any, text: str, references: Sequence[NativeReference]) -> FlowCondition:  # noqa: ANN401
    """What the language model makes of the words with the images before its eyes."""
    images = [
        pipe.image_processor.resize(one.image, *_fit_sides(one.image, SEEN_AREA))
        for one in references
    ]
    # The model's authors leave a prompt empty with a blank.
    tokens, _ = pipe.encode_prompt(text or " ", image=images or None, device=device_of(pipe))
    return FlowCondition(tokens)


def predict(pipe: Any, latents: Tensor, level: Tensor, condition: FlowCondition) -> Tensor:  # noqa: ANN401
    """The velocity, noise minus picture, of the latents' shape, with guidance if there is any."""
    count, channels, height, width = latents.shape
    # The picture first, so that what is predicted of it can be cut off the front.
    shapes = [(1, height // 2, width // 2)]
    rows = [pipe._pack_latents(latents, count, channels, height, width)]
    for one in condition.references:
        _, _, high, wide = one.latents.shape
        shapes.append((1, high // 2, wide // 2))
        packed = pipe._pack_latents(one.latents.to(latents), 1, channels, high, wide)
        rows.append(packed.expand(count, -1, -1))
    given = torch.cat(rows, 1).to(pipe.transformer.dtype)

    def line(steered: FlowCondition) -> Tensor:
        size = rows[0].shape[1]
        added = compute_attention_bias(
            steered.tokens.shape[1] + size, pool_patches(steered.references), steered.tokens
        )
        made: Tensor = pipe.transformer(
            hidden_states=given,
            timestep=level.expand(count).to(given.dtype),
            encoder_hidden_states=steered.tokens,
            img_shapes=[shapes] * count,
            attention_kwargs={} if added is None else {"attention_mask": added},
            return_dict=False,
        )[0]
        return made[:, :size]

    led = line(condition)
    if condition.avoid is not None:
        away = line(condition.avoid)
        # Brought back to its length token by token, as in the pipeline, or colours would burn out.
        guided = away + condition.guidance * (led - away)
        led = guided * (led.norm(dim=-1, keepdim=True) / guided.norm(dim=-1, keepdim=True))
    grain = pipe.vae_scale_factor
    unpacked: Tensor = pipe._unpack_latents(led, height * grain, width * grain, grain)
    # The autoencoder is one of films, and a picture the first frame.
    return unpacked[:, :, 0]


def look(pipe: Any, image: Image.Image) -> Tensor:  # noqa: ANN401
    """An image's latents, at about a megapixel."""
    height, width = _fit_sides(image, AREA)
    pixels = pipe.image_processor.preprocess(image, height, width)
    return read(pipe, pixels.to(device_of(pipe), pipe.vae.dtype))


def _fit_sides(image: Image.Image, area: int) -> tuple[int, int]:
    """Height and width of about ``area`` pixels in an image's ratio."""
    width = math.sqrt(area * (image.width / image.height))
    # By the same divisions as diffusers, since rounding decides the size.
    height = width / (image.width / image.height)
    return round(height / _SIDES) * _SIDES, round(width / _SIDES) * _SIDES


def read(pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401
    """The encoder's mode, each channel normalised; the encoder is one of films."""
    raw: Tensor = pipe.vae.encode(pixels.unsqueeze(2)).latent_dist.mode()[:, :, 0].float()
    mean, deviation = _read_statistics(pipe, raw)
    return (raw - mean) / deviation


def show(pipe: Any, latents: Tensor) -> Tensor:  # noqa: ANN401
    """The inverse of ``read``, as pixels.

    The autoencoder caches features of the frame before in its own attributes, which batches that
    are decoded in parallel would share: each picture gets a shallow copy, with the same weights.
    """
    mean, deviation = _read_statistics(pipe, latents)
    raw = (latents * deviation + mean).to(pipe.vae.dtype)
    pixels: Tensor = copy(pipe.vae).decode(raw.unsqueeze(2), return_dict=False)[0]
    return pixels[:, :, 0]


def _read_statistics(pipe: Any, like: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
    """Mean and standard deviation of each channel."""
    stated = pipe.vae.config.latents_mean, pipe.vae.config.latents_std
    mean, deviation = (like.new_tensor(one).view(1, -1, 1, 1) for one in stated)
    return mean, deviation


FAMILY: Final = FlowFamily(
    id="qwen-image-edit",
    pipeline="QwenImageEditPlusPipeline",
    grain=8,
    channels=lambda pipe: int(pipe.transformer.config.in_channels) // 4,
    embed=embed,
    predict=predict,
    read=read,
    show=show,
    shift=compute_shift,
    # Not loaded, as it wants torchvision; prepare puts another in its place.
    options={"processor": None},
    look=look,
    prepare=prepare,
    avoids=True,
)
