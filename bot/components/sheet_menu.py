"""What can be chosen and pressed under a sheet: its pictures, and the same once more."""

import re
from typing import Any, Final, Self, cast

import discord

from bot.interactions.host import find_host
from bot.interactions.replies import telling_errors
from bot.text import sentences
from bot.text.languages import say
from generation.recipe.sheet import Sheet

TEMPLATE: Final = re.compile(r"easel:sheet:(?P<action>[a-z]+):(?P<job>[0-9a-f]{32})")
"""Custom ids of the menu and the button."""

LABEL_LIMIT: Final = 100
"""Most characters of a choice (Discord)."""

Item = discord.ui.Item[Any]


class SheetItem(discord.ui.DynamicItem[Item], template=TEMPLATE):
    """The menu of pictures, or the button."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: Item,
        match: re.Match[str],  # noqa: ARG003
        /,
    ) -> Self:
        """The part that a press means."""
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does as the press says; whatever goes wrong becomes one private sentence."""
        data = cast("dict[str, Any]", interaction.data)
        chosen = [str(value) for value in data.get("values") or ()]
        match = TEMPLATE.fullmatch(self.custom_id)
        async with telling_errors(interaction):
            if match is not None:
                host = find_host(interaction)
                await host.press_sheet(interaction, match["action"], match["job"], chosen)


def build_sheet_view(job: str, sheet: Sheet) -> discord.ui.View:
    """The pictures to choose from, and the button that draws the sheet anew."""
    menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=f"easel:sheet:pick:{job}",
        placeholder=say(sentences.SHEET_MENU),
        options=[
            discord.SelectOption(label=label[:LABEL_LIMIT], value=str(place))
            for place, label in enumerate(sheet.labels)
        ],
    )
    view = build_again_view(job)
    return view.add_item(SheetItem(menu, row=0))


def build_again_view(job: str) -> discord.ui.View:
    """What can be pressed where no sheet came of it."""
    again: Item = discord.ui.Button(emoji="🔄", custom_id=f"easel:sheet:again:{job}", row=1)
    return discord.ui.View(timeout=None).add_item(SheetItem(again, row=1))
