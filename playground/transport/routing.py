"""What the handlers of REST operations share: their table, and the channels they work in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playground.protocol.refusals import Call, refused
from playground.state.cast import APPLICATION_ID
from playground.state.records import Channel, Message, Permission
from playground.state.world import World

Reply = tuple[int, Any]
"""Status and JSON body; None for no body."""
Handler = Callable[[World, Call], Reply]
HANDLERS: dict[str, Handler] = {}
"""By Discord's operation ids."""
NOTHING: Reply = (204, None)


def answers(*names: str) -> Callable[[Handler], Handler]:
    """Register a handler for operations by Discord's operation ids."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register


def find_channel(world: World, call: Call, *needed: Permission) -> Channel:
    """Return the channel of a request in which the bot has all `needed` permissions."""
    channel = world.channels.get(int(call.params["channel_id"]))
    if channel is None:
        raise refused("unknown_channel")
    if not world.may(APPLICATION_ID, channel, Permission.VIEW_CHANNEL):
        raise refused("missing_access")
    if not all(world.may(APPLICATION_ID, channel, permission) for permission in needed):
        raise refused("missing_permissions")
    return channel


def find_message(world: World, call: Call, *needed: Permission) -> Message:
    """Return the message of a channel route; ephemeral ones are not to be found this way."""
    channel = find_channel(world, call, *needed)
    message = world.messages.get(int(call.params["message_id"]))
    if message is None or message.channel_id != channel.id or message.ephemeral_to:
        raise refused("unknown_message")
    return message
