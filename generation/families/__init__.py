"""Families: the code half of the cards, and how a checkpoint is loaded.

To add one: a file here, a row in ``FAMILIES`` and a card in ``generation.cards``.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import AutoencoderTiny, DiffusionPipeline
from PIL import Image
from torch import Tensor

from generation.cards import Card
from generation.derive import GRID
from generation.families import easel, flux2_klein, sd15, sdxl, z_image
from generation.families.diffusion import (
    Code,
    Engine,
    Family,
    measure_palette,
    palette_glimpse,
    tiny_glimpse,
)
from generation.families.loras import Wardrobe, load_wardrobe
from generation.families.references import OWN, References, load_references
from generation.libraries import quiet
from generation.upscale import FILE, Compact, load_compact

FAMILIES: Final[tuple[Code, ...]] = (
    easel.FAMILY,
    sd15.FAMILY,
    sdxl.FAMILY,
    flux2_klein.FAMILY,
    z_image.FAMILY,
)

PREVIEW: Final = "preview"
"""Folder of a checkpoint in which a tiny decoder for previews may lie."""

SMALL_MODEL: Final = 100_000_000
"""Parameters of a denoiser below which one core computes a lane: see ``share_cores``."""


class ModelError(RuntimeError):
    """A checkpoint that cannot be loaded; the text is one sentence and names no path."""


def load(
    card: Card, model: str, device: torch.device, adapters: str = "", preview: str = ""
) -> Engine:
    """Load a checkpoint in the diffusers layout, from safetensors files only.

    Args:
        card: Its family's card.
        model: Folder, or hub id, with ``@`` and a revision behind it if wanted.
        device: Where to compute.
        adapters: Folder or hub id of image adapters, likewise; empty for the checkpoint's own.
        preview: The same of a tiny decoder for previews.

    Raises:
        ModelError: It is missing, damaged, or not of the card's family.
    """
    family = next(one for one in FAMILIES if one.id == card.id)
    quiet()
    pipe = _pipeline(family, model, precision(device))
    if type(pipe).__name__ != family.pipeline:
        raise ModelError(f"the model is a {type(pipe).__name__}, not a {card.title}")
    if pipe.vae.dtype == torch.float16 and pipe.vae.config.get("force_upcast"):
        pipe.vae.to(torch.float32)
    pipe.to(device)
    if hasattr(pipe, "unet"):
        pipe.unet.to(memory_format=torch.channels_last)
    folder = Path(model)
    return Engine(
        card=card,
        family=family,
        pipe=pipe,
        together=1 if device.type == "cpu" else GRID,
        abreast=share_cores(pipe),
        glimpse=_glimpse(family, pipe, preview or _own_preview(folder)),
        upscaler=_upscaler(pipe, folder),
        references=_references(family, pipe, folder, adapters),
        wardrobe=_wardrobe(pipe, card),
    )


def _wardrobe(pipe: Any, card: Card) -> Wardrobe | None:  # noqa: ANN401 - diffusers has no types
    try:
        return load_wardrobe(pipe, card)
    except OSError as error:
        raise ModelError(
            f"the LoRA {error} of EASEL_LORAS cannot be found where it is said to be"
        ) from error


def _references(
    family: Code,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    folder: Path,
    adapters: str,
) -> References | None:
    if not isinstance(family, Family):
        return None
    own = str(folder) if (folder / OWN).is_dir() else ""
    source = adapters if family.adapters.encoder else own
    try:
        return load_references(pipe, family.adapters, source) if source else None
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise ModelError(
            "the image adapters could not be loaded: they need a folder or hub id laid out as"
            " h94/IP-Adapter is, made for this family's models"
        ) from error


def share_cores(pipe: Any) -> int:  # noqa: ANN401 - diffusers has no types
    """Set how many cores one operation uses; returns how many lanes are to be computed at a time.

    A small model's operations last microseconds. Cores that share them mostly wait for each other,
    and on a busy machine each wait costs a time slice: twenty times slower was measured. So on the
    CPU a small model computes every lane on one core and several lanes at a time; besides, its
    pictures are then the same on any number of cores.
    """
    if pipe.device.type != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    denoiser = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
    small = sum(weight.numel() for weight in denoiser.parameters()) < SMALL_MODEL
    torch.set_num_threads(1 if small else cores or 1)
    return min(GRID, cores or 1) if small else 1


def _own_preview(folder: Path) -> str:
    own = folder / PREVIEW
    return str(own) if own.is_dir() else ""


def _glimpse(
    family: Code,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    source: str,
) -> Callable[[Tensor], list[Image.Image]]:
    """Previews by the tiny decoder at ``source``, or by a palette where there is none."""
    if not source:
        return palette_glimpse(measure_palette(family, pipe))
    local = Path(source).is_dir()
    name, _, revision = (source, "", "") if local else source.partition("@")
    try:
        decoder = AutoencoderTiny.from_pretrained(
            name,
            dtype=pipe.vae.dtype,
            use_safetensors=True,
            local_files_only=local,
            revision=revision or None,
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(
            "the decoder for previews could not be loaded: it needs a folder or hub id of an"
            " AutoencoderTiny with safetensors weights"
        ) from error
    if decoder.config.latent_channels != family.channels(pipe):
        raise ModelError("the decoder for previews is made for another family's models")
    return tiny_glimpse(decoder.to(pipe.device).eval())


def _upscaler(pipe: Any, folder: Path) -> Compact | None:  # noqa: ANN401
    if not (folder / FILE).is_file():
        return None
    return load_compact(folder / FILE).to(pipe.device, pipe.vae.dtype)


def precision(device: torch.device) -> torch.dtype:
    """The number format to compute in: the smallest that loses nothing one can see."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float32


def _pipeline(family: Code, model: str, dtype: torch.dtype) -> Any:  # noqa: ANN401
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
