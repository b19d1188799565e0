"""What ``easel doctor`` says of LoRAs: what each file is, and which models wear it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.findings import Finding, State
from faults import HostError
from storage.settings import Settings

if TYPE_CHECKING:
    from generation.catalogue.loras import Offered


def examine_loras(settings: Settings) -> Iterator[Finding]:
    """What each LoRA of the settings is by its header, or why nobody can draw with it."""
    from generation.catalogue.loras import read_offered  # noqa: PLC0415 - heavy
    from generation.catalogue.served import list_served  # noqa: PLC0415

    try:
        offered = read_offered(settings.loras)
    except HostError as error:
        yield Finding("loras", State.FAULT, str(error), "correct EASEL_LORAS")
        return
    try:
        families = {one.card.id for one in list_served(settings).values() if one.card.wears}
    except HostError:
        # What is wrong with the models is said where they are looked for.
        return
    for one in offered:
        yield _look_at(one, {one.family} & families if one.family else families)


def _look_at(one: "Offered", families: set[str]) -> Finding:
    from generation.catalogue.headers import WeightsError  # noqa: PLC0415 - heavy
    from generation.catalogue.lora_files import read_lora_file  # noqa: PLC0415

    name = f"lora {one.name}"
    try:
        found = read_lora_file(one.source.find())
    except (OSError, ImportError):
        mend = "put it where EASEL_LORAS says, or for one of a hub: easel models fetch"
        return Finding(name, State.NOTE, f"{one.source.file} is not on this machine", mend)
    except WeightsError as error:
        return Finding(name, State.FAULT, str(error), "take another file, or leave it out")
    says = found.kind + (f" of rank {found.rank}" if found.rank else "")
    says += f" for {' or '.join(sorted(found.families))}" if found.families else ""
    if not any(found.fits(family) for family in families):
        here = ", ".join(sorted(families)) or "nothing that wears LoRAs"
        return Finding(name, State.FAULT, f"{says}, and served here is {here}", "leave it out")
    words = f"; its words: {', '.join(found.words)}" if found.words else ""
    return Finding(name, State.OK, says + words)
