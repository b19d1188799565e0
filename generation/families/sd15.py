"""Stable Diffusion 1.5 and everything built like it: one CLIP text encoder."""

from typing import Any, Final

import torch

from generation.conditioning import Tower, embed
from generation.families.diffusion import Condition, Family
from generation.recipe import Recipe


def encode(pipe: Any, recipe: Recipe) -> Condition:  # noqa: ANN401 - diffusers has no types
    """The text as the one encoder's last layer reads it."""
    show, avoid = embed([Tower(pipe.tokenizer, pipe.text_encoder)], recipe.phrases, recipe.negative)
    if recipe.guidance <= 1:
        return Condition(show.tokens)
    return Condition(torch.cat([avoid.tokens, show.tokens]))


FAMILY: Final = Family(
    id="sd15",
    pipeline="StableDiffusionPipeline",
    options={"safety_checker": None, "requires_safety_checker": False},
    encode=encode,
)
