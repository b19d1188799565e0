"""What somebody sees of a server: every kind of channel, and what is looked at for it."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.gallery.sights import Sights, list_channels
from storage.gallery.rights import Subject

HERE, THERE = 70, 71
READS = discord.Permissions(read_messages=True, read_message_history=True)
JOINS = READS | discord.Permissions(connect=True)


class Channel(SimpleNamespace):
    """A channel with what somebody may do there."""

    def permissions_for(self, _: object) -> Any:
        return self.allowed


class VoiceChannel(discord.VoiceChannel):
    """The same of one that people join."""

    def __init__(self, **given: Any) -> None:
        for name, value in given.items():
            setattr(self, name, value)

    permissions_for = Channel.permissions_for


def see(
    channel: Any, *threads: Any, level: discord.NSFWLevel = discord.NSFWLevel.default
) -> set[int]:
    """The ids of what is seen of a server with one channel and its threads."""
    channel.guild = SimpleNamespace(nsfw_level=level)
    guild: Any = SimpleNamespace(channels=[channel], threads=threads)
    member: Any = None
    return {*list_channels(guild, member)}


def thread(id_: int, *, private: bool) -> Any:
    return SimpleNamespace(id=id_, parent_id=1, is_private=lambda: private)


@pytest.mark.parametrize(
    ("kind", "allowed", "adult", "seen"),
    [
        (Channel, READS, False, True),
        (Channel, READS, True, False),
        (Channel, discord.Permissions(read_messages=True), False, False),
        (Channel, discord.Permissions(read_message_history=True), False, False),
        (Channel, discord.Permissions.none(), False, False),
        (VoiceChannel, READS, False, False),
        (VoiceChannel, JOINS, False, True),
        (VoiceChannel, JOINS, True, False),
    ],
)
def test_a_channel_is_seen_by_those_who_read_it(
    kind: type[Channel], allowed: discord.Permissions, adult: bool, seen: bool
) -> None:
    threads = thread(2, private=False), thread(3, private=True)
    channel = kind(id=1, allowed=allowed, is_nsfw=lambda: adult)
    # Public threads go with their channel, private ones with nobody.
    assert see(channel, *threads) == ({1, 2} if seen else set())


def test_nothing_is_seen_of_a_server_for_adults() -> None:
    channel = Channel(id=1, allowed=JOINS, is_nsfw=lambda: False)
    assert see(channel, level=discord.NSFWLevel.age_restricted) == set()


@pytest.mark.parametrize(
    ("owners", "looked_at"),
    [
        ([(1, HERE)], set()),
        ([(1, None), (2, None)], set()),
        ([(2, HERE)], {HERE}),
        ([(1, THERE), (2, HERE), (3, HERE)], {HERE}),
        ([(2, 99)], set()),
    ],
)
async def test_no_other_server_is_looked_at_than_the_pictures_are_of(
    owners: list[tuple[int, int | None]], looked_at: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = set[int]()

    async def read(_: object, servers: list[int]) -> set[int]:
        return set(servers)

    async def look(_: object, server: int, __: int) -> None:
        asked.add(server)

    monkeypatch.setattr(Sights, "_look", look)
    records: Any = SimpleNamespace(read=read)
    given: Any = None
    session: Any = SimpleNamespace(person=1, servers=(HERE, THERE))
    onlooker = Sights(given, given, records).meet(session)
    await onlooker.look(Subject(person=who, server=server, channel=8) for who, server in owners)
    assert asked == looked_at
