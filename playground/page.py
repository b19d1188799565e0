"""The page's side of the stand-in: static files, uploads, and one socket per open page.

The socket, ``GET /playground/ws?person=<id>``, carries JSON both ways. All ids are strings.

From here to the page, ``{"t": TYPE, "d": {...}}``:

==================  ===============================================================================
``HELLO``           ``me`` (id), ``people`` [{id, name, username, avatar, color}], ``guild`` {id, name},
                    ``channels`` [{id, name, type, topic, nsfw, can_send}] (0: of the server, 1: direct
                    messages), ``bot`` {id, name, avatar, online}, ``commands`` [Discord command
                    object with ``channels``, the ids of the channels where it may be used],
                    ``about`` (notice), ``upload_limit`` (bytes),
                    ``messages`` {channel id: [message, oldest first]}
``MESSAGE_CREATE``  a Discord message object; ``ephemeral: true`` if only this person sees it
``MESSAGE_UPDATE``  the same, whole
``MESSAGE_DELETE``  ``id``, ``channel_id``
``REACTION_ADD``    ``message_id``, ``channel_id``, ``user_id``, ``emoji`` {id, name}
``REACTION_REMOVE`` the same; ``REACTION_CLEAR`` without user and emoji
``TYPING``          ``channel_id``, ``user_id``
``COMMANDS``        the list of commands that the person may use somewhere
``BOT``             ``online``
``INTERACTION``     ``nonce``, ``id``, ``state`` (sent, acknowledged, failed), ``reason`` if it failed
``CHOICES``         ``nonce``, ``choices`` [{name, value}]
``MODAL``           ``nonce``, ``id``, ``title``, ``custom_id``, ``components``
``DONE``            ``nonce``: a say, react, unreact, delete or dismiss was done
``REFUSED``         ``method``, ``path``, ``reason``: what the bot asked and did not get
``ERROR``           ``nonce``, ``message``: what the page asked and did not get
==================  ===============================================================================

From the page to here, ``{"op": OP, "nonce": n, ...}``:

==============  ===================================================================================
``command``     ``channel_id``, ``name``, ``type`` (1, 2, 3), ``options`` [{name, type, value |
                options}], ``target_id`` for menus; attachment options carry an upload's id
``complete``    ``channel_id``, ``name``, ``options``, ``focused`` (an option's name)
``press``       ``message_id``, ``custom_id``
``select``      ``message_id``, ``custom_id``, ``values``
``submit``      ``interaction_id``, ``components`` [{custom_id, value | values}], nested or not
``react``       ``message_id``, ``emoji`` (also ``unreact``)
``say``         ``channel_id``, ``content``, ``files`` [upload id], ``reference`` (message id)
``delete``      ``message_id`` (also ``dismiss``, for ephemeral messages)
==============  ===================================================================================

``POST /playground/upload?person=<id>&filename=<name>`` with the raw bytes gives ``{id, url, filename,
size, content_type, width, height}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from playground import components, people, shapes
from playground.faults import Journal, Request
from playground.gateway import Gateway
from playground.people import NotPossibleError
from playground.records import (
    Answer,
    Body,
    Change,
    Channel,
    CommandType,
    Interaction,
    InteractionType,
    Message,
    Permission,
    Person,
    Upload,
)
from playground.world import GUILD_ID, OBJECTS, World

FOLDER = Path(__file__).with_name("page")
SHOWN_AT_FIRST = 100
"""Messages of each channel that a page gets when it opens."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "font-src 'self'; media-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def only_from(hosts: Sequence[str]) -> Any:  # noqa: ANN401  aiohttp's middleware type
    """Return a middleware that refuses requests meant for, or sent by pages of, other hosts.

    A name that an attacker lets point at 127.0.0.1 would otherwise reach everything here.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        named = [f"//{request.host}", *([origin] if origin else [])]
        if any(_host(url) not in hosts for url in named):
            raise web.HTTPForbidden(text="This host is not served here.")
        return await handler(request)

    return check


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


class Page:
    """Serves the page and its sockets."""

    def __init__(self, world: World, gateway: Gateway, journal: Journal, notice: str) -> None:
        self._world = world
        self._gateway = gateway
        self._notice = notice
        self._visits: set[Visit] = set()
        world.listen(self._changed)
        journal.listen(self._noted)
        gateway.on_state(self._bot_changed)

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return what is served."""
        return [
            web.get("/", self._index),
            web.get("/page/{path:.+}", self._asset),
            web.get("/playground/ws", self._socket),
            web.post("/playground/upload", self._upload),
        ]

    async def close(self) -> None:
        """End every visit."""
        for visit in tuple(self._visits):
            await visit.ws.close()

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(FOLDER / "index.html", headers=HEADERS)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        path = (FOLDER / request.match_info["path"]).resolve()
        if not path.is_relative_to(FOLDER.resolve()) or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=HEADERS)

    async def _upload(self, request: web.Request) -> web.Response:
        person = self._person(request)
        data = await request.read()
        if len(data) > shapes.UPLOAD_LIMIT:
            raise web.HTTPRequestEntityTooLarge(shapes.UPLOAD_LIMIT, len(data))
        name = request.query.get("filename", "file")
        upload = Upload(name, data, request.content_type)
        stored = self._world.store(upload, self._world.direct(person.id).id, ephemeral=True)
        return web.json_response(shapes.attachment(self._world, stored))

    def _person(self, request: web.Request) -> Person:
        asked = request.query.get("person", "")
        for person in self._world.people.values():
            if asked in (str(person.id), person.name):
                return person
        raise web.HTTPNotFound(text="There is no such person.")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        person = self._person(request)
        ws = web.WebSocketResponse(heartbeat=30.0)
        await ws.prepare(request)
        visit = Visit(self._world, person, ws)
        visit.send("HELLO", self._hello(person))
        writer = asyncio.create_task(visit.write())
        self._visits.add(visit)
        try:
            async for frame in ws:
                if frame.type is WSMsgType.TEXT:
                    visit.receive(frame.data)
        finally:
            self._visits.discard(visit)
            writer.cancel()
        return ws

    def _hello(self, person: Person) -> Body:
        world = self._world
        seen = [
            c for c in world.channels.values() if world.may(person.id, c, Permission.VIEW_CHANNEL)
        ]
        return {
            "me": str(person.id),
            "people": [_card(p) for p in world.people.values()],
            "guild": {"id": str(GUILD_ID), "name": OBJECTS["guild"]["name"]},
            "channels": [_channel(world, person, c) for c in seen],
            "bot": {**_card(world.bot), "online": self._gateway.online},
            "commands": _commands(world, person),
            "about": self._notice,
            "upload_limit": shapes.UPLOAD_LIMIT,
            "messages": {
                str(c.id): [
                    _message(world, person, m)
                    for m in world.history(c, person.id)[-SHOWN_AT_FIRST:]
                ]
                for c in seen
            },
        }

    def _changed(self, change: Change) -> None:
        for visit in tuple(self._visits):
            visit.show(change)

    def _noted(self, request: Request) -> None:
        if request.verdict == "refused":
            entry = {"method": request.method, "path": request.path, "reason": request.reason}
            for visit in self._visits:
                visit.send("REFUSED", entry)

    def _bot_changed(self) -> None:
        for visit in self._visits:
            visit.send("BOT", {"online": self._gateway.online})


