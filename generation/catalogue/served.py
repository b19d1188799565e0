"""Served models: the checkpoints that people choose among with ``--model``.

``EASEL_MODEL`` is the usual one. ``EASEL_MODELS`` lists others with commas between, each a file, a
folder, a hub id or a known name, perhaps under a name of its own: ``flux2-klein,
photo=acme/photo@3f2a``. A known model's name and a colon before that say what it is like, where its
files do not: ``sdxl-lightning:quick=/srv/quick``. A folder of single files is as many models, each
under its file's name; what else lies there is passed over. What a model's own settings file says
(``generation.catalogue.tuning``) goes before its family's card.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Final, Protocol

from faults import HostError
from generation.catalogue import extras
from generation.catalogue.card import Card, normalize_model_name
from generation.catalogue.checkpoints import (
    choose_card,
    find_source,
    is_file,
    list_files,
    name_model,
    name_place,
)
from generation.catalogue.families import CARDS, EASEL_2, VARIANTS, find_card
from generation.catalogue.headers import WeightsError
from generation.catalogue.misplaced import PICKLED, tidy
from generation.catalogue.tuning import Tuning, find_tuning, read_tuning, tune
from generation.recipe import Recipe

LONGEST: Final = 32
"""Characters of a model's longest name."""

NAME: Final = re.compile(rf"[\w.-]{{1,{LONGEST}}}")
"""Names that models may have, in any case."""

_UNNAMED: Final = re.compile(r"[^\w.-]+")

# It matches any text, so that `_read_entry` can say what is wrong with one.
_ENTRY: Final = re.compile(rf"(?:(?:([\w-]+):)?({NAME.pattern})\s*=)?\s*(.+)", re.DOTALL)


class ServedError(HostError, ValueError):
    """``EASEL_MODELS`` cannot be used; the text is one sentence about what would work."""


class Choices(extras.Choices, Protocol):
    """The settings that decide what is served."""

    @property
    def data(self) -> Path:
        """Folder in which tunings may lie, beside much else."""

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
        tuning: Name of the file of its own settings; empty if it has none.
    """

    card: Card
    source: str
    model: str
    tuning: str = ""


Models = Mapping[str, ServedModel]
"""Checkpoints by the name that people type; the usual one first."""


def list_served(choices: Choices) -> Models:
    """Every model of the settings, its card extended by what they add to it.

    The bundled model brings the one for photographs along, unless another of its family is listed.

    Raises:
        ServedError: ``EASEL_MODELS`` cannot be read, or two are called the same.
        UnknownFamilyError: A family is unknown.
        WeightsError: A file cannot be drawn with.
        TuningError: A model's own settings cannot be used.
        SourceError: The LoRAs or the upscaler cannot be read.
        UnknownStructureError: The ControlNets cannot be read.
    """
    # The usual one has to stay first: see `choose_usual`.
    entries = filter(None, (part.strip() for part in choices.models.split(",")))
    found: list[ServedModel] = []
    for one in chain(
        _list_described(choices.model, choices.family, "", choices),
        *(_read_entry(entry, choices) for entry in entries),
    ):
        _refuse_twins(one, found)
        found.append(one)
    more, usual = find_card("easel2"), found[0].card
    # One that is listed goes before, perhaps with settings of its own.
    alone = all(one.card.id != more.id and one.card.called != more.called for one in found)
    if not choices.model and usual.id == "easel" and EASEL_2.is_dir() and alone:
        found.insert(1, *_list_described(more.called, "", "", choices))
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


def _list_described(model: str, family: str, name: str, choices: Choices) -> Iterator[ServedModel]:
    """A model, or each of a folder of single files, under a name of its own if one is given."""
    model = tidy(model)
    files = [str(file) for file in list_files(Path(model))] if model else []
    if not files:
        yield _describe(model, family, name, choices)
        return
    if name and len(files) > 1:
        raise ServedError(
            f"EASEL_MODELS gives one name, {name}, to a folder of {len(files)} models; leave it"
            " out, and each is called as its file is."
        )
    refused: WeightsError | None = None
    served = 0
    names: list[str] = []
    for file in files:
        names.append(name or _tell_apart(_name(file), names))
        try:
            one = _describe(file, family, names[-1], choices)
        # A LoRA or an autoencoder among the models is a model's no more than a text file.
        except WeightsError as error:
            refused = refused or error
            continue
        served += 1
        yield one
    if refused and not served:
        raise refused


def _tell_apart(name: str, others: Sequence[str]) -> str:
    """A name that none of some others is like, with a number behind it if need be."""
    taken = {normalize_model_name(one) for one in others}
    ends = chain([""], map("-{}".format, count(2)))
    tries = (f"{name[: LONGEST - len(end)]}{end}" for end in ends)
    return next(one for one in tries if normalize_model_name(one) not in taken)


def list_passed_over(model: str) -> Iterator[str]:
    """Why each file in a folder of single files is no model, one sentence each."""
    folder = Path(tidy(model))
    # No name at all would mean the folder that one happens to be in.
    files = list_files(folder) if model.strip() else []
    # Beside models alone: of a folder without any, that is said which has to be mended.
    pickled = (file for file in sorted(folder.glob("*")) if file.suffix.lower() in PICKLED)
    for file in (*files, *(pickled if files else ())):
        try:
            choose_card(str(file))
        except WeightsError as error:
            yield str(error)


def _describe(model: str, family: str, name: str, choices: Choices) -> ServedModel:
    called = name or (_name(model) if is_file(model) else "")
    place = find_tuning(model, called or _name(model), choices.data) if model else None
    tuning = Tuning() if place is None else read_tuning(place)
    like = choose_card(model, family or tuning.family)
    card = replace(like, name=called.lower(), title=called) if called else like
    if place is not None:
        card = tune(card, tuning, place.name)
    return ServedModel(
        card=extras.add_extras(card, choices),
        # By the card as it was found, since `card` may go by a name of the host's choosing.
        source=find_source(model, like),
        model=name_model(model, like),
        tuning=place.name if place else "",
    )


def _name(model: str) -> str:
    """What a model may be called: its last name, without what names may not have."""
    hub = model if is_file(model) or Path(model).exists() else model.partition("@")[0]
    return _UNNAMED.sub("-", name_place(hub))[:LONGEST].strip("-.") or "model"


def _read_entry(text: str, choices: Choices) -> Iterator[ServedModel]:
    family, name, model = _ENTRY.findall(text)[0]
    model = tidy(model)
    known = is_file(model) or any(
        model.partition("@")[0] == one.called for one in (*CARDS, *VARIANTS)
    )
    # Anything else is a misspelt name; as a hub id it would fail at the first job only.
    if not (known or Path(model).is_dir() or ("/" in model and "=" not in model)):
        raise ServedError(
            f"EASEL_MODELS cannot use `{text[:60]}`; write a file, a folder, owner/name@revision or"
            " a name that `easel models` lists, or name=folder, with commas between."
        )
    yield from _list_described(model, family, name, choices)


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
                " name each once, or rename one of them."
            )
