"""Checkpoints on this machine: which there are to choose from, fetching one, looking one over."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from huggingface_hub import hf_hub_download, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from generation.catalogue.checkpoints import INDEX, card_for
from generation.catalogue.controlnets import (
    ESTIMATORS,
    UnknownStructureError,
    licence,
    sources,
    written,
)
from generation.catalogue.families import BUNDLED, CARDS, VARIANTS, UnknownFamilyError
from generation.recipe import StructureKind

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_KINDS: Final = ("json", "txt", "model", "jinja", "safetensors")
_KNOWN: Final = frozenset(card.model for card in (*CARDS, *VARIANTS))
_NETWORK: Final = (
    "config.json",
    "preprocessor_config.json",
    "model.safetensors",
    "diffusion_pytorch_model.safetensors",
)
_DUPLICATES: Final = ("*.fp16.*", "*.bf16.*", "*.non_ema.*", "*openvino*", "*.onnx*")


class NotFetchedError(RuntimeError):
    """A checkpoint cannot be had; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is fetched of one repository.

    Attributes:
        hub: Its id.
        commit: The commit that it is fetched at; empty for the newest, which is what stays.
        patterns: The files that the family reads, and no variants of them.
        size: Bytes that are not here yet.
    """

    hub: str
    commit: str
    patterns: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What fetching a checkpoint, or a network without a pipeline, means.

    Attributes:
        name: What it is called: its hub id, or the name of a known checkpoint.
        title: What it is.
        licence: Its licence, or its family's, as far as it is known.
        parts: What is fetched; the first is the checkpoint itself.
        notice: What else to know before fetching it; empty for nothing.
    """

    name: str
    title: str
    licence: str
    parts: tuple[Part, ...]
    notice: str = ""

    @property
    def size(self) -> int:
        """Bytes that are not here yet."""
        return sum(part.size for part in self.parts)

    @property
    def setting(self) -> str:
        """The line for ``.env``: the name, pinned to the commit."""
        return f"EASEL_MODEL={self.pinned}"

    @property
    def pinned(self) -> str:
        """The name with the commit behind it."""
        return f"{self.name}@{self.parts[0].commit}"


def find(name: str) -> Wanted:
    """What fetching would bring.

    Args:
        name: A family's id for its own checkpoint, a known checkpoint's name, or a hub id, with
            ``@`` and a revision behind it if wanted.

    Raises:
        NotFetchedError: It is nothing that could be fetched.
    """
    called, _, revision = name.partition("@")
    own = next((card for card in (*CARDS, *VARIANTS) if card.called == called), None)
    if own is not None and "/" not in own.model:
        raise NotFetchedError(f"{own.title} comes with Easel: leave EASEL_MODEL empty.")
    hub = own.model if own else called
    with _asking(hub):
        index = Path(hf_hub_download(hub, INDEX, revision=revision or None))
        commit, folders = index.parent.name, _parts(json.loads(index.read_text(encoding="utf-8")))
        card = own or card_for(hub if hub in _KNOWN else str(index.parent))
        patterns = [INDEX, *(f"{part}/*.{kind}" for part in folders for kind in _KINDS)]
        parts = [_part(hub, commit, patterns)]
        if card.unet:
            repository, _, file = card.unet.partition("#")
            parts.append(_part(repository, "", [file]))
    return Wanted(called, card.title, card.licence, tuple(parts), card.notice)


def find_network(source: str, licence: str) -> Wanted:
    """What fetching one network without a pipeline would bring, such as a ControlNet.

    Args:
        source: A hub id, with ``@`` and a revision behind it if wanted.
        licence: Its licence, as far as it is known.

    Raises:
        NotFetchedError: It is nothing that could be fetched.
    """
    hub, _, revision = source.partition("@")
    with _asking(hub):
        config = Path(hf_hub_download(hub, "config.json", revision=revision or None))
        part = _part(hub, config.parent.name, _NETWORK)
    return Wanted(hub, "a network", licence, (part,))


@contextmanager
def _asking(hub: str) -> Iterator[None]:
    """Turns what can go wrong while a hub is asked into one sentence."""
    try:
        yield
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


