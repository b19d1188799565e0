"""Under a recipe: a menu that writes its prompt for other programs."""

import re
from typing import Final

import discord

from bot.components.panel import Panel, PanelPress, make_custom_id
from bot.errors import OldButtonError
from bot.interactions.host import find_host
from bot.panels.cases import build_report_button
from bot.text import sentences
from bot.text.languages import say
from prompt.writing.programs import ABILITIES, Program

_PANEL: Final = "copy"
_JOB: Final = "job"
_ID: Final = re.compile(r"[0-9a-f]{32}")


def build_panel(text: str, job_id: str) -> Panel:
    """A recipe with the menu below it.

    Args:
        text: The recipe.
        job_id: The job that it is of.
    """
    menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=make_custom_id(_PANEL, _JOB, job_id),
        placeholder=say(sentences.COPY_MENU),
        options=[
            discord.SelectOption(label=able.title, value=program.value)
            for program, able in ABILITIES.items()
        ],
    )
    return Panel(text, (menu, build_report_button(job_id)))


async def take_press(press: PanelPress) -> None:
    """Writes the prompt for what was chosen.

    Raises:
        OldButtonError: This version knows no such program.
    """
    known = [one for one in Program if one.value in press.values]
    if press.what != _JOB or not known or not _ID.fullmatch(press.value):
        raise OldButtonError
    await find_host(press.interaction).copy(press.interaction, press.value, known[0])
