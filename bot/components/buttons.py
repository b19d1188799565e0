"""Buttons: what each says and does, as one table, and the rows of them under a message.

A button's whole meaning stands in its custom id, so it works after any restart.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

import discord

from bot.components.modals import FormAnswers
from bot.components.more import build_menu
from bot.errors import ZoomError
from bot.interactions.host import find_host
from bot.interactions.replies import telling_errors
from bot.text.languages import say
from bot.text.messages import Title
from generation import derive
from generation.catalogue.card import Capability
from generation.derive import Parent
from generation.edits import STEP
from generation.recipe import Edges, Recipe
from prompt.editing.strength import restate_strength
from prompt.flags.sources import PromptSource
from prompt.flags.table import RATIO
from storage.decisions.choices import PersonChoices

Derivation = Callable[[Parent, int], Recipe]
"""A picture and a fresh seed → the recipe to make."""

MOST_UPSCALE: Final = 4
"""How many times larger than in the grid a picture is made at most."""

ROW: Final = 5
"""Buttons in a row, and rows under a message, at most (Discord)."""

TEMPLATE: Final = re.compile(r"easel:(?P<action>[a-z]+):(?P<job>[0-9a-f]{32}):(?P<index>[0-9])")
"""Custom ids of this bot's buttons."""


@dataclass(frozen=True, slots=True)
class ButtonKind:
    """One kind of button.

    Attributes:
        action: Its part of the custom id; also how the new job's message is titled.
        label: What it says; ``{k}`` is the picture's number.
        derive: The recipe it makes of a picture; None for one that makes nothing by itself.
        needs: What the family must be able to do for it.
        form: The same of the answers to a form, for one that always asks.
        remixed: Whether remix mode asks for a changed prompt first.
        source: What the prompt in its form is fitted to.
        emoji: What it shows before the label, or alone.
        style: Its colour.
    """

    action: str
    label: str | None
    derive: Derivation | None
    needs: Capability | None = None
    form: Callable[[FormAnswers], Derivation] | None = None
    remixed: bool = False
    source: PromptSource = PromptSource.VARY
    emoji: str | None = None
    style: discord.ButtonStyle = discord.ButtonStyle.secondary


def draw_again(parent: Parent, seed: int) -> Recipe:
    """🔄: new seeds."""
    return derive.reroll(parent.recipe, seed)


def _vary_strongly(parent: Parent, seed: int) -> Recipe:
    return derive.vary_picture(parent, seed, derive.Variation.STRONG)


def _vary_subtly(parent: Parent, seed: int) -> Recipe:
    return derive.vary_picture(parent, seed, derive.Variation.SUBTLE)


def _enlarge_by(factor: int) -> Derivation:
    return lambda parent, _: derive.enlarge(parent.recipe, parent.index, factor)


def _enlarge_vastly(parent: Parent, seed: int) -> Recipe:
    return derive.upscale_creatively(parent, seed, MOST_UPSCALE)


def _extend_by(edges: Callable[[Recipe], Edges]) -> Derivation:
    return lambda parent, seed: derive.extend(
        parent, seed, edges(derive.settle_shape(parent.recipe))
    )


def _zoom_out_by(factor: float) -> Derivation:
    return _extend_by(lambda recipe: derive.zoom_out(recipe, factor))


def _show_map(parent: Parent, _: int) -> Recipe:
    """Control map: what was read of the image that the structure is from."""
    return derive.show_map(parent.recipe)


def _move_closer(parent: Parent, _: int) -> Recipe:
    """Closer: the same, more like the image that it starts from."""
    return restate_strength(parent.recipe, 1 / STEP)


def _move_looser(parent: Parent, _: int) -> Recipe:
    """Looser: the same, less like it."""
    return restate_strength(parent.recipe, STEP)


def _pan_to(side: str) -> Derivation:
    return _extend_by(lambda _: Edges(**{side: derive.PAN}))


def _zoom_by_form(answers: FormAnswers) -> Derivation:
    """Custom Zoom: a view as wide as was typed, in the ratio that the prompt asks for."""
    factor, ratio = answers.zoom, RATIO.of(answers.prompt.flags)

    def edges(recipe: Recipe) -> Edges:
        """What to add; a zoom of 1 is for another ratio."""
        added = derive.fit_to_ratio(
            recipe, factor, *(ratio or (recipe.size.width, recipe.size.height))
        )
        # A factor of 1 is for another ratio alone; with neither, nothing would change.
        if factor == 1 and not any((added.left, added.top)):
            raise ZoomError(str(factor))
        return added

    return _extend_by(edges)


def _repaint_regions(answers: FormAnswers) -> Derivation:
    return lambda parent, seed: derive.repaint(parent, seed, answers.regions)


