"""What each REST operation does: check who may, change the world, shape the answer."""

from __future__ import annotations

from playground.protocol import payloads, shapes
from playground.protocol.refusals import Call, refused
from playground.rules import messages
from playground.rules.commands import check_commands
from playground.state import threads
from playground.state.cast import APPLICATION_ID, GUILD_ID, OBJECTS
from playground.state.records import (
    Answer,
    Body,
    Interaction,
    Message,
    MessageFlag,
    MessageType,
    Permission,
)
from playground.state.world import World
from playground.transport.routing import NOTHING, Reply, answers, find_channel, find_message

# What a handler works with


def _interaction(world: World, call: Call) -> Interaction:
    """Return the interaction whose token a webhook route carries, while it lives."""
    if int(call.params["webhook_id"]) != APPLICATION_ID:
        raise refused("unknown_webhook")
    interaction = world.interactions.by_token(call.params["webhook_token"])
    if interaction is None or not world.interactions.alive(interaction):
        raise refused("dead_token")
    if interaction.answer is None:
        raise refused("unknown_webhook")
    return interaction


def _answer_of(world: World, call: Call) -> Message:
    """Return the message of a webhook route: the original answer or a follow-up."""
    interaction = _interaction(world, call)
    asked = int(call.params.get("message_id") or interaction.original_id or 0)
    message = world.messages.get(asked)
    ours = message and (
        message.interaction_id == interaction.id or asked == interaction.original_id
    )
    if message is None or not ours:
        raise refused("unknown_message")
    return message


def _shaped(world: World, message: Message) -> Reply:
    return 200, shapes.message(world, message)


# The bot itself


@answers("get_my_user")
def _me(world: World, call: Call) -> Reply:
    person = world.user(call.person) if call.person else None
    return 200, shapes.account(person) if person else shapes.myself(world)


@answers("get_user")
def _user(world: World, call: Call) -> Reply:
    if person := world.user(int(call.params["user_id"])):
        return 200, shapes.user(person)
    raise refused("unknown_user")


@answers("get_my_oauth2_application")
def _application(world: World, _call: Call) -> Reply:
    return 200, shapes.application(world)


@answers("get_gateway")
def _gateway(world: World, _call: Call) -> Reply:
    return 200, {"url": shapes.gateway_url(world)}


@answers("get_bot_gateway")
def _bot_gateway(world: World, _call: Call) -> Reply:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    url = shapes.gateway_url(world)
    return 200, {"url": url, "shards": 1, "session_start_limit": limit}


@answers("list_application_emojis")
def _emojis(_world: World, call: Call) -> Reply:
    _own_application(call)
    return 200, {"items": []}


# The server


@answers("list_my_guilds")
def _guilds(world: World, call: Call) -> Reply:
    guild = OBJECTS["guild"]
    kept = {key: guild[key] for key in ("id", "name", "icon", "banner", "features")}
    counts = {"approximate_member_count": len(world.people) + 1, "approximate_presence_count": 1}
    owner = str(call.person) == guild["owner_id"]
    shaped = {**kept, "owner": owner, "permissions": "0"}
    before, after = int(call.query.get("before", 1 << 63)), int(call.query.get("after", 0))
    here = [shaped | counts if call.asks("with_counts") else shaped]
    return 200, here if after < GUILD_ID < before else []


@answers("get_guild")
def _guild(_world: World, call: Call) -> Reply:
    _own_guild(call)
    return 200, shapes.guild()


@answers("list_guild_roles")
def _roles(_world: World, call: Call) -> Reply:
    _own_guild(call)
    return 200, OBJECTS["roles"]


@answers("list_guild_channels")
def _channels(world: World, call: Call) -> Reply:
    _own_guild(call)
    return 200, [shapes.channel(world, c) for c in world.channels.values() if not c.direct]


@answers("get_guild_member")
def _member(world: World, call: Call) -> Reply:
    _own_guild(call)
    if person := world.user(int(call.params["user_id"])):
        return 200, shapes.member(person)
    raise refused("unknown_member")


def _own_guild(call: Call) -> None:
    if int(call.params["guild_id"]) != GUILD_ID:
        raise refused("unknown_guild")


