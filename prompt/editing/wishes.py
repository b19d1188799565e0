"""Wishes: what people ask of a finished picture, the same form for every language."""

from dataclasses import dataclass
from enum import StrEnum


class WishKind(StrEnum):
    """What a wish asks for."""

    TONE = "tone"
    FLIP = "flip"
    TURN = "turn"
    CROP = "crop"
    RATIO = "ratio"
    EXTEND = "extend"
    RESTYLE = "restyle"
    REMOVE = "remove"
    ADD = "add"
    REPLACE = "replace"
    RECOLOUR = "recolour"
    ENLARGE = "enlarge"
    MORE = "more"
    LESS = "less"
    AGAIN = "again"
    UNDO = "undo"
    ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class Wish:
    """One change that is asked for.

    Attributes:
        kind: What is to be done.
        what: To what, or how: a thing in the person's words, sides, a ratio, a tone.
        into: What it becomes, in the person's words.
        amount: How much, beside the usual 1; from 0.5 for a little to 2 for a lot.
    """

    kind: WishKind
    what: str = ""
    into: str = ""
    amount: float = 1.0

    def __str__(self) -> str:
        """As ``replace:dog>cat``."""
        written = f"{self.kind}:{self.what}" if self.what else str(self.kind)
        return f"{written}>{self.into}" if self.into else written
