"""What somebody sees of the servers that they are on, asked of Discord now and then."""

import asyncio
import time
from typing import Final, Literal
from weakref import WeakValueDictionary

import discord
from cachetools import TTLCache

from bot.access.audience import is_age_restricted
from bot.web.sessions import Session
from storage.database.records import Records
from storage.decisions import choice_queries
from storage.gallery.rights import Sight, Viewer

KNOWN_FOR: Final = 60.0
"""Seconds for which it is remembered what somebody sees of a server."""

NAMED_FOR: Final = 3600.0
"""Seconds for which it is remembered what somebody is called."""

MOST_KNOWN: Final = 5000
"""Of how many people and servers."""

AT_ONCE: Final = 4
"""Questions to Discord at once, of all visitors together: what it takes is shared with the bot."""


class Sights:
    """Finds out what people see, and what others are called."""

    def __init__(self, client: discord.Client, records: Records) -> None:
        self._client, self._records = client, records
        self._members: TTLCache[tuple[int, int], discord.Member | Literal[False]] = TTLCache(
            MOST_KNOWN, KNOWN_FOR, time.monotonic
        )
        self._names: TTLCache[tuple[int, int], str] = TTLCache(
            MOST_KNOWN, NAMED_FOR, time.monotonic
        )
        self._turns: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()
        self._asking = asyncio.Semaphore(AT_ONCE)

    async def find(self, session: Session) -> Viewer:
        """What somebody sees now, of servers that open their gallery; of others nobody does.

        Raises:
            discord.HTTPException: Discord is out of order.
        """
        if not session.servers:
            return Viewer(session.person)
        opened = await self._records.read(choice_queries.list_open_galleries, session.servers)
        sights = {server: await self._look(server, session.person) for server in sorted(opened)}
        seen = {server: sight for server, sight in sights.items() if sight is not None}
        return Viewer(session.person, seen)

    def name_server(self, server_id: int) -> str:
        """What a server is called."""
        guild = self._client.get_guild(server_id)
        return guild.name if guild else str(server_id)

    async def name_people(self, server_id: int, people: list[int]) -> dict[int, str]:
        """What some members of a server are called there; those who left have no name.

        Raises:
            discord.HTTPException: Discord is out of order.
        """
        named = {}
        for person in people:
            name = self._names.get((server_id, person))
            if name is None:
                member = await self._find_member(server_id, person)
                name = self._names[server_id, person] = member.display_name if member else ""
            named[person] = name
        return named

    async def _look(self, server_id: int, person: int) -> Sight | None:
        """What somebody sees of a server; None if they are not on it."""
        member = await self._find_member(server_id, person)
        return None if member is None else Sight(True, list_channels(member.guild, member))

    async def _find_member(self, server_id: int, person: int) -> discord.Member | None:
        key = server_id, person
        # One question, however many of somebody's requests wait for the answer.
        async with self._turns.setdefault(key, asyncio.Lock()):
            known = self._members.get(key)
            if known is None:
                known = self._members[key] = await self._ask(server_id, person) or False
            return known or None

    async def _ask(self, server_id: int, person: int) -> discord.Member | None:
        guild = self._client.get_guild(server_id)
        if guild is None:
            return None
        try:
            async with self._asking:
                return await guild.fetch_member(person)
        except (discord.NotFound, discord.Forbidden):
            return None


def list_channels(guild: discord.Guild, member: discord.Member) -> frozenset[int]:
    """Ids of the channels of a server that a member sees, and of public threads in them.

    Those restricted to adults are left out: Discord asks whoever opens one for their age, and the
    gallery does not.
    """
    seen = {channel.id for channel in guild.channels if _sees(channel, member)}
    # Private threads say who was invited to those alone who were.
    public = {one.id for one in guild.threads if not one.is_private() and one.parent_id in seen}
    return frozenset(seen | public)


def _sees(channel: discord.abc.GuildChannel, member: discord.Member) -> bool:
    allowed = channel.permissions_for(member)
    seen = allowed.read_messages and allowed.read_message_history
    return seen and not is_age_restricted(channel)
