"""Families: the code half of the cards, and how a checkpoint is loaded.

To add one: a file here, a row in ``FAMILIES`` and a card in ``generation.catalogue.families``.
"""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import AutoencoderTiny
from safetensors import SafetensorError

from generation.catalogue.card import Card
from generation.catalogue.controlnets import read_estimators, read_sources
from generation.catalogue.headers import WeightsError
from generation.catalogue.memory_plans import (
    ENDLESS,
    MemoryPlan,
    MemoryPlanError,
    Room,
    add_beside,
    choose_plan,
    estimate_footprint,
)
from generation.catalogue.sources import split_revision
from generation.conditioning.cache import TextCache
from generation.conditioning.controlnet import OWN as STRUCTURE
from generation.conditioning.controlnet import Structures, load_structures
from generation.conditioning.edited_images import EditedImages
from generation.conditioning.flux_adapter import ImageLooks
from generation.conditioning.image_adapters import OWN, References, load_references
from generation.conditioning.lora import Loras, load_loras
from generation.conditioning.native_references import NativeReferences
from generation.conditioning.redux import ImageWords
from generation.families import (
    chroma,
    easel,
    flux1_dev,
    flux1_kontext,
    flux2_dev,
    flux2_klein,
    guided,
    instruct_pix2pix,
    qwen_image,
    qwen_image_edit,
    sd15,
    sdxl,
    z_image,
)
from generation.families.libraries import quiet
from generation.families.model_error import ModelError
from generation.families.pipelines import load_pipeline, require_fetched
from generation.families.placing import QuantisingError, align, measure_parts, place
from generation.families.words_check import check_words
from generation.guided.guided_engine import GuidedEngine
from generation.guided.plans import OWN as PLANS
from generation.guided.words import Words
from generation.sampling.diffusion import Family
from generation.sampling.engine import (
    Batching,
    Code,
    Conditioning,
    Drawer,
    Engine,
    Upscalers,
    device_of,
)
from generation.sampling.flow import FlowFamily
from generation.sampling.ladder import halve_tiles
from generation.sampling.parallel import share_cores
from generation.sampling.previews import (
    Preview,
    measure_palette,
    preview_by_decoder,
    preview_by_palette,
)
from generation.tensors.precision import is_bfloat16_quick
from generation.upscaling.bundled import FILE, Compact, load_compact

FAMILIES: Final[tuple[Code, ...]] = (
    easel.FAMILY,
    sd15.FAMILY,
    instruct_pix2pix.FAMILY,
    sdxl.FAMILY,
    flux2_klein.FAMILY,
    flux2_dev.FAMILY,
    z_image.FAMILY,
    flux1_dev.FAMILY,
    flux1_kontext.FAMILY,
    chroma.FAMILY,
    qwen_image.FAMILY,
    qwen_image_edit.FAMILY,
)

PREVIEW: Final = "preview"
"""Folder of a checkpoint in which a tiny decoder for previews may lie."""


def load_any(
    card: Card,
    model: str,
    device: torch.device,
    adapters: str = "",
    preview: str = "",
    *,
    controlnets: str = "",
    estimators: str = "",
    exact: bool = False,
    room: Room = ENDLESS,
) -> Drawer:
    """Load a checkpoint of any family; arguments and errors as of :func:`load`."""
    # A layout of its own, which no pipeline of diffusers reads.
    if card.id == guided.ID:
        try:
            return guided.load(card, Path(model), device, exact=exact)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ModelError(
                "the model could not be loaded: it needs the folder of a guide-driven model"
            ) from error
    return load(
        card,
        model,
        device,
        adapters,
        preview,
        controlnets=controlnets,
        estimators=estimators,
        exact=exact,
        room=room,
    )