def _part(hub: str, commit: str, patterns: Sequence[str]) -> Part:
    files = snapshot_download(
        hub,
        revision=commit or None,
        allow_patterns=list(patterns),
        ignore_patterns=list(_DUPLICATES),
        dry_run=True,
    )
    size = sum(file.file_size or 0 for file in files if file.will_download)
    return Part(hub, commit, tuple(patterns), size)


@dataclass(frozen=True, slots=True)
class Networks:
    """What keeps pictures to drawings, edges, depth and poses.

    Attributes:
        each: The networks to fetch, by where they are named.
        controlnets: The source of each kind's ControlNet.
        estimators: The source of what sees a kind.
    """

    each: Mapping[str, Wanted]
    controlnets: Mapping[StructureKind, str]
    estimators: Mapping[StructureKind, str]

    @property
    def setting(self) -> str:
        """The lines for ``.env``, pinned to the commits."""
        lines = [f"EASEL_CONTROLNETS={self._pinned(self.controlnets)}"]
        lines += [f"EASEL_ESTIMATORS={self._pinned(self.estimators)}"] if self.estimators else []
        return "\n".join(lines)

    def _pinned(self, sources: Mapping[StructureKind, str]) -> str:
        return written({kind: self.each[source].pinned for kind, source in sources.items()})


def find_networks(name: str) -> Networks:
    """What fetching ControlNets would bring, and the estimators that they need.

    Args:
        name: A family's id for those on its card, or what ``EASEL_CONTROLNETS`` may be.

    Raises:
        NotFetchedError: They are nothing that could be fetched.
    """
    card = next((card for card in CARDS if card.id == name), None)
    if card is not None and not card.controlnets:
        able = ", ".join(card.id for card in CARDS if card.controlnets)
        raise NotFetchedError(f"There are no ControlNets to fetch for {card.title}; try {able}.")
    text = card.controlnets if card else name
    try:
        named = sources(text)
    except UnknownStructureError as error:
        raise NotFetchedError(f"{error}.") from None
    seeing = {kind: source for kind, source in ESTIMATORS.items() if kind in named}
    licences = dict.fromkeys(named.values(), licence(text) or "read it on the network's page")
    licences |= dict.fromkeys(seeing.values(), "Apache-2.0")
    found = {source: find_network(source, terms) for source, terms in licences.items()}
    return Networks(found, named, seeing)


def fetch(wanted: Wanted) -> Path:
    """Fetch what is not here yet, with a bar for each file; goes on where it was broken off.

    Raises:
        NotFetchedError: The hub cannot be reached, or the disk is full.
    """
    try:
        folder, *_ = [_bring(part) for part in wanted.parts]
    except (HfHubHTTPError, OSError) as error:
        raise NotFetchedError(
            f"{wanted.name} broke off ({type(error).__name__}); the same command goes on there."
        ) from None
    return folder


def _bring(part: Part) -> Path:
    """The folder of a repository's files, all of them fetched."""
    return Path(
        snapshot_download(
            part.hub,
            revision=part.commit or None,
            allow_patterns=list(part.patterns),
            ignore_patterns=list(_DUPLICATES),
        )
    )


def folder_of(name: str) -> Path:
    """Where a checkpoint lies: a folder, or one that was fetched, by its name or hub id.

    Raises:
        NotFetchedError: It is not on this machine.
    """
    if Path(name).is_dir():
        return Path(name)
    called, _, revision = name.partition("@")
    own = next((card for card in (*CARDS, *VARIANTS) if card.called == called), None)
    if own is not None and "/" not in own.model:
        return BUNDLED
    index = None
    with suppress(ValueError):
        hub = own.model if own else called
        index = try_to_load_from_cache(hub, INDEX, revision=revision or None)
    if not isinstance(index, str):
        raise NotFetchedError(f"{name} is not on this machine: `easel models fetch` brings it.")
    return Path(index).parent


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
                whole = _as_fetched(part / name)
        except (OSError, SafetensorError):
            whole = False
        if not whole:
            yield f"{part.name}/{name} is missing or damaged; fetch it again."


def _as_fetched(file: Path) -> bool:
    """Whether a fetched file still has the SHA-256 that the hub's cache keeps it under."""
    blob = file.resolve()
    if not (file.is_symlink() and _SHA256.fullmatch(blob.name)):
        return True
    with blob.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest() == blob.name


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
