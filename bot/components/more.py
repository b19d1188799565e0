"""A menu under grids: what is done with one picture of several, for which buttons have no room."""

import re
from collections.abc import Sequence
from typing import Any, Final

import discord

from bot.components.items import KeptItem, read_chosen
from bot.errors import OldButtonError
from bot.interactions.host import find_host
from bot.interactions.replies import telling_errors
from bot.text import sentences
from bot.text.languages import say

TEMPLATE: Final = re.compile(r"easel:more:(?P<job>[0-9a-f]{32})")
"""Custom ids of these menus."""

ACTS: Final = {"edit": ("✏️", sentences.MORE_EDIT), "describe": ("🔍", sentences.MORE_DESCRIBE)}
"""What can be done with each picture: the action of the button that does it under a picture alone,
what it shows and what it says."""

_CHOICE: Final = re.compile(r"(?P<action>[a-z]+):(?P<index>[0-9])")

Menu = discord.ui.Select[discord.ui.View]


class MoreMenu(KeptItem, template=TEMPLATE):
    """The menu; each choice says an action and the number of a picture."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does as was chosen; whatever goes wrong becomes one private sentence."""
        async with telling_errors(interaction):
            match = TEMPLATE.fullmatch(self.custom_id)
            chosen = _CHOICE.fullmatch(next(iter(read_chosen(interaction)), ""))
            if match is None or chosen is None:
                raise OldButtonError
            host, index = find_host(interaction), int(chosen["index"])
            try:
                await host.press(interaction, chosen["action"], match["job"], index)
            finally:
                # Discord's client sends the same choice once more only after an edit.
                if message := interaction.message:
                    view = discord.ui.View(timeout=None).add_item(MoreMenu(self.item))
                    await host.renew_menu(message, match["job"], view)


def build_menu(job: str, pictures: int, others: Sequence[tuple[str, str]] = ()) -> MoreMenu:
    """The menu under a grid.

    Args:
        job: Whose pictures they are.
        pictures: How many.
        others: What can be done with all of them: actions, each with what it says.
    """
    options = [
        discord.SelectOption(label=say(label, k=k), value=f"{action}:{k}", emoji=emoji)
        for action, (emoji, label) in ACTS.items()
        for k in range(1, pictures + 1)
    ]
    options += [
        discord.SelectOption(label=say(label), value=f"{action}:0") for action, label in others
    ]
    menu: Menu = discord.ui.Select(
        custom_id=f"easel:more:{job}", placeholder=say(sentences.MORE), options=options
    )
    return MoreMenu(menu)