# Commands


@answers("list_application_commands", "list_guild_application_commands")
def _commands(world: World, call: Call) -> Reply:
    guild_id = _command_scope(call)
    return 200, [shapes.command(c, guild_id) for c in world.commands.of(guild_id)]


@answers("bulk_set_application_commands", "bulk_set_guild_application_commands")
def _register(world: World, call: Call) -> Reply:
    guild_id = _command_scope(call)
    check_commands(call.list_body())
    registered = world.register(guild_id, [{"type": 1, **c} for c in call.list_body()])
    return 200, [shapes.command(c, guild_id) for c in registered]


def _command_scope(call: Call) -> int:
    _own_application(call)
    if "guild_id" in call.params:
        _own_guild(call)
    return int(call.params.get("guild_id", 0))


def _own_application(call: Call) -> None:
    if int(call.params["application_id"]) != APPLICATION_ID:
        raise refused("unknown_application")


# Interactions


@answers("create_interaction_response")
def _answer(world: World, call: Call) -> Reply:
    interaction = world.interactions.by_token(call.params["interaction_token"])
    if interaction is None or interaction.id != int(call.params["interaction_id"]):
        raise refused("unknown_interaction")
    if interaction.answer is not None:
        raise refused("already_acknowledged")
    if world.interactions.late(interaction):
        raise refused("unknown_interaction")
    messages.check_answer(world, call, interaction)
    answer = Answer(call.object_body()["type"])
    changed = world.answer(interaction, answer, call.message_body(), call.uploads)
    if call.asks("with_response"):
        return 200, payloads.callback(world, interaction, changed)
    return NOTHING


@answers("execute_webhook")
def _follow_up(world: World, call: Call) -> Reply:
    interaction = _interaction(world, call)
    original = world.messages.get(interaction.original_id or 0)
    body = call.object_body()
    if original and original.has(MessageFlag.LOADING):
        body = _as_edit(body)
        messages.check_message(body, call.uploads, before=original)
        # The first follow-up after a deferred answer becomes that answer, as private as it was.
        message = world.edit(original, body, call.uploads)
    else:
        messages.check_message(body, call.uploads, private=True)
        message = world.follow_up(interaction, body, call.uploads)
    return _shaped(world, message)  # for interactions, wait is always true


def _as_edit(body: Body) -> Body:
    """A follow-up as the edit that it becomes: what only a new message can be is left out."""
    flags = (body.get("flags") or 0) & ~int(
        MessageFlag.EPHEMERAL | MessageFlag.SUPPRESS_NOTIFICATIONS
    )
    rest = {key: value for key, value in body.items() if key != "flags"}
    return {**rest, "flags": flags} if flags else rest


@answers("get_original_webhook_message", "get_webhook_message")
def _get_answer(world: World, call: Call) -> Reply:
    return _shaped(world, _answer_of(world, call))


@answers("update_original_webhook_message", "update_webhook_message")
def _edit_answer(world: World, call: Call) -> Reply:
    message = _answer_of(world, call)
    messages.check_message(call.object_body(), call.uploads, before=message)
    return _shaped(world, world.edit(message, call.object_body(), call.uploads))


@answers("delete_original_webhook_message", "delete_webhook_message")
def _delete_answer(world: World, call: Call) -> Reply:
    world.delete(_answer_of(world, call))
    return NOTHING


# Channels and messages


@answers("get_channel")
def _get_channel(world: World, call: Call) -> Reply:
    return 200, shapes.channel(world, find_channel(world, call))


@answers("create_dm")
def _open_direct(world: World, call: Call) -> Reply:
    person = world.user(int(call.object_body().get("recipient_id") or 0))
    if person is None or person.bot:
        raise refused("unknown_user")
    return 200, shapes.channel(world, world.direct(person.id))


@answers("trigger_typing_indicator")
def _typing(world: World, call: Call) -> Reply:
    world.type_in(APPLICATION_ID, find_channel(world, call, Permission.SEND_MESSAGES))
    return NOTHING


