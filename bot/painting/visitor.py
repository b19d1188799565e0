"""Who visits the painting page: the bearer of a token, with the rights that they have now."""

import asyncio
from typing import Final
from weakref import WeakValueDictionary

import discord

from bot.errors import NoLongerThereError
from bot.interactions.requester import RemoteRequester
from bot.painting.tokens import PageToken

ADMITTED: Final = 10.0
"""Seconds for which somebody who was let in may look again without Discord being asked."""


class Visitors:
    """Lets visitors in, and asks Discord about one person no more than once at a time.

    Whoever has a link may ask for the page as often as they like; what the bot asks of Discord is
    limited, and shared by everybody.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._admitted: dict[PageToken, float] = {}
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def find(self, given: PageToken) -> RemoteRequester:
        """As ``find_visitor``.

        Raises:
            NoLongerThereError: They may not see the channel any more.
            discord.HTTPException: Discord is out of order.
        """
        async with self._turns.setdefault(given.person, asyncio.Lock()):
            return await find_visitor(self._client, given)

    async def admit(self, given: PageToken) -> None:
        """Lets the bearer of a token look at what is in its channel.

        Raises:
            NoLongerThereError: They may not see the channel any more.
            discord.HTTPException: Discord is out of order.
        """
        async with self._turns.setdefault(given.person, asyncio.Lock()):
            now = asyncio.get_running_loop().time()
            self._admitted = {who: until for who, until in self._admitted.items() if until > now}
            if given not in self._admitted:
                await find_visitor(self._client, given)
                self._admitted[given] = now + ADMITTED


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
    if given.server:
        _require_access(channel, user)
    place = given.channel, channel, given.server
    return RemoteRequester.find(client, user, *place, locale=given.locale)


def _require_access(channel: object, user: discord.User | discord.Member) -> None:
    """Goes on if a member may still look into a channel of theirs, and ask there.

    Raises:
        NoLongerThereError: They may not.
    """
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        raise NoLongerThereError
    # A time-out forbids interactions, and the page must not be a way around it.
    if not isinstance(user, discord.Member) or user.is_timed_out():
        raise NoLongerThereError
    if not channel.permissions_for(user).read_messages:
        raise NoLongerThereError
