"""A question: what is asked of a picture or a prompt, kept as JSON in the place of a recipe."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from generation.questions.measures import Measures
from generation.recipe import RecipeError

VERSION: Final = 3
"""Counted up where the same question is answered otherwise; answers of before are not reused."""

WORD_LIMIT: Final = 60
"""Most characters of a word by which a person says what a picture shows."""

SURE: Final = 0.6
"""Share from which on the judge knows rather than guesses: of pictures that it was not made for,
its best answer never passed 0.38."""

EYES: Final = "eyes"
"""What models that see are called among the families of models that a worker serves."""

SPEAKERS: Final = "speakers"
"""What models that draw are called there whose text encoder is a language model."""

FRAMERS: Final = "framers"
"""What those of them that tell where things are, are called there besides."""

VALUE_LIMIT: Final = 160
"""Most characters of one value that a model which sees gives."""

PROSE_LIMIT: Final = 900
"""Most characters of the paragraph that it writes."""

_KEY: Final = "question"

Kind = Literal["describe", "shorten", "translate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        kind: What is to be answered: what a picture shows, what each word of a prompt does, or how
            a prompt's words are said in sentences.
        image: SHA-256 of the picture; empty for a prompt.
        eye: Name of the model that is to look at it; empty for the judge.
        measures: What was measured of it.
        exact: The prompt that it was made from, where the file or its job says so; of a
            translation, the prompt as it was typed.
        word: What it shows, as a person said.
        text: The prompt.
        said: What a model that is told only words that it was taught is told of the prompt...
        masked: and what it is told without each of the prompt's words, in their order.
        flags: Those that stood behind it.
        model: Name of the checkpoint whose reading of the prompt is asked for, as in a recipe.
        family: Its card's id.
        program: For which program a translation is, as ``prompt.writing.programs`` names it.
        split: Whether its weighted words become ideas of their own.
    """

    kind: Kind
    image: str = ""
    eye: str = ""
    measures: Measures | None = None
    exact: str = ""
    word: str = ""
    text: str = ""
    said: str = ""
    masked: tuple[str, ...] = ()
    flags: str = ""
    model: str = ""
    family: str = ""
    program: str = ""
    split: bool = False

    @property
    def needs_model(self) -> bool:
        """Whether anything is left that only a model can say."""
        return self.kind != "describe" or not (self.exact or self.word)

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal of what decides the answer; equal digests, equal answers."""
        # What is measured follows from the picture, and what a person said changes no model's mind.
        asked = replace(self, measures=None, exact="", word="", flags="", program="", split=False)
        # Whatever is to draw from it, one judge looks at it.
        asked = replace(asked, model="", family="") if self.kind == "describe" else asked
        text = json.dumps([VERSION, asked.to_json()], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, object]:
        """The question as JSON-ready data; values equal to their default are left out."""
        data: dict[str, object] = _QUESTION.dump_python(self, mode="json", exclude_defaults=True)
        # The kind is what tells a question from a recipe.
        return {_KEY: data.pop("kind"), **data}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Question":
        """The question that ``to_json`` wrote.

        Raises:
            RecipeError: It is none that this version knows.
        """
        try:
            rest = {name: value for name, value in data.items() if name != _KEY}
            return _QUESTION.validate_python({"kind": data.get(_KEY), **rest})
        except ValidationError as error:
            raise RecipeError("this is not a question of a known version") from error


def is_question(data: Mapping[str, object]) -> bool:
    """Whether what a job keeps is a question rather than a recipe."""
    return _KEY in data


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a model saw in a picture, in English, empty where it was not sure.

    Attributes:
        thing: What it shows.
        colour: Of which colour the thing is.
        medium: What it is made of, as one of ``MEDIA``.
        action: What happens in it.
        setting: Where that is.
        style: How it is made, in words.
        light: How it is lit.
        shot: How it is taken: distance, angle, focus.
        mood: How it feels.
        words: What can be read in it.
        prose: All of that as a paragraph.
        by: Name of the model that sees; empty for the judge.
    """

    thing: str = ""
    colour: str = ""
    medium: str = ""
    action: str = ""
    setting: str = ""
    style: str = ""
    light: str = ""
    shot: str = ""
    mood: str = ""
    words: str = ""
    prose: str = ""
    by: str = ""

    def to_json(self) -> dict[str, object]:
        """What was seen as JSON-ready data."""
        data: dict[str, object] = _SEEN.dump_python(self, mode="json", exclude_defaults=True)
        return data

    @classmethod
    def from_json(cls, data: object) -> "Seen":
        """What ``to_json`` wrote; nothing, where another version wrote it."""
        try:
            seen = _SEEN.validate_python(data or {})
        except ValidationError:
            return cls()
        # An answer of before: of what a drawing is made the judge called its style.
        if seen.style and not seen.by:
            seen = replace(seen, medium=seen.style, style="")
        return seen


MEDIA: Final = ("photo", "3d", "painting", "line art", "flat", "pixel art", "collage")
"""What a picture can be made of."""

_MARKS: Final = str.maketrans("", "", '{}[]()|`*~_<>@#\\"')
"""Signs that mean something in a prompt or a message, and nothing in words for a picture."""


def clean_words(text: str, limit: int) -> str:
    """Words for a picture as data: no flag, weight, mention or line break is left in them."""
    plain = text.translate(_MARKS).replace("--", " ").replace("::", " ")
    return " ".join(plain.split())[:limit].rstrip()


def drop_half_sentence(text: str) -> str:
    """A text up to the end of its last whole sentence: what was cut off says half a thing."""
    return text[: max(text.rfind(end) for end in ".!?") + 1]


@dataclass(frozen=True, slots=True)
class Effect:
    """How much a stretch of a prompt changes what a model draws.

    Attributes:
        text: The stretch, as it was typed.
        share: Beside the strongest of the prompt, which is 1.
    """

    text: str
    share: float


def write_told(prose: str) -> dict[str, object]:
    """A paragraph as JSON-ready data."""
    return {"prose": prose}


def read_told(data: object) -> str:
    """The paragraph that ``write_told`` wrote; empty where another version wrote it."""
    return str(data.get("prose", "")) if isinstance(data, dict) else ""


def write_effects(effects: tuple[Effect, ...]) -> dict[str, object]:
    """Effects as JSON-ready data."""
    return {"effects": [[one.text, round(one.share, 3)] for one in effects]}


def read_effects(data: object) -> tuple[Effect, ...]:
    """The effects that ``write_effects`` wrote; none, where another version wrote it."""
    listed = data.get("effects", ()) if isinstance(data, dict) else ()
    return tuple(Effect(str(text), float(share)) for text, share in listed)


_QUESTION: Final = TypeAdapter(Question)
_SEEN: Final = TypeAdapter(Seen)
