"""Help on flags, out of the table: single lines for the bot, a page for the docs.

``python -m prompt.guidance.help`` writes the page, ``docs/flags.md``, to its standard output.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

from generation.catalogue.card import Capability, Card
from generation.catalogue.extras import extend_card
from generation.catalogue.families import CARDS
from generation.catalogue.loras import read_offered
from prompt import sentences as said
from prompt.flags.sources import EVERY_SOURCE
from prompt.flags.table import FLAGS, Flag
from prompt.resolution.fitting import list_sources
from prompt.resolution.versions import DEFAULTS
from prompt.sentences import Sentence, join

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
    extend_card(
        card,
        card.adapters,
        read_offered("ink=folder#ink.safetensors"),
        controlnets=card.controlnets,
    )
    for card in CARDS
)
"""Every family with all that it can be run with."""


def list_acting() -> tuple[Flag[Any], ...]:
    """The flags that act, in the table's order."""
    return tuple(row for row in FLAGS if not row.instead)


def list_idle() -> tuple[Flag[Any], ...]:
    """The flags that are understood and do nothing yet, in the table's order."""
    return tuple(row for row in FLAGS if row.instead)


def format_names(flag: Flag[Any]) -> str:
    """Every name of a flag, its own first: ``--ar, --aspect``."""
    return ", ".join(f"--{name}" for name in (flag.name, *flag.aliases))


def format_default(flag: Flag[Any], card: Card | None = None) -> Sentence:
    """What happens if the flag is left out, or an empty text if that goes without saying.

    Args:
        flag: The flag.
        card: The family that draws, if its own value is to be named.
    """
    if card is not None and flag.native is not None:
        return Sentence(flag.kind.format(flag.native(card)))
    if flag.otherwise or flag.default is None:
        return Sentence(flag.otherwise)
    return Sentence(flag.kind.format(flag.default) or said.THE_SAME)


def list_able(flag: Flag[Any]) -> tuple[Card, ...]:
    """The families that can do what the flag needs, where need be with image adapters."""
    needed = flag.capability
    return tuple(card for card in EQUIPPED if needed is None or needed in card.capabilities)


def format_line(flag: Flag[Any], card: Card | None = None) -> Sentence:
    """One line of help: names, value, what it does, where and with which models, and default.

    Args:
        flag: The flag.
        card: The family that draws, if its own value is to be named.
    """
    return join((_format_head(flag), *_format_tail(flag, card)))


def _format_head(flag: Flag[Any]) -> Sentence:
    about = Sentence(flag.about)
    return Sentence(
        "`{names}` ({takes}): {about}", names=format_names(flag), takes=flag.takes, about=about
    )


def _format_tail(flag: Flag[Any], card: Card | None) -> Iterator[Sentence]:
    default, cards = format_default(flag, card), list_able(flag)
    if flag.sources != EVERY_SOURCE:
        yield Sentence(said.WORKS_WITH, ways=join(list_sources(flag.name), ", "))
    if flag.capability and len(cards) < len(CARDS):
        models = ", ".join(f"`{card.id}`" for card in cards)
        needs = said.NEEDS_SOME if flag.needed_sometimes else said.NEEDS
        yield Sentence(needs, capability=Sentence(flag.capability), models=models)
    if flag.instead:
        instead = Sentence(flag.instead)
        yield Sentence(said.NOT_HERE, flag=flag.name, instead=instead)
    elif default:
        yield Sentence(said.DEFAULT, default=default)


def format_page() -> str:
    """The whole of ``docs/flags.md``."""
    return "\n".join(
        (*_format_acting(), *_format_families(), *_format_versions(), *_format_idle(), "")
    )


def _format_acting() -> Iterator[str]:
    yield _INTRODUCTION
    yield from _format_table(
        ("Flag", "Value", "Without it", "What it does", "Works with", "Models"),
        (
            (
                f"`{format_names(row)}`",
                row.takes,
                format_default(row),
                row.about,
                _format_sources(row),
                _format_models(row),
            )
            for row in list_acting()
        ),
    )


def _format_sources(row: Flag[Any]) -> str:
    return "all" if row.sources == EVERY_SOURCE else ", ".join(list_sources(row.name))


def _format_models(row: Flag[Any]) -> str:
    cards = list_able(row)
    if len(cards) == len(CARDS):
        return "all"
    models = ", ".join(card.id for card in cards)
    return f"all; some values {models}" if row.needed_sometimes else models


def _format_families() -> Iterator[str]:
    yield _FAMILIES_INTRODUCTION
    own = [row for row in list_acting() if row.native is not None]
    yield from _format_table(
        ("Model", *(f"`--{row.name}`" for row in own), "`--ar` up to", "Cannot do"),
        (
            (
                card.title,
                *(format_default(row, card) for row in own),
                f"{card.longest_ratio:g}:1",
                ", ".join(sorted(frozenset(Capability) - card.capabilities)),
            )
            for card in EQUIPPED
        ),
    )


def _format_versions() -> Iterator[str]:
    yield _VERSIONS_INTRODUCTION
    families = dict.fromkeys(family for family in DEFAULTS.values() if family)
    yield from _format_table(
        ("Model", "Draws for"),
        (
            (f"`{family}`", ", ".join(key for key in DEFAULTS if DEFAULTS[key] == family))
            for family in families
        ),
    )


def _format_idle() -> Iterator[str]:
    yield _IDLE_INTRODUCTION
    yield from _format_table(
        ("Flag", "What it is elsewhere", "What to do here", "But not as"),
        (
            (
                f"`{format_names(row)}`",
                f"{row.about}{_mark_refused(row)}",
                f"{row.instead[0].upper()}{row.instead[1:]}.",
                _format_spared(row),
            )
            for row in list_idle()
        ),
    )


def _mark_refused(row: Flag[Any]) -> str:
    return " ✗" if row.refused_sometimes else ""


def _format_spared(row: Flag[Any]) -> str:
    spared = row.default if row.works is None else row.works
    return "" if spared is None else f"`{row.format(spared)}`"


def _format_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = tuple(head)
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    sys.stdout.write(format_page())
