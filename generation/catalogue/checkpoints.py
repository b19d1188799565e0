"""Checkpoints: which card a folder or hub id has, where it is loaded from, what recipes call it."""

import json
import re
from pathlib import Path
from typing import Final

from generation.catalogue.card import Card
from generation.catalogue.families import BUNDLED, CARDS, EASEL_2, VARIANTS, find_card

INDEX: Final = "model_index.json"
"""File of a checkpoint that names its pipeline and its parts."""

GUIDED: Final = "config.json"
"""File of a guide-driven model that states its format."""

OWN: Final = {"easel": BUNDLED, "easel2": EASEL_2}
"""Folders of the checkpoints that come with the project, by family."""

_PATH: Final = re.compile(r"[/\\]")

# As diffusers writes it into the index of a checkpoint.
_PIPELINES: Final = {
    "StableDiffusionPipeline": "sd15",
    "StableDiffusionXLPipeline": "sdxl",
    "Flux2KleinPipeline": "flux2-klein",
    "ZImagePipeline": "z-image",
    "FluxPipeline": "flux1-dev",
    "QwenImageEditPlusPipeline": "qwen-image-edit",
}


def choose_card(model: str, family: str = "") -> Card:
    """The card for a checkpoint.

    Args:
        model: Folder or hub id of a checkpoint in the diffusers layout, or the name of a known one,
            with ``@`` and a revision behind it if wanted; empty for the bundled one.
        family: Id of the family, or name of the variant, if the admin named it; empty to find out.

    Raises:
        UnknownFamilyError: The family is unknown, or cannot be told from ``model``.
    """
    known = (*CARDS, *VARIANTS)
    # What whoever runs the bot says goes before all that could be guessed.
    if family:
        return next((one for one in VARIANTS if one.name == family), None) or find_card(family)
    if not model:
        return find_card("easel")
    name, _, _ = model.partition("@")
    if found := next((one for one in known if name in (one.called, one.model)), None):
        return found
    index = Path(model) / INDEX
    if index.is_file():
        pipeline = json.loads(index.read_text(encoding="utf-8")).get("_class_name", "")
        # A pipeline that is not known stays in the error, by its own name.
        return find_card(_PIPELINES.get(pipeline, pipeline))
    if is_guided(Path(model)):
        return find_card("easel2")
    # Of a hub id nothing is here but its name, and fine-tunes of SDXL nearly all have XL in theirs.
    return find_card("sdxl" if "xl" in model.lower() else "sd15")


def is_guided(folder: Path) -> bool:
    """Whether a folder is of a guide-driven model, which is no pipeline of diffusers."""
    config = folder / GUIDED
    if not config.is_file():
        return False
    # Many models have a file of this name; only the format tells.
    stated: str = json.loads(config.read_text(encoding="utf-8")).get("format", "")
    return stated.startswith("easel-guided-")


def find_source(model: str, chosen: Card) -> str:
    """Where a model is loaded from: a known name becomes its hub id, with the revision.

    Args:
        model: Folder, hub id or known name, with ``@`` and a revision behind it if wanted; empty
            for the bundled one.
        chosen: Its card.
    """
    if _is_bundled(model, chosen):
        return str(OWN[chosen.id])
    name, mark, revision = model.partition("@")
    return f"{chosen.model}{mark}{revision}" if name == chosen.called else model


def name_model(model: str, chosen: Card) -> str:
    """The checkpoint's name as recipes and messages carry it: never a path."""
    if _is_bundled(model, chosen):
        return chosen.model
    # Recipes are public, inside pictures too; folders of any machine are not: that of the worker
    # need not be on the bot's.
    return _PATH.split(model.rstrip("/\\"))[-1] if _is_path(model) else model


def _is_path(model: str) -> bool:
    """Whether a model is named by a folder, there or not; a hub id has one slash, and no more."""
    written = Path(model).is_absolute() or model.startswith((".", "~"))
    return written or len(_PATH.findall(model)) > 1 or "\\" in model or Path(model).exists()


def _is_bundled(model: str, chosen: Card) -> bool:
    return not model or (chosen.id in OWN and model == chosen.id)
