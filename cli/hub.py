"""Fetching checkpoints from a model hub: what that would bring, and bringing it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from huggingface_hub import (
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError
    GatedRepoError,
    HTTPError,  # httpx's or httpx2's: this client's releases differ
    RepositoryNotFoundError,
)

from cli import checkpoints
from cli.checkpoints import NotFetchedError
from generation.catalogue.checkpoints import INDEX, choose_card
from generation.catalogue.controlnets import (
    ESTIMATORS,
    UnknownStructureError,
    read_licence,
    read_sources,
    write_sources,
)
from generation.catalogue.families import CARDS, VARIANTS, UnknownFamilyError
from generation.recipe import StructureKind

# What is read of a part. No .bin: pickled weights could run code.
_KINDS: Final = ("json", "txt", "model", "jinja", "safetensors")
_KNOWN: Final = frozenset(card.model for card in (*CARDS, *VARIANTS))
# diffusers names weights diffusion_pytorch_model, transformers names them model.
_NETWORK: Final = (
    "config.json",
    "preprocessor_config.json",
    "model.safetensors",
    "diffusion_pytorch_model.safetensors",
)
# The same weights in other precisions and formats would be fetched for nothing.
_DUPLICATES: Final = ("*.fp16.*", "*.bf16.*", "*.non_ema.*", "*openvino*", "*.onnx*")


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
        # Pinned, or stored recipes would draw something else after the author's next upload.
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
    if own is None and "/" not in called:
        raise NotFetchedError(_tell_names(called))
    hub = own.model if own else called
    with _asking(hub):
        index = _download(hub, INDEX, revision or None)
        # The hub's cache names the folder of a snapshot by its commit.
        commit = index.parent.name
        folders = checkpoints.parts(json.loads(index.read_text(encoding="utf-8")))
        # A hub id that is not known says little; its files say which pipeline it is for.
        card = own or choose_card(hub if hub in _KNOWN else str(index.parent))
        patterns = [INDEX, *(f"{part}/*.{kind}" for part in folders for kind in _KINDS)]
        parts = [_part(hub, commit, patterns)]
        # A distilled variant is the base model with another UNet.
        if card.unet:
            repository, _, file = card.unet.partition("#")
            parts.append(_part(repository, "", [file]))
    return Wanted(called, card.title, card.licence, tuple(parts), card.notice)


def _tell_names(name: str) -> str:
    """The sentence for a name that is no hub id and that no card has."""
    known = [card.called for card in (*CARDS, *VARIANTS)]
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"the names are {', '.join(known)}."
    return f"There is no model {name}; {meant} A hub id looks like owner/name."


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
        config = _download(hub, "config.json", revision or None)
        part = _part(hub, config.parent.name, _NETWORK)
    return Wanted(hub, "a network", licence, (part,))


@contextmanager
def _asking(hub: str) -> Iterator[None]:
    """Turns what can go wrong while a hub is asked into one sentence."""
    try:
        yield
    # Before the other, of which it is a kind.
    except GatedRepoError:
        raise NotFetchedError(
            f"Accept the licence of {hub} on its page first, then set HF_TOKEN."
        ) from None
    except RepositoryNotFoundError:
        raise NotFetchedError(
            f"There is no checkpoint {hub}; a hub id looks like owner/name."
        ) from None
    except (HTTPError, OSError, ValueError) as error:
        raise NotFetchedError(f"{hub} cannot be fetched ({type(error).__name__}).") from None
    except UnknownFamilyError as error:
        raise NotFetchedError(f"Easel cannot draw with {hub}: {error}.") from None


def _download(hub: str, file: str, revision: str | None) -> Path:
    """A small file of a repository.

    It is asked for once before it is fetched, since what fetches asks a hub that does not answer
    for half a minute.
    """
    if not try_to_load_from_cache(hub, file, revision=revision):
        get_hf_file_metadata(hf_hub_url(hub, file, revision=revision))
    return Path(hf_hub_download(hub, file, revision=revision))


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
        return write_sources({kind: self.each[source].pinned for kind, source in sources.items()})


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
        named = read_sources(text)
    except UnknownStructureError as error:
        raise NotFetchedError(f"{error}.") from None
    seeing = {kind: source for kind, source in ESTIMATORS.items() if kind in named}
    # By source: one network may serve several kinds and is then fetched once.
    licences = dict.fromkeys(named.values(), read_licence(text) or "read it on the network's page")
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
    except (HTTPError, OSError) as error:
        raise NotFetchedError(
            f"{wanted.name} was interrupted ({type(error).__name__}); run this again to resume."
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
