"""Stable Diffusion XL and everything built like it: two text encoders, and the size as an input."""

from typing import Any, Final

import torch

from generation.conditioning.cache import TextCache
from generation.conditioning.image_adapters import Adapter, Adapters
from generation.conditioning.text import Embedding, Tower, embed
from generation.recipe import Recipe
from generation.sampling.diffusion import Family, UNetCondition


def encode(pipe: Any, recipe: Recipe, texts: TextCache) -> UNetCondition:  # noqa: ANN401
    """Both encoders' last layer but one side by side, the second's summary, and the size."""
    towers = [
        Tower(pipe.tokenizer, pipe.text_encoder, layer=-2, texts=texts),
        Tower(pipe.tokenizer_2, pipe.text_encoder_2, layer=-2, texts=texts),
    ]
    # The base model was trained with zeros for nothing to avoid, and its files say so.
    zeros = bool(pipe.config.force_zeros_for_empty_prompt)
    show, avoid = embed(
        towers,
        recipe.conditions.phrases,
        recipe.conditions.negative,
        weighting=recipe.conditions.weighting,
        zeros_for_empty=zeros,
    )
    sides = [show] if recipe.sampling.guidance <= 1 else [avoid, show]
    # Original size, corner of the crop and wanted size (Podell et al. 2023): nothing is cut off.
    size = [recipe.size.height, recipe.size.width, 0, 0, recipe.size.height, recipe.size.width]
    tokens = torch.cat([side.tokens for side in sides])
    times = torch.tensor([size] * len(sides), dtype=tokens.dtype, device=tokens.device)
    return UNetCondition(tokens, {"text_embeds": _join_pooled(sides), "time_ids": times})


def _join_pooled(sides: list[Embedding]) -> torch.Tensor:
    return torch.cat([side.pooled for side in sides if side.pooled is not None])


_STYLE: Final = "up_blocks.0.attentions.1."
"""Where InstantStyle (Wang et al. 2024) found style alone, without content or layout."""

_FOLDER: Final = "sdxl_models"

ADAPTERS: Final = Adapters(
    each=(
        Adapter(
            file=f"{_FOLDER}/ip-adapter_sdxl_vit-h.safetensors",
            parts={"blend": "", "style": _STYLE},
        ),
        Adapter(
            file=f"{_FOLDER}/ip-adapter-plus_sdxl_vit-h.safetensors",
            parts={"figure": "", "object": ""},
            patches=True,
        ),
        Adapter(
            file=f"{_FOLDER}/ip-adapter-plus-face_sdxl_vit-h.safetensors",
            parts={"face": ""},
            patches=True,
        ),
    ),
    encoder="models/image_encoder",
)
"""As they lie in h94/IP-Adapter; these three share the encoder of Stable Diffusion 1.5's."""

FAMILY: Final = Family(
    id="sdxl",
    pipeline="StableDiffusionXLPipeline",
    # Only the pipeline's own call would use it, which never runs here.
    options={"add_watermarker": False},
    encode=encode,
    adapters=ADAPTERS,
)
