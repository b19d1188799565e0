"""LoRAs that whoever runs the bot offers: small changes to a model's weights, called by name.

``EASEL_LORAS`` lists them with semicolons between: a name, the file, and behind bars the weight
that is taken where none is typed and words that wake it:
``ink=acme/ink@3f2a#ink.safetensors|0.8|ink wash; bricks=loras/bricks.safetensors``. A family and a
colon before the name keep one from other families' models.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from generation.catalogue.headers import WeightsError
from generation.catalogue.lora_files import read_lora_file
from generation.catalogue.sources import Source, SourceError, read_source

LIMIT: Final = 2.0
"""Largest weight of a LoRA, on either side of 0; past it pictures fall apart."""

NAME: Final = re.compile(r"[\w.-]{1,32}")
"""Names that LoRAs may have, in any case."""

_ENTRY: Final = re.compile(
    rf"(?:([\w-]+):)?({NAME.pattern})\s*=\s*([^|]+)(?:\|([^|]*))?(?:\|(.*))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A LoRA that people may name.

    Attributes:
        name: How they name it, in lower case.
        source: Its file.
        weight: How much it counts where nothing is said.
        trigger: Words that it was trained with, added to prompts that lack them.
        family: Id of the family that it fits; empty for whichever draws here.
    """

    name: str
    source: Source
    weight: float = 1.0
    trigger: str = ""
    family: str = ""


def read_offered(setting: str) -> tuple[Offered, ...]:
    """The LoRAs that a setting lists.

    Raises:
        SourceError: An entry cannot be read; the text names it and says what would work.
    """
    entries = (entry.strip() for entry in setting.split(";"))
    found = tuple(_read_entry(entry) for entry in entries if entry)
    # By family, too: one name may mean a different file for each.
    names = [(one.family, one.name) for one in found]
    for family, name in names:
        if names.count((family, name)) > 1:
            raise SourceError(f"EASEL_LORAS has two LoRAs named {name}; give one another name.")
    return found


def select_fitting(loras: Sequence[Offered], family: str) -> tuple[Offered, ...]:
    """Those that fit a family: as the setting says it, or as their files do where they are here."""
    return tuple(
        one for one in loras if one.family == family or (not one.family and _fits(one, family))
    )


def _fits(one: Offered, family: str) -> bool:
    try:
        return read_lora_file(one.source.find()).fits(family)
    # What is damaged or missing a worker says as it starts; a bot's machine may lack all of them.
    except (OSError, ImportError, WeightsError):
        return True


def _read_entry(text: str) -> Offered:
    match = _ENTRY.fullmatch(text)
    if match is None:
        raise SourceError(
            f"EASEL_LORAS cannot be read at {_quote_start(text)}; write"
            " name=folder#file.safetensors or name=owner/name@revision#file.safetensors, with"
            " semicolons between."
        )
    family, name, place, weight, trigger = match.groups("")
    try:
        counts = float(weight) if weight.strip() else 1.0
    except ValueError:
        # Refused below, in one sentence with what is too much.
        counts = LIMIT + 1
    # So that NaN is refused, too.
    if not abs(counts) <= LIMIT:
        raise SourceError(
            f"EASEL_LORAS gives {name} the weight {weight.strip()}; "
            f"take a number from -{LIMIT:g} to {LIMIT:g}."
        )
    try:
        source = read_source(place)
    except SourceError as error:
        raise SourceError(f"EASEL_LORAS cannot use {name}: {error}.") from None
    return Offered(
        name=name.lower(), source=source, weight=counts, trigger=trigger.strip(), family=family
    )


def _quote_start(text: str) -> str:
    return f"`{text.partition('=')[0].strip()[:40]}`"


def select_called(
    words: Sequence[str], known: Sequence[Offered]
) -> Iterator[tuple[Offered, float]]:
    """The LoRAs that are called, each once, and how much each counts; those of no weight are not.

    Args:
        words: What was typed, such as ``ink:0.8``, or ``ink`` for its own weight.
        known: Those that may be called.
    """
    # Of a name that is typed twice the last weight counts.
    weights = {name.lower(): weight for name, _, weight in (word.partition(":") for word in words)}
    # In the setting's order, so that the order of typing makes no other recipe.
    for one in known:
        if one.name in weights:
            weight = float(weights[one.name] or one.weight)
            if weight:
                yield one, weight


def list_unknown(words: Sequence[str], known: Sequence[Offered]) -> list[str]:
    """The names that are called and not known, as they were typed."""
    names = {one.name for one in known}
    called_names = (word.partition(":")[0] for word in words)
    return [name for name in called_names if name.lower() not in names]
