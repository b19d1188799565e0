"""What draws here: a family's card with everything that the settings put beside it."""

from pathlib import PurePath
from typing import Protocol

from generation.cards import Card, card_for, equipped
from generation.loras import offered
from generation.recipe import Upscaler
from generation.sources import Source, SourceError, read_source


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
    def upscaler(self) -> str:
        """File of a learned upscaler; empty for none."""


def card_here(choices: Choices) -> Card:
    """The card of what draws here.

    Raises:
        UnknownFamilyError: The family is unknown.
        SourceError: The LoRAs or the upscaler cannot be read.
        UnknownStructureError: The ControlNets cannot be read.
    """
    chosen, source = card_for(choices.model, choices.family), upscaler_file(choices.upscaler)
    known = None
    if source is not None:
        known = Upscaler(name=PurePath(source.file).stem, version=source.version)
    return equipped(
        chosen,
        choices.adapters,
        offered(choices.loras),
        known,
        controlnets=choices.controlnets,
    )


def upscaler_file(setting: str) -> Source | None:
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
