"""Who runs the bot and who manages a server, asked of Discord now and then."""

import asyncio
import time
from typing import Final

import discord
from cachetools import TTLCache

from bot.admin.rights import Administrator
from bot.web.guild_members import Members
from bot.web.sessions import Session

OWNERS_KNOWN_FOR: Final = 300.0
"""Seconds for which it is remembered whose the application is."""

_OWNERS: Final = "owners"


class Administrators:
    """Finds out what those who are signed in may see and do."""

    def __init__(self, client: discord.Client, members: Members) -> None:
        self._client, self._members = client, members
        self._known: TTLCache[str, frozenset[int]] = TTLCache(1, OWNERS_KNOWN_FOR, time.monotonic)
        self._turn = asyncio.Lock()

    async def find(self, session: Session) -> Administrator:
        """Somebody with the rights that they have now.

        Raises:
            discord.HTTPException: Discord is out of order.
        """
        person = session.person
        owners = await self._find_owners()
        there = await asyncio.gather(
            *(self._members.find(server, person) for server in session.servers)
        )
        manages = {each.guild.id for each in there if each and each.guild_permissions.manage_guild}
        return Administrator(person, person in owners, frozenset(manages))

    async def _find_owners(self) -> frozenset[int]:
        async with self._turn:
            known = self._known.get(_OWNERS)
            if known is None:
                known = self._known[_OWNERS] = list_owners(await self._client.application_info())
            return known


def list_owners(application: discord.AppInfo) -> frozenset[int]:
    """Ids of whose an application is: its owner, or those of a team who took the invitation."""
    if application.team is None:
        return frozenset({application.owner.id})
    accepted = discord.TeamMembershipState.accepted
    members = application.team.members
    return frozenset(each.id for each in members if each.membership_state is accepted)
