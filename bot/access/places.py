"""Where whoever runs the bot lets people ask for pictures: on which servers, and whose messages.

A server's own managers have no say in this: the GPU is not theirs.
"""

import time
from typing import Final

import discord
from cachetools import TLRUCache

from bot.errors import NotAllowedError
from bot.interactions.requester import Requester
from bot.text import sentences
from prompt.sentences import Sentence
from storage.settings import Settings

KNOWN_FOR: Final = 600.0
"""Seconds for which it is remembered whether somebody is a member of the servers."""

REFUSED_FOR: Final = 10.0
"""The same of somebody who is on none."""

MOST_KNOWN: Final = 10_000
"""People of whom that is remembered."""


def _forget_at(_person: int, found: bool, now: float) -> float:
    # A no is soon asked for again: a server may not be there yet, or they join it now.
    return now + (KNOWN_FOR if found else REFUSED_FOR)


class AllowedPlaces:
    """Decides whether somebody may ask for pictures where they are."""

    def __init__(self, client: discord.Client, settings: Settings) -> None:
        self._client = client
        self._servers, self._direct = settings.allowed_servers, settings.direct_messages
        self._known: TLRUCache[int, bool] = TLRUCache(MOST_KNOWN, _forget_at, timer=time.monotonic)

    async def require(self, requester: Requester) -> None:
        """Goes on where pictures may be asked for.

        Raises:
            NotAllowedError: They may not be, there.
            discord.HTTPException: Discord does not say whether the person is a member.
        """
        refusal = await self._refuse(requester)
        if refusal:
            raise NotAllowedError(Sentence(refusal))

    async def _refuse(self, requester: Requester) -> str:
        """Why not; empty where they may."""
        if requester.guild_id is not None:
            barred = self._servers and requester.guild_id not in self._servers
            return sentences.OTHER_SERVER if barred else ""
        if self._direct == "on":
            return ""
        if self._direct == "off":
            return sentences.DIRECT_OFF
        return "" if await self._is_member(requester.user.id) else sentences.DIRECT_MEMBERS

    async def _is_member(self, person_id: int) -> bool:
        """Whether somebody is on one of the servers; Discord is asked now and then."""
        found: bool | None = self._known.get(person_id)
        if found is None:
            found = self._known[person_id] = await self._ask(person_id)
        return found

    async def _ask(self, person_id: int) -> bool:
        # Nobody is looked up in a cache of members: to keep one takes a privileged intent.
        for server in sorted(self._servers):
            guild = self._client.get_guild(server)
            if guild is None:
                continue
            try:
                await guild.fetch_member(person_id)
            except (discord.NotFound, discord.Forbidden):
                continue
            return True
        return False
