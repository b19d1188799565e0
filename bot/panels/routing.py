"""Panels: private messages on which a person or a server's managers set things."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Self

import discord

from bot.components.panel import TEMPLATE, Item, Panel, Press
from bot.errors import OldButtonError
from bot.interactions.replies import answer
from bot.panels import server, user
from bot.text.languages import speak

TAKERS: Final[Mapping[str, Callable[[Press], Awaitable[Panel | None]]]] = {
    "server": server.take,
    "settings": user.take,
}
"""What does as a press says, by panel; the panel as it is then, or None after opening a form."""


class Part(discord.ui.DynamicItem[Item], template=TEMPLATE):
    """A menu or a button on a panel; it works after a restart too."""

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
        """Does as the press says."""
        match = TEMPLATE.fullmatch(self.custom_id)
        if match is not None:
            await take(interaction, match)


async def take(interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
    """Does as a press or a form says; whatever goes wrong becomes one private sentence."""
    speak(str(interaction.locale))
    try:
        taker = TAKERS.get(match["panel"])
        if taker is None:
            raise OldButtonError
        panel = await taker(Press.of(interaction, match))
        if panel is not None:
            await show(interaction, panel)
    except Exception as error:  # noqa: BLE001 - the library would only log it
        await answer(interaction, error)


async def show(interaction: discord.Interaction[Any], panel: Panel) -> None:
    """Shows a panel in the answer that was promised."""
    view = discord.ui.View(timeout=None)
    for item in panel.items:
        view.add_item(Part(item, row=item.row))
    await interaction.edit_original_response(content=panel.text, view=view)
