"""What panels are made of: menus and buttons whose custom ids say what they change."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord

from bot.components.items import Item, read_chosen
from bot.interactions.submitted import read_answers

TEMPLATE: Final = re.compile(
    r"easel:panel:(?P<panel>[a-z]+):(?P<what>[a-z]+)(?::(?P<value>[a-z0-9]+))?"
)
"""Custom ids of everything on a panel, and of the forms that it opens."""


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
        typed, values = dict(read_answers(interaction)), tuple(read_chosen(interaction))
        return cls(interaction, match["what"], match["value"] or "", values, typed)


def make_custom_id(panel: str, what: str, value: str = "") -> str:
    """The custom id of one part."""
    return f"easel:panel:{panel}:{what}" + (f":{value}" if value else "")