@answers("list_messages")
def _list(world: World, call: Call) -> Reply:
    channel = find_channel(world, call)
    if not world.may(APPLICATION_ID, channel, Permission.READ_MESSAGE_HISTORY):
        return 200, []
    chosen = _window(world.history(channel), call)
    return 200, [shapes.message(world, message) for message in reversed(chosen)]


def _window(messages: list[Message], call: Call) -> list[Message]:
    limit = int(call.query.get("limit", 50))
    if after := call.query.get("after"):
        return [m for m in messages if m.id > int(after)][:limit]
    if before := call.query.get("before"):
        return [m for m in messages if m.id < int(before)][-limit:]
    if around := int(call.query.get("around", 0)):
        middle = sum(message.id < around for message in messages)
        start = max(0, middle - limit // 2)
        return messages[start : start + limit]
    return messages[-limit:]


@answers("create_message")
def _send(world: World, call: Call) -> Reply:
    needed = [Permission.SEND_MESSAGES, *([Permission.ATTACH_FILES] if call.uploads else [])]
    channel = find_channel(world, call, *needed)
    if channel.person in world.closed:
        raise refused("closed_direct_messages")
    body = call.object_body()
    if body.get("enforce_nonce") and (
        same := world.repeated(channel, APPLICATION_ID, body.get("nonce"))
    ):
        return _shaped(world, same)
    messages.check_message(body, call.uploads)
    reference = messages.check_reference(world, channel, body)
    if channel.archived:
        threads.set_archived(world, channel, False)
    kind = MessageType.REPLY if reference else MessageType.PLAIN
    return _shaped(
        world,
        world.post(APPLICATION_ID, channel, body, call.uploads, kind=kind, reference=reference),
    )


@answers("get_message")
def _get(world: World, call: Call) -> Reply:
    return _shaped(world, find_message(world, call, Permission.READ_MESSAGE_HISTORY))


@answers("update_message")
def _edit(world: World, call: Call) -> Reply:
    message = find_message(world, call)
    if message.author_id != APPLICATION_ID:
        raise refused("not_your_message")
    if world.channels[message.channel_id].archived:
        raise refused("archived")
    messages.check_message(call.object_body(), call.uploads, before=message)
    return _shaped(world, world.edit(message, call.object_body(), call.uploads))


@answers("delete_message")
def _delete(world: World, call: Call) -> Reply:
    message = find_message(world, call)
    if message.author_id != APPLICATION_ID:
        find_channel(world, call, Permission.MANAGE_MESSAGES)
    world.delete(message)
    return NOTHING


@answers("refresh_attachment_urls")
def _refresh(world: World, call: Call) -> Reply:
    urls = call.object_body()["attachment_urls"]
    renewed = [{"original": url, "refreshed": shapes.renewed_url(world, url)} for url in urls]
    return 200, {"refreshed_urls": renewed}


# Reactions


@answers("add_my_message_reaction")
def _react(world: World, call: Call) -> Reply:
    message = find_message(world, call, Permission.READ_MESSAGE_HISTORY, Permission.ADD_REACTIONS)
    world.react(APPLICATION_ID, message, messages.checked_emoji(call))
    return NOTHING


@answers("delete_my_message_reaction")
def _unreact(world: World, call: Call) -> Reply:
    world.unreact(APPLICATION_ID, find_message(world, call), messages.checked_emoji(call))
    return NOTHING


@answers("delete_user_message_reaction")
def _unreact_other(world: World, call: Call) -> Reply:
    message = find_message(world, call, Permission.MANAGE_MESSAGES)
    world.unreact(int(call.params["user_id"]), message, messages.checked_emoji(call))
    return NOTHING


@answers("delete_all_message_reactions")
def _clear_reactions(world: World, call: Call) -> Reply:
    world.clear_reactions(find_message(world, call, Permission.MANAGE_MESSAGES))
    return NOTHING


@answers("list_message_reactions_by_emoji")
def _reactors(world: World, call: Call) -> Reply:
    users = find_message(world, call).reactions.get(messages.checked_emoji(call), [])
    after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 25))
    chosen = sorted(i for i in users if i > after)[:limit]
    return 200, [shapes.user(person) for i in chosen if (person := world.user(i))]
