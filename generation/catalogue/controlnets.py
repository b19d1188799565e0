"""Which network keeps to which structure of an image, as the settings name them."""

from collections.abc import Iterator, Mapping
from typing import Final, get_args

from faults import HostError
from generation.recipe import StructureKind

STRUCTURES: Final[tuple[StructureKind, ...]] = get_args(StructureKind)
"""Every kind of structure, in the order in which help lists them."""

ESTIMATORS: Final[Mapping[StructureKind, str]] = {
    "depth": "depth-anything/Depth-Anything-V2-Small-hf",
    # Read off its depths.
    "normal": "depth-anything/Depth-Anything-V2-Small-hf",
    "pose": "usyd-community/vitpose-base-simple",
}
"""Hub ids of the networks that see a structure that no filter finds; both Apache-2.0."""


class UnknownStructureError(HostError, ValueError):
    """A setting names a kind of structure that there is not; the text is one sentence."""


def read_sources(setting: str) -> dict[StructureKind, str]:
    """Where the network for each kind of structure comes from.

    Args:
        setting: Entries such as ``canny=owner/name@revision`` with commas between, each a folder
            or a hub id; an entry without a kind is a network for every kind that none other is
            named for. Empty for none.

    Raises:
        UnknownStructureError: An entry names another kind, or nothing for one.
    """
    # A card has its licence behind the semicolon; settings have none.
    named = dict(_read_entries(setting.partition(";")[0]))
    every = named.get("", "")
    found = {kind: named.get(kind, every) for kind in STRUCTURES}
    return {kind: source for kind, source in found.items() if source}


def read_estimators(setting: str) -> dict[StructureKind, str]:
    """Where the network that sees each kind comes from, where no filter finds it.

    Args:
        setting: As ``read_sources`` reads it; empty for the usual ones.

    Raises:
        UnknownStructureError: An entry names another kind, or nothing for one.
    """
    named = read_sources(setting)
    # Surfaces are read off depths, by whatever sees these.
    if "depth" in named:
        named.setdefault("normal", named["depth"])
    return {**ESTIMATORS, **named}


def write_sources(found: Mapping[StructureKind, str]) -> str:
    """The setting that ``read_sources`` reads as ``found``, in few words."""
    different = set(found.values())
    # One network for all kinds, such as a union of them, needs no names.
    if len(different) == 1 and len(found) == len(STRUCTURES):
        return different.pop()
    return ",".join(f"{kind}={source}" for kind, source in found.items())


def read_licence(networks: str) -> str:
    """The licence that stands behind the networks of a card."""
    return networks.partition(";")[2].strip()


def _read_entries(text: str) -> Iterator[tuple[str, str]]:
    for entry in filter(None, (part.strip() for part in text.split(","))):
        # From the right: an entry without a mark is then all source.
        kind, mark, source = (part.strip() for part in entry.rpartition("="))
        if not source or (mark and kind not in STRUCTURES):
            kinds = ", ".join(STRUCTURES)
            raise UnknownStructureError(
                f"`{entry[:60]}` does not say which ControlNet keeps to what; write "
                f"`canny=owner/name`, with one of {kinds}, or `owner/name` alone for all"
            )
        yield kind, source
