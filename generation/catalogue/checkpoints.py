"""Checkpoints: which card a file, folder or hub id has, where it is loaded from, its name."""

import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from generation.catalogue.card import Card
from generation.catalogue.families import (
    BUNDLED,
    CARDS,
    EASEL_2,
    VARIANTS,
    UnknownFamilyError,
    find_card,
    find_known,
)
from generation.catalogue.headers import WeightsError
from generation.catalogue.misplaced import (
    INDEX,
    PICKLED,
    READ,
    explain_address,
    explain_file,
    explain_folder,
    explain_name,
)
from generation.catalogue.signatures import EDITING, read_signature

GUIDED: Final = "config.json"
"""File of a guide-driven model that states its format."""

OWN: Final = {"easel": BUNDLED, "easel2": EASEL_2}
"""Folders of the checkpoints that come with the project, by family."""

_PATH: Final = re.compile(r"[/\\]")

_FILES: Final = (*READ, *PICKLED, ".sft")
"""What names of single files end in, those that cannot be drawn with included."""

# As diffusers writes it into the index of a checkpoint.
_PIPELINES: Final = {
    "StableDiffusionPipeline": "sd15",
    "StableDiffusionInstructPix2PixPipeline": "instruct-pix2pix",
    "StableDiffusionXLPipeline": "sdxl",
    "Flux2KleinPipeline": "flux2-klein",
    "Flux2Pipeline": "flux2-dev",
    "ZImagePipeline": "z-image",
    "FluxPipeline": "flux1-dev",
    "FluxKontextPipeline": "flux1-kontext",
    "ChromaPipeline": "chroma",
    "QwenImagePipeline": "qwen-image",
    "QwenImageEditPlusPipeline": "qwen-image-edit",
}

_HINTS: Final = (
    ("pix2pix", "instruct-pix2pix"),
    ("klein-base", "flux2-klein-base"),
    ("klein", "flux2-klein"),
    ("flux.2-dev", "flux2-dev"),
    ("flux2-dev", "flux2-dev"),
    ("schnell", "flux1-schnell"),
    ("kontext", "flux1-kontext"),
    ("chroma", "chroma"),
    ("flux", "flux1-dev"),
    ("z-image", "z-image"),
    ("qwen-image-edit", "qwen-image-edit"),
    ("qwen-image", "qwen-image"),
    ("xl", "sdxl"),
)
"""What names of hub ids tell of families, where their files are on another machine."""

_OTHERS: Final = (
    "stable-diffusion-3", "sd3", "playground", "pixart", "kolors", "hunyuan", "auraflow",
    "cascade", "kandinsky", "sana", "-fill", "redux", "chroma1-radiance", "refiner", "inpaint",
)  # fmt: skip
"""Parts of names of models that Easel does not draw with, which go before ``_HINTS``."""


def choose_card(model: str, family: str = "") -> Card:
    """The card for a checkpoint.

    Args:
        model: Safetensors file, folder or hub id of a checkpoint, or the name of a known one, with
            ``@`` and a revision behind it if wanted; empty for the bundled one.
        family: Id of the family, or name of the variant, if the admin named it; empty to find out.

    Raises:
        UnknownFamilyError: The family is unknown, or cannot be told from ``model``.
        WeightsError: It is a file that cannot be drawn with.
    """
    # What whoever runs the bot says goes before all that could be guessed.
    if family:
        return _suit(find_known(family), _reads_velocity(model))
    if not model:
        return find_card("easel")
    name, _, _ = model.partition("@")
    if found := next((one for one in (*CARDS, *VARIANTS) if name in (one.called, one.model)), None):
        return found
    if says := explain_address(model):
        raise WeightsError(says)
    if is_file(model):
        return _choose_for_file(Path(model))
    folder = find_folder(model)
    if folder is not None and (folder / INDEX).is_file():
        return _choose_for_pipeline(folder)
    if is_guided(Path(model)):
        return find_card("easel2")
    if says := _explain(model):
        raise WeightsError(says)
    return _guess(model)


def _explain(model: str) -> str:
    """Why something is no model, as far as this machine tells; empty if it may be one."""
    place = Path(model)
    if place.is_dir() and not list_files(place):
        return explain_folder(place)
    return explain_file(place) if place.exists() else explain_name(model)


def is_file(model: str) -> bool:
    """Whether a model is named as a single file, there or not."""
    return model.lower().endswith(_FILES) and not Path(model).is_dir()


