"""What somebody sees of the servers that they are on, asked of Discord now and then."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import discord

from bot.access.audience import is_age_restricted
from bot.web.guild_members import Members
from bot.web.sessions import Session
from storage.database.records import Records
from storage.decisions import choice_queries
from storage.gallery.rights import Sight, Subject, Viewer, may_see
from storage.gallery.search import Found


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Somebody before some pictures.

    Attributes:
        person: Discord's id of them; None for somebody who is not signed in.
        look: Finds out what decides whether they see some pictures, and no more than that.
    """

    person: int | None
    look: Callable[[Iterable[Subject]], Awaitable[Viewer]]

    async def select(self, found: Sequence[Found]) -> list[Found]:
        """Those of some drawings that they may see.

        Raises:
            discord.HTTPException: Discord is out of order.
        """
        viewer = await self.look(one.subject for one in found)
        return [one for one in found if may_see(one.subject, viewer)]


class Sights:
    """Finds out what people see, and what others are called."""

    def __init__(self, client: discord.Client, members: Members, records: Records) -> None:
        self._client, self._members, self._records = client, members, records

    async def find(self, session: Session, *, among: Collection[int] | None = None) -> Viewer:
        """What somebody sees now, of servers that open their gallery; of others nobody does.

        Args:
            session: Who looks.
            among: Of which servers at most; None for all that they are on.

        Raises:
            discord.HTTPException: Discord is out of order.
        """
        servers = [one for one in session.servers if among is None or one in among]
        if not servers:
            return Viewer(session.person)
        opened = sorted(await self._records.read(choice_queries.list_open_galleries, servers))
        sights = await asyncio.gather(*(self._look(one, session.person) for one in opened))
        seen = {one: sight for one, sight in zip(opened, sights, strict=True) if sight is not None}
        return Viewer(session.person, seen)

    def meet(self, session: Session) -> Onlooker:
        """Somebody of whom no more is found out than the pictures before them take, and that once.

        So it is of one request: what is decided meanwhile counts for the next.
        """
        asked, known = set[int](), dict[int, Sight]()

        async def look(subjects: Iterable[Subject]) -> Viewer:
            # One's own are seen wherever they are.
            others = (one for one in subjects if one.person != session.person)
            if wanted := {one.server for one in others if one.server} - asked:
                known.update((await self.find(session, among=wanted)).servers)
                asked.update(wanted)
            return Viewer(session.person, known)

        return Onlooker(session.person, look)

    def name_server(self, server_id: int) -> str:
        """What a server is called."""
        guild = self._client.get_guild(server_id)
        return guild.name if guild else str(server_id)

    async def name_people(self, server_id: int, people: list[int]) -> dict[int, str]:
        """What some members of a server are called there; those who left have no name.

        Raises:
            discord.HTTPException: Discord is out of order.
        """
        return await self._members.name(server_id, people)

    async def _look(self, server_id: int, person: int) -> Sight | None:
        """What somebody sees of a server; None if they are not on it."""
        member = await self._members.find(server_id, person)
        return None if member is None else Sight(True, list_channels(member.guild, member))


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
    # What is written in a voice channel is read by those alone who may join it.
    reads = allowed.connect or not isinstance(channel, (discord.VoiceChannel, discord.StageChannel))
    return seen and reads and not is_age_restricted(channel)
