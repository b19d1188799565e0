"""Plans: what is to be done for a sentence about a finished picture, in the order of doing it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.errors import NotAllowedError, NotUnderstoodError
from bot.text import sentences
from generation.recipe import Region, Sought
from prompt.editing.naming import Part
from prompt.editing.understanding import understand
from prompt.editing.wishes import Wish, WishKind
from prompt.sentences import Sentence

NEW: Final = frozenset({WishKind.ADD, WishKind.REPLACE})
"""What brings a thing into a picture, which another picture may show."""

DRAWN: Final = "edit"
"""How a job is titled in which a model draws what was asked for, and..."""

RETOUCHED: Final = "retouch"
"""one that arithmetic makes, which does not wait behind drawings."""

EXACT: Final = frozenset({WishKind.TONE, WishKind.FLIP, WishKind.TURN, WishKind.CROP})
"""What arithmetic does, without a model."""

LOCAL: Final = frozenset({WishKind.ADD, WishKind.REMOVE, WishKind.REPLACE, WishKind.RECOLOUR})
"""What changes a part of a picture, and leaves the rest as it is."""

FOUND: Final = frozenset({WishKind.REMOVE, WishKind.REPLACE, WishKind.RECOLOUR})
"""What changes a thing that there is, and that can be looked for."""

ALONE: Final = frozenset({WishKind.UNDO, WishKind.ORIGINAL})
"""What shows an earlier picture, and draws nothing."""

_FREE: Final = Wish(WishKind.RESTYLE)
"""Words that no rule knows, where a person says what they are for."""


@dataclass(frozen=True, slots=True)
class Found:
    """How the thing was found that a wish is about.

    Attributes:
        part: Which part of a drawing of one thing it is.
        ground: What the colour behind that thing is called.
    """

    part: Part
    ground: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done for a sentence.

    Attributes:
        words: The sentence.
        exact: Wishes that arithmetic grants.
        drawn: The one that a model draws; None if there is none.
        later: Others that it draws, which have to wait unless words alone tell it what to draw:
            each drawing begins at a finished picture.
        regions: The parts of the picture that were chosen for it, or...
        mask: ...SHA-256 of the mask over what it is about; empty for none.
        found: How that was found.
        sought: What is looked for instead when the picture is drawn; None for nothing.
        every: Whether it is for all pictures of a grid.
        second: Address of a picture from which something is taken; empty for none.
    """

    words: str
    exact: tuple[Wish, ...] = ()
    drawn: Wish | None = None
    later: tuple[Wish, ...] = ()
    regions: tuple[Region, ...] = ()
    mask: str = ""
    found: Found | None = None
    sought: Sought | None = None
    every: bool = False
    second: str = ""

    @property
    def suits_every(self) -> bool:
        """Whether it could be for all pictures of a grid, as none is drawn from a finished one."""
        return self.drawn is None or self.drawn.kind in {WishKind.MORE, WishKind.LESS}

    @property
    def asks_no_picture(self) -> bool:
        """Whether it is for all pictures of a grid where nobody says otherwise."""
        return self.drawn is not None and self.drawn.kind in ALONE | {WishKind.AGAIN}

    @property
    def title(self) -> str:
        """How its job is titled."""
        return DRAWN if self.drawn else RETOUCHED

    @property
    def leads_back(self) -> WishKind | None:
        """Which earlier picture is shown instead; None where one is made."""
        return self.drawn.kind if self.drawn and self.drawn.kind in ALONE else None

    @property
    def waits(self) -> bool:
        """Whether all but showing an earlier picture has to be asked for again."""
        return bool(self.leads_back and (self.exact or self.later))


def plan(words: str, regions: Sequence[Region], *, whole: bool) -> Plan:
    """What a sentence asks for, in the order in which it can be done.

    Args:
        words: The sentence.
        regions: Parts of the picture that it is about; none for all or for what the words say.
        whole: Whether the whole picture is to be drawn anew, whatever the rules make of the words.

    Raises:
        NotUnderstoodError: The rules cannot tell, and nothing says what the words are for.
        NotAllowedError: Parts are chosen for what cannot be done to parts.
    """
    wishes = () if whole else understand(words)
    if wishes is None and not regions:
        raise NotUnderstoodError(words)
    if not wishes:
        return Plan(words, drawn=replace(_FREE, what=words), regions=tuple(regions))
    drawn = _unite([wish for wish in wishes if wish.kind not in EXACT])
    if regions and any(wish.kind not in LOCAL | {WishKind.RESTYLE} for wish in wishes):
        raise NotAllowedError(Sentence(sentences.EDIT_WHOLE_ONLY))
    return Plan(
        words,
        exact=tuple(wish for wish in wishes if wish.kind in EXACT),
        drawn=drawn[0] if drawn else None,
        later=tuple(drawn[1:]),
        regions=tuple(regions),
    )


def _unite(wishes: Sequence[Wish]) -> list[Wish]:
    """The same, with all sides that it goes on beyond as one wish: they are one drawing."""
    if not wishes or wishes[0].kind is not WishKind.EXTEND:
        return list(wishes)
    sides = dict.fromkeys(wish.what for wish in wishes if wish.kind is WishKind.EXTEND)
    united = Wish(WishKind.EXTEND, "all" if "all" in sides else " ".join(sides))
    return [united, *(wish for wish in wishes if wish.kind is not WishKind.EXTEND)]
