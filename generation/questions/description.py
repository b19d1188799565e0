"""A description: what is known of a picture, each value with how it is known."""

from dataclasses import dataclass
from enum import StrEnum

from generation.questions.colours import NEUTRALS
from generation.questions.measures import Measures, Swatch
from generation.questions.question import Question, Seen


class Certainty(StrEnum):
    """How something is known: a file or a person says it, it is measured, or a model saw it."""

    EXACT = "exact"
    MEASURED = "measured"
    GUESSED = "guessed"


class Aspect(StrEnum):
    """What of a picture a value is about."""

    SUBJECT = "subject"
    COLOUR = "colour"
    MEDIUM = "medium"
    SETTING = "setting"
    LIGHT = "light"
    MOOD = "mood"
    SHOT = "shot"
    PALETTE = "palette"


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that is known.

    Attributes:
        aspect: What it is about.
        names: What is said, by the names that wordings and translations know; of a subject, its
            words.
        certainty: How it is known.
    """

    aspect: Aspect
    names: tuple[str, ...]
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a picture.

    Attributes:
        width: In pixels.
        height: In pixels.
        exact: The prompt that it was made from, where that is known.
        values: All else, one for each aspect that anything is known of.
        palette: Its colours, the one that takes up most first.
    """

    width: int
    height: int
    exact: str
    values: tuple[Value, ...]
    palette: tuple[Swatch, ...]

    def find(self, aspect: Aspect) -> tuple[str, ...]:
        """What is said of an aspect; empty where nothing is known."""
        return next((value.names for value in self.values if value.aspect is aspect), ())

    def certainty_of(self, aspect: Aspect) -> Certainty | None:
        """How it is known; None where nothing is."""
        known = (value.certainty for value in self.values if value.aspect is aspect)
        return next(known, None)

    @property
    def lacks_subject(self) -> bool:
        """Whether it is not known what the picture shows."""
        return not (self.exact or self.find(Aspect.SUBJECT))


def describe(question: Question, seen: Seen) -> Description:
    """What is known of a question's picture: exact before measured, measured before guessed."""
    measures = question.measures or Measures(width=1, height=1)
    subject = (question.word, Certainty.EXACT) if question.word else (seen.thing, Certainty.GUESSED)
    measured_colour = _find_colour(measures)
    # The judge's colour is of a thing that it knew; a person may mean another.
    seen_colour = "" if question.word or measured_colour else seen.colour
    medium = (
        ("pixel art", Certainty.MEASURED) if measures.lattice else (seen.style, Certainty.GUESSED)
    )
    drafts = (
        (Aspect.SUBJECT, (subject[0],), subject[1]),
        (Aspect.COLOUR, (measured_colour,), Certainty.MEASURED),
        (Aspect.COLOUR, (seen_colour,), Certainty.GUESSED),
        (Aspect.MEDIUM, (medium[0],), medium[1]),
        (Aspect.SETTING, (measures.ground,), Certainty.MEASURED),
        (Aspect.LIGHT, (measures.key and f"{measures.key} key", _name_contrast(measures)),
         Certainty.MEASURED),
        (Aspect.MOOD, (measures.warmth, measures.chroma), Certainty.MEASURED),
        (Aspect.SHOT, (measures.placement, "symmetrical" if measures.symmetrical else ""),
         Certainty.MEASURED),
        (Aspect.PALETTE, tuple(swatch.name for swatch in measures.palette), Certainty.MEASURED),
    )  # fmt: skip
    kept = ((aspect, tuple(filter(None, names)), known) for aspect, names, known in drafts)
    values = tuple(Value(aspect, names, known) for aspect, names, known in kept if names)
    return Description(
        measures.width, measures.height, question.exact, values, tuple(measures.palette)
    )


def _name_contrast(measures: Measures) -> str:
    return f"{measures.contrast} contrast" if measures.contrast else ""


def _find_colour(measures: Measures) -> str:
    """The colour of a figure before a plain ground, where it is of one colour mostly."""
    rest = [swatch for swatch in measures.palette if swatch.name != measures.ground]
    if not measures.ground or not rest:
        return ""
    first, others = rest[0], sum(swatch.share for swatch in rest[1:])
    # Black and grey may be outlines and shadows of anything.
    return "" if first.name in NEUTRALS or first.share < 2 * others else first.name
