"""What stands beside models, found on a hub: ControlNets, estimators, adapters and single files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Final

from cli.checkpoints import NotFetchedError
from cli.hub import Wanted, asking, download, find, find_hub_licence, find_part
from cli.memory import find_gpu
from generation.catalogue.card import Card
from generation.catalogue.checkpoints import is_file
from generation.catalogue.classifiers import choose_classifier, find_classifier_folder
from generation.catalogue.controlnets import (
    ESTIMATORS,
    UnknownStructureError,
    read_estimators,
    read_licence,
    read_sources,
    write_sources,
)
from generation.catalogue.extras import (
    find_upscaler_file,
    name_beside,
    select_beside,
    select_entries,
)
from generation.catalogue.eyes import CONFIG, choose_eye, find_architecture, find_eye_card, is_lent
from generation.catalogue.families import CARDS
from generation.catalogue.loras import read_offered
from generation.catalogue.served import list_served
from generation.catalogue.sources import Source, read_source
from generation.recipe import StructureKind
from storage.settings import Settings

# diffusers names weights diffusion_pytorch_model, transformers names them model.
_NETWORK: Final = (
    "config.json",
    "preprocessor_config.json",
    "model.safetensors",
    "diffusion_pytorch_model.safetensors",
    # Of what reads words.
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    *("vocab.json", "merges.txt", "vocab.txt"),
)


def find_network(source: str, licence: str = "") -> Wanted:
    """What fetching one network without a pipeline would bring, such as a ControlNet.

    Args:
        source: A hub id, with ``@`` and a revision behind it if wanted.
        licence: Its licence, as far as it is known; empty to read its own card.

    Raises:
        NotFetchedError: It is nothing that could be fetched.
    """
    if "#" in source:
        return find_single(read_source(source), licence)
    hub, _, revision = source.partition("@")
    with asking(hub):
        config = download(hub, "config.json", revision or None)
        part = find_part(hub, config.parent.name, _NETWORK)
        licence = licence or find_hub_licence(hub, config.parent.name)
    return Wanted(hub, "a network", licence, (part,))


@dataclass(frozen=True, slots=True)
class Networks:
    """What keeps pictures to drawings, edges, depth and poses.

    Attributes:
        each: The networks to fetch, by where they are named.
        controlnets: The source of each kind's ControlNet.
        estimators: The source of what sees a kind.
        family: Id of the family that they are for, where the setting has to name it.
    """

    each: Mapping[str, Wanted]
    controlnets: Mapping[StructureKind, str]
    estimators: Mapping[StructureKind, str]
    card: Card | None = None

    @property
    def setting(self) -> str:
        """The lines for ``.env``, pinned to the commits."""
        entries = self._pinned(self.controlnets)
        entries = name_beside(entries, self.card) if self.card else entries
        lines = [f"EASEL_CONTROLNETS={entries}"]
        lines += [f"EASEL_ESTIMATORS={self._pinned(self.estimators)}"] if self.estimators else []
        return "\n".join(lines)

    def _pinned(self, sources: Mapping[StructureKind, str]) -> str:
        return write_sources({kind: self._pin(source) for kind, source in sources.items()})

    def _pin(self, source: str) -> str:
        _, mark, file = source.partition("#")
        return f"{self.each[source].pinned}{mark}{file}"


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
    licences = dict.fromkeys(named.values(), read_licence(text))
    licences |= dict.fromkeys(seeing.values(), "Apache-2.0")
    found = {source: find_network(source, terms) for source, terms in licences.items()}
    return Networks(found, named, seeing, card)


def find_adapters(card: Card, source: str) -> Wanted:
    """What fetching image adapters for a family would bring.

    Args:
        card: The family's card.
        source: A hub id laid out as h94/IP-Adapter, with ``@`` and a revision if wanted.

    Raises:
        NotFetchedError: They are nothing that could be fetched.
    """
    from generation.conditioning.redux import PARTS  # noqa: PLC0415 - loads torch
    from generation.families import sd15, sdxl  # noqa: PLC0415

    known = {"sd15": sd15.ADAPTERS, "sdxl": sdxl.ADAPTERS}.get(card.id)
    if known is None and card.adapters:
        return _find_folders(card, source, PARTS)
    if known is None:
        able = ", ".join(one.id for one in CARDS if one.adapters)
        raise NotFetchedError(f"There are no image adapters for {card.title}; try {able}.")
    hub, _, revision = source.partition("@")
    with asking(hub):
        config = download(hub, f"{known.encoder}/config.json", revision or None)
        # The folder of a snapshot is called by its commit.
        commit = config.parents[len(PurePosixPath(known.encoder).parts)].name
        encoder = [f"{known.encoder}/{name}" for name in ("config.json", "model.safetensors")]
        part = find_part(hub, commit, [*(one.file for one in known.each), *encoder])
        licence = find_hub_licence(hub, commit)
    return Wanted(hub, f"image adapters for {card.title}", licence, (part,))


def _find_folders(card: Card, source: str, folders: Sequence[str]) -> Wanted:
    """What fetching image adapters that lie in some folders of a repository would bring."""
    hub, _, revision = source.partition("@")
    with asking(hub):
        config = download(hub, f"{folders[0]}/config.json", revision or None)
        commit = config.parents[1].name
        files = [f"{folder}/{name}" for folder in folders for name in _NETWORK]
        part = find_part(hub, commit, files)
        licence = find_hub_licence(hub, commit)
    return Wanted(hub, f"image adapters for {card.title}", licence, (part,), card.notice)


def find_single(source: Source, licence: str = "") -> Wanted:
    """What fetching one file would bring, such as a LoRA.

    Args:
        source: The file.
        licence: Its licence, as far as it is known; empty to read its repository's card.

    Raises:
        NotFetchedError: It is nothing that could be fetched.
    """
    with asking(source.place):
        part = find_part(source.place, source.revision, [source.file])
        licence = licence or find_hub_licence(source.place, source.revision)
    return Wanted(source.place, source.file, licence, (part,))


_EYE: Final = ("*.json", "*.txt", "*.jinja", "*.model", "*.safetensors")
"""What is read of an eye; no .bin, as pickled weights could run code."""


def find_eye(setting: str, memory: float = 0.0) -> Wanted | None:
    """What fetching an eye would bring; None where a setting means none.

    Args:
        setting: What ``EASEL_EYES`` may be.
        memory: GiB of this machine's GPU, by which ``auto`` chooses.

    Raises:
        NotFetchedError: It is nothing that could be fetched.
        EyesError: It names nothing.
    """
    source = choose_eye(setting, memory)
    if not _is_hub(source):
        return None
    hub, _, revision = source.partition("@")
    known = find_eye_card(hub)
    with asking(hub):
        config = download(hub, CONFIG, revision or None)
        # Said before gigabytes of what could not be asked are fetched.
        find_architecture(config.parent)
        part = find_part(hub, config.parent.name, _EYE)
        licence = known.licence if known else find_hub_licence(hub, config.parent.name)
    return Wanted(hub, "an eye, which tells what pictures show", licence, (part,))


_CLASSIFIER: Final = ("*.json", "model.safetensors")
"""What is read of a classifier."""


def find_classifier(setting: str) -> Wanted | None:
    """What fetching a classifier would bring; None where a setting means none of a hub.

    Args:
        setting: What ``EASEL_CLASSIFIER`` may be.

    Raises:
        NotFetchedError: It is nothing that could be fetched.
        ClassifierError: It names nothing.
    """
    source = choose_classifier(setting)
    if not _is_hub(source):
        return None
    hub, _, revision = source.partition("@")
    with asking(hub):
        config = download(hub, CONFIG, revision or None)
        find_classifier_folder(str(config.parent))
        part = find_part(hub, config.parent.name, _CLASSIFIER)
        licence = find_hub_licence(hub, config.parent.name)
    return Wanted(hub, "a classifier, which judges pictures", licence, (part,))


def find_all(settings: Settings) -> list[Wanted]:
    """What fetching everything that the settings name would bring, each once.

    Raises:
        NotFetchedError: Something is nothing that could be fetched.
        HostError: A setting cannot be read.
    """
    found: dict[str, Wanted] = {}
    served = list_served(settings).values()
    cards = [one.card for one in served]
    for one in served:
        if _is_hub(one.source):
            found[one.source] = find(one.source)
    for card in cards:
        if _is_hub(card.vae):
            found[card.vae] = find_network(card.vae)
        if _is_hub(card.base):
            found[card.base] = find(card.base, around=True)
        if card.adapters and _is_hub(named := select_beside(settings.adapters, card)):
            found[f"{card.id} {named}"] = find_adapters(card, named)
        preview = select_entries(settings.preview, card.id, unnamed=card.id == cards[0].id)
        networks = read_sources(select_beside(settings.controlnets, card))
        networks = networks if card.controlnets else {}
        seen = read_estimators(settings.estimators)
        seeing = [seen[kind] for kind in networks if kind in seen]
        for source in filter(_is_hub, (preview, *networks.values(), *seeing)):
            found[source] = found.get(source) or find_network(source)
    for source in filter(_is_hub, map(str.strip, settings.finder.split(","))):
        found[source] = found.get(source) or find_network(source)
    upscaler = find_upscaler_file(settings.upscaler)
    files = [one.source for one in read_offered(settings.loras)]
    for file in (*files, *([upscaler] if upscaler else [])):
        if file.revision:
            found[f"{file.place}#{file.file}"] = find_single(file)
    if not is_lent(settings.eyes, cards[0]) and (
        eye := find_eye(settings.eyes, measure_gpu(settings))
    ):
        found[eye.name] = eye
    if classifier := find_classifier(settings.classifier):
        found[classifier.name] = classifier
    return list(found.values())


def measure_gpu(settings: Settings) -> float:
    """GiB of the GPU that a worker would compute on; 0 where it has none."""
    if find_spec("torch") is None:
        return 0.0
    from generation.tensors.memory import measure_card  # noqa: PLC0415 - loads torch

    device = find_gpu(settings)
    return measure_card(device) if device is not None else 0.0


def _is_hub(source: str) -> bool:
    """Whether something is named by a hub id, and not by a file or a folder."""
    place = source.partition("#")[0]
    written = place.startswith((".", "~", "/")) or Path(place).exists() or is_file(place)
    return place.count("/") == 1 and not written