def find_fetched(model: str, file: str = INDEX) -> Path | None:
    """The folder of what was fetched under a hub id, ``@`` and a revision behind it if wanted.

    Args:
        model: The hub id.
        file: A file that tells of it.
    """
    hub, _, revision = model.partition("@")
    index = None
    # A bot's machine may lack the hub's client, and then has fetched nothing.
    # A name that is no hub id is a ValueError of the client's.
    with suppress(ValueError, ModuleNotFoundError):
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415

        index = try_to_load_from_cache(hub, file, revision=revision or None)
    # None if it was never fetched, an object of the client's if it is known not to exist.
    return Path(index).parent if isinstance(index, str) else None


def find_folder(model: str, file: str = INDEX) -> Path | None:
    """The folder of a model on this machine; None where it was not fetched.

    Args:
        model: A folder, or a hub id with ``@`` and a revision behind it if wanted.
        file: A file that tells of what was fetched.
    """
    return Path(model) if Path(model).is_dir() else find_fetched(model, file)


def name_source(model: str) -> str:
    """What such a model is called: its hub id, or its folder's last name, never a path."""
    return Path(model).name if Path(model).is_dir() else model.partition("@")[0]


def tell_missing(model: str) -> str:
    """That a model is not on this machine, and what to do; one sentence that names no path.

    Args:
        model: As it is loaded: a file, a folder or a hub id, perhaps with a revision.
    """
    if _is_path(model):
        return (
            f"{name_place(model)} is not on this machine, where it was said to be; name a file, a"
            " folder, owner/name, or a name that `easel models` lists"
        )
    hub = model.partition("@")[0]
    return (
        f"{hub} is not on this machine yet: `easel models fetch` shows its licence and fetches it"
    )


def explain_lacks(file: Path, card: Card) -> str:
    """What a single file lacks that nothing here lends, in one sentence; empty if nothing.

    Args:
        file: The file, which is here.
        card: Its own, by what its settings say.

    Raises:
        WeightsError: It cannot be drawn with at all.
    """
    found, base = read_signature(file), card.base or card.model
    if not found.whole and find_folder(base) is None:
        known = next((one.called for one in (*CARDS, *VARIANTS) if one.model == base), base)
        return (
            f"{file.name} is the transformer alone, and {base}, which lends the rest, is not on"
            f" this machine: `easel models fetch {known} --around` fetches that"
        )
    if "text encoder" in found.lacks:
        return f"{file.name} has no text encoder; take the model's whole file"
    if "autoencoder" in found.lacks and not card.vae:
        return (
            f"{file.name} has no autoencoder; name one as vae in {file.stem}.toml beside it, or"
            " take a file that has one"
        )
    return ""


def list_files(folder: Path) -> list[Path]:
    """The single files in a folder, in the order of their names; none in one of another layout."""
    if not folder.is_dir() or (folder / INDEX).exists() or is_guided(folder):
        return []
    # Whatever the case of their endings, and without what some systems write beside each file.
    named = (file for file in folder.glob("*") if file.suffix.lower() in READ)
    return sorted(file for file in named if file.is_file() and not file.name.startswith("."))


def _choose_for_file(file: Path) -> Card:
    name = _PATH.split(str(file))[-1]
    try:
        here = file.is_file()
    except OSError as error:
        raise WeightsError(f"{name} cannot be read ({error.strerror})") from None
    if not here and file.is_symlink():
        raise WeightsError(f"{name} is a link to what is not there; mend it, or name the file")
    if not here and file.suffix.lower() in READ:
        raise WeightsError(
            f"{name} is not on this machine, so nothing tells its family; write it before the"
            f" name, as in sdxl:{Path(name).stem}=…, or set EASEL_FAMILY"
        )
    if not here:
        raise WeightsError(
            f"{name} cannot be drawn with: weights are read from {' and '.join(READ)} alone"
        )
    found = read_signature(file)
    return _suit(find_known(found.family), found.velocity)


def _reads_velocity(model: str) -> bool:
    """Whether the files of a model are here, and say that it predicts velocity."""
    file = Path(model)
    with suppress(WeightsError):
        return is_file(model) and file.is_file() and read_signature(file).velocity
    return False


