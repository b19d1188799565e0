"""What people name as a model and is none: addresses, misspelt names, folders of other things.

Each is told in one sentence, with what would work.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from generation.catalogue.families import CARDS, VARIANTS
from generation.catalogue.gguf_headers import KIND as GGUF
from generation.catalogue.headers import KIND

INDEX: Final = "model_index.json"
"""File of a checkpoint that names its pipeline and its parts."""

READ: Final = (KIND, GGUF)
"""What names of single files end in that can be drawn with."""

PICKLED: Final = (".ckpt", ".pt", ".pth", ".bin")
"""What names of files end in whose weights are pickled."""

_UNFINISHED: Final = (".part", ".crdownload", ".aria2", ".download", ".incomplete", ".tmp")
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[/\\]")

_DEEPEST: Final = 4
"""Folders below each other that are looked through for a model."""

_MOST: Final = 500
"""Folders that are looked into at most, so that a whole disk is not."""


def tidy(model: str) -> str:
    """A model's name without what shells and editors leave in it: quotes, ``~``, a slash behind.

    Args:
        model: As it was set.
    """
    text = model.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    if text.startswith("~"):
        # Of somebody whom this machine does not know there is no folder.
        with suppress(RuntimeError):
            text = str(Path(text).expanduser())
    return text.rstrip("/") or text


def explain_address(model: str) -> str:
    """Why an address is no model's name; empty for anything else."""
    if not _ADDRESS.match(model):
        return ""
    return (
        f"{_BETWEEN.split(model)[-1]} is named by an address, and Easel reads models from this"
        " machine alone; download it, or mount where it lies, and name its file"
    )


def explain_name(model: str) -> str:
    """Why a name without a file or a folder on this machine is no model's; empty if it may be."""
    if _BETWEEN.search(model):
        return ""
    near = get_close_matches(model, [one.called for one in (*CARDS, *VARIANTS)], n=1)
    meant = f"did you mean {near[0]}?" if near else "write a file, a folder or owner/name"
    return f"Easel knows no model {model[:60]}, and nothing here is so called; {meant}"


def explain_file(file: Path) -> str:
    """Why a file that is here is no model's, by its name alone; empty if it may be."""
    ending = file.suffix.lower()
    if ending in _UNFINISHED:
        return f"{file.name} is a download that has not ended; let it, or fetch the file again"
    if ending in (*READ, *PICKLED, ".sft"):
        return ""
    kinds = " and ".join(READ)
    return f"{file.name} cannot be drawn with: weights are read from {kinds} alone"


def explain_folder(folder: Path) -> str:
    """Why a folder that is here, and has no model in any layout, is none."""
    name = folder.resolve().name or "the folder"
    names = _list_names(folder)
    of_class = _read_start(folder / "config.json")
    for stated, says in _STATED:
        if stated in of_class:
            return f"{name} is {says}"
    if {"unet", "vae"} <= names or {"transformer", "vae"} <= names:
        return (
            f"{name} has the parts of a model, and no {INDEX}, which says how they belong together;"
            " fetch it again"
        )
    if below := next(_find_models(folder), ""):
        return f"{name} holds no model itself, and {below} in it does; name that"
    pickled = sorted(one for one in names if Path(one).suffix.lower() in PICKLED)
    if pickled:
        return (
            f"{name} holds pickled weights alone, such as {pickled[0]}, which may run code; take"
            " their safetensors versions"
        )
    return f"{name} holds no model: neither {INDEX} nor a {' or '.join(READ)} file"


_STATED: Final = (
    ("ControlNet", "a ControlNet, no model; name it in EASEL_CONTROLNETS"),
    ("T2IAdapter", "a T2I-Adapter, no model; name it in EASEL_CONTROLNETS"),
    ("AutoencoderTiny", "a decoder for previews, no model; name it in EASEL_PREVIEW"),
    ("Autoencoder", "an autoencoder alone, no model; a model's settings name it as vae"),
    ("UNet", "the UNet of a model alone; name the folder above it"),
    ("Transformer2DModel", "the transformer of a model alone; name the folder above it"),
    ("TextModel", "a text encoder alone; name the folder above it"),
)
"""What configurations of other things have in their class's name, and what to say of each."""


def _read_start(config: Path) -> str:
    """What stands for the class in a configuration."""
    try:
        text = config.read_text(encoding="utf-8")[:100_000]
    except (OSError, UnicodeError):
        return ""
    return " ".join(re.findall(r'"(?:_class_name|architectures)":\s*(\[[^]]*\]|"[^"]*")', text))


def _find_models(folder: Path) -> Iterator[str]:
    """Where models lie below a folder, as names below it."""
    for number, (place, inner, files) in enumerate(os.walk(folder)):
        here = Path(place).relative_to(folder)
        if number >= _MOST or len(here.parts) >= _DEEPEST:
            inner.clear()
        inner.sort()
        if here.parts and (INDEX in files or any(one.lower().endswith(READ) for one in files)):
            yield here.as_posix()


def _list_names(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in folder.iterdir()}
    except OSError:
        return set()
