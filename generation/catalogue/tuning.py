"""Tunings: settings of a model's own, in a small TOML file beside it.

``pony.toml`` is for ``pony.safetensors``, ``easel.toml`` for the folder that it lies in, and
``models/NAME.toml`` in ``EASEL_DATA`` for the model of that name wherever it lies. What a file does
not say stays as on the card of the model's family.
"""

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from faults import HostError
from generation.catalogue.card import Capability, Card
from generation.catalogue.gguf_headers import KIND as GGUF
from generation.catalogue.headers import KIND

FOLDER: Final = "models"
"""Folder of the data folder in which tunings may lie."""

OWN: Final = "easel.toml"
"""Tuning in a model's folder."""


class TuningError(HostError, ValueError):
    """A tuning that cannot be used; the text is one sentence about what would work."""


class Tuning(BaseModel):
    """What a model's own file says; None, or nothing, where it says nothing.

    Attributes:
        family: Id of its family, or name of the known model that it is like.
        title: Name for people.
        about: One sentence on what to expect of it.
        licence: Licence of its weights.
        steps: Denoising steps.
        guidance: Guidance scale; 1 is none.
        sampler: A sampler of its family's.
        spacing: How its sampler spaces timesteps.
        rescale: Share of the contrast that guidance adds which is taken back (Lin et al. 2023,
            arXiv 2305.08891), on Stable Diffusion.
        side: Side in pixels of a square picture.
        words: Words that are added to every prompt, before it.
        avoid: Words that no picture is to show.
        clip_skip: Which layer of CLIP is read, counted from the last as 1.
        trigger: Words that wake what it was trained on, for people to type.
        distilled: Whether it knows no other number of steps.
        prediction: What it predicts, where its file does not say it.
        terminal: Whether its schedule ends in pure noise, where its file does not say it.
        vae: File, folder or hub id of an autoencoder in place of its own.
        lora: File of a LoRA that is always part of it, such as one for few steps, with ``|`` and a
            weight behind it if not 1.
        embeddings: Files of textual inversions; each is called by its file's name.
        base: Folder or hub id that lends what a transformer's file lacks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    family: str = ""
    title: str = ""
    about: str = ""
    licence: str = ""
    steps: Annotated[int, Field(ge=1, le=150)] | None = None
    guidance: Annotated[float, Field(ge=1, le=30)] | None = None
    sampler: str = ""
    spacing: Literal["leading", "linspace", "trailing"] | None = None
    rescale: Annotated[float, Field(ge=0, le=1)] | None = None
    side: Annotated[int, Field(ge=64, le=4096)] | None = None
    words: str = ""
    avoid: str | None = None
    clip_skip: Annotated[int, Field(ge=1, le=12)] | None = None
    trigger: str = ""
    distilled: bool | None = None
    prediction: Literal["noise", "velocity"] | None = None
    terminal: bool | None = None
    vae: str = ""
    lora: str = ""
    embeddings: list[str] = []
    base: str = ""


PLACES: Final = ("vae", "lora", "base")
"""Entries that name files, which may lie beside the tuning."""


def find_tuning(model: str, name: str, data: Path) -> Path | None:
    """Where a model's tuning lies, if it has one.

    Args:
        model: The file, folder or hub id.
        name: What it is called here.
        data: The data folder.
    """
    place = Path(model)
    beside = place.with_suffix(".toml") if place.suffix in {KIND, GGUF} else place / OWN
    # Beside it first, so that a file's settings move along with it.
    named = data / FOLDER / f"{name.lower()}.toml"
    return next((one for one in (beside, named) if one.is_file()), None)


def read_tuning(path: Path) -> Tuning:
    """Read a tuning.

    Raises:
        TuningError: It cannot be read, or has an entry that means nothing.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise TuningError(f"{path.name} cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise TuningError(f"{path.name} is no TOML file: {_flatten(str(error))}") from None
    try:
        read = Tuning.model_validate(entries)
    except ValidationError as error:
        raise TuningError(_word(path.name, error)) from None
    places: dict[str, Any] = {key: _locate(path.parent, getattr(read, key)) for key in PLACES}
    places["embeddings"] = [_locate(path.parent, place) for place in read.embeddings]
    return read.model_copy(update=places)


def _word(name: str, error: ValidationError) -> str:
    """The first thing that is wrong, in one sentence."""
    first = error.errors(include_url=False)[0]
    key = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return f"{name} has no setting {key}; it may have {', '.join(Tuning.model_fields)}"
    says = _flatten(first["msg"]).removeprefix("Input ")
    return f"{name} has a {key} that will not do: it {says}"


def _flatten(text: str) -> str:
    return re.sub(r"\s+", " ", text)[:200]


def _locate(folder: Path, place: str) -> str:
    """A place that a tuning names: files beside it by their names, others as they are."""
    here = bool(place) and (folder / place.partition("|")[0]).exists()
    return str(folder / place) if here else place


def tune(card: Card, tuning: Tuning, name: str) -> Card:
    """A card with what a tuning says in place of its own.

    Args:
        card: Of the model's family.
        tuning: What its file says.
        name: Of that file, for what is said of it.

    Raises:
        TuningError: The family has no such thing.
    """
    _check_family(card, tuning, name)
    same = ("title", "about", "licence", "steps", "guidance", "sampler", "spacing", "side")
    more = ("trigger", "distilled", "terminal", "vae", "base")
    said: dict[str, Any] = {key: getattr(tuning, key) for key in (*same, *more)}
    said |= {"added": tuning.words, "worn": tuning.lora}
    said |= {"rescale": tuning.rescale} if card.id in _DIFFUSION else {}
    # For XL it says what is so anyway, and a recipe need not repeat it.
    said |= {"clip_skip": tuning.clip_skip} if card.id == "sd15" else {}
    said |= {"velocity": tuning.prediction and tuning.prediction == "velocity"}
    given = {key: value for key, value in said.items() if value not in {None, ""}}
    given |= {"embeddings": tuple(tuning.embeddings)} if tuning.embeddings else {}
    # To avoid nothing is to say something, where the card avoids words.
    given |= {} if tuning.avoid is None else {"avoided": tuning.avoid}
    # Another licence has other catches.
    given |= {"notice": ""} if tuning.licence else {}
    tuned = replace(card, **given)
    return replace(tuned, capabilities=_list_capabilities(tuned, tuning.guidance))


_GUIDED: Final = frozenset({Capability.GUIDANCE, Capability.NEGATIVE})

CLASSIFIER_FREE: Final = frozenset(
    {
        "sd15",
        "instruct-pix2pix",
        "sdxl",
        "flux2-klein",
        "z-image",
        "chroma",
        "qwen-image",
        "qwen-image-edit",
    }
)
"""Families whose guidance is classifier-free, so that it can be left out, or taken up."""


def _list_capabilities(card: Card, guidance: float | None) -> frozenset[Capability]:
    """Guidance and negative prompts by whether there is guidance now."""
    if guidance is None or card.id not in CLASSIFIER_FREE:
        return card.capabilities
    return card.capabilities | _GUIDED if guidance > 1 else card.capabilities - _GUIDED


_DIFFUSION: Final = frozenset({"sd15", "sdxl"})
"""Families that read CLIP alone, and whose loop knows how to take contrast back."""


def _check_family(card: Card, tuning: Tuning, name: str) -> None:
    """Hold what a tuning says against what its family can do."""
    if tuning.sampler and tuning.sampler not in card.samplers:
        known = ", ".join(card.samplers)
        raise TuningError(f"{name} has no sampler {tuning.sampler} for {card.title}; take {known}")
    if tuning.rescale and card.id not in _DIFFUSION:
        raise TuningError(f"{name} has a rescale, which {card.title} has not; leave it out")
    if tuning.embeddings and card.id not in _DIFFUSION:
        raise TuningError(f"{name} has embeddings, which {card.title} cannot read; leave them out")
    if tuning.side is not None and tuning.side % card.multiple:
        raise TuningError(f"{name} has a side that is no multiple of {card.multiple}")
    # XL was trained on the last layer but one, which other programs call 2.
    usual = {"sdxl": 2}.get(card.id)
    if tuning.clip_skip is not None and card.id != "sd15" and tuning.clip_skip != usual:
        raise TuningError(f"{name} has a clip_skip, which {card.title} has not; leave it out")
