"""Plans carried out: a derivation of a recipe for each, by the models that draw here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.components.buttons import MOST_UPSCALE
from bot.errors import NoPlaceError, NotAllowedError, NotUnderstoodError
from bot.requests.edit_plans import LOCAL, NEW, Found, Plan
from bot.requests.models import ServedModels
from bot.requests.rewording import Change, Fetched, change_words
from bot.text import sentences
from bot.text.messages import quote
from generation import derive, edits
from generation.catalogue.card import Capability, Card
from generation.catalogue.finder_names import title_finder
from generation.catalogue.lexicon import GROUND
from generation.derive import Parent
from generation.recipe import Edges, Recipe, Retouch
from prompt.editing.restyling import merge_wishes, restyle_words
from prompt.editing.strength import restate_strength
from prompt.editing.wishes import Wish, WishKind
from prompt.flags.sources import PromptSource
from prompt.flags.table import NO, OBJECT, STRENGTH, STYLE
from prompt.reading.grammar import parse
from prompt.resolution.fitting import parse_flags
from prompt.resolution.resolve import Resolved
from prompt.sentences import Sentence

_SIDES: Final = {"left": "left", "right": "right", "up": "top", "down": "bottom"}
_QUARTERS: Final = {"right": 1, "half": 2, "left": 3}
_TOLD: Final = LOCAL | {WishKind.RESTYLE}
"""What a model that edits as words say is told in them."""

_FILLED: Final = 0.1
"""Denoising strength of a plain ground where something stood before it."""

_BARE: Final = "white"
"""Colour of a ground that is taken away."""


class Editor:
    """Makes derivations of plans, for the models that draw here."""

    def __init__(self, models: ServedModels) -> None:
        self._models = models

    def change(self, planned: Plan, fetched: Fetched | None = None) -> Change:
        """The derivation of a plan, which notes what was asked for, for people to read.

        Args:
            planned: The plan.
            fetched: The picture from which it takes something, if it takes it from one.
        """
        images = fetched or Fetched(())

        def change(parent: Parent, seed: int) -> Resolved:
            card = self._models.find_maker(parent.recipe).card
            made = _Edit(self._models, card, planned, images, parent, seed).derive()
            asked = (*parent.recipe.asked, planned.words)
            return replace(made, recipe=replace(made.recipe, asked=asked))

        return change


@dataclass(frozen=True, slots=True)
class _Edit:
    """A plan, and the picture that it is carried out on.

    Attributes:
        models: What draws here.
        card: Of what drew the picture.
        planned: The plan.
        fetched: The picture from which it takes something.
        parent: The picture.
        seed: A fresh one.
    """

    models: ServedModels
    card: Card
    planned: Plan
    fetched: Fetched
    parent: Parent
    seed: int

    def derive(self) -> Resolved:
        """What is made of it, with what arithmetic does to that."""
        wish, planned = self.planned.drawn, self.planned
        if wish is None:
            self._require_no_second()
            return Resolved(recipe=_retouch(self._select(), planned.exact))
        made = self._draw(wish)
        # One picture, which the next wish is about; 🔄 draws another.
        recipe = made.recipe if planned.every else derive.narrow(made.recipe, 0)
        notes = made.notes
        if len(self._granted) <= len(planned.later):
            notes = (*notes, Sentence(sentences.EDIT_LATER))
        # What is drawn from the finished picture has its retouches already; the new ones follow.
        return replace(made, recipe=_retouch(recipe, planned.exact), notes=notes)

    @property
    def _native(self) -> bool:
        """Whether what drew the picture changes pictures as words say."""
        return Capability.EDIT in self.card.capabilities and bool(self.parent.image)

    @property
    def _granted(self) -> tuple[Wish, ...]:
        """What one drawing grants: words alone may tell of several changes at once."""
        planned = self.planned
        drawn = (planned.drawn,) if planned.drawn else ()
        every = (*drawn, *planned.later)
        told = self._native and not planned.regions and all(wish.kind in _TOLD for wish in every)
        return every if told else drawn

    def _draw(self, wish: Wish) -> Resolved:
        planned, parent, card = self.planned, self.parent, self.card
        if wish.kind not in NEW | {WishKind.RECOLOUR, WishKind.RESTYLE}:
            self._require_no_second()
        match wish.kind:
            case WishKind.EXTEND | WishKind.RATIO:
                self.models.require(Capability.OUTPAINT, card)
                edges = _find_edges(wish, derive.settle_shape(parent.recipe))
                return Resolved(recipe=derive.extend(parent, self.seed, edges))
            case WishKind.ENLARGE:
                return Resolved(recipe=_enlarge(parent.recipe, parent.index))
            case WishKind.AGAIN:
                return Resolved(recipe=derive.reroll(self._select(), self.seed))
            case WishKind.MORE | WishKind.LESS:
                return Resolved(recipe=_do_more(self._select(), wish, planned.words))
        seeks = planned.sought and Capability.INPAINT in card.capabilities and not self._native
        if planned.regions or planned.mask or seeks:
            made = self._repaint(wish)
            return replace(made, notes=(*made.notes, *_tell_found(wish, planned)))
        if self._native:
            return self._edit_natively(wish)
        if wish.kind in LOCAL:
            raise NoPlaceError(wish.what)
        return self._reword(wish, restyle_words(parent.recipe.prompt, wish.what), _keep_noise)

    def _edit_natively(self, wish: Wish) -> Resolved:
        # What arithmetic or a later turn does is not asked of the model as well.
        alone = not self.planned.exact and len(self._granted) > len(self.planned.later)
        words = self.planned.words if alone else ", ".join(map(_word, self._granted))
        # What is to look otherwise as a whole has nothing to put back.
        restored = all(one.kind in LOCAL for one in self._granted)
        if not restored and edits.is_edited_whole(self.parent.recipe):
            merged = merge_wishes(self.parent.recipe.prompt, words)
            return self._reword(wish, merged, edits.edit_anew)
        return self._reword(
            wish, words, lambda one, new: edits.edit_natively(one, new, restored=restored)
        )

    def _repaint(self, wish: Wish) -> Resolved:
        self.models.require(Capability.INPAINT, self.card)
        planned, before, strength = self.planned, self.parent.recipe.prompt, 1.0
        if planned.found:
            words = _word_found(wish, planned.found, before)
            if wish.kind is WishKind.REMOVE and planned.found.part == "figure":
                # The ground's colour is carried on already, and hardly more is to be drawn.
                strength = _FILLED
            return self._reword(
                wish,
                words,
                lambda one, new: derive.repaint(one, new, mask=planned.mask, strength=strength),
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
            wish,
            words,
            lambda one, new: derive.repaint(one, new, planned.regions, sought=planned.sought),
        )

    def _reword(
        self, wish: Wish, words: str, derivation: Callable[[Parent, int], Recipe]
    ) -> Resolved:
        """A derivation with other words, and the flags that the picture was drawn with."""
        kept = dict(parse_flags(self.parent.recipe.parameters))
        if self.parent.recipe.inputs.gives_back:
            # Of an image that was only given back, the words are to change something.
            kept.pop(STRENGTH.name, None)
        prompt = parse(words)
        flags = {**kept, **prompt.flags, **self._refer(wish)}
        # What was unwanted so far stays so.
        if unwanted := (NO.of(kept) or ()) + (NO.of(prompt.flags) or ()):
            flags[NO.name] = tuple(dict.fromkeys(unwanted))
        prompt = replace(prompt, flags=flags)
        change = change_words(self.models, derivation, prompt, PromptSource.VARY, self.fetched)
        return change(self.parent, self.seed)

    def _refer(self, wish: Wish) -> dict[str, tuple[str, ...]]:
        """The flag that takes from another picture what the wish is about.

        Raises:
            NotAbleError: The model takes nothing of that kind from pictures.
        """
        if not self.planned.second:
            return {}
        flag = OBJECT if wish.kind in NEW else STYLE
        if flag.capability:
            self.models.require(flag.capability, self.card)
        return {flag.name: (self.planned.second,)}

    def _require_no_second(self) -> None:
        if self.planned.second:
            raise NotAllowedError(Sentence(sentences.EDIT_SECOND_IDLE))

    def _select(self) -> Recipe:
        """The recipe of the one picture that is meant, or of all."""
        recipe = self.parent.recipe
        return recipe if self.planned.every else derive.narrow(recipe, self.parent.index)


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
        model = title_finder(planned.sought.finder)
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
    return Edges(**{_SIDES[side]: derive.PAN for side in wish.what.split()})


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
