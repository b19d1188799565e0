"""What can be chosen and pressed under a sheet: its pictures, and the same once more."""

import re
from typing import Any, Final

import discord

from bot.components.items import Item, KeptItem, read_chosen
from bot.interactions.host import find_host
from bot.interactions.replies import telling_errors
from bot.text import sentences
from bot.text.languages import say
from generation.recipe.sheet import Sheet

TEMPLATE: Final = re.compile(r"easel:sheet:(?P<action>[a-z]+):(?P<job>[0-9a-f]{32})")
"""Custom ids of the menu and the button."""

LABEL_LIMIT: Final = 100
"""Most characters of a choice (Discord)."""


class SheetItem(KeptItem, template=TEMPLATE):
    """The menu of pictures, or the button."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does as the press says; whatever goes wrong becomes one private sentence."""
        match, chosen = TEMPLATE.fullmatch(self.custom_id), read_chosen(interaction)
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
