"""Who visits the painting page: the bearer of a token, with the rights that they have now."""

import discord

from bot.errors import NoLongerThereError
from bot.interactions.requester import DIRECT_LIMIT, RemoteRequester
from bot.painting.tokens import PageToken


async def find_visitor(client: discord.Client, given: PageToken) -> RemoteRequester:
    """The bearer of a token, with the rights that they have now.

    Raises:
        NoLongerThereError: They may not see the channel any more.
        discord.HTTPException: Discord is out of order.
    """
    await client.wait_until_ready()
    guild = client.get_guild(given.server) if given.server else None
    try:
        # Asked of Discord again: hours lie between the link and this, and rights may have been
        # taken away.
        channel = client.get_channel(given.channel) or await client.fetch_channel(given.channel)
        user = await (guild.fetch_member if guild else client.fetch_user)(given.person)
    except (discord.NotFound, discord.Forbidden):
        raise NoLongerThereError from None
    allowed = discord.Permissions.none()
    if given.server:
        allowed = _find_permissions(channel, user)
    return RemoteRequester(
        user=user,
        guild_id=given.server,
        channel_id=given.channel,
        channel=channel,
        permissions=allowed,
        application_id=client.application_id or 0,
        filesize_limit=guild.filesize_limit if guild else DIRECT_LIMIT,
        locale=given.locale,
    )


def _find_permissions(channel: object, user: discord.User | discord.Member) -> discord.Permissions:
    """What a member may do in a channel of theirs."""
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        raise NoLongerThereError
    # A time-out forbids interactions, and the page must not be a way around it.
    if not isinstance(user, discord.Member) or user.is_timed_out():
        raise NoLongerThereError
    allowed = channel.permissions_for(user)
    if not allowed.read_messages:
        raise NoLongerThereError
    return allowed
