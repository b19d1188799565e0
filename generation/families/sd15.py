"""Stable Diffusion 1.5 and everything built like it: one CLIP text encoder."""

from typing import Any, Final

import torch

from generation.conditioning.cache import TextCache
from generation.conditioning.image_adapters import Adapter, Adapters
from generation.conditioning.text import Tower, embed
from generation.recipe import Recipe
from generation.sampling.diffusion import Family, UNetCondition


def encode(pipe: Any, recipe: Recipe, texts: TextCache) -> UNetCondition:  # noqa: ANN401
    """The text as the one encoder's last layer reads it, or an earlier one."""
    read = recipe.conditions
    earlier = read.clip_skip > 1
    towers = [
        Tower(
            pipe.tokenizer,
            pipe.text_encoder,
            layer=-read.clip_skip if earlier else None,
            # Like the last, since the UNet was trained on normed layers alone.
            normed=earlier,
            texts=texts,
        )
    ]
    show, avoid = embed(towers, read.phrases, read.negative, weighting=read.weighting)
    if recipe.sampling.guidance <= 1:
        # What is to be avoided would be computed at every step and thrown away.
        return UNetCondition(show.tokens)
    return UNetCondition(torch.cat([avoid.tokens, show.tokens]))


_STYLE: Final = "up_blocks.1."
"""The first blocks on the way up with attention; published style blocks are for XL alone."""

ADAPTERS: Final = Adapters(
    each=(
        Adapter(
            file="models/ip-adapter_sd15.safetensors",
            parts={"blend": "", "style": _STYLE},
        ),
        Adapter(
            file="models/ip-adapter-plus_sd15.safetensors",
            parts={"figure": "", "object": ""},
            patches=True,
        ),
        Adapter(
            file="models/ip-adapter-plus-face_sd15.safetensors",
            parts={"face": ""},
            patches=True,
        ),
    ),
    encoder="models/image_encoder",
)
"""As they lie in h94/IP-Adapter."""

FAMILY: Final = Family(
    id="sd15",
    pipeline="StableDiffusionPipeline",
    # Only the pipeline's own call would use it, which never runs here.
    options={"safety_checker": None, "requires_safety_checker": False},
    encode=encode,
    adapters=ADAPTERS,
)
