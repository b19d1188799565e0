"""The latest pictures of a person, small, of which one can be chosen to be shown again."""

from collections.abc import Sequence
from typing import Final

import discord

from bot.components.panel import Panel, PanelPress, make_custom_id
from bot.errors import OldButtonError
from bot.interactions.host import find_host
from bot.text import messages, sentences
from bot.text.languages import say
from storage.decisions.choice_queries import KeptPictures

LABEL_LIMIT: Final = 100
"""Most characters of a choice (Discord)."""

_PANEL: Final = "show"
_PICK: Final = "pick"


def build_panel(kept: Sequence[KeptPictures]) -> Panel:
    """What to choose from."""
    if not kept:
        return Panel(say(sentences.SHOW_NONE), ())
    options = [
        discord.SelectOption(label=messages.write_choice(each, LABEL_LIMIT), value=each.id)
        for each in kept
    ]
    menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=make_custom_id(_PANEL, _PICK),
        placeholder=say(sentences.SHOW_MENU),
        options=options,
    )
    return Panel(say(sentences.SHOW_LATEST), (menu,))


async def take_press(press: PanelPress) -> None:
    """Shows what was chosen.

    Raises:
        OldButtonError: Nothing was.
    """
    if press.what != _PICK or not press.values:
        raise OldButtonError
    await find_host(press.interaction).show(press.interaction, press.values[0])
