"""What is said on a server that the bot has just joined, with three ways to begin."""

from itertools import islice
from typing import Final

import discord

from bot.components.panel import Panel, PanelPress, make_custom_id
from bot.errors import NoImageError, OldButtonError
from bot.interactions.host import find_host
from bot.interactions.pictures import find_image
from bot.panels import help, server  # noqa: A004 - as the panel is called
from bot.text import sentences
from bot.text.languages import say

_PANEL: Final = "hello"
_PLACES: Final = 5
_EXAMPLE: Final = help.EXAMPLES["apple"]


def build_panel() -> Panel:
    """The first message on a server: it stays, and anybody may press its buttons."""
    styles = discord.ButtonStyle
    buttons = (
        ("draw", say(sentences.HELLO_DRAW, prompt=_EXAMPLE), styles.primary),
        ("help", say(sentences.HELLO_HELP), styles.secondary),
        ("setup", say(sentences.HELLO_SETUP), styles.secondary),
    )
    items = [
        discord.ui.Button[discord.ui.View](
            label=label, style=style, custom_id=make_custom_id(_PANEL, what)
        )
        for what, label, style in buttons
    ]
    return Panel(say(sentences.HELLO), items)


def build_answer(picture: int | None) -> Panel:
    """What is said to whoever greets the bot, or shows it a picture.

    Args:
        picture: The message with their picture; None if they showed none.
    """
    styles = discord.ButtonStyle
    buttons = [
        ("draw", "", say(sentences.HELLO_DRAW, prompt=_EXAMPLE), styles.secondary),
        ("help", "", say(sentences.HELLO_HELP), styles.secondary),
    ]
    if picture:
        buttons.insert(0, ("start", str(picture), say(sentences.START_FROM_IT), styles.primary))
    items = [
        discord.ui.Button[discord.ui.View](
            label=label, style=style, custom_id=make_custom_id(_PANEL, what, value)
        )
        for what, value, label, style in buttons
    ]
    return Panel(say(sentences.SHOWN_PICTURE if picture else sentences.GREETED), items)


async def take_press(press: PanelPress) -> Panel | None:
    """Draws the example, or opens a panel for whoever presses; the message stays as it is.

    Raises:
        NoImageError: The picture to start from is gone.
        NotAllowedError: They do not manage the server, and want to set it up.
        OldButtonError: There is no such button.
    """
    it = press.interaction
    if press.what == "draw":
        await find_host(it).draw(it, _EXAMPLE)
        return None
    if press.what == "start" and press.value.isdecimal() and it.channel_id:
        channel = it.client.get_partial_messageable(it.channel_id, guild_id=it.guild_id)

        async def find() -> str:
            try:
                return find_image(await channel.fetch_message(int(press.value)))
            except (discord.NotFound, discord.Forbidden):
                raise NoImageError from None

        await find_host(it).start_from(it, find)
        return None
    if press.what not in {"help", "setup"}:
        raise OldButtonError
    await it.response.defer(ephemeral=True, thinking=True)
    return await server.open_panel(it) if press.what == "setup" else help.build_overview()


def find_places(guild: discord.Guild) -> list[discord.TextChannel]:
    """Where it may be said: the server's channel for news of it, then others from the top."""
    news = [guild.system_channel] if guild.system_channel else []
    open_to_us = (
        channel
        for channel in dict.fromkeys([*news, *guild.text_channels])
        if channel.permissions_for(guild.me).send_messages
    )
    return list(islice(open_to_us, _PLACES))
