"""Checkpoints on this machine: where one lies, and whether it is whole."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from faults import HostError
from generation.catalogue.checkpoints import GUIDED, INDEX, OWN, is_guided
from generation.catalogue.families import CARDS, VARIANTS

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class NotFetchedError(HostError, RuntimeError):
    """A checkpoint cannot be had; the text is one sentence."""


def folder_of(name: str) -> Path:
    """Where a checkpoint lies: a folder, or one that was fetched, by its name or hub id.

    Raises:
        NotFetchedError: It is not on this machine.
    """
    # Before known names: whoever has a folder called sdxl here means that.
    if Path(name).is_dir():
        return Path(name)
    called, _, revision = name.partition("@")
    own = next((card for card in (*CARDS, *VARIANTS) if card.called == called), None)
    if own is not None and own.id in OWN:
        return OWN[own.id]
    index = None
    # A bot's machine may lack the hub's client, and then has fetched nothing.
    # A name that is no hub id is a ValueError of the client's.
    with suppress(ValueError, ModuleNotFoundError):
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415

        hub = own.model if own else called
        index = try_to_load_from_cache(hub, INDEX, revision=revision or None)
    # None if it was never fetched, an object of the client's if it is known not to exist.
    if not isinstance(index, str):
        raise NotFetchedError(f"{name} is not on this machine: `easel models fetch` fetches it.")
    return Path(index).parent


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with a checkpoint in a folder, one sentence each; nothing if it is whole."""
    if is_guided(folder):
        yield from _guided_faults(folder)
        return
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield f"{INDEX} is missing or damaged, so this is not a checkpoint in the diffusers layout."
        return
    for part in parts(index):
        if not any((folder / part).glob("*")):
            yield f"{part} is missing."
            continue
        yield from _damaged(folder / part)


def _guided_faults(folder: Path) -> Iterator[str]:
    config = json.loads((folder / GUIDED).read_text(encoding="utf-8"))
    # A guide-driven model of photographs alone has no planner (decision 9).
    for part in ("latents", "decoder", "denoiser", *(["planner"] if "planner" in config else [])):
        if not (folder / f"{part}.safetensors").is_file():
            yield f"{part}.safetensors is missing."
    yield from _damaged(folder)


def _damaged(part: Path) -> Iterator[str]:
    """What is wrong with one part: every piece of its weights has to open."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - heavy

    names = {file.name for file in part.glob("*.safetensors")}
    # A piece that an index lists and that is absent would go unnoticed otherwise.
    for listing in part.glob("*.safetensors.index.json"):
        names |= set(json.loads(listing.read_text(encoding="utf-8"))["weight_map"].values())
    if not names and any(part.glob("*.bin")):
        yield f"{part.name} has no safetensors weights, and Easel reads no others."
    for name in sorted(names):
        try:
            # In numpy, as a bot's machine has no PyTorch. Opening holds the header against the
            # file's length.
            with safe_open(part / name, framework="numpy"):
                whole = _as_fetched(part / name)
        except (OSError, SafetensorError):
            whole = False
        if not whole:
            yield f"{part.name}/{name} is missing or damaged; fetch it again."


def _as_fetched(file: Path) -> bool:
    """Whether a fetched file still has the SHA-256 that the hub's cache keeps it under."""
    blob = file.resolve()
    # The hub's cache names only what is in Git LFS by its SHA-256; a plain folder names nothing so.
    if not (file.is_symlink() and _SHA256.fullmatch(blob.name)):
        return True
    with blob.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest() == blob.name


def parts(index: dict[str, Any]) -> list[str]:
    """Folders of the parts that an index names and fills."""
    return [
        name
        for name, value in index.items()
        # Beside the parts stand the class and version of the pipeline; a part of nulls is left out.
        if not name.startswith("_") and isinstance(value, list) and value[0] is not None
    ]


def weight(folder: Path) -> int:
    """Bytes of a checkpoint's weights."""
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
