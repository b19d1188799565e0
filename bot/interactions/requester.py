"""Who asks, and where: the same for commands, buttons and forms as for reactions."""

from dataclasses import dataclass
from typing import Final, Protocol, Self

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
    """Somebody who asks without an interaction: by a reaction, a message, or on the painting page.

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

    @classmethod
    def find(
        cls,
        client: discord.Client,
        user: discord.User | discord.Member,
        channel_id: int,
        channel: object,
        guild_id: int | None,
        *,
        locale: str | None = None,
        event: str = "",
    ) -> Self:
        """Somebody in a channel, with what is known of the place without asking Discord.

        Args:
            client: Whom they ask.
            user: Who.
            channel_id: Where.
            channel: The same, as far as it is known.
            guild_id: The server; None in direct messages.
            locale: Their language; None for the server's.
            event: As in the attributes.
        """
        # Who is no member, as in direct messages, may do what any owner may and nothing more.
        allowed = discord.Permissions.none()
        if isinstance(user, discord.Member) and isinstance(
            channel, discord.abc.GuildChannel | discord.Thread
        ):
            allowed = channel.permissions_for(user)
        guild = client.get_guild(guild_id) if guild_id else None
        usual = guild.preferred_locale if guild else discord.Locale.american_english
        return cls(
            user=user,
            guild_id=guild_id,
            channel_id=channel_id,
            channel=channel,
            permissions=allowed,
            application_id=client.application_id or 0,
            filesize_limit=guild.filesize_limit if guild else DIRECT_LIMIT,
            locale=str(usual) if locale is None else locale,
            event=event,
        )
