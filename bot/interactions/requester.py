"""Who asks, and where: the same for commands, buttons and forms as for reactions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, Self

import discord

from bot.painting.tokens import Pass

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


class NoLongerThereError(Exception):
    """Somebody may not see the channel any more in which they ask for something."""


@dataclass(frozen=True, slots=True)
class Remote:
    """Somebody who asks without an interaction: by a reaction, or on the painting page."""

    user: discord.User | discord.Member
    guild_id: int | None
    channel_id: int
    channel: object
    permissions: discord.Permissions
    application_id: int
    filesize_limit: int
    locale: str

    @classmethod
    async def reacting(cls, bot: "EaselBot", payload: discord.RawReactionActionEvent) -> Self:
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

    @classmethod
    async def visiting(cls, bot: "EaselBot", given: Pass) -> Self:
        """The bearer of a pass, with the rights that they have now.

        Raises:
            NoLongerThereError: They may not see the channel any more.
            discord.HTTPException: Discord is out of order.
        """
        await bot.wait_until_ready()
        guild = bot.get_guild(given.server) if given.server else None
        try:
            channel = bot.get_channel(given.channel) or await bot.fetch_channel(given.channel)
            user = await (guild.fetch_member if guild else bot.fetch_user)(given.person)
        except (discord.NotFound, discord.Forbidden):
            raise NoLongerThereError from None
        allowed = discord.Permissions.none()
        if given.server:
            allowed = _allowed(channel, user)
        return cls(
            user=user,
            guild_id=given.server,
            channel_id=given.channel,
            channel=channel,
            permissions=allowed,
            application_id=bot.application_id or 0,
            filesize_limit=guild.filesize_limit if guild else DIRECT_LIMIT,
            locale=given.locale,
        )


def _allowed(channel: object, user: discord.User | discord.Member) -> discord.Permissions:
    """What a member may do in a channel of theirs."""
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        raise NoLongerThereError
    if not isinstance(user, discord.Member) or user.is_timed_out():
        raise NoLongerThereError
    allowed = channel.permissions_for(user)
    if not allowed.read_messages:
        raise NoLongerThereError
    return allowed
