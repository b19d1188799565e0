"""Panels: private messages on which a person or a server's managers set things."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import discord

from bot.components.items import KeptItem
from bot.components.panel import TEMPLATE, Panel, PanelPress
from bot.errors import OldButtonError
from bot.interactions.replies import telling_errors
from bot.panels import cases, copying, hello, help, latest, privacy, server, user  # noqa: A004 - as the panel is called

TAKERS: Final[Mapping[str, Callable[[PanelPress], Awaitable[Panel | None]]]] = {
    "copy": copying.take_press,
    "hello": hello.take_press,
    "help": help.take_press,
    "mod": cases.take_press,
    "privacy": privacy.take_press,
    "report": cases.take_report,
    "server": server.take_press,
    "settings": user.take_press,
    "show": latest.take_press,
}
"""What does as a press says, by panel; the panel as it is then, or None after another answer."""


class PanelItem(KeptItem, template=TEMPLATE):
    """A menu or a button on a panel; it works after a restart too."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does as the press says."""
        match = TEMPLATE.fullmatch(self.custom_id)
        if match is not None:
            await take_press(interaction, match)


async def take_press(interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
    """Does as a press or a form says; whatever goes wrong becomes one private sentence."""
    async with telling_errors(interaction):
        # Looked up by name, since the panel may have been opened by another version.
        taker = TAKERS.get(match["panel"])
        if taker is None:
            raise OldButtonError
        panel = await taker(PanelPress.read(interaction, match))
        if panel is not None:
            await show_panel(interaction, panel)


async def show_panel(interaction: discord.Interaction[Any], panel: Panel) -> None:
    """Shows a panel in the answer that was promised."""
    await interaction.edit_original_response(content=panel.text, view=build_view(panel))


def build_view(panel: Panel) -> discord.ui.View:
    """What can be pressed and chosen on a panel."""
    view = discord.ui.View(timeout=None)
    for item in panel.items:
        view.add_item(PanelItem(item, row=item.row))
    return view
