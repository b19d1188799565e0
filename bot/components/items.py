"""Menus and buttons that are known again by their custom ids alone, and stay as they were sent."""

import re
from typing import Any, Self, cast

import discord

Item = discord.ui.Item[Any]


class KeptItem(discord.ui.DynamicItem[Item], template=r"(?!)"):
    """A menu or a button whose meaning stands in its custom id; each kind has a template."""

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


def read_chosen(interaction: discord.Interaction[Any]) -> list[str]:
    """What was chosen in a menu; nothing of a button."""
    data = cast("dict[str, Any]", interaction.data)
    return [str(value) for value in data.get("values") or ()]
