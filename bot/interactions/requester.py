"""Who asks, and where: the same for commands, buttons and forms as for reactions."""

from dataclasses import dataclass
from typing import Final, Protocol

import discord

DIRECT_LIMIT: Final = 10 * 2**20
"""Largest file in a direct message, in bytes (Discord, without anybody's Nitro)."""


class Requester(Protocol):
    """What an interaction and a reaction have in common, under Discord's names."""

    @property
    def user(self) -> discord.User | discord.Member:
        """Who."""

    @property
    def guild_id(self) -> int | None:
        """On which server; None in direct messages."""

    @property
    def channel_id(self) -> int | None:
        """In which channel."""

    @property
    def channel(self) -> object:
        """The channel, or the thread, as far as it is known."""

    @property
    def permissions(self) -> discord.Permissions:
        """What they may do there."""

    @property
    def application_id(self) -> int:
        """Whom they ask."""

    @property
    def filesize_limit(self) -> int:
        """Largest file that may be sent there, in bytes."""

    @property
    def locale(self) -> object:
        """Their language, as Discord writes it."""


@dataclass(frozen=True, slots=True)
class RemoteRequester:
    """Somebody who asks without an interaction: by a reaction, or on the painting page.

    Attributes:
        event: What every bot that hears of it calls what they did, so that it makes one job where
            two hear of it; empty where one bot alone does.
    """

    user: discord.User | discord.Member
    guild_id: int | None
    channel_id: int
    channel: object
    permissions: discord.Permissions
    application_id: int
    filesize_limit: int
    locale: str
    event: str = ""
