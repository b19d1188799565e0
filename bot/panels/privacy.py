"""The panel of ``/privacy``: what is kept of whoever opens it, a copy, and being forgotten."""

from collections.abc import Mapping
from typing import Any, Final

import discord

from bot.components.items import Item
from bot.components.panel import Panel, PanelPress, make_custom_id
from bot.errors import OldButtonError
from bot.interactions.host import find_host
from bot.text import messages, sentences
from bot.text.languages import say
from storage.privacy.exporting import count_rows
from storage.privacy.retention import HostPolicy

_PANEL: Final = "privacy"
_LABELS: Final = {
    "export": sentences.PRIVACY_EXPORT,
    "forget": sentences.PRIVACY_FORGET,
    "erase": sentences.PRIVACY_ERASE,
    "keep": sentences.NEVER_MIND,
}
"""The buttons, by what they do."""


async def open_panel(interaction: discord.Interaction[Any]) -> Panel:
    """The panel as it is opened."""
    host = find_host(interaction)
    counts = await host.records.read_apart(count_rows, interaction.user.id)
    return build_panel(counts, host.policy)


async def take_press(press: PanelPress) -> Panel | None:
    """Does as a press says, for whoever presses.

    Raises:
        OldButtonError: There is no such button.
    """
    it = press.interaction
    match press.what:
        case "export":
            await find_host(it).send_copy(it)
            return None
        case "forget":
            await it.response.defer()
            return build_question()
        case "erase":
            await it.response.defer()
            await find_host(it).erase(it.user.id)
            return Panel(say(sentences.PRIVACY_ERASED), ())
        case "keep":
            await it.response.defer()
            return await open_panel(it)
    raise OldButtonError


def build_panel(counts: Mapping[str, int], policy: HostPolicy) -> Panel:
    """What is kept of somebody.

    Args:
        counts: How many rows each table has of them.
        policy: What whoever runs the bot says of what is kept.
    """
    lines = [
        f"- {say(said, count=counts[name])}"
        for name, said in sentences.KEPT.items()
        if name in counts
    ]
    text = [say(sentences.PRIVACY), *(lines or [f"- {say(sentences.NONE)}"])]
    text.append(say(sentences.PRIVACY_ELSE))
    if policy.keep_days:
        text.append(say(sentences.PRIVACY_DAYS, count=policy.keep_days))
    if policy.url:
        text.append(say(sentences.PRIVACY_POLICY, url=f"<{policy.url}>"))
    buttons = [_build_button("export"), _build_button("forget", danger=True)]
    return Panel("\n".join(text)[: messages.CONTENT_LIMIT], buttons if counts else ())


def build_question() -> Panel:
    """What is asked before anything is deleted."""
    buttons = [_build_button("erase", danger=True), _build_button("keep")]
    return Panel(say(sentences.PRIVACY_ASK), buttons)


def _build_button(what: str, *, danger: bool = False) -> Item:
    style = discord.ButtonStyle.danger if danger else discord.ButtonStyle.secondary
    return discord.ui.Button(
        label=say(_LABELS[what]), style=style, custom_id=make_custom_id(_PANEL, what)
    )
