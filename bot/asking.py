"""Who asks, and where: the same for commands, buttons and forms as for reactions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

import discord

if TYPE_CHECKING:
    from bot.client import EaselBot

DIRECT_LIMIT: Final = 10 * 2**20
"""Largest file in a direct message, in bytes (Discord, without anybody's Nitro)."""


class Asking(Protocol):
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
class Reaction:
    """A reaction, asked like everything else."""

    user: discord.User | discord.Member
    guild_id: int | None
    channel_id: int
    channel: object
    permissions: discord.Permissions
    application_id: int
    filesize_limit: int
    locale: str

    @classmethod
    async def of(cls, bot: "EaselBot", payload: discord.RawReactionActionEvent) -> Self:
        """What Discord tells of a reaction.

        Raises:
            discord.HTTPException: The person cannot be found.
        """
        channel = bot.get_channel(payload.channel_id)
        allowed = discord.Permissions.none()
        if payload.member and isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            allowed = channel.permissions_for(payload.member)
        guild = bot.get_guild(payload.guild_id) if payload.guild_id else None
        return cls(
            user=payload.member or await bot.fetch_user(payload.user_id),
            guild_id=payload.guild_id,
            channel_id=payload.channel_id,
            channel=channel,
            permissions=allowed,
            application_id=bot.application_id or 0,
            filesize_limit=guild.filesize_limit if guild else DIRECT_LIMIT,
            locale=str(guild.preferred_locale if guild else discord.Locale.american_english),
        )
