"""A description: what is known of a picture, each value with how it is known."""

from collections.abc import Iterator
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
    ACTION = "action"
    MEDIUM = "medium"
    STYLE = "style"
    GROUND = "ground"
    SETTING = "setting"
    LIGHT = "light"
    MOOD = "mood"
    SHOT = "shot"
    PALETTE = "palette"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that is known.

    Attributes:
        aspect: What it is about.
        names: What is said, by the names that wordings and translations know.
        certainty: How it is known.
        worded: Whether these are no such names, but English words as they are to be said.
    """

    aspect: Aspect
    names: tuple[str, ...]
    certainty: Certainty
    worded: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of a picture.

    Attributes:
        width: In pixels.
        height: In pixels.
        exact: The prompt that it was made from, where that is known.
        values: All else; what is measured of an aspect goes before what is guessed.
        palette: Its colours, the one that takes up most first.
        prose: A paragraph about it, where a model wrote one.
    """

    width: int
    height: int
    exact: str
    values: tuple[Value, ...]
    palette: tuple[Swatch, ...]
    prose: str = ""

    def find_values(self, aspect: Aspect) -> tuple[Value, ...]:
        """What is known of an aspect, the surest first."""
        return tuple(value for value in self.values if value.aspect is aspect)

    def find(self, aspect: Aspect) -> tuple[str, ...]:
        """What is said of an aspect; empty where nothing is known."""
        return tuple(name for value in self.find_values(aspect) for name in value.names)

    @property
    def is_mid_key(self) -> bool:
        """Whether it was measured to be neither light nor dark as a whole."""
        return bool(self.palette) and not any(
            name.endswith(" key") for name in self.find(Aspect.LIGHT)
        )

    @property
    def lacks_subject(self) -> bool:
        """Whether it is not known what the picture shows."""
        return not (self.exact or self.find(Aspect.SUBJECT))


def describe(question: Question, seen: Seen) -> Description:
    """What is known of a question's picture: exact before measured, measured before guessed."""
    measures = question.measures or Measures(width=1, height=1)
    values = (*_list_subject(question, seen, measures), *_list_rest(seen, measures))
    return Description(
        measures.width,
        measures.height,
        question.exact,
        values,
        tuple(measures.palette),
        # A paragraph tells of what was seen; what a person says goes before that.
        "" if question.word else seen.prose,
    )


def _list_subject(question: Question, seen: Seen, measures: Measures) -> Iterator[Value]:
    """What a picture shows, and of which colour that is."""
    if question.word:
        yield Value(Aspect.SUBJECT, (question.word,), Certainty.EXACT, worded=True)
    elif seen.thing:
        yield Value(Aspect.SUBJECT, (seen.thing,), Certainty.GUESSED, worded=bool(seen.by))
    # What a model that sees says has its colours in it.
    if seen.by and not question.word:
        return
    if measured := _find_colour(measures):
        yield Value(Aspect.COLOUR, (measured,), Certainty.MEASURED)
    # The judge's colour is of a thing that it knew; a person may mean another.
    elif seen.colour and not question.word:
        yield Value(Aspect.COLOUR, (seen.colour,), Certainty.GUESSED)


def _list_rest(seen: Seen, measures: Measures) -> Iterator[Value]:
    """All else that is known."""
    medium = (
        ("pixel art", Certainty.MEASURED) if measures.lattice else (seen.medium, Certainty.GUESSED)
    )
    key = f"{measures.key} key" if measures.key else ""
    contrast = f"{measures.contrast} contrast" if measures.contrast else ""
    slope = f"brighter {measures.brightest}" if measures.brightest else ""
    symmetry = "symmetrical" if measures.symmetrical else ""
    palette = tuple(swatch.name for swatch in measures.palette)
    drafts: tuple[tuple[Aspect, tuple[str, ...], Certainty, bool], ...] = (
        (Aspect.ACTION, (seen.action,), Certainty.GUESSED, True),
        (Aspect.MEDIUM, (medium[0],), medium[1], False),
        (Aspect.STYLE, (seen.style,), Certainty.GUESSED, True),
        (Aspect.GROUND, (measures.ground,), Certainty.MEASURED, False),
        (Aspect.SETTING, (seen.setting,), Certainty.GUESSED, True),
        (Aspect.LIGHT, (key, contrast, slope), Certainty.MEASURED, False),
        (Aspect.LIGHT, (seen.light,), Certainty.GUESSED, True),
        (Aspect.MOOD, (measures.warmth, measures.chroma), Certainty.MEASURED, False),
        (Aspect.MOOD, (seen.mood,), Certainty.GUESSED, True),
        (Aspect.SHOT, (measures.placement, symmetry), Certainty.MEASURED, False),
        (Aspect.SHOT, (seen.shot,), Certainty.GUESSED, True),
        (Aspect.PALETTE, palette, Certainty.MEASURED, False),
        (Aspect.WORDS, (seen.words,), Certainty.GUESSED, True),
    )
    for aspect, names, certainty, worded in drafts:
        if kept := tuple(filter(None, names)):
            yield Value(aspect, kept, certainty, worded=worded)


def _find_colour(measures: Measures) -> str:
    """The colour of a figure before a plain ground, where it is of one colour mostly."""
    rest = [swatch for swatch in measures.palette if swatch.name != measures.ground]
    if not measures.ground or not rest:
        return ""
    first, others = rest[0], sum(swatch.share for swatch in rest[1:])
    # Black and grey may be outlines and shadows of anything.
    return "" if first.name in NEUTRALS or first.share < 2 * others else first.name
