"""Buttons: what each says and does, as one table, and the rows of them under a message.

A button's whole meaning stands in its custom id, so it works after any restart.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import discord

from bot import errors
from bot.languages import speak
from bot.messages import Title
from generation import derive
from generation.recipe import Recipe

if TYPE_CHECKING:
    from bot.intake import Intake
    from bot.results import Results

Derivation = Callable[[Recipe, int, int], Recipe]
"""Recipe, index of the picture (from 0) and a fresh seed → the recipe to make."""


MOST_UPSCALE: Final = 4
"""How many times larger than in the grid a picture is made at most."""

TEMPLATE: Final = re.compile(r"easel:(?P<action>[a-z]+):(?P<job>[0-9a-f]{32}):(?P<index>[0-9])")
"""Custom ids of this bot's buttons."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of button.

    Attributes:
        action: Its part of the custom id; also how the new job's message is titled.
        label: What it says; ``{k}`` is the picture's number.
        derive: The recipe it makes of the job's recipe; None for one that makes nothing.
        emoji: What it shows before the label, or alone.
        style: Its colour.
    """

    action: str
    label: str | None
    derive: Derivation | None
    emoji: str | None = None
    style: discord.ButtonStyle = discord.ButtonStyle.secondary


KINDS: Final = {
    kind.action: kind
    for kind in (
        Kind("upscale", "U{k}", lambda recipe, index, _: derive.enlarge(recipe, index)),
        Kind("vary", "V{k}", derive.vary),
        Kind("strong", "Vary (Strong)", derive.vary),
        Kind("subtle", "Vary (Subtle)", derive.subtly),
        Kind("reroll", None, lambda recipe, _, seed: derive.reroll(recipe, seed), emoji="🔄"),
        Kind("larger", "Upscale (4×)", lambda recipe, *_: derive.enlarge(recipe, 0, MOST_UPSCALE)),
        Kind("favourite", None, None, emoji="⭐"),
        Kind("recipe", "Recipe", None),
        Kind("cancel", "Cancel", None, style=discord.ButtonStyle.danger),
    )
}


VARYING: Final = frozenset({"vary", "subtle", "strong"})
"""Actions that make variations."""

ENLARGING: Final = frozenset({"upscale", "larger"})
"""Actions that make a picture larger."""

REMIXED: Final = frozenset({"vary", "strong", "subtle", "reroll"})
"""Actions for which remix mode asks for a changed prompt."""


class JobButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=TEMPLATE,
):
    """A button under a job's message; the picture's number is 0 where it does not matter."""

    def __init__(self, action: str, job: str, index: int = 0) -> None:
        kind = KINDS.get(action, Kind(action, "…", None))
        super().__init__(
            discord.ui.Button(
                label=kind.label and kind.label.format(k=index),
                emoji=kind.emoji,
                style=kind.style,
                custom_id=f"easel:{action}:{job}:{index}",
            )
        )
        self.action, self.job, self.index = action, job, index

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
        speak(str(interaction.locale))
        intake: Intake = interaction.client.intake
        try:
            await self._press(intake, interaction)
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await errors.answer(interaction, error)

    async def _press(self, intake: "Intake", interaction: discord.Interaction[Any]) -> None:
        kind = KINDS.get(self.action)
        if kind is None:
            raise errors.OldButtonError
        results: Results = interaction.client.results
        if kind.action == "cancel":
            return await intake.cancel(interaction, self.job)
        if kind.action == "favourite":
            return await results.favourite(interaction, self.job, max(0, self.index - 1))
        if kind.derive is None:
            return await results.recipe(interaction, self.job)
        title = Title(kind.action, self.index or None)
        if kind.action in REMIXED and await intake.remixes(interaction):
            return await intake.offer_remix(interaction, self.job, title)
        return await intake.derive(interaction, self.job, kind.derive, title)


def while_running(job: str) -> discord.ui.View:
    """What can be pressed while the job waits or runs."""
    return _view([JobButton("cancel", job)])


def when_done(job: str, recipe: Recipe) -> discord.ui.View:
    """What can be pressed under the finished pictures."""
    if len(recipe.pictures) == 1:
        again = ["subtle", "strong", *(["larger"] if recipe.upscale < MOST_UPSCALE else [])]
        return _view(
            [*(JobButton(action, job, 1) for action in again), JobButton("reroll", job)],
            [JobButton("favourite", job, 1), JobButton("recipe", job)],
        )
    numbers = range(1, len(recipe.pictures) + 1)
    return _view(
        [*(JobButton("upscale", job, k) for k in numbers), JobButton("reroll", job)],
        [*(JobButton("vary", job, k) for k in numbers), JobButton("recipe", job)],
    )


def when_stopped(job: str) -> discord.ui.View:
    """What can be pressed when no picture came of it."""
    return _view([JobButton("reroll", job)])


def among(job: str, recipe: Recipe, actions: frozenset[str]) -> discord.ui.View:
    """Those buttons under the finished pictures that do one of some actions."""
    whole = [child for child in when_done(job, recipe).children if isinstance(child, JobButton)]
    return _view([JobButton(b.action, job, b.index) for b in whole if b.action in actions])


def _view(*rows: list[JobButton]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        for button in row:
            button.row = number
            view.add_item(button)
    return view
