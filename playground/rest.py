"""The REST half: every request is matched, checked, counted, carried out and written down.

A handler does three things: check who may, change the world, shape the answer. What a request looks
like was judged before by `playground.refusals`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import BodyPartReader, web

from playground import refusals, rules, shapes
from playground.command_rules import check_commands
from playground.faults import Fault, Faults, Journal, Request, pause
from playground.records import (
    Answer,
    Body,
    Channel,
    Interaction,
    Message,
    MessageFlag,
    MessageType,
    Permission,
    Upload,
)
from playground.refusals import Call, RefusedError, refused
from playground.schema import Operation, errors_of, operations
from playground.world import APPLICATION_ID, GUILD_ID, OBJECTS, TOKEN, World

BASE = "/api/v10"
Reply = tuple[int, Any]
Handler = Callable[[World, Call], Reply]
HANDLERS: dict[str, Handler] = {}
NOTHING: Reply = (204, None)


def answers(*names: str) -> Callable[[Handler], Handler]:
    """Register a handler for operations by Discord's operation ids."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register


class Rest:
    """Carries requests out.

    Args:
        check_answers: compare every answer with Discord's description too; what differs is listed
            in `answer_faults`.
    """

    def __init__(
        self, world: World, faults: Faults, journal: Journal, *, check_answers: bool = False
    ) -> None:
        self._world = world
        self._faults = faults
        self._journal = journal
        self._check_answers = check_answers
        self.answer_faults: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request below ``/api/v10``."""
        started = time.perf_counter()
        path = request.rel_url.raw_path.removeprefix(BASE)
        fault = self._faults.take(request.method, path)
        await pause(fault)
        call, error = Call(), None
        headers: dict[str, str] = {}
        try:
            call = await _read(request, path)
            headers, over = self._faults.count(_bucket(call, path))
            fault = over or fault
            status, body = self._carry_out(request, call, fault)
        except RefusedError as caught:
            status, body, error = caught.status, caught.body(), caught
        if error is None and fault and fault.status:
            status, body, more = _broken(fault)
            headers |= more
        self._note(request, call, status, error, started, fault)
        if fault and fault.reset:
            _cut(request)
        return _response(status, body, headers)

    def _carry_out(self, request: web.Request, call: Call, fault: Fault | None) -> Reply:
        judged = refusals.judge(call)
        if not call.operation or not (call.operation.open or _authorized(request)):
            raise refused("unauthorized")
        if judged:
            raise judged
        if fault and (fault.reset == "before" or (fault.status and not fault.after)):
            return NOTHING
        reply = HANDLERS[call.operation.name](self._world, call)
        if self._check_answers:
            self._check(call.operation, reply)
        return reply

    def _check(self, operation: Operation, reply: Reply) -> None:
        status, body = reply
        if status not in operation.answers:
            self.answer_faults.append(f"{operation.name}: status {status}")
        elif validator := operation.answers[status]:
            self.answer_faults += [
                f"{operation.name}: {error.json_path}: {error.message[:300]}"
                for error in errors_of(validator, json.loads(json.dumps(body)))
            ]

    def _note(
        self,
        request: web.Request,
        call: Call,
        status: int,
        error: RefusedError | None,
        started: float,
        fault: Fault | None,
    ) -> None:
        self._journal.add(
            Request(
                method=request.method,
                path=request.rel_url.raw_path_qs.removeprefix(BASE),
                body=call.body,
                files=tuple((f.filename, len(f.data)) for f in call.uploads.values()),
                status=status,
                verdict="refused" if error else "fault" if fault else "ok",
                reason=refusals.in_words(error) if error else "",
                validated=call.operation is not None,
                seconds=time.perf_counter() - started,
                operation=call.operation.name if call.operation else "",
            )
        )


def _response(status: int, body: Any, headers: dict[str, str]) -> web.Response:  # noqa: ANN401  JSON
    if body is None:
        return web.Response(status=status, headers=headers)
    # Exactly this type: clients take "application/json; charset=utf-8" for text.
    content = json.dumps(body).encode()
    return web.Response(
        status=status, body=content, headers={**headers, "Content-Type": "application/json"}
    )


def _broken(fault: Fault) -> tuple[int, Body, dict[str, str]]:
    status = fault.status or 500
    if status != 429:
        return status, {"message": f"{status}: the stand-in was told to fail", "code": 0}, {}
    seconds = round(fault.retry_after, 3)
    headers = {"Retry-After": str(seconds), "X-RateLimit-Scope": "user"}
    if fault.via:
        headers["Via"] = "1.1 google"
    if fault.everywhere:
        headers["X-RateLimit-Global"] = "true"
    message = "You are being rate limited."
    return 429, {"message": message, "retry_after": seconds, "global": fault.everywhere}, headers


def _cut(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


def _authorized(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Bot {TOKEN}"


def _bucket(call: Call, path: str) -> str:
    """Requests to one operation on one channel, server or token share a limit."""
    if call.operation is None:
        return path
    major = ("channel_id", "guild_id", "webhook_token", "interaction_token")
    return "/".join([call.operation.name, *(call.params.get(name, "") for name in major)])


async def _read(request: web.Request, path: str) -> Call:
    operation, params = match(request.method, path)
    call = Call(operation, params, dict(request.query))
    if (request.content_length or 0) > refusals.REQUEST_LIMIT:
        raise refused("too_large")
    if request.content_type == "multipart/form-data":
        await _read_parts(request, call)
    elif request.body_exists and (raw := await request.read()):
        call.body = _json(raw)
    return call


def match(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation that a request means, and its path parameters.

    Raises:
        RefusedError: no such path (404) or method (405).
    """
    # Some clients escape the @ of @original and @me; an emoji stays escaped until it is needed.
    path = path.replace("%40", "@")
    found = [(o, m) for o in operations() if (m := o.path.fullmatch(path))]
    for operation, matched in found:
        if operation.method == method:
            return operation, {k: unquote(v) for k, v in matched.groupdict().items()}
    raise refused("method" if found else "not_found")


