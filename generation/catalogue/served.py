"""Served models: the checkpoints that people choose among with ``--model``.

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
from generation.catalogue.card import Card, normalize_model_name
from generation.catalogue.checkpoints import choose_card, find_source, name_model
from generation.catalogue.families import EASEL_2, find_card
from generation.recipe import Recipe

NAME: Final = re.compile(r"[\w.-]{1,32}")
"""Names that models may have, in any case."""

# It matches any text, so that `_read_entry` can say what is wrong with one.
_ENTRY: Final = re.compile(rf"(?:(?:([\w-]+):)?({NAME.pattern})\s*=)?\s*(.+)", re.DOTALL)


class ServedError(HostError, ValueError):
    """``EASEL_MODELS`` cannot be used; the text is one sentence about what would work."""


class Choices(extras.Choices, Protocol):
    """The settings that decide what is served."""

    @property
    def models(self) -> str:
        """Further checkpoints, beside ``model``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A checkpoint that this worker serves.

    Attributes:
        card: Its family's card, extended by the extras of the settings,
            under the name that people type.
        source: Where it is loaded from: a folder, or a hub id, perhaps with a revision.
        model: What recipes call it.
    """

    card: Card
    source: str
    model: str


Models = Mapping[str, ServedModel]
"""Checkpoints by the name that people type; the usual one first."""


def list_served(choices: Choices) -> Models:
    """Every model of the settings, its card extended by what they add to it.

    The bundled model brings the one for photographs along, unless another of its family is listed.

    Raises:
        ServedError: ``EASEL_MODELS`` cannot be read, or two are called the same.
        UnknownFamilyError: A family is unknown.
        SourceError: The LoRAs or the upscaler cannot be read.
        UnknownStructureError: The ControlNets cannot be read.
    """
    usual = choose_card(choices.model, choices.family)
    # The usual one has to stay first: see `choose_usual`.
    found = [_describe(choices.model, usual, usual, choices)]
    for entry in filter(None, (part.strip() for part in choices.models.split(","))):
        one = _read_entry(entry, choices)
        _refuse_twins(one, found)
        found.append(one)
    more = find_card("easel2")
    # One that is listed goes before, perhaps with settings of its own.
    alone = all(one.card.id != more.id and one.card.called != more.called for one in found)
    if not choices.model and usual.id == "easel" and EASEL_2.is_dir() and alone:
        found.insert(1, _describe(more.called, more, more, choices))
    return {one.card.called: one for one in found}


def choose_usual(models: Models) -> ServedModel:
    """The one that draws where nobody chooses."""
    return next(iter(models.values()))


def find_named(models: Models, name: str) -> ServedModel | None:
    """The one that a name means: its own, else that of its family."""
    plain, each = normalize_model_name(name), models.values()
    # A model may be called what another's family is called; then its own name counts.
    exact = (one for one in each if normalize_model_name(one.card.called) == plain)
    return next(exact, None) or next((one for one in each if one.card.answers_to(name)), None)


def find_model_of(models: Models, recipe: Recipe) -> ServedModel | None:
    """The one that a recipe is of, if it is still served.

    The only one of its family counts as it: its files may have another name or revision by now.
    """
    family = [one for one in models.values() if one.card.id == recipe.family]
    exact = [one for one in family if one.model == recipe.model]
    return next(iter(exact or (family if len(family) == 1 else ())), None)


def _describe(model: str, like: Card, card: Card, choices: Choices) -> ServedModel:
    return ServedModel(
        card=extras.add_extras(card, choices),
        # By the card as it was found, since `card` may go by a name of the host's choosing.
        source=find_source(model, like),
        model=name_model(model, like),
    )


def _read_entry(text: str, choices: Choices) -> ServedModel:
    family, name, model = _ENTRY.findall(text)[0]
    like = choose_card(model, family)
    known = model.partition("@")[0] == like.called
    # Anything else is a misspelt name; as a hub id it would fail at the first job only.
    if not (known or Path(model).is_dir() or ("/" in model and "=" not in model)):
        raise ServedError(
            f"EASEL_MODELS cannot use `{text[:60]}`; write a folder, owner/name@revision or a name"
            " that `easel models` lists, or name=folder, with commas between."
        )
    card = replace(like, name=name.lower(), title=name) if name else like
    return _describe(model, like, card, choices)


def _refuse_twins(one: ServedModel, others: Iterable[ServedModel]) -> None:
    for other in others:
        if normalize_model_name(one.card.called) == normalize_model_name(other.card.called):
            raise ServedError(
                f"EASEL_MODEL and EASEL_MODELS have two models called {one.card.called}; give one"
                " a name of its own, as in name=folder."
            )
        # A recipe would not say which of them it is of.
        if (one.card.id, one.model) == (other.card.id, other.model):
            raise ServedError(
                f"EASEL_MODEL and EASEL_MODELS have two models that recipes would call {one.model};"
                " name each once, or rename one of the folders."
            )
