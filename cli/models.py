"""Checkpoints on this machine: which there are to choose from, fetching one, looking one over."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from generation.cards import CARDS, Card, UnknownFamilyError, card_for

INDEX: Final = "model_index.json"
"""Names a checkpoint's pipeline and its parts."""

_KINDS: Final = ("json", "txt", "model", "jinja", "safetensors")
_VARIANTS: Final = ("*.fp16.*", "*.bf16.*", "*.non_ema.*", "*openvino*", "*.onnx*")


class NotFetchedError(RuntimeError):
    """A checkpoint cannot be had; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What fetching a checkpoint means.

    Attributes:
        name: Its hub id.
        commit: The commit that it is fetched at.
        card: Its family.
        patterns: The files that its family reads, and no variants of them.
        size: Bytes that are not here yet.
    """

    name: str
    commit: str
    card: Card
    patterns: Sequence[str]
    size: int

    @property
    def setting(self) -> str:
        """The line for ``.env``: the id, pinned to the commit."""
        return f"EASEL_MODEL={self.name}@{self.commit}"


def find(name: str) -> Wanted:
    """What fetching would bring.

    Args:
        name: A family's id for its own checkpoint, or a hub id, with ``@`` and a revision behind it
            if wanted.

    Raises:
        NotFetchedError: It is nothing that could be fetched.
    """
    own = next((card for card in CARDS if card.id == name), None)
    if own is not None and "/" not in own.model:
        raise NotFetchedError(f"{own.title} comes with Easel: leave EASEL_MODEL empty.")
    hub, _, revision = (own.model if own else name).partition("@")
    try:
        index = Path(hf_hub_download(hub, INDEX, revision=revision or None))
        commit, parts = index.parent.name, _parts(json.loads(index.read_text(encoding="utf-8")))
        card = own or card_for(str(index.parent))
        patterns = [INDEX, *(f"{part}/*.{kind}" for part in parts for kind in _KINDS)]
        files = snapshot_download(
            hub,
            revision=commit,
            allow_patterns=patterns,
            ignore_patterns=list(_VARIANTS),
            dry_run=True,
        )
    except GatedRepoError:
        raise NotFetchedError(
            f"{hub} wants its licence accepted on its page first; then set HF_TOKEN."
        ) from None
    except RepositoryNotFoundError:
        raise NotFetchedError(f"There is no checkpoint {hub}; the hub writes owner/name.") from None
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise NotFetchedError(f"{hub} cannot be fetched ({type(error).__name__}).") from None
    except UnknownFamilyError as error:
        raise NotFetchedError(f"Easel cannot draw with {hub}: {error}.") from None
    size = sum(file.file_size or 0 for file in files if file.will_download)
    return Wanted(hub, commit, card, patterns, size)


def fetch(wanted: Wanted) -> Path:
    """Fetch what is not here yet, with a bar for each file; goes on where it was broken off.

    Raises:
        NotFetchedError: The hub cannot be reached, or the disk is full.
    """
    try:
        return Path(
            snapshot_download(
                wanted.name,
                revision=wanted.commit,
                allow_patterns=list(wanted.patterns),
                ignore_patterns=list(_VARIANTS),
            )
        )
    except (HfHubHTTPError, OSError) as error:
        raise NotFetchedError(
            f"{wanted.name} broke off ({type(error).__name__}); the same command goes on there."
        ) from None


def faults(folder: Path) -> Iterator[str]:
    """What is wrong with a checkpoint in a folder, one sentence each; nothing if it is whole."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield f"{INDEX} is missing or damaged, so this is no checkpoint in the diffusers layout."
        return
    for part in _parts(index):
        if not any((folder / part).glob("*")):
            yield f"{part} is missing."
            continue
        yield from _damaged(folder / part)


def _damaged(part: Path) -> Iterator[str]:
    """What is wrong with one part: every piece of its weights has to open."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - heavy

    names = {file.name for file in part.glob("*.safetensors")}
    for listing in part.glob("*.safetensors.index.json"):
        names |= set(json.loads(listing.read_text(encoding="utf-8"))["weight_map"].values())
    if not names and any(part.glob("*.bin")):
        yield f"{part.name} has no safetensors weights, and Easel reads no others."
    for name in sorted(names):
        try:
            with safe_open(part / name, framework="numpy"):
                pass
        except (OSError, SafetensorError):
            yield f"{part.name}/{name} is missing or damaged; fetch it again."


def _parts(index: dict[str, Any]) -> list[str]:
    """Folders of the parts that an index names and fills."""
    return [
        name
        for name, value in index.items()
        if not name.startswith("_") and isinstance(value, list) and value[0] is not None
    ]


def weight(folder: Path) -> int:
    """Bytes of a checkpoint's weights."""
    return sum(file.stat().st_size for file in folder.glob("*/*.safetensors"))
