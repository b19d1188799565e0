"""What a picture shows, in words: the same for prompts in tags and in sentences."""

from dataclasses import dataclass
from typing import Self

from generation.questions.description import Aspect, Description
from prompt.resolution.meaning import add_article


@dataclass(frozen=True, slots=True)
class Subject:
    """What a picture shows; both are empty where that is not known.

    Attributes:
        whole: With its article and colour.
        bare: Without its colour.
    """

    whole: str = ""
    bare: str = ""

    @classmethod
    def of(cls, description: Description) -> Self:
        """The subject of a description."""
        colour, thing = (
            " ".join(description.find(each)) for each in (Aspect.COLOUR, Aspect.SUBJECT)
        )
        # Whole words, of a person or of a model that sees, have their own articles and colours.
        if not thing or any(one.worded for one in description.find_values(Aspect.SUBJECT)):
            return cls(thing, thing)
        return cls(add_article(f"{colour} {thing}".strip(), thing), add_article(thing, thing))
