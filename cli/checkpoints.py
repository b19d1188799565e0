"""Checkpoints on this machine: where one lies, and whether it is whole."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from faults import HostError
from generation.catalogue.checkpoints import (
    OWN,
    explain_lacks,
    find_fetched,
    is_file,
    tell_missing,
)
from generation.catalogue.families import CARDS, VARIANTS
from generation.catalogue.headers import KIND, WeightsError
from generation.catalogue.misplaced import tidy
from generation.catalogue.parts import list_faults
from generation.catalogue.served import ServedModel
from generation.catalogue.signatures import read_signature

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class NotFetchedError(HostError, RuntimeError):
    """A checkpoint cannot be had; the text is one sentence."""


def find_fault(one: ServedModel) -> str:
    """Why a model cannot be drawn with here, in one sentence; empty if it can, as headers tell."""
    try:
        place = find_place(one.source)
    except NotFetchedError as error:
        return str(error)
    fault = next(list_unfit(place), "").rstrip(".")
    return fault or (explain_lacks(place, one.card) if is_file(str(place)) else "")


def find_place(name: str) -> Path:
    """Where a checkpoint lies: a file, a folder, or what was fetched, by its name or hub id.

    Raises:
        NotFetchedError: It is not on this machine.
    """
    name = tidy(name)
    # Before known names: whoever has a folder called sdxl here means that.
    if is_file(name) or Path(name).is_dir():
        return Path(name)
    called, mark, revision = name.partition("@")
    own = next((card for card in (*CARDS, *VARIANTS) if card.called == called), None)
    if own is not None and own.id in OWN:
        return OWN[own.id]
    found = find_fetched(f"{own.model if own else called}{mark}{revision}")
    if found is None:
        raise NotFetchedError(tell_missing(name))
    return found


def find_faults(place: Path) -> Iterator[str]:
    """What is wrong with a checkpoint, one sentence each; nothing if it is whole.

    What was fetched is held against the hashes that it was fetched with, which takes a while.
    """
    yield from list_unfit(place)
    for file in sorted(place.rglob(f"*{KIND}")) if place.is_dir() else ():
        if not _as_fetched(file):
            name = file.relative_to(place).as_posix()
            yield f"{name} is missing or damaged; fetch it again."


def list_unfit(place: Path) -> Iterator[str]:
    """What headers and lists tell of that, at once."""
    if not is_file(str(place)):
        yield from list_faults(place)
        return
    if not place.is_file():
        yield tell_missing(str(place))
        return
    try:
        found = read_signature(place)
    except WeightsError as error:
        yield f"{error}."
        return
    if "text encoder" in found.lacks:
        yield f"{place.name} has no text encoder; take the model's whole file."


def _as_fetched(file: Path) -> bool:
    """Whether a fetched file still has the SHA-256 that the hub's cache keeps it under."""
    blob = file.resolve()
    # The hub's cache names only what is in Git LFS by its SHA-256; a plain folder names nothing so.
    if not (file.is_symlink() and blob.is_file() and _SHA256.fullmatch(blob.name)):
        return True
    with blob.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest() == blob.name


def weigh(place: Path) -> int:
    """Bytes of a checkpoint's weights."""
    if place.is_file():
        return place.stat().st_size
    return sum(file.stat().st_size for file in place.rglob(f"*{KIND}"))