def load(
    card: Card,
    model: str,
    device: torch.device,
    adapters: str = "",
    preview: str = "",
    *,
    controlnets: str = "",
    estimators: str = "",
    exact: bool = False,
    room: Room = ENDLESS,
) -> Engine:
    """Load a checkpoint that is a pipeline of diffusers, from safetensors files only.

    Args:
        card: Its family's card.
        model: File, folder, or hub id with ``@`` and a revision behind it if wanted.
        device: Where to compute.
        adapters: Folder or hub id of image adapters, likewise; empty for the checkpoint's own.
        preview: The same of a tiny decoder for previews.
        controlnets: ControlNets, as ``EASEL_CONTROLNETS`` names them; empty for the checkpoint's
            own.
        estimators: Depth and pose networks, as ``EASEL_ESTIMATORS`` names them; empty for the
            usual.
        exact: Whether a picture alone has to be its quarter of the grid to the bit on a GPU, too.
        room: The memory that it has there, and how it is to lie in it.

    Raises:
        ModelError: It is missing, damaged, not of the card's family, or too large for the device.
    """
    family = next(one for one in FAMILIES if one.id == card.id)
    quiet()
    dtype = choose_precision(device)
    if dtype == torch.float16 and isinstance(family, FlowFamily):
        raise ModelError(
            f"{card.title} needs a card that computes in bfloat16, such as NVIDIA's from the RTX 30"
            " and the A series on: in float16 its numbers overflow; Stable Diffusion 1.5 and XL"
            " draw on this one"
        )
    pipe = load_pipeline(family, card, model, dtype)
    if isinstance(family, FlowFamily) and family.prepare is not None:
        family.prepare(pipe)
    check_words(pipe)
    # To another device they are copied anyway.
    if device.type == "cpu":
        align(pipe)
    # XL's overflows in float16 and decodes to black, and so do those of some of 1.5's fine-tunes.
    if pipe.vae.dtype == torch.float16:
        pipe.vae.to(torch.float32)
    if hasattr(pipe, "unet"):
        # Convolutions are quicker so: 5 % of a grid on a CPU (docs/measurements.md).
        pipe.unet.to(memory_format=torch.channels_last)
    folder, texts = Path(model), TextCache()
    # While all of it lies in the machine's memory, where diffusers puts adapters together.
    references = _load_references(family, pipe, folder, adapters)
    networks = set(read_sources(controlnets).values()) if card.controlnets else set()
    memory = _place(pipe, card, device, room, worn=adapters != "", networks=networks)
    if isinstance(references, References | ImageWords | ImageLooks):
        references.move(device)
    engine = Engine(
        card=card,
        family=family,
        pipe=pipe,
        batching=Batching.choose(device, exact=exact, most=memory.at_once),
        preview=_load_preview(family, pipe, preview or _find_own_preview(folder)),
        conditioning=Conditioning(
            references=references,
            structures=_load_structures(card, pipe, folder, controlnets, estimators, device=device),
            loras=_load_loras(pipe, card, texts),
        ),
        planned=_load_planned(card, pipe, folder, exact=exact),
        upscalers=Upscalers(own=_load_upscaler(pipe, folder)),
        texts=texts,
        memory=memory,
    )
    # Asked of the built engine, which knows how large its denoiser is.
    return replace(engine, batching=replace(engine.batching, parallel=share_cores(engine)))


def _place(
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    card: Card,
    device: torch.device,
    room: Room,
    *,
    worn: bool,
    networks: Collection[str],
) -> MemoryPlan:
    """Lay a pipeline on its device; how."""
    parts = measure_parts(pipe, estimate_footprint(card))
    try:
        plan = choose_plan(card, add_beside(parts, adapters=worn, networks=networks), room)
        place(pipe, plan, device)
    except (MemoryPlanError, QuantisingError) as error:
        raise ModelError(str(error)) from error
    if plan.tiled:
        halve_tiles(pipe.vae)
    return plan


def _load_planned(
    card: Card,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    folder: Path,
    *,
    exact: bool,
) -> GuidedEngine | None:
    """What draws by plans of the words, where the checkpoint brings it."""
    if not card.plan or not (folder / PLANS).is_dir():
        return None
    try:
        words = Words(pipe.tokenizer, pipe.text_encoder)
        return guided.load(card, folder / PLANS, words.device, words=words, exact=exact)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"the planner in {PLANS}/ of the model could not be loaded") from error


