"""Fetching checkpoints from a model hub: what that would bring, and bringing it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

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

from cli.checkpoints import NotFetchedError
from generation.catalogue.checkpoints import choose_card, read_json
from generation.catalogue.families import CARDS, VARIANTS, UnknownFamilyError
from generation.catalogue.headers import KIND
from generation.catalogue.licences import UNKNOWN, find_licence
from generation.catalogue.misplaced import INDEX
from generation.catalogue.parts import UNUSED, list_parts, tell_precision
from generation.catalogue.parts import VARIANTS as PRECISIONS

# What is read of a part. No .bin: pickled weights could run code.
_KINDS: Final = ("json", "txt", "model", "jinja", "safetensors")
# The same weights in other formats would be fetched for nothing.
_DUPLICATES: Final = ("*.non_ema.*", "*openvino*", "*.onnx*")

_CARD: Final = "README.md"
"""File of a repository whose first lines state its licence."""


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


def find(name: str, *, around: bool = False) -> Wanted:
    """What fetching would bring.

    Args:
        name: A family's id for its own checkpoint, a known checkpoint's name, or a hub id, with
            ``@`` and a revision behind it if wanted.
        around: Whether to leave out the denoiser's weights, which a single file brings.

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
    with asking(hub):
        index = download(hub, INDEX, revision or None)
        # The hub's cache names the folder of a snapshot by its commit.
        commit = index.parent.name
        parts = [_find_parts(hub, commit, read_json(index), around=around)]
        # A hub id that is not known says little; its files say which pipeline it is for.
        known = own or next((card for card in (*CARDS, *VARIANTS) if card.model == hub), None)
        card = known or choose_card(str(index.parent))
        licence = card.licence if known else find_hub_licence(hub, commit)
        # A distilled variant is the base model with another UNet.
        if card.unet:
            repository, _, file = card.unet.partition("#")
            parts.append(find_part(repository, "", [file]))
    return Wanted(called, card.title, licence, tuple(parts), card.notice if known else "")


_CONFIGS: Final = ("scheduler_config.json", "config.json", "model_index.json")
_DENOISERS: Final = ("unet/", "transformer/")


def _find_parts(hub: str, commit: str, index: Mapping[str, Any], *, around: bool) -> Part:
    """What is fetched of a checkpoint: what its family reads, in one precision."""
    folders = [part for part in list_parts(index) if part not in UNUSED]
    # Settings of siblings stand in the configurations of parts, and come first and for nothing.
    patterns = [INDEX, *(f"{part}/*.{kind}" for part in folders for kind in _KINDS)]
    files = _list_files(hub, commit, patterns)
    chosen = [one.filename for one in files if KIND not in one.filename]
    for name in chosen:
        if name.endswith(_CONFIGS):
            download(hub, name, commit)
    weights = [one for one in files if KIND in one.filename]
    left_out = _DENOISERS if around else ()
    chosen += [one for one in _choose_precision(weights) if not one.startswith(left_out)]
    return find_part(hub, commit, chosen)


def _choose_precision(weights: Sequence[Any]) -> Iterator[str]:
    """Names of the weights to fetch, of every part in one precision.

    Half as large where every part has it and nothing larger is here yet: what draws has no more
    than 16 bits.
    """
    each: dict[str, dict[str, list[Any]]] = {}
    for one in weights:
        part, _, name = one.filename.rpartition("/")
        each.setdefault(part, {}).setdefault(tell_precision(name), []).append(one)
    usual = [one for kinds in each.values() for one in kinds.get("", ())]
    begun = any(not one.will_download for one in usual)
    halved = not begun and all(PRECISIONS[0] in kinds for kinds in each.values())
    for kinds in each.values():
        order = (PRECISIONS[0], "", PRECISIONS[1]) if halved else ("", *PRECISIONS)
        kind = next(one for one in order if one in kinds)
        yield from (one.filename for one in kinds[kind])


def find_hub_licence(hub: str, commit: str) -> str:
    """The licence that a repository's own card states."""
    try:
        card = download(hub, _CARD, commit or None)
    # A repository without a card says nothing; that the hub is away was said before.
    except (HTTPError, OSError, ValueError):
        return UNKNOWN
    return find_licence(str(card.parent))


def _tell_names(name: str) -> str:
    """The sentence for a name that is no hub id and that no card has."""
    known = [card.called for card in (*CARDS, *VARIANTS)]
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"the names are {', '.join(known)}."
    return f"There is no model {name}; {meant} A hub id looks like owner/name."


@contextmanager
def asking(hub: str) -> Iterator[None]:
    """Turn what can go wrong while a hub is asked into one sentence."""
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


def download(hub: str, file: str, revision: str | None) -> Path:
    """Fetch a small file of a repository.

    It is asked for once before it is fetched, since what fetches asks a hub that does not answer
    for half a minute.
    """
    if not try_to_load_from_cache(hub, file, revision=revision):
        get_hf_file_metadata(hf_hub_url(hub, file, revision=revision))
    return Path(hf_hub_download(hub, file, revision=revision))


def find_part(hub: str, commit: str, patterns: Sequence[str]) -> Part:
    """What fetching files of a repository would bring."""
    files = _list_files(hub, commit, patterns)
    size = sum(file.file_size or 0 for file in files if file.will_download)
    return Part(hub, commit, tuple(patterns), size)


def _list_files(hub: str, commit: str, patterns: Sequence[str]) -> list[Any]:
    return list(
        snapshot_download(
            hub,
            revision=commit or None,
            allow_patterns=list(patterns),
            ignore_patterns=list(_DUPLICATES),
            dry_run=True,
        )
    )


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
