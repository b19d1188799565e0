"""Families: the code half of the cards, and how a checkpoint is loaded.

To add one: a file here, a row in ``FAMILIES`` and a card in ``generation.cards``.
"""

from pathlib import Path
from typing import Any, Final

import torch
from diffusers import DiffusionPipeline

from generation.cards import Card
from generation.derive import GRID
from generation.families import easel, sd15, sdxl
from generation.families.diffusion import Engine, Family, measure_palette
from generation.libraries import quiet

FAMILIES: Final[tuple[Family, ...]] = (easel.FAMILY, sd15.FAMILY, sdxl.FAMILY)


class ModelError(RuntimeError):
    """A checkpoint that cannot be loaded; the text is one sentence and names no path."""


def load(card: Card, model: str, device: torch.device) -> Engine:
    """Load a checkpoint in the diffusers layout, from safetensors files only.

    Args:
        card: Its family's card.
        model: Folder, or hub id, with ``@`` and a revision behind it if wanted.
        device: Where to compute.

    Raises:
        ModelError: It is missing, damaged, or not of the card's family.
    """
    family = next(one for one in FAMILIES if one.id == card.id)
    quiet()
    pipe = _pipeline(family, model, precision(device))
    if type(pipe).__name__ != family.pipeline:
        raise ModelError(f"the model is a {type(pipe).__name__}, not a {card.title}")
    if pipe.vae.dtype == torch.float16 and pipe.vae.config.force_upcast:
        pipe.vae.to(torch.float32)
    pipe.to(device)
    together = 1 if device.type == "cpu" else GRID
    return Engine(
        card=card, family=family, pipe=pipe, together=together, palette=measure_palette(pipe)
    )


def precision(device: torch.device) -> torch.dtype:
    """The number format to compute in: the smallest that loses nothing one can see."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float32


def _pipeline(family: Family, model: str, dtype: torch.dtype) -> Any:  # noqa: ANN401
    local = Path(model).is_dir()
    name, _, revision = (model, "", "") if local else model.partition("@")
    try:
        return DiffusionPipeline.from_pretrained(
            name,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=local,
            revision=revision or None,
            **family.options,
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(
            "the model could not be loaded: it needs a folder or hub id in the diffusers layout"
            " with safetensors weights"
        ) from error
