"""What panels are made of: menus and buttons whose custom ids say what they change."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import discord

from bot.interactions.submitted import read_answers

TEMPLATE: Final = re.compile(
    r"easel:panel:(?P<panel>[a-z]+):(?P<what>[a-z]+)(?::(?P<value>[a-z0-9]+))?"
)
"""Custom ids of everything on a panel, and of the forms that it opens."""

Item = discord.ui.Item[Any]


@dataclass(frozen=True, slots=True)
class Panel:
    """What a panel shows, from top to bottom."""

    text: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class PanelPress:
    """What somebody did on a panel.

    Attributes:
        interaction: To be answered.
        what: What the part is about.
        value: What a button sets, or whom a form is about; empty for menus.
        values: What was chosen in a menu.
        typed: What was typed into a form, by field.
    """

    interaction: discord.Interaction[Any]
    what: str
    value: str
    values: tuple[str, ...]
    typed: dict[str, str]

    @classmethod
    def read(cls, interaction: discord.Interaction[Any], match: re.Match[str]) -> "PanelPress":
        """The press that an interaction with such a custom id means."""
        data = cast("dict[str, Any]", interaction.data)
        typed = dict(read_answers(interaction))
        values = tuple(map(str, data.get("values") or ()))
        return cls(interaction, match["what"], match["value"] or "", values, typed)


def make_custom_id(panel: str, what: str, value: str = "") -> str:
    """The custom id of one part."""
    return f"easel:panel:{panel}:{what}" + (f":{value}" if value else "")