async def _read_parts(request: web.Request, call: Call) -> None:
    call.multipart = True
    total = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise refused("form")
        data = bytes(await part.read())
        total += len(data)
        if total > refusals.REQUEST_LIMIT:
            raise refused("too_large")
        if part.name == "payload_json":
            call.body = _json(data)
        else:
            index = refusals.file_index(part.name or "", call.uploads)
            kind = part.headers.get("Content-Type")
            call.uploads[index] = Upload(part.filename or "unknown", data, kind)
    call.body = {} if call.body is None else call.body


def _json(raw: bytes) -> Any:  # noqa: ANN401  JSON
    try:
        return json.loads(raw)
    except ValueError:
        raise refused("json") from None


# What a handler works with


def _channel(world: World, call: Call, *needed: Permission) -> Channel:
    """Return the channel of a request in which the bot has all `needed` permissions."""
    channel = world.channels.get(int(call.params["channel_id"]))
    if channel is None:
        raise refused("unknown_channel")
    if not world.may(APPLICATION_ID, channel, Permission.VIEW_CHANNEL):
        raise refused("missing_access")
    if not all(world.may(APPLICATION_ID, channel, permission) for permission in needed):
        raise refused("missing_permissions")
    return channel


def _message(world: World, call: Call, *needed: Permission) -> Message:
    """Return the message of a channel route; ephemeral ones are not to be found this way."""
    channel = _channel(world, call, *needed)
    message = world.messages.get(int(call.params["message_id"]))
    if message is None or message.channel_id != channel.id or message.ephemeral_to:
        raise refused("unknown_message")
    return message


def _interaction(world: World, call: Call) -> Interaction:
    """Return the interaction whose token a webhook route carries, while it lives."""
    if int(call.params["webhook_id"]) != APPLICATION_ID:
        raise refused("unknown_webhook")
    interaction = world.by_token(call.params["webhook_token"])
    if interaction is None or not world.alive(interaction):
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
    return 200, shapes.myself(world)


@answers("get_user")
def _user(world: World, call: Call) -> Reply:
    if person := world.user(int(call.params["user_id"])):
        return 200, shapes.user(person)
    raise refused("unknown_user")


@answers("get_my_oauth2_application")
def _application(world: World, call: Call) -> Reply:
    return 200, shapes.application(world)


@answers("get_gateway")
def _gateway(world: World, call: Call) -> Reply:
    return 200, {"url": shapes.gateway_url(world)}


@answers("get_bot_gateway")
def _bot_gateway(world: World, call: Call) -> Reply:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    url = shapes.gateway_url(world)
    return 200, {"url": url, "shards": 1, "session_start_limit": limit}


@answers("list_application_emojis")
def _emojis(world: World, call: Call) -> Reply:
    _own_application(call)
    return 200, {"items": []}


# The server


@answers("list_my_guilds")
def _guilds(world: World, call: Call) -> Reply:
    guild = OBJECTS["guild"]
    kept = {key: guild[key] for key in ("id", "name", "icon", "banner", "features")}
    return 200, [{**kept, "owner": False, "permissions": "0"}]


@answers("get_guild")
def _guild(world: World, call: Call) -> Reply:
    _own_guild(call)
    return 200, shapes.guild()


