"""What was worded for Discord, for eyes that see no Discord."""

import re
from typing import Final

import discord

_MENTION: Final = re.compile(r"<(#|@&)(\d+)>")


def strip_markup(client: discord.Client, said: str) -> str:
    """A sentence without Discord's markup; channels and roles by their names.

    Args:
        client: Knows their names.
        said: The sentence.
    """

    def name(mention: re.Match[str]) -> str:
        sign, number = mention[1], int(mention[2])
        if sign == "#":
            channel = client.get_channel(number)
            return f"#{getattr(channel, 'name', number)}"
        # A mention does not say which server its role is of.
        roles = (guild.get_role(number) for guild in client.guilds)
        return f"@{next((role.name for role in roles if role), number)}"

    return _MENTION.sub(name, said).replace("```", "").replace("`", "")