KINDS: Final = {
    kind.action: kind
    for kind in (
        ButtonKind("upscale", "U{k}", _enlarge_by(2)),
        ButtonKind("vary", "V{k}", _vary_strongly, Capability.VARIATION, remixed=True),
        ButtonKind("strong", "Vary (Strong)", _vary_strongly, Capability.VARIATION, remixed=True),
        ButtonKind("subtle", "Vary (Subtle)", _vary_subtly, Capability.VARIATION, remixed=True),
        ButtonKind("region", "Vary (Region)", None, Capability.INPAINT, _repaint_regions),
        ButtonKind(
            "reroll", None, draw_again, remixed=True, source=PromptSource.REROLL, emoji="🔄"
        ),
        ButtonKind("larger", "Upscale (Subtle)", _enlarge_by(MOST_UPSCALE)),
        ButtonKind(
            "creative", "Upscale (Creative)", derive.upscale_creatively, Capability.IMAGE_PROMPT
        ),
        ButtonKind("vast", "Upscale 4x (Creative)", _enlarge_vastly, Capability.IMAGE_PROMPT),
        ButtonKind("far", "Zoom Out 2x", _zoom_out_by(2), Capability.OUTPAINT),
        ButtonKind("near", "Zoom Out 1.5x", _zoom_out_by(1.5), Capability.OUTPAINT),
        ButtonKind(
            "zoom",
            "Custom Zoom",
            None,
            Capability.OUTPAINT,
            _zoom_by_form,
            source=PromptSource.ZOOM,
        ),
        ButtonKind("square", "Make Square", _extend_by(derive.make_square), Capability.OUTPAINT),
        ButtonKind("left", None, _pan_to("left"), Capability.OUTPAINT, remixed=True, emoji="⬅️"),
        ButtonKind("right", None, _pan_to("right"), Capability.OUTPAINT, remixed=True, emoji="➡️"),
        ButtonKind("up", None, _pan_to("top"), Capability.OUTPAINT, remixed=True, emoji="⬆️"),
        ButtonKind("down", None, _pan_to("bottom"), Capability.OUTPAINT, remixed=True, emoji="⬇️"),
        ButtonKind("map", "Control map", _show_map),
        ButtonKind("edit", "Edit", None, emoji="✏️"),
        # What its form makes without drawing; there is no such button.
        ButtonKind("retouch", "Edit", None, emoji="✏️"),
        ButtonKind("closer", "Closer", _move_closer, Capability.IMAGE_PROMPT),
        ButtonKind("looser", "Looser", _move_looser, Capability.IMAGE_PROMPT),
        ButtonKind("favourite", None, None, emoji="⭐"),
        ButtonKind("recipe", "Recipe", None),
        ButtonKind("describe", "Describe", None),
        ButtonKind("history", "History", None),
        ButtonKind("before", "Before/after", None),
        ButtonKind("print", "Print…", None),
        ButtonKind("cancel", "Cancel", None, style=discord.ButtonStyle.danger),
    )
}


def apply_preference(kind: ButtonKind, person: PersonChoices) -> ButtonKind:
    """V stays close for people who like it so."""
    close = kind.action == "vary" and person.variability == "subtle"
    return KINDS["subtle"] if close else kind


VARYING: Final = frozenset({"vary", "subtle", "strong", "region"})
"""Actions that make variations."""

ENLARGING: Final = frozenset({"upscale", "larger", "creative", "vast"})
"""Actions that make a picture larger."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What buttons show besides what they do.

    Attributes:
        pressed: Actions that were done, each with the number of the picture, 0 for all.
        stars: How many people have the picture as a favourite.
    """

    pressed: frozenset[tuple[str, int]] = frozenset()
    stars: int = 0

    @classmethod
    def read(cls, titles: Iterable[str], stars: int) -> Self:
        """The marks of a job.

        Args:
            titles: Those of the jobs that were derived from it.
            stars: How many people have its picture as a favourite.
        """
        read = map(Title.read, titles)
        return cls(frozenset((title.action, title.index or 0) for title in read), stars)

    def shows(self, action: str, index: int) -> bool:
        """Whether a button was pressed."""
        # V does as Vary (Subtle) for people who like variations to stay close.
        done = {action, "subtle"} if action == "vary" else {action}
        return any((each, index) in self.pressed for each in done)


UNMARKED: Final = Marks()
"""The marks of pictures that were just made."""


class JobButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=TEMPLATE,
):
    """A button under a job's message; the picture's number is 0 where it does not matter."""

    def __init__(self, action: str, job: str, index: int = 0) -> None:
        # A later version may have put buttons here that this one does not know; they still get an
        # answer.
        kind = KINDS.get(action, ButtonKind(action, "…", None))
        super().__init__(
            discord.ui.Button(
                label=kind.label and say(kind.label, k=index),
                emoji=kind.emoji,
                style=kind.style,
                custom_id=f"easel:{action}:{job}:{index}",
            )
        )
        self.action, self.job, self.index = action, job, index

    def mark(self, marks: Marks) -> None:
        """Shows that it was pressed or, for ⭐, how many people have pressed it."""
        if self.action == "favourite" and marks.stars:
            self.item.style = discord.ButtonStyle.success
            self.item.label = str(marks.stars) if marks.stars > 1 else None
        elif marks.shows(self.action, self.index):
            self.item.style = discord.ButtonStyle.primary

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: discord.ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
        /,
    ) -> Self:
        """The button that a press of ``match`` means."""
        return cls(match["action"], match["job"], int(match["index"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answers the press; whatever goes wrong becomes one private sentence."""
        async with telling_errors(interaction):
            await find_host(interaction).press(interaction, self.action, self.job, self.index)


def build_running_view(job: str) -> discord.ui.View:
    """What can be pressed while the job waits or runs."""
    return _build_view([JobButton("cancel", job)])


def build_done_view(job: str, recipe: Recipe, marks: Marks = UNMARKED) -> discord.ui.View:
    """What can be pressed under the finished pictures; nothing is made of a control map."""
    structure = recipe.conditions.structure
    # A control map is not a picture of anything: to vary or enlarge it would make no sense.
    if structure is not None and structure.shown:
        return _build_view([JobButton("recipe", job)])
    if len(recipe.noise) == 1:
        return _build_view(
            *(
                [JobButton(a, job, int(a != "reroll")) for a in r]
                for r in _list_single_rows(recipe)
            ),
            marks=marks,
        )
    return _build_grid_view(job, recipe, marks)


def _build_grid_view(job: str, recipe: Recipe, marks: Marks) -> discord.ui.View:
    numbers = range(1, len(recipe.noise) + 1)
    larger = [*(JobButton("upscale", job, k) for k in numbers), JobButton("reroll", job)]
    varied = [*(JobButton("vary", job, k) for k in numbers), JobButton("recipe", job)]
    if recipe.conditions.structure is not None:
        varied.append(JobButton("map", job))
    rows = [*_break_row(larger), *_break_row(varied)]
    # A menu takes a whole row, and nine pictures leave none beside it.
    moved = [(button.action, button.item.label or "") for row in rows[ROW - 1 :] for button in row]
    view = _build_view(*rows[: ROW - 1], marks=marks)
    others = ["history", *(["before"] if _is_change(recipe) else []), *_list_moves(recipe)]
    named = [(action, KINDS[action].label or "") for action in others]
    return view.add_item(build_menu(job, len(numbers), [*named, *moved]))


def _is_change(recipe: Recipe) -> bool:
    """Whether there is a picture before it that it differs from as somebody asked."""
    return bool(recipe.asked or recipe.inputs.canvas)


def _list_moves(recipe: Recipe) -> list[str]:
    """Actions that take more of the image that pictures start from, or less."""
    start = recipe.inputs.start
    # What a creative upscale starts from is the picture itself.
    moved = start is not None and start.strength > 0 and not derive.is_redrawn(recipe)
    return ["closer", "looser"] if moved else []


def _break_row(row: list[JobButton]) -> Iterator[list[JobButton]]:
    """A row broken where Discord's end."""
    for start in range(0, len(row), ROW):
        yield row[start : start + ROW]


def _list_single_rows(recipe: Recipe) -> Iterator[list[str]]:
    """Rows of actions under a single picture."""
    # What was drawn larger than the model's own size is not enlarged once more: nothing could draw
    # it.
    upscale, size = recipe.finishing.upscale, recipe.size
    larger = []
    if upscale < MOST_UPSCALE and not derive.is_redrawn(recipe) and not size.refinement:
        larger = [*(["upscale"] if upscale == 1 else []), "larger", "creative", "vast"]
    yield [*larger, "print"]
    yield ["subtle", "strong", "region", "edit", "reroll"]
    # A square picture has nothing to make square.
    yield ["far", "near", "zoom", *(["square"] if size.width != size.height else []), "history"]
    yield ["left", "right", "up", "down", "describe"]
    last = [
        "favourite",
        "recipe",
        *(["map"] if recipe.conditions.structure else []),
        *_list_moves(recipe),
    ]
    # Of an image with its structure kept there are five already.
    yield [*last, *(["before"] if _is_change(recipe) and len(last) < ROW else [])]


def build_stopped_view(job: str, marks: Marks = UNMARKED) -> discord.ui.View:
    """What can be pressed when no picture came of it."""
    return _build_view([JobButton("reroll", job)], marks=marks)


def build_view_of(job: str, recipe: Recipe, actions: frozenset[str]) -> discord.ui.View:
    """Those buttons under the finished pictures that do one of some actions."""
    whole = [
        child for child in build_done_view(job, recipe).children if isinstance(child, JobButton)
    ]
    offered = [JobButton(b.action, job, b.index) for b in whole if b.action in actions]
    return _build_view(*_break_row(offered))


def _build_view(*rows: list[JobButton], marks: Marks = UNMARKED) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    # Discord keeps five buttons in a row; numbered rows keep those of one kind together.
    for number, row in enumerate(rows):
        for button in row:
            button.row = number
            button.mark(marks)
            view.add_item(button)
    return view
