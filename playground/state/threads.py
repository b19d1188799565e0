"""Threads: channels that hang on a message of another, and may be put away.

They are not kept over a restart of the stand-in, and its page does not show them.
"""

from __future__ import annotations

from datetime import UTC, datetime

from playground.state.cast import GUILD_ID
from playground.state.records import Change, Channel, Message
from playground.state.world import World

PUBLIC = 11
"""Discord's type of a thread that everybody in its channel may see."""
ARCHIVED_AFTER = 4320
"""Minutes of silence after which Discord puts a thread away where nobody says otherwise."""


def open_thread(world: World, owner_id: int, message: Message, name: str) -> Channel:
    """Open a thread on a message, whose id becomes the thread's."""
    parent = world.channels[message.channel_id]
    now = _stamp(world)
    fixed = {
        "id": str(message.id),
        "type": PUBLIC,
        "guild_id": str(GUILD_ID),
        "parent_id": str(parent.id),
        "owner_id": str(owner_id),
        "name": name,
        "flags": 0,
        "rate_limit_per_user": 0,
        "message_count": 0,
        "member_count": 1,
        "total_message_sent": 0,
        "thread_metadata": {
            "archived": False,
            "archive_timestamp": now,
            "auto_archive_duration": ARCHIVED_AFTER,
            "locked": False,
            "create_timestamp": now,
        },
    }
    thread = Channel(message.id, name, fixed, parent=parent)
    world.channels[thread.id] = thread
    world.tell(Change("thread_create", channel=thread))
    return thread


def set_archived(world: World, thread: Channel, archived: bool) -> None:
    """Put a thread away, or take it up again."""
    state = {"archived": archived, "archive_timestamp": _stamp(world)}
    metadata = {**thread.fixed["thread_metadata"], **state}
    thread.fixed = {**thread.fixed, "thread_metadata": metadata}
    world.tell(Change("thread_update", channel=thread))


def _stamp(world: World) -> str:
    return datetime.fromtimestamp(world.clock.now(), UTC).isoformat()