class Visit:
    """One open page: what its person sees goes out, what the person does comes in."""

    def __init__(self, world: World, person: Person, ws: web.WebSocketResponse) -> None:
        self.ws = ws
        self._world = world
        self._person = person
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._nonces: dict[int, object] = {}

    def send(self, kind: str, data: object) -> None:
        """Queue a frame."""
        self._queue.put_nowait(json.dumps({"t": kind, "d": data}))

    async def write(self) -> None:
        """Write queued frames until the page is gone."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self.ws.send_str(await self._queue.get())

    # What the person sees

    def show(self, change: Change) -> None:
        """Tell the page of a change, if its person sees it."""
        if change.message:
            if self._world.sees(self._person.id, change.message):
                self._show_message(change, change.message)
        elif change.interaction:
            if change.kind == "interaction_state" and change.interaction.id in self._nonces:
                self._show_answer(change.interaction)
        elif change.kind == "commands":
            self.send("COMMANDS", _commands(self._world, self._person))
        elif change.kind == "typing" and change.channel:
            where = {"channel_id": str(change.channel.id), "user_id": str(change.user_id)}
            self.send("TYPING", where)

    def _show_message(self, change: Change, message: Message) -> None:
        place = {"message_id": str(message.id), "channel_id": str(message.channel_id)}
        if change.kind in ("message_create", "message_update"):
            shaped = _message(self._world, self._person, message)
            self.send(change.kind.upper(), shaped)
        elif change.kind == "message_delete":
            self.send("MESSAGE_DELETE", {"id": str(message.id), **place})
        elif change.kind == "reaction_clear":
            self.send("REACTION_CLEAR", place)
        else:
            emoji = shapes.reaction_emoji(change.emoji)
            who = {"user_id": str(change.user_id), "emoji": emoji}
            self.send(change.kind.upper(), {**place, **who})

    def _show_answer(self, it: Interaction) -> None:
        nonce = self._nonces.pop(it.id)
        said: Body = {"nonce": nonce, "id": str(it.id)}
        if it.type == InteractionType.AUTOCOMPLETE:
            self.send("CHOICES", {**said, "choices": it.choices or []})
        elif it.failed:
            self.send("INTERACTION", {**said, "state": "failed", "reason": it.failed})
        else:
            self.send("INTERACTION", {**said, "state": "acknowledged"})
        if it.answer == Answer.MODAL and it.modal:
            self.send("MODAL", {**said, **it.modal})

    # What the person does

    def receive(self, frame: str) -> None:
        """Carry out what the page asks for, or say why not."""
        nonce: object = None
        try:
            asked = json.loads(frame)
            nonce = asked.get("nonce")
            made = ACTIONS[asked["op"]](self, asked)
        except NotPossibleError as error:
            self.send("ERROR", {"nonce": nonce, "message": str(error)})
        except (KeyError, TypeError, ValueError, AttributeError):
            self.send("ERROR", {"nonce": nonce, "message": "The page sent something unreadable."})
        else:
            self._sent(made, nonce)

    def _sent(self, made: Interaction | None, nonce: object) -> None:
        if made is None:
            self.send("DONE", {"nonce": nonce})
            return
        self._nonces[made.id] = nonce
        if made.type != InteractionType.AUTOCOMPLETE:
            self.send("INTERACTION", {"nonce": nonce, "id": str(made.id), "state": "sent"})

    def command(self, asked: Body) -> Interaction:
        """Use a command."""
        kind = CommandType(asked.get("type", CommandType.SLASH))
        target = asked.get("target_id")
        return people.use_command(
            self._world,
            self._person,
            self._place(asked),
            asked["name"],
            asked.get("options") or [],
            kind=kind,
            target_id=int(target) if target else None,
        )

    def complete(self, asked: Body) -> Interaction:
        """Ask for completions."""
        given, focused = asked.get("options") or [], asked["focused"]
        where, who = self._place(asked), self._person
        return people.use_command(self._world, who, where, asked["name"], given, focused=focused)

    def press(self, asked: Body) -> Interaction:
        """Press a button."""
        return people.press(self._world, self._person, self._message(asked), asked["custom_id"])

    def select(self, asked: Body) -> Interaction:
        """Choose in a menu."""
        values, name = [str(v) for v in asked["values"]], asked["custom_id"]
        return people.select(self._world, self._person, self._message(asked), name, values)

    def submit(self, asked: Body) -> Interaction:
        """Submit a modal."""
        parent = self._world.interactions.get(int(asked["interaction_id"]))
        if parent is None:
            raise NotPossibleError("This form is no longer there.")
        fields = components.walk(asked["components"])
        values = {c["custom_id"]: _value(c) for c in fields if "custom_id" in c}
        return people.submit(self._world, self._person, parent, values)

    def react(self, asked: Body) -> None:
        """Add a reaction."""
        people.react(self._world, self._person, self._message(asked), str(asked["emoji"]))

    def unreact(self, asked: Body) -> None:
        """Take a reaction away."""
        self._world.unreact(self._person.id, self._message(asked), str(asked["emoji"]))

    def say(self, asked: Body) -> None:
        """Write a message."""
        files = [self._uploaded(str(entry)) for entry in asked.get("files") or ()]
        reference = int(asked["reference"]) if asked.get("reference") else None
        where, content = self._place(asked), str(asked.get("content", ""))
        people.say(self._world, self._person, where, content, files, reference)

    def delete(self, asked: Body) -> None:
        """Delete a message."""
        people.delete(self._world, self._person, self._message(asked))

    def dismiss(self, asked: Body) -> None:
        """Put an ephemeral message away."""
        people.dismiss(self._world, self._person, self._message(asked))

    def _place(self, asked: Body) -> Channel:
        channel = self._world.channels.get(int(asked["channel_id"]))
        if channel is None:
            raise NotPossibleError("This channel is not there.")
        return channel

    def _message(self, asked: Body) -> Message:
        message = self._world.messages.get(int(asked["message_id"]))
        if message is None or not self._world.sees(self._person.id, message):
            raise NotPossibleError("This message is no longer there.")
        return message

    def _uploaded(self, upload_id: str) -> Upload:
        stored = self._world.attachment(int(upload_id))
        data = self._world.shelf.file(stored.id) if stored else None
        if stored is None or data is None:
            raise NotPossibleError("This file is no longer there.")
        self._world.shelf.drop_file(stored.id)
        return Upload(stored.filename, data, stored.content_type)


ACTIONS: Mapping[str, Callable[[Visit, Body], Interaction | None]] = {
    "command": Visit.command,
    "complete": Visit.complete,
    "press": Visit.press,
    "select": Visit.select,
    "submit": Visit.submit,
    "react": Visit.react,
    "unreact": Visit.unreact,
    "say": Visit.say,
    "delete": Visit.delete,
    "dismiss": Visit.dismiss,
}


def _value(field: Body) -> object:
    return field["values"] if "values" in field else field.get("value")


def _card(person: Person) -> Body:
    return {
        "id": str(person.id),
        "name": person.user["global_name"] or person.user["username"],
        "username": person.user["username"],
        "avatar": person.user["avatar"],
        "color": person.color,
    }


def _channel(world: World, person: Person, channel: Channel) -> Body:
    fixed = channel.fixed
    return {
        "id": str(channel.id),
        "name": OBJECTS["bot"]["username"] if channel.direct else channel.name,
        "type": 1 if channel.direct else 0,
        "topic": fixed.get("topic") or "",
        "nsfw": bool(fixed.get("nsfw")),
        "can_send": world.may(person.id, channel, Permission.SEND_MESSAGES),
    }


def _message(world: World, person: Person, message: Message) -> Body:
    shaped = shapes.message(world, message, viewer=person.id)
    return {**shaped, "ephemeral": True} if message.ephemeral_to else shaped


def _commands(world: World, person: Person) -> list[Body]:
    """The commands that a person may use somewhere, each with the ids of where."""
    offered = {c.id: people.offered(world, person, c) for c in world.channels.values()}
    return [
        {**shapes.command(command, 0), "channels": places}
        for command in world.all_commands()
        if (places := [str(i) for i, its in offered.items() if command in its])
    ]
