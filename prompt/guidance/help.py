"""Help on parameters, out of the table: single lines for the bot, a page for the docs.

``python -m prompt.guidance.help`` writes the page, ``docs/flags.md``, to its standard output.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

from generation.catalogue.card import CARDS, Capability, Card, equipped
from generation.catalogue.loras import offered
from prompt import sentences as said
from prompt.flags.table import PARAMETERS, Parameter
from prompt.flags.ways import EVERY_WAY
from prompt.resolution.fitting import works_with
from prompt.resolution.versions import DEFAULTS
from prompt.sentences import Sentence, joined

_INTRODUCTION = """\
# Flags

Flags go at the end of a prompt: `/imagine prompt: a red apple --ar 3:2 --seed 7`.
This page is made from the table in `prompt/flags/table.py` by `make docs`; do not edit it.

## What acts

`V`, 🔄 and `Custom Zoom` are the forms that ask for a changed prompt; what is made from a finished
picture keeps its size. `/blend` has no words; flags come to it from presets and preferences. Where
a flag makes no difference it is left out, and a note says where it works.
"""

_FAMILIES_INTRODUCTION = """
## What each model does without a flag

Blends and references need image adapters. The bundled model brings its own; for Stable Diffusion,
whoever runs the bot names some: `EASEL_ADAPTERS=h94/IP-Adapter` (Apache-2.0), fetched when the
worker first starts. LoRAs are those that `EASEL_LORAS` names. `--control` needs ControlNets
likewise, `EASEL_CONTROLNETS` ([hosting](hosting.md#4-choose-a-model)); the bundled model keeps to
lines (`scribble`, `lineart`, `canny`) by itself.
"""

_VERSIONS_INTRODUCTION = """
## Which model draws for `--v` and `--niji`

Where the model of this table does not run, the server's own draws and a note says so. Whoever runs
the bot may change it: `EASEL_VERSIONS="7=sdxl, niji 6=sdxl"`.
"""

_IDLE_INTRODUCTION = """
## What is understood but does nothing yet

Prompts copied from elsewhere carry these. They are left out, and a note says what to do instead,
unless the value acts, or asks for what happens anyway (the last column). Those marked with ✗ are
refused, since the pictures would show something quite different without them.
"""


EQUIPPED: Final = tuple(
    equipped(
        card,
        card.adapters,
        offered("ink=folder#ink.safetensors"),
        controlnets=card.controlnets,
    )
    for card in CARDS
)
"""Every family with all that it can be run with."""


def acting() -> tuple[Parameter[Any], ...]:
    """The flags that act, in the table's order."""
    return tuple(row for row in PARAMETERS if not row.instead)


def idle() -> tuple[Parameter[Any], ...]:
    """The flags that are understood and do nothing yet, in the table's order."""
    return tuple(row for row in PARAMETERS if row.instead)


def names(parameter: Parameter[Any]) -> str:
    """Every name of a flag, its own first: ``--ar, --aspect``."""
    return ", ".join(f"--{name}" for name in (parameter.name, *parameter.aliases))


def without(parameter: Parameter[Any], card: Card | None = None) -> Sentence:
    """What happens if the flag is left out, or an empty text if that goes without saying.

    Args:
        parameter: The flag.
        card: The family that draws, if its own value is to be named.
    """
    if card is not None and parameter.native is not None:
        return Sentence(parameter.kind.format(parameter.native(card)))
    if parameter.otherwise or parameter.default is None:
        return Sentence(parameter.otherwise)
    return Sentence(parameter.kind.format(parameter.default) or said.THE_SAME)


def able(parameter: Parameter[Any]) -> tuple[Card, ...]:
    """The families that can do what the flag needs, where need be with image adapters."""
    needed = parameter.capability
    return tuple(card for card in EQUIPPED if needed is None or needed in card.capabilities)


def line(parameter: Parameter[Any], card: Card | None = None) -> Sentence:
    """One line of help: names, value, what it does, where and with which models, and default.

    Args:
        parameter: The flag.
        card: The family that draws, if its own value is to be named.
    """
    return joined((_head(parameter), *_tail(parameter, card)))


def _head(parameter: Parameter[Any]) -> Sentence:
    about = Sentence(parameter.about)
    return Sentence(
        "`{names}` ({takes}): {about}", names=names(parameter), takes=parameter.takes, about=about
    )


def _tail(parameter: Parameter[Any], card: Card | None) -> Iterator[Sentence]:
    default, cards = without(parameter, card), able(parameter)
    if parameter.ways != EVERY_WAY:
        yield Sentence(said.WORKS_WITH, ways=joined(works_with(parameter.name), ", "))
    if parameter.capability and len(cards) < len(CARDS):
        models = ", ".join(f"`{card.id}`" for card in cards)
        needs = said.NEEDS_SOME if parameter.choosy else said.NEEDS
        yield Sentence(needs, capability=Sentence(parameter.capability), models=models)
    if parameter.instead:
        instead = Sentence(parameter.instead)
        yield Sentence(said.NOT_HERE, flag=parameter.name, instead=instead)
    elif default:
        yield Sentence(said.DEFAULT, default=default)


def page() -> str:
    """The whole of ``docs/flags.md``."""
    return "\n".join((*_acting_lines(), *_family_lines(), *_version_lines(), *_idle_lines(), ""))


def _acting_lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from _table(
        ("Flag", "Value", "Without it", "What it does", "Works with", "Models"),
        (
            (f"`{names(row)}`", row.takes, without(row), row.about, _ways(row), _models(row))
            for row in acting()
        ),
    )


def _ways(row: Parameter[Any]) -> str:
    return "all" if row.ways == EVERY_WAY else ", ".join(works_with(row.name))


def _models(row: Parameter[Any]) -> str:
    cards = able(row)
    if len(cards) == len(CARDS):
        return "all"
    models = ", ".join(card.id for card in cards)
    return f"all; some values {models}" if row.choosy else models


def _family_lines() -> Iterator[str]:
    yield _FAMILIES_INTRODUCTION
    own = [row for row in acting() if row.native is not None]
    yield from _table(
        ("Model", *(f"`--{row.name}`" for row in own), "`--ar` up to", "Cannot do"),
        (
            (
                card.title,
                *(without(row, card) for row in own),
                f"{card.longest_ratio:g}:1",
                ", ".join(sorted(frozenset(Capability) - card.capabilities)),
            )
            for card in EQUIPPED
        ),
    )


def _version_lines() -> Iterator[str]:
    yield _VERSIONS_INTRODUCTION
    families = dict.fromkeys(family for family in DEFAULTS.values() if family)
    yield from _table(
        ("Model", "Draws for"),
        (
            (f"`{family}`", ", ".join(key for key in DEFAULTS if DEFAULTS[key] == family))
            for family in families
        ),
    )


def _idle_lines() -> Iterator[str]:
    yield _IDLE_INTRODUCTION
    yield from _table(
        ("Flag", "What it is elsewhere", "What to do here", "But not as"),
        (
            (
                f"`{names(row)}`",
                f"{row.about}{_mark(row)}",
                f"{row.instead[0].upper()}{row.instead[1:]}.",
                _same(row),
            )
            for row in idle()
        ),
    )


def _mark(row: Parameter[Any]) -> str:
    return " ✗" if row.weighty else ""


def _same(row: Parameter[Any]) -> str:
    spared = row.default if row.works is None else row.works
    return "" if spared is None else f"`{row.format(spared)}`"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = tuple(head)
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
