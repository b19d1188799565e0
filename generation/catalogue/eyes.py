"""Eyes: models that tell what pictures show, chosen by the card's memory, without PyTorch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faults import HostError
from generation.catalogue.card import Card
from generation.catalogue.checkpoints import find_folder, read_json

CONFIG: Final = "config.json"
"""File of an eye that names its architecture."""

OFF: Final = "off"
AUTO: Final = "auto"


class EyesError(HostError, ValueError):
    """``EASEL_EYES`` names nothing that sees; the text is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EyeCard:
    """A model that sees, as it is published.

    Attributes:
        name: What ``EASEL_EYES`` may call it.
        model: Its hub id.
        licence: Of its weights.
        weights: GiB of them in 16 bits.
        card: GB of the smallest card that it is the usual choice for; 0 where it never is.
    """

    name: str
    model: str
    licence: str
    weights: float
    card: float = 0.0


EYES: Final = (
    EyeCard(
        name="qwen3.5-4b", model="Qwen/Qwen3.5-4B", licence="Apache-2.0", weights=8.6, card=24
    ),
    EyeCard(
        name="qwen3.5-2b", model="Qwen/Qwen3.5-2B", licence="Apache-2.0", weights=4.3, card=12
    ),
    EyeCard(
        name="minicpm-v-4.6", model="openbmb/MiniCPM-V-4.6", licence="Apache-2.0", weights=2.5,
        card=8,
    ),
    EyeCard(
        name="qwen3-vl-4b", model="Qwen/Qwen3-VL-4B-Instruct", licence="Apache-2.0", weights=8.3
    ),
    EyeCard(
        name="qwen3-vl-2b", model="Qwen/Qwen3-VL-2B-Instruct", licence="Apache-2.0", weights=4.0
    ),
    EyeCard(
        name="florence-2", model="florence-community/Florence-2-base-ft", licence="MIT", weights=0.5
    ),
)  # fmt: skip
"""Those that are known by name, the usual choice of the largest card first."""

READING: Final = 1.0
"""GiB that it takes to look at one picture, beside the weights."""

ARCHITECTURES: Final = {
    "qwen3_5": "Qwen3_5ForConditionalGeneration",
    "qwen3_vl": "Qwen3VLForConditionalGeneration",
    "qwen2_5_vl": "Qwen2_5_VLForConditionalGeneration",
    "minicpmv4_6": "MiniCPMV4_6ForConditionalGeneration",
    "florence2": "Florence2ForConditionalGeneration",
}
"""Classes of transformers by what configurations call the kind of model."""

_PLACING: Final = frozenset({"qwen3_5", "qwen3_vl", "qwen2_5_vl", "florence2"})
"""Kinds of model that tell where in a picture things are."""

_NOMINAL: Final = 0.93
"""Share of a card's nominal memory that it has at least, in GiB."""


def is_lent(setting: str, usual: Card) -> bool:
    """Whether the usual model, which draws, also tells what pictures show, so no other is chosen.

    Args:
        setting: ``EASEL_EYES``.
        usual: The model that draws where none is named.
    """
    return setting == AUTO and usual.sees


def choose_eye(setting: str, memory: float) -> str:
    """Where the eye that a setting means is loaded from: a folder, or a hub id with its revision.

    Args:
        setting: ``EASEL_EYES``: ``off``, ``auto``, a known name, a folder or a hub id.
        memory: GiB of the card; 0 for a CPU.

    Returns:
        Empty where there is to be none.

    Raises:
        EyesError: It names nothing.
    """
    if setting == OFF:
        return ""
    if setting == AUTO:
        usual = (one.model for one in EYES if one.card and memory >= _NOMINAL * one.card)
        return next(usual, "")
    name, mark, revision = setting.partition("@")
    known = find_eye_named(name)
    if known is not None:
        return f"{known.model}{mark}{revision}"
    if Path(name).is_dir() or name.count("/") == 1:
        return setting
    names = ", ".join(one.name for one in EYES)
    raise EyesError(
        f"EASEL_EYES cannot be `{setting[:40]}`; write {OFF}, {AUTO}, {names}, a folder, or a hub"
        " id such as owner/name"
    )


def find_eye_named(name: str) -> EyeCard | None:
    """The eye that goes by a name."""
    return next((one for one in EYES if one.name == name.lower()), None)


def find_eye_card(model: str) -> EyeCard | None:
    """What is known of an eye by its hub id, a revision behind it or not."""
    return next((one for one in EYES if one.model == model.partition("@")[0]), None)


def find_eye_folder(model: str) -> Path | None:
    """The folder of an eye on this machine; None where it was not fetched."""
    return find_folder(model, CONFIG)


def find_architecture(folder: Path) -> str:
    """The class of transformers for an eye's folder.

    Raises:
        EyesError: It is of none that can be asked here.
    """
    config: Mapping[str, object] = read_json(folder / CONFIG)
    kind = str(config.get("model_type", ""))
    if kind not in ARCHITECTURES:
        raise EyesError(
            f"EASEL_EYES names a model of the kind {kind[:40] or 'unknown'}, which Easel cannot ask"
            f" what pictures show; those it can are {', '.join(ARCHITECTURES)}"
        )
    return ARCHITECTURES[kind]


def tells_places(model: str) -> bool:
    """Whether an eye on this machine tells where in a picture things are."""
    folder = find_eye_folder(model)
    return folder is not None and read_json(folder / CONFIG).get("model_type") in _PLACING
