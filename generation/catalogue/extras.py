"""Extras: adapters, ControlNets, LoRAs and the upscaler that the settings add to a checkpoint."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Final, Protocol

from generation.catalogue.card import Capability, Card
from generation.catalogue.checkpoints import OWN
from generation.catalogue.controlnets import read_sources
from generation.catalogue.families import CARDS
from generation.catalogue.loras import Offered, read_offered, select_fitting
from generation.catalogue.sources import Source, SourceError, read_source
from generation.recipe import Upscaler

_FAMILIES: Final = frozenset(card.id for card in CARDS)

FLOAT_8: Final = "fp8"
"""The word of ``EASEL_MEMORY`` that asks for floating-point numbers of 8 bits."""


# A protocol, since of generation only the worker may know storage's settings.
class Choices(Protocol):
    """The settings that decide it."""

    @property
    def model(self) -> str:
        """Folder or hub id of a checkpoint; empty for the bundled one."""

    @property
    def family(self) -> str:
        """Id of its family; empty to find out."""

    @property
    def adapters(self) -> str:
        """Folder or hub id of image adapters; empty for none."""

    @property
    def controlnets(self) -> str:
        """What keeps to an image's structure; empty for the checkpoint's own."""

    @property
    def loras(self) -> str:
        """LoRAs on offer."""

    @property
    def eyes(self) -> str:
        """What tells what pictures show, besides the judge."""

    @property
    def upscaler(self) -> str:
        """File of a learned upscaler; empty for none."""

    @property
    def memory(self) -> str:
        """How models lie on a GPU."""


def add_extras(chosen: Card, choices: Choices) -> Card:
    """A checkpoint's card extended by what else the settings say that fits its family.

    Raises:
        SourceError: The LoRAs or the upscaler cannot be read.
        UnknownStructureError: The ControlNets cannot be read.
    """
    known, source = None, find_upscaler_file(choices.upscaler)
    if source is not None:
        known = Upscaler(name=PurePath(source.file).stem, version=source.version)
    card = extend_card(
        chosen,
        select_beside(choices.adapters, chosen),
        read_offered(choices.loras),
        known,
        controlnets=select_beside(choices.controlnets, chosen),
    )
    # In recipes, since pictures differ by it; the project's own models are too small to gain.
    small = choices.memory == FLOAT_8 and chosen.id not in OWN
    return replace(card, float8=True) if small else card


def extend_card(
    chosen: Card,
    adapters: str,
    loras: Sequence[Offered] = (),
    upscaler: Upscaler | None = None,
    *,
    controlnets: str = "",
) -> Card:
    """A card with the capabilities that extras add to its checkpoint.

    Args:
        chosen: The family's card.
        adapters: Folder or hub id of image adapters; empty for none.
        loras: LoRAs on offer, for any family.
        upscaler: A learned upscaler.
        controlnets: ControlNets, as ``generation.catalogue.controlnets.read_sources`` reads them.

    Raises:
        UnknownStructureError: ``controlnets`` cannot be read.
    """
    # LoRAs are made for published models; none fits the project's own.
    worn = select_fitting(loras, chosen.id) if chosen.wears else ()
    named = tuple(read_sources(controlnets)) if chosen.controlnets else ()
    # A family without adapters on its card has none that fit, whatever is set.
    more = chosen.adapted if adapters and chosen.adapters else frozenset[Capability]()
    if worn:
        more |= {Capability.LORA}
    if named:
        more |= {Capability.STRUCTURE}
    if not more and upscaler is None:
        return chosen
    able, kept = chosen.capabilities | more, named or chosen.structures
    return replace(chosen, capabilities=able, loras=worn, upscaler=upscaler, structures=kept)


def select_beside(setting: str, card: Card) -> str:
    """The adapters or ControlNets of a setting that apply to a model."""
    return select_entries(setting, card.id, unnamed=not card.named_beside)


def name_beside(setting: str, card: Card) -> str:
    """A setting whose entries are all for a model, as :func:`select_beside` reads it."""
    if not card.named_beside:
        return setting
    return ",".join(f"{card.id}:{entry.strip()}" for entry in setting.split(","))


def select_entries(setting: str, family: str, *, unnamed: bool = True) -> str:
    """The entries of a setting that apply to a family: those for all, and those that name it.

    Args:
        setting: Entries with commas between, such as ``sdxl:acme/nets``, or ``acme/nets`` for all.
        family: The family's id.
        unnamed: Whether those for all are for this one, too.
    """
    kept = []
    for entry in setting.split(","):
        named, mark, rest = entry.strip().partition(":")
        # Another colon is a part of the entry, as in C:\nets.
        if not mark or named not in _FAMILIES:
            kept += [entry] if unnamed else []
        elif named == family:
            kept.append(rest)
    return ",".join(kept)


def find_upscaler_file(setting: str) -> Source | None:
    """The file that ``EASEL_UPSCALER`` names, if it names one.

    Raises:
        SourceError: It names none that will do.
    """
    if not setting:
        return None
    try:
        return read_source(setting)
    except SourceError as error:
        raise SourceError(f"EASEL_UPSCALER is not usable: {error}.") from None
