"""What is served here: the checkpoints that people choose among with ``--model``.

``EASEL_MODEL`` is the usual one. ``EASEL_MODELS`` lists others with commas between, each a folder,
a hub id or a known name, perhaps under a name of its own: ``flux2-klein, photo=acme/photo@3f2a``.
A known model's name and a colon before that say what it is like, where its files do not:
``sdxl-lightning:quick=/srv/quick``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from faults import HostError
from generation.catalogue import extras
from generation.catalogue.card import Card, spelled
from generation.catalogue.checkpoints import card_for, model_name, source
from generation.recipe import Recipe

NAME: Final = re.compile(r"[\w.-]{1,32}")
"""Names that models may have, in any case."""

_ENTRY: Final = re.compile(rf"(?:(?:([\w-]+):)?({NAME.pattern})\s*=)?\s*(.+)", re.DOTALL)


class ServedError(HostError, ValueError):
    """``EASEL_MODELS`` cannot be used; the text is one sentence about what would work."""


class Choices(extras.Choices, Protocol):
    """The settings that decide what is served."""

    @property
    def models(self) -> str:
        """Further checkpoints, beside ``model``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A checkpoint that draws here.

    Attributes:
        card: Its family's card with what lies beside it, under the name that people type.
        source: Where it is loaded from: a folder, or a hub id, perhaps with a revision.
        model: What recipes call it.
    """

    card: Card
    source: str
    model: str


Models = Mapping[str, Served]
"""Checkpoints by the name that people type; the usual one first."""


def served(choices: Choices) -> Models:
    """Everything that draws here, equipped with what lies beside it.

    Raises:
        ServedError: ``EASEL_MODELS`` cannot be read, or two are called the same.
        UnknownFamilyError: A family is unknown.
        SourceError: The LoRAs or the upscaler cannot be read.
        UnknownStructureError: The ControlNets cannot be read.
    """
    usual = card_for(choices.model, choices.family)
    found = [_served(choices.model, usual, usual, choices)]
    for entry in filter(None, (part.strip() for part in choices.models.split(","))):
        one = _entry(entry, choices)
        _refuse_twins(one, found)
        found.append(one)
    return {one.card.called: one for one in found}


def usual(models: Models) -> Served:
    """The one that draws where nobody chooses."""
    return next(iter(models.values()))


def named(models: Models, name: str) -> Served | None:
    """The one that a name means: its own, else that of its family."""
    plain, each = spelled(name), models.values()
    exact = (one for one in each if spelled(one.card.called) == plain)
    return next(exact, None) or next((one for one in each if one.card.answers_to(name)), None)


def drew(models: Models, recipe: Recipe) -> Served | None:
    """The one that a recipe is of, if it is still served.

    The only one of its family counts as it: its files may have another name or revision by now.
    """
    family = [one for one in models.values() if one.card.id == recipe.family]
    exact = [one for one in family if one.model == recipe.model]
    return next(iter(exact or (family if len(family) == 1 else ())), None)


def _served(model: str, like: Card, card: Card, choices: Choices) -> Served:
    return Served(
        card=extras.equip(card, choices),
        source=source(model, like),
        model=model_name(model, like),
    )


def _entry(text: str, choices: Choices) -> Served:
    family, name, model = _ENTRY.findall(text)[0]
    like = card_for(model, family)
    known = model.partition("@")[0] == like.called
    if not (known or Path(model).is_dir() or ("/" in model and "=" not in model)):
        raise ServedError(
            f"EASEL_MODELS cannot use `{text[:60]}`; write a folder, owner/name@revision or a name"
            " that `easel models` lists, or name=folder, with commas between."
        )
    card = replace(like, name=name.lower(), title=name) if name else like
    return _served(model, like, card, choices)


def _refuse_twins(one: Served, others: Iterable[Served]) -> None:
    for other in others:
        if spelled(one.card.called) == spelled(other.card.called):
            raise ServedError(
                f"EASEL_MODEL and EASEL_MODELS have two models called {one.card.called}; give one"
                " a name of its own, as in name=folder."
            )
        if (one.card.id, one.model) == (other.card.id, other.model):
            raise ServedError(
                f"EASEL_MODEL and EASEL_MODELS have two models that recipes would call {one.model};"
                " name each once, or rename one of the folders."
            )
