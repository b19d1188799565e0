"""REST operations on threads: opened on a message, archived and taken up again."""

from __future__ import annotations

from playground.protocol import shapes
from playground.protocol.refusals import Call, form_error, refused
from playground.state import threads
from playground.state.cast import APPLICATION_ID
from playground.state.records import Permission
from playground.state.world import World
from playground.transport.routing import Reply, answers, find_channel, find_message


@answers("create_thread_from_message")
def _open(world: World, call: Call) -> Reply:
    message = find_message(
        world, call, Permission.CREATE_PUBLIC_THREADS, Permission.READ_MESSAGE_HISTORY
    )
    if message.id in world.channels:
        raise refused("has_thread")
    parent = world.channels[message.channel_id]
    if parent.direct or parent.parent:
        raise refused("wrong_channel")
    return 201, shapes.channel(
        world, threads.open_thread(world, APPLICATION_ID, message, call.object_body()["name"])
    )


@answers("update_channel")
def _change(world: World, call: Call) -> Reply:
    channel, body = find_channel(world, call), call.object_body()
    # What Discord lets be changed besides, the stand-in does not know.
    if unknown := sorted(body.keys() - {"archived"}):
        raise form_error((unknown[0],), "BASE_TYPE_CHOICES", "The stand-in changes this nowhere.")
    if channel.parent is None:
        raise refused("wrong_channel")
    if channel.fixed["owner_id"] != str(APPLICATION_ID):
        raise refused("missing_permissions")
    if "archived" in body:
        threads.set_archived(world, channel, bool(body["archived"]))
    return 200, shapes.channel(world, channel)