@answers("list_guild_roles")
def _roles(world: World, call: Call) -> Reply:
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
    return 200, [shapes.command(c, guild_id) for c in world.commands.get(guild_id, ())]


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
    interaction = world.by_token(call.params["interaction_token"])
    if interaction is None or interaction.id != int(call.params["interaction_id"]):
        raise refused("unknown_interaction")
    if interaction.answer is not None:
        raise refused("already_acknowledged")
    if world.late(interaction):
        raise refused("unknown_interaction")
    rules.check_answer(world, call, interaction)
    answer = Answer(call.object_body()["type"])
    changed = world.answer(interaction, answer, call.message_body(), call.uploads)
    if call.asks("with_response"):
        return 200, shapes.callback(world, interaction, changed)
    return NOTHING


@answers("execute_webhook")
def _follow_up(world: World, call: Call) -> Reply:
    interaction = _interaction(world, call)
    original = world.messages.get(interaction.original_id or 0)
    body = call.object_body()
    if original and original.has(MessageFlag.LOADING):
        body = _as_edit(body)
        rules.check_message(body, call.uploads, before=original)
        # The first follow-up after a deferred answer becomes that answer, as private as it was.
        message = world.edit(original, body, call.uploads)
    else:
        rules.check_message(body, call.uploads, private=True)
        message = world.follow_up(interaction, body, call.uploads)
    return _shaped(world, message) if call.asks("wait") else NOTHING


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
    rules.check_message(call.object_body(), call.uploads, before=message)
    return _shaped(world, world.edit(message, call.object_body(), call.uploads))


@answers("delete_original_webhook_message", "delete_webhook_message")
def _delete_answer(world: World, call: Call) -> Reply:
    world.delete(_answer_of(world, call))
    return NOTHING


# Channels and messages


@answers("get_channel")
def _get_channel(world: World, call: Call) -> Reply:
    return 200, shapes.channel(world, _channel(world, call))


@answers("create_dm")
def _open_direct(world: World, call: Call) -> Reply:
    person = world.user(int(call.object_body().get("recipient_id") or 0))
    if person is None or person.bot:
        raise refused("unknown_user")
    return 200, shapes.channel(world, world.direct(person.id))


@answers("trigger_typing_indicator")
def _typing(world: World, call: Call) -> Reply:
    world.type_in(APPLICATION_ID, _channel(world, call, Permission.SEND_MESSAGES))
    return NOTHING


@answers("list_messages")
def _list(world: World, call: Call) -> Reply:
    channel = _channel(world, call)
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
    channel = _channel(world, call, *needed)
    if channel.person in world.closed:
        raise refused("closed_direct_messages")
    body = call.object_body()
    if body.get("enforce_nonce") and (
        same := world.repeated(channel, APPLICATION_ID, body.get("nonce"))
    ):
        return _shaped(world, same)
    rules.check_message(body, call.uploads)
    reference = rules.check_reference(world, channel, body)
    kind = MessageType.REPLY if reference else MessageType.PLAIN
    return _shaped(
        world,
        world.post(APPLICATION_ID, channel, body, call.uploads, kind=kind, reference=reference),
    )


@answers("get_message")
def _get(world: World, call: Call) -> Reply:
    return _shaped(world, _message(world, call, Permission.READ_MESSAGE_HISTORY))


@answers("update_message")
def _edit(world: World, call: Call) -> Reply:
    message = _message(world, call)
    if message.author_id != APPLICATION_ID:
        raise refused("not_your_message")
    rules.check_message(call.object_body(), call.uploads, before=message)
    return _shaped(world, world.edit(message, call.object_body(), call.uploads))


@answers("delete_message")
def _delete(world: World, call: Call) -> Reply:
    message = _message(world, call)
    if message.author_id != APPLICATION_ID:
        _channel(world, call, Permission.MANAGE_MESSAGES)
    world.delete(message)
    return NOTHING


# Reactions


@answers("add_my_message_reaction")
def _react(world: World, call: Call) -> Reply:
    message = _message(world, call, Permission.READ_MESSAGE_HISTORY, Permission.ADD_REACTIONS)
    world.react(APPLICATION_ID, message, rules.checked_emoji(call))
    return NOTHING


@answers("delete_my_message_reaction")
def _unreact(world: World, call: Call) -> Reply:
    world.unreact(APPLICATION_ID, _message(world, call), rules.checked_emoji(call))
    return NOTHING


@answers("delete_user_message_reaction")
def _unreact_other(world: World, call: Call) -> Reply:
    message = _message(world, call, Permission.MANAGE_MESSAGES)
    world.unreact(int(call.params["user_id"]), message, rules.checked_emoji(call))
    return NOTHING


@answers("delete_all_message_reactions")
def _clear_reactions(world: World, call: Call) -> Reply:
    world.clear_reactions(_message(world, call, Permission.MANAGE_MESSAGES))
    return NOTHING


@answers("list_message_reactions_by_emoji")
def _reactors(world: World, call: Call) -> Reply:
    users = _message(world, call).reactions.get(rules.checked_emoji(call), [])
    return 200, [shapes.user(person) for i in users if (person := world.user(i))]
