"""Members of servers, asked of Discord now and then: nobody is kept in a cache of its own."""

import asyncio
import time
from collections.abc import Iterable
from typing import Final, Literal
from weakref import WeakValueDictionary

import discord
from cachetools import TTLCache

KNOWN_FOR: Final = 60.0
"""Seconds for which it is remembered who is a member, with what rights."""

NAMED_FOR: Final = 3600.0
"""Seconds for which it is remembered what somebody is called."""

MOST_KNOWN: Final = 5000
"""Of how many people and servers."""

AT_ONCE: Final = 4
"""Questions to Discord at once, of all visitors together: what it takes is shared with the bot."""


class Members:
    """Finds members, and what they are called."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._members: TTLCache[tuple[int, int], discord.Member | Literal[False]] = TTLCache(
            MOST_KNOWN, KNOWN_FOR, time.monotonic
        )
        self._names: TTLCache[tuple[int, int], str] = TTLCache(
            MOST_KNOWN, NAMED_FOR, time.monotonic
        )
        self._turns: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()
        self._asking = asyncio.Semaphore(AT_ONCE)

    async def find(self, server_id: int, person: int) -> discord.Member | None:
        """A member of a server; None for somebody who is none.

        Raises:
            discord.HTTPException: Discord is out of order.
        """
        key = server_id, person
        # One question, however many of somebody's requests wait for the answer.
        async with self._turns.setdefault(key, asyncio.Lock()):
            known = self._members.get(key)
            if known is None:
                known = self._members[key] = await self._ask(server_id, person) or False
            return known or None

    async def name(self, server_id: int | None, people: Iterable[int]) -> dict[int, str]:
        """What some members of a server are called there; those who left have no name.

        Args:
            server_id: Which server; None for what they are called everywhere.
            people: Who.

        Raises:
            discord.HTTPException: Discord is out of order.
        """
        each = dict.fromkeys(people)
        names = await asyncio.gather(*(self._name(server_id or 0, person) for person in each))
        return dict(zip(each, names, strict=True))

    async def _name(self, server_id: int, person: int) -> str:
        key = server_id, person
        name = self._names.get(key)
        if name is None:
            found = await (self.find(*key) if server_id else self._fetch(person))
            name = self._names[key] = found.display_name if found else ""
        return name

    async def _fetch(self, person: int) -> discord.User | None:
        try:
            async with self._asking:
                return await self._client.fetch_user(person)
        except discord.NotFound:
            return None

    async def _ask(self, server_id: int, person: int) -> discord.Member | None:
        guild = self._client.get_guild(server_id)
        if guild is None:
            return None
        try:
            async with self._asking:
                return await guild.fetch_member(person)
        except (discord.NotFound, discord.Forbidden):
            return None