def _load_loras(pipe: Any, card: Card, texts: TextCache) -> Loras | None:  # noqa: ANN401
    try:
        return load_loras(pipe, card, texts)
    except OSError as error:
        raise ModelError(
            f"the LoRA {error} of EASEL_LORAS cannot be found where it is said to be; one of a hub"
            " `easel models fetch` brings"
        ) from error
    except WeightsError as error:
        raise ModelError(str(error)) from None


def _load_references(
    family: Code,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    folder: Path,
    adapters: str,
) -> References | NativeReferences | ImageWords | ImageLooks | EditedImages | None:
    if isinstance(family, FlowFamily) and family.look is not None:
        return NativeReferences(partial(family.look, pipe))
    if isinstance(family, FlowFamily):
        return _load_beside_words(family, pipe, adapters)
    if not isinstance(family, Family):
        return None
    if family.edits:
        return EditedImages()
    own = str(folder) if (folder / OWN).is_dir() else ""
    # Adapters without an encoder of theirs came with the checkpoint, and no others fit it.
    source = adapters if family.adapters.encoder else own
    require_fetched(source)
    try:
        return load_references(pipe, family.adapters, source) if source else None
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise ModelError(
            "the image adapters could not be loaded: they need a folder or hub id laid out as"
            " h94/IP-Adapter is, made for this family's models"
        ) from error


def _load_beside_words(
    family: FlowFamily,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    source: str,
) -> ImageWords | ImageLooks | None:
    if family.see is None or not source:
        return None
    require_fetched(source)
    try:
        return family.see(pipe, source)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise ModelError(
            "the image adapters could not be loaded: they need a folder or hub id laid out as"
            " black-forest-labs/FLUX.1-Redux-dev is, or one with XLabs' ip_adapter.safetensors and"
            " CLIP's vision model in image_encoder/"
        ) from error


def _load_structures(
    card: Card,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    folder: Path,
    controlnets: str,
    estimators: str,
    *,
    device: torch.device,
) -> Structures | None:
    own = folder / STRUCTURE
    named = read_sources(controlnets) if card.controlnets else {}
    # A checkpoint's own network was trained with it, and goes before what the host named.
    if card.structures and own.is_dir():
        named = dict.fromkeys(card.structures, str(own))
    seeing = read_estimators(estimators)
    require_fetched(*named.values(), *(seeing[kind] for kind in named if kind in seeing))
    try:
        return load_structures(pipe, named, seeing, device) if named else None
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise ModelError(
            "the ControlNets could not be loaded: each needs a folder or hub id in the diffusers"
            " layout, made for this family's models"
        ) from error


def _find_own_preview(folder: Path) -> str:
    own = folder / PREVIEW
    return str(own) if own.is_dir() else ""


def _load_preview(
    family: Code,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    source: str,
) -> Preview:
    """Previews by the tiny decoder at ``source``, or by a palette where there is none."""
    if not source:
        return preview_by_palette(measure_palette(family, pipe))
    require_fetched(source)
    name, options = split_revision(source)
    try:
        decoder = AutoencoderTiny.from_pretrained(
            name, dtype=pipe.vae.dtype, use_safetensors=True, **options
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(
            "the decoder for previews could not be loaded: it needs a folder or hub id of an"
            " AutoencoderTiny with safetensors weights"
        ) from error
    # Asked here, or the first preview would fail in the middle of a job.
    if decoder.config.latent_channels != family.channels(pipe):
        raise ModelError("the decoder for previews is made for another family's models")
    return preview_by_decoder(decoder.to(device_of(pipe)).eval())


def _load_upscaler(pipe: Any, folder: Path) -> Compact | None:  # noqa: ANN401
    if not (folder / FILE).is_file():
        return None
    return load_compact(folder / FILE).to(device_of(pipe), pipe.vae.dtype)


def choose_precision(device: torch.device) -> torch.dtype:
    """The number format to compute in: the smallest that loses nothing one can see."""
    if device.type == "cuda":
        # bfloat16 first, as it has float32's range, so that nothing overflows.
        return torch.bfloat16 if is_bfloat16_quick(device) else torch.float16
    # A CPU without instructions for bfloat16 is slower with it (docs/measurements.md).
    return torch.float32
