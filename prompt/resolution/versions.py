"""Versions: which family draws where a prompt asks for one of Midjourney's models.

Prompts come with ``--v 7`` and ``--niji 6``. None of those models runs here, so a table names the
family that is nearest, and whoever runs the bot may change it: ``7=sdxl, niji 6=anime-sdxl``.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from generation.catalogue.card import Card, normalize_model_name
from generation.catalogue.families import CARDS, VARIANTS
from generation.catalogue.served import Models, ServedModel, choose_usual, find_named
from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.numbers import format_number, parse_number
from prompt.flags.table import MODEL, NIJI, VERSION
from prompt.reading.grammar import Prompt
from prompt.sentences import Sentence

Versions = Mapping[str, str]
"""Model by version: ``7`` stands for ``--v 7``, ``niji 6`` for ``--niji 6``, and ``v`` and
``niji`` for the flags without a number. An empty family is whichever draws on the server."""

DEFAULTS: Final[Versions] = {
    **dict.fromkeys(("1", "2", "3", "4", "5", "5.1", "5.2"), "sd15"),
    **dict.fromkeys(("6", "6.1", "7", "8", "8.1", "8.2"), "sdxl"),
    **dict.fromkeys(("niji", "niji 4", "niji 5", "niji 6", "niji 7"), "sdxl-anime"),
    "v": "",
}
"""Nearest by the age of the model and the size of its pictures; niji is Midjourney's anime model.
"""

ModelChoice = Card | Callable[[Prompt], Card]
"""The card of what draws every prompt, or which does for one."""

_KNOWN: Final = frozenset(card.called for card in (*CARDS, *VARIANTS))

_ENTRY: Final = re.compile(r"(?:(v|niji)\s*)?(\d[\d.]*)?\s*=\s*([\w.-]*)", re.IGNORECASE)


def parse_versions(changes: str) -> dict[str, str]:
    """The table with changes.

    Args:
        changes: Entries such as ``7=sdxl``, with commas between; may be empty.

    Raises:
        PromptError: An entry cannot be read.
    """
    entries = (entry.strip() for entry in changes.split(","))
    return {**DEFAULTS, **dict(_parse_entry(entry) for entry in entries if entry)}


def find_wanted(values: Mapping[str, Any], table: Versions) -> str | None:
    """Id of the family that a prompt asks for; empty for the server's, None for an unknown one.

    Args:
        values: The prompt's flags.
        table: Family by version.
    """
    model, niji, version = (flag.of(values) for flag in (MODEL, NIJI, VERSION))
    if model is not None:
        return model
    if niji is not None:
        return table.get(f"niji {niji}".rstrip())
    return "" if version is None else table.get(version or "v")


def choose_model(values: Mapping[str, Any], models: Models, table: Versions) -> ServedModel:
    """What draws a prompt: the model that its flags ask for if it is served, else the usual one.

    Args:
        values: The prompt's flags.
        models: What is served.
        table: Family by version.
    """
    return find_named(models, find_wanted(values, table) or "") or choose_usual(models)


def find_card(draws: ModelChoice, prompt: Prompt) -> Card:
    """The card of what draws a prompt."""
    return draws if isinstance(draws, Card) else draws(prompt)


def explain_unknown(values: Mapping[str, Any], served: Collection[str] = ()) -> Sentence | None:
    """What is said of a model that is known nowhere, if a prompt asks for one.

    Args:
        values: The prompt's flags.
        served: Names of what is served, known or not.
    """
    model = MODEL.of(values)
    if (
        model is None
        or model in _KNOWN
        or normalize_model_name(model) in map(normalize_model_name, served)
    ):
        return None
    return Sentence(said.OTHER_VALUE, flag=MODEL.name, takes=MODEL.takes, word=model)


def _parse_entry(text: str) -> tuple[str, str]:
    match = _ENTRY.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        raise PromptError(Sentence(said.NO_ENTRY, entry=text[:40]))
    return _make_key(match[1] or "v", match[2] or ""), match[3]


def _make_key(flag: str, version: str) -> str:
    low = flag.lower()
    try:
        # 6.0 and 6 are one version.
        spelled = format_number(parse_number(version)) if version else ""
    except ValueError:
        raise PromptError(Sentence(said.NOT_A_VERSION, word=version)) from None
    return f"{low} {spelled}".rstrip() if low == "niji" else spelled or low
