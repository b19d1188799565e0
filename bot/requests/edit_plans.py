"""What is done for a sentence about a finished picture, as one derivation of its recipe."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final

from bot.components.buttons import MOST_UPSCALE
from bot.errors import NoPlaceError, NotAllowedError, NotUnderstoodError
from bot.requests.models import ServedModels
from bot.requests.rewording import Change, Fetched, change_words
from bot.text import sentences
from bot.text.messages import quote
from generation import derive, edits
from generation.catalogue.card import Capability, Card
from generation.catalogue.lexicon import GROUND
from generation.derive import Parent
from generation.recipe import Edges, Recipe, Region, Retouch, Sought
from prompt.editing.naming import Part
from prompt.editing.restyling import merge_wishes, restyle_words
from prompt.editing.strength import restate_strength
from prompt.editing.understanding import understand
from prompt.editing.wishes import Wish, WishKind
from prompt.flags.sources import PromptSource
from prompt.flags.table import NO, STRENGTH
from prompt.reading.grammar import parse
from prompt.resolution.fitting import parse_flags
from prompt.resolution.resolve import Resolved
from prompt.sentences import Sentence

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

_SIDES: Final = {"left": "left", "right": "right", "up": "top", "down": "bottom"}
_QUARTERS: Final = {"right": 1, "half": 2, "left": 3}
_FILLED: Final = 0.1
"""Denoising strength of a plain ground where something stood before it."""

_BARE: Final = "white"
"""Colour of a ground that is taken away."""

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
        later: Wishes that have to wait, since each drawing begins at a finished picture.
        regions: The parts of the picture that were chosen for it, or...
        mask: ...SHA-256 of the mask over what it is about; empty for none.
        found: How that was found.
        sought: What is looked for instead when the picture is drawn; None for nothing.
        every: Whether it is for all pictures of a grid.
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
        """Whether something of the sentence has to be asked for again."""
        return bool(self.later or (self.leads_back and self.exact))


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
    drawn = [wish for wish in wishes if wish.kind not in EXACT]
    if regions and any(wish.kind not in LOCAL | {WishKind.RESTYLE} for wish in wishes):
        raise NotAllowedError(Sentence(sentences.EDIT_WHOLE_ONLY))
    return Plan(
        words,
        exact=tuple(wish for wish in wishes if wish.kind in EXACT),
        drawn=drawn[0] if drawn else None,
        later=tuple(drawn[1:]),
        regions=tuple(regions),
    )


class Editor:
    """Makes derivations of plans, for the models that draw here."""

    def __init__(self, models: ServedModels) -> None:
        self._models = models

    def change(self, planned: Plan) -> Change:
        """The derivation of a plan, which notes what was asked for, for people to read."""

        def change(parent: Parent, seed: int) -> Resolved:
            made = self._derive(planned, parent, seed)
            asked = (*parent.recipe.asked, planned.words)
            return replace(made, recipe=replace(made.recipe, asked=asked))

        return change

    def _derive(self, planned: Plan, parent: Parent, seed: int) -> Resolved:
        wish, card = planned.drawn, self._models.find_maker(parent.recipe).card
        if wish is None:
            return Resolved(recipe=_retouch(_select(planned, parent), planned.exact))
        made = self._draw(wish, planned, parent, seed, card)
        # What is drawn from the finished picture has its retouches already; the new ones follow.
        return replace(made, recipe=_retouch(made.recipe, planned.exact))

    def _draw(self, wish: Wish, planned: Plan, parent: Parent, seed: int, card: Card) -> Resolved:
        match wish.kind:
            case WishKind.EXTEND | WishKind.RATIO:
                self._models.require(Capability.OUTPAINT, card)
                edges = _find_edges(wish, derive.settle_shape(parent.recipe))
                return Resolved(recipe=derive.extend(parent, seed, edges))
            case WishKind.ENLARGE:
                return Resolved(recipe=_enlarge(parent.recipe, parent.index))
            case WishKind.AGAIN:
                return Resolved(recipe=derive.reroll(_select(planned, parent), seed))
            case WishKind.MORE | WishKind.LESS:
                chosen = _select(planned, parent)
                return Resolved(recipe=_do_more(chosen, wish, planned.words))
        native = Capability.EDIT in card.capabilities and bool(parent.image)
        seeks = planned.sought and Capability.INPAINT in card.capabilities and not native
        if planned.regions or planned.mask or seeks:
            made = self._repaint(wish, planned, parent, seed, card)
            return replace(made, notes=(*made.notes, *_tell_found(wish, planned)))
        if native:
            # What arithmetic or a later turn does is not asked of the model as well.
            alone = not (planned.exact or planned.later)
            words = planned.words if alone else _word(wish)
            # What is to look otherwise as a whole has nothing to put back.
            restored = wish.kind in LOCAL
            if not restored and edits.is_edited_whole(parent.recipe):
                merged = merge_wishes(parent.recipe.prompt, words)
                return self._reword(merged, edits.edit_anew, parent, seed)
            return self._reword(
                words,
                lambda one, new: edits.edit_natively(one, new, restored=restored),
                parent,
                seed,
            )
        if wish.kind in LOCAL:
            raise NoPlaceError(wish.what)
        words = restyle_words(parent.recipe.prompt, wish.what)
        return self._reword(words, _keep_noise, parent, seed)

    def _repaint(
        self, wish: Wish, planned: Plan, parent: Parent, seed: int, card: Card
    ) -> Resolved:
        self._models.require(Capability.INPAINT, card)
        before, strength = parent.recipe.prompt, 1.0
        if planned.found:
            words = _word_found(wish, planned.found, before)
            if wish.kind is WishKind.REMOVE and planned.found.part == "figure":
                # The ground's colour is carried on already, and hardly more is to be drawn.
                strength = _FILLED
            return self._reword(
                words,
                lambda one, new: derive.repaint(one, new, mask=planned.mask, strength=strength),
                parent,
                seed,
            )
        match wish.kind:
            case WishKind.REMOVE:
                words = f"{before} {NO.format((wish.what,))}"
            case WishKind.REPLACE:
                words = wish.into
            case WishKind.RECOLOUR:
                words = f"{wish.into} {wish.what}"
            case _:
                words = wish.what
        return self._reword(
            words,
            lambda one, new: derive.repaint(one, new, planned.regions, sought=planned.sought),
            parent,
            seed,
        )

    def _reword(
        self, words: str, derivation: Callable[[Parent, int], Recipe], parent: Parent, seed: int
    ) -> Resolved:
        """A derivation with other words, and the flags that the picture was drawn with."""
        kept = dict(parse_flags(parent.recipe.parameters))
        if parent.recipe.inputs.gives_back:
            # Of an image that was only given back, the words are to change something.
            kept.pop(STRENGTH.name, None)
        prompt = parse(words)
        flags = {**kept, **prompt.flags}
        # What was unwanted so far stays so.
        if unwanted := (NO.of(kept) or ()) + (NO.of(prompt.flags) or ()):
            flags[NO.name] = tuple(dict.fromkeys(unwanted))
        prompt = replace(prompt, flags=flags)
        change = change_words(self._models, derivation, prompt, PromptSource.VARY, Fetched(()))
        return change(parent, seed)


def _select(planned: Plan, parent: Parent) -> Recipe:
    """The recipe of the one picture that is meant, or of all."""
    return parent.recipe if planned.every else derive.narrow(parent.recipe, parent.index)


def _word_found(wish: Wish, found: Found, before: str) -> str:
    """Words for a drawing of one thing in which that thing changes, or what is behind it.

    All of the picture is named, since a model draws a part to fit the rest.
    """
    if found.part == "ground":
        behind = {
            WishKind.REMOVE: f"{_BARE} {GROUND}",
            WishKind.REPLACE: wish.into,
            WishKind.RECOLOUR: f"{wish.into} {GROUND}",
        }[wish.kind]
        return f"{before}, {behind}"
    ground = f"{found.ground} {GROUND}"
    if wish.kind is WishKind.REMOVE:
        return f"{ground} {NO.format((wish.what,))}"
    thing = wish.into if wish.kind is WishKind.REPLACE else f"{wish.into} {wish.what}"
    # A bare ground is what nobody names; to name it would make the thing itself white.
    return thing if found.ground == _BARE else f"{thing}, {ground}"


def _tell_found(wish: Wish, planned: Plan) -> Iterator[Sentence]:
    if planned.found:
        yield Sentence(sentences.FOUND[planned.found.part], typed=quote(wish.what))
    if planned.sought:
        model = PurePath(planned.sought.finder.partition(",")[0].partition("@")[0]).name
        yield Sentence(sentences.SOUGHT, typed=quote(wish.what), model=model)


def _retouch(recipe: Recipe, wishes: Sequence[Wish]) -> Recipe:
    wanted = recipe.finishing.retouch or Retouch()
    for wish in wishes:
        wanted = _apply(wanted, wish)
    return edits.set_retouch(recipe, wanted)


def _apply(before: Retouch, wish: Wish) -> Retouch:
    match wish.kind:
        case WishKind.TONE:
            step = edits.TONES[wish.what]
            # Grey is grey; more and less of it would be another wish.
            step = step if step.colour == -1 else step.scale(wish.amount)
            return replace(before, tone=before.tone.add(step))
        case WishKind.TURN:
            return before.turn(_QUARTERS[wish.what])
        case WishKind.FLIP:
            return before.flip() if wish.what == "across" else before.flip().turn(2)
        case _:
            return replace(before, crop=_read_ratio(wish.what))


def _read_ratio(typed: str) -> tuple[int, int]:
    """A ratio as two whole numbers; parts of them are kept to hundredths."""
    across, down = (max(1, round(100 * float(side))) for side in typed.split(":"))
    return (across // 100, down // 100) if across % 100 == down % 100 == 0 else (across, down)


def _find_edges(wish: Wish, recipe: Recipe) -> Edges:
    if wish.kind is WishKind.RATIO:
        return derive.fit_to_ratio(recipe, 1, *_read_ratio(wish.what))
    if wish.what == "all":
        return derive.zoom_out(recipe, 1.5)
    return Edges(**{_SIDES[wish.what]: derive.PAN})


def _do_more(recipe: Recipe, wish: Wish, words: str) -> Recipe:
    factor = edits.STEP if wish.kind is WishKind.MORE else 1 / edits.STEP
    retouch = recipe.finishing.retouch
    if retouch and retouch.tone != Retouch().tone:
        tone = retouch.tone.scale(factor)
        return edits.set_retouch(recipe, replace(retouch, tone=tone))
    start = recipe.inputs.start
    if start is None or recipe.inputs.gives_back or derive.is_redrawn(recipe):
        raise NotUnderstoodError(words)
    return restate_strength(recipe, factor)


def _enlarge(recipe: Recipe, index: int) -> Recipe:
    """Twice as large as it is shown.

    Raises:
        NotAllowedError: Nothing makes it larger than it is.
    """
    times = 2 * recipe.finishing.upscale
    if times > MOST_UPSCALE or derive.is_redrawn(recipe) or recipe.size.refinement:
        raise NotAllowedError(Sentence(sentences.EDIT_LARGEST))
    return derive.enlarge(recipe, index, times)


def _word(wish: Wish) -> str:
    """A wish alone as a sentence for a model that edits."""
    match wish.kind:
        case WishKind.REMOVE:
            return f"remove the {wish.what}"
        case WishKind.ADD:
            return f"add {wish.what}"
        case WishKind.REPLACE:
            return f"replace the {wish.what} with {wish.into}"
        case WishKind.RECOLOUR:
            return f"make the {wish.what} {wish.into}"
        case _:
            return f"make it {wish.what}"


def _keep_noise(parent: Parent, _: int) -> Recipe:
    """The same noise, or the same image: what the words do not change stays much as it was."""
    return derive.narrow(parent.recipe, parent.index)
