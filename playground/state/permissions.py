"""Who may do what where: Discord's permission bits, computed from roles and overwrites."""

from __future__ import annotations

from collections.abc import Callable

from playground.state.cast import GUILD_ID, OBJECTS
from playground.state.records import EVERYTHING, Body, Channel, Permission, Person


def permissions_in(channel: Channel, user: Person) -> int:
    """Return what a person or the bot may do in a channel, as Discord's permission bits."""
    if channel.parent:
        above = permissions_in(channel.parent, user)
        # In a thread this permission stands in the place of the other.
        writes = above & Permission.SEND_MESSAGES_IN_THREADS
        return above | Permission.SEND_MESSAGES if writes else above & ~Permission.SEND_MESSAGES
    if channel.direct:
        return EVERYTHING if user.bot or channel.person == user.id else 0
    if user.id == int(OBJECTS["guild"]["owner_id"]):
        return EVERYTHING
    roles = {str(GUILD_ID), *user.roles}
    allowed = 0
    for role in OBJECTS["roles"]:
        if role["id"] in roles:
            allowed |= int(role["permissions"])
    for overwrite in channel.fixed["permission_overwrites"]:
        if overwrite["id"] == str(user.id):
            allowed = allowed & ~int(overwrite["deny"]) | int(overwrite["allow"])
    # Who cannot see a channel can do nothing in it, whatever else the bits say.
    return allowed if allowed & Permission.VIEW_CHANNEL else 0


def with_denials(channel: Channel, user_id: int, change: Callable[[int], int]) -> Body:
    """Return a server's channel object after what it denies a user went through `change`."""
    overwrites = channel.fixed["permission_overwrites"]
    others = [entry for entry in overwrites if entry["id"] != str(user_id)]
    before = next((int(e["deny"]) for e in overwrites if e["id"] == str(user_id)), 0)
    entry = {"id": str(user_id), "type": 1, "allow": "0", "deny": str(change(before))}
    return {**channel.fixed, "permission_overwrites": [*others, entry]}