def _suit(card: Card, velocity: bool) -> Card:
    """The card of a model that predicts velocity: these are made to be drawn so."""
    if not velocity or card.distilled:
        return card
    # As their authors say; a schedule that ends in pure noise suits no solver of higher order.
    return replace(card, sampler="Euler", guidance=min(card.guidance, 5.0))


def _choose_for_pipeline(folder: Path) -> Card:
    """The card for a folder in the layout of diffusers."""
    index = read_json(folder / INDEX)
    if not index:
        raise WeightsError(f"the {INDEX} of {folder.name} is damaged; fetch it again")
    pipeline = str(index.get("_class_name", ""))
    if says := _UNDRAWN.get(pipeline):
        raise UnknownFamilyError(f"{pipeline} {says}")
    if pipeline not in _PIPELINES:
        # A pipeline that is not known stays in the error, by its own name.
        raise UnknownFamilyError(
            f"Easel does not draw with a {pipeline or 'model without a _class_name'}; `easel"
            " models` lists what it draws with"
        )
    unet = read_json(folder / "unet" / "config.json")
    own = EDITING if _PIPELINES[pipeline] == "instruct-pix2pix" else 4
    if (unet.get("in_channels") or own) != own:
        raise UnknownFamilyError(
            f"the UNet has {unet['in_channels']} input channels, as those for inpainting and"
            " editing have; Easel repaints with every plain model, so take that"
        )
    scheduler = read_json(folder / "scheduler" / "scheduler_config.json")
    if str(scheduler.get("_class_name", "")).startswith("EDM"):
        raise UnknownFamilyError("Easel does not draw with Playground 2.5 and others of its kind")
    card = find_known(_tell_sibling(_PIPELINES[pipeline], folder, index, scheduler))
    return _suit(card, scheduler.get("prediction_type") == "v_prediction")


_UNDRAWN: Final = {
    "StableDiffusionXLImg2ImgPipeline": "is SDXL's refiner, which draws nothing by itself; take"
    " the base model, or a fine-tune of it",
    **dict.fromkeys(
        ("StableDiffusionInpaintPipeline", "StableDiffusionXLInpaintPipeline"),
        "is an inpainting model, and Easel repaints with every model as it is; take the plain one",
    ),
}


def _tell_sibling(family: str, folder: Path, index: Any, scheduler: Any) -> str:  # noqa: ANN401
    """Name of the known model of a family that a folder's own settings fit."""
    if family == "flux2-klein" and not index.get("is_distilled", False):
        return "flux2-klein-base"
    transformer = read_json(folder / "transformer" / "config.json")
    if family == "flux1-dev" and not transformer.get("guidance_embeds", True):
        return "flux1-schnell"
    # The distilled one has a shift of 3, the one that it was made of 6.
    shift = scheduler.get("shift")
    if family == "z-image" and isinstance(shift, int | float) and shift > 3:
        return "z-image-base"
    return family


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file says; nothing where it is missing or damaged, which is another's to say."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _guess(model: str) -> Card:
    """The card for a hub id whose files are not here: by its name, as there is nothing else."""
    # Of a folder the name above it says nothing.
    name = _PATH.split(model.rstrip("/\\").lower())[-1]
    if any(part in name for part in _OTHERS):
        raise UnknownFamilyError(
            f"Easel does not draw with {_PATH.split(model)[-1]}, by its name; if it does, set"
            " EASEL_FAMILY to the family that it is like"
        )
    return find_known(next((family for part, family in _HINTS if part in name), "sd15"))


def is_guided(folder: Path) -> bool:
    """Whether a folder is of a guide-driven model, which is no pipeline of diffusers."""
    config = folder / GUIDED
    if not config.is_file():
        return False
    # Many models have a file of this name; only the format tells.
    return str(read_json(config).get("format", "")).startswith("easel-guided-")


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
    return name_place(model) if _is_path(model) or is_file(model) else model


def name_place(model: str) -> str:
    """The last name of a file, folder or hub id; a file's without its ending."""
    last = _PATH.split(model.rstrip("/\\"))[-1]
    return Path(last).stem if is_file(model) else last


def _is_path(model: str) -> bool:
    """Whether a model is named by a folder, there or not; a hub id has one slash, and no more."""
    written = Path(model).is_absolute() or model.startswith((".", "~"))
    return written or len(_PATH.findall(model)) > 1 or "\\" in model or Path(model).exists()


def _is_bundled(model: str, chosen: Card) -> bool:
    return not model or (chosen.id in OWN and model == chosen.id)
