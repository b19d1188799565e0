"""The world's changes as the gateway's events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from playground.protocol import payloads, shapes
from playground.state.cast import GUILD_ID
from playground.state.records import Body, Change, Message
from playground.state.world import World


class Intent(IntFlag):
    """The intents that decide about events of the stand-in."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
DIRECT_SHIFT = 3
"""The direct message twin of a server's message intent is this many bits higher."""
EVENTS: dict[str, tuple[str, int]] = {
    "message_create": ("MESSAGE_CREATE", Intent.GUILD_MESSAGES),
    "message_update": ("MESSAGE_UPDATE", Intent.GUILD_MESSAGES),
    "message_delete": ("MESSAGE_DELETE", Intent.GUILD_MESSAGES),
    "reaction_add": ("MESSAGE_REACTION_ADD", Intent.GUILD_MESSAGE_REACTIONS),
    "reaction_remove": ("MESSAGE_REACTION_REMOVE", Intent.GUILD_MESSAGE_REACTIONS),
    "reaction_clear": ("MESSAGE_REACTION_REMOVE_ALL", Intent.GUILD_MESSAGE_REACTIONS),
    "typing": ("TYPING_START", Intent.GUILD_MESSAGE_TYPING),
    "channel_update": ("CHANNEL_UPDATE", Intent.GUILDS),
    "thread_create": ("THREAD_CREATE", Intent.GUILDS),
    "thread_update": ("THREAD_UPDATE", Intent.GUILDS),
    "interaction": ("INTERACTION_CREATE", 0),
}
"""The gateway's name of each change, and the intent it needs in a server (0: none)."""


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        intent: the intent that a session needs to hear of it; 0 for none.
        direct: whether it happened in direct messages.
    """

    name: str
    data: Body
    intent: int
    direct: bool


def event_of(world: World, change: Change) -> Event | None:
    """Return the event that tells of a change; None where the gateway tells nothing."""
    known = EVENTS.get(change.kind)
    if known is None or (change.message and change.message.ephemeral_to):
        return None
    name, intent = known
    direct = _is_direct(world, change)
    shifted = intent << DIRECT_SHIFT if direct else intent
    return Event(name, _data(world, change, direct=direct), shifted, direct)


def _is_direct(world: World, change: Change) -> bool:
    subject = change.message or change.interaction
    channel = world.channels[subject.channel_id] if subject else change.channel
    return bool(channel and channel.direct)


def _data(world: World, change: Change, *, direct: bool) -> Body:
    if change.interaction:
        return payloads.interaction(world, change.interaction)
    if change.message:
        return _message_data(world, change, change.message, direct=direct)
    if change.channel is None:
        return {}
    if change.kind in ("channel_update", "thread_create", "thread_update"):
        return shapes.channel(world, change.channel)
    typing = {"channel_id": str(change.channel.id), "user_id": str(change.user_id)}
    about = {**typing, "timestamp": int(world.clock.now())}
    return {**about, **_place(direct=direct), **_membership(world, change, direct=direct)}


def _message_data(world: World, change: Change, message: Message, *, direct: bool) -> Body:
    if change.kind in ("message_create", "message_update"):
        return shapes.gateway_message(world, message)
    where = {"channel_id": str(message.channel_id), **_place(direct=direct)}
    if change.kind == "message_delete":
        return {"id": str(message.id), **where}
    where["message_id"] = str(message.id)
    if change.kind == "reaction_clear":
        return where
    where |= {"user_id": str(change.user_id), "burst": False, "type": 0}
    where["emoji"] = shapes.reaction_emoji(change.emoji)
    if change.kind == "reaction_add":
        where["message_author_id"] = str(message.author_id)
        where |= _membership(world, change, direct=direct)
    return where


def _place(*, direct: bool) -> Body:
    return {} if direct else {"guild_id": str(GUILD_ID)}


def _membership(world: World, change: Change, *, direct: bool) -> Body:
    person = world.user(change.user_id)
    return {} if direct or person is None else {"member": shapes.member(person)}
