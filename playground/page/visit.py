"""One open page: what its person sees goes out, what the person does comes in.

The socket, ``GET /playground/ws?person=<id>``, carries JSON both ways. All ids are strings.

From here to the page, ``{"t": TYPE, "d": {...}}``:

==================  ==========================================================================
``HELLO``           ``me`` (id), ``locale`` (of the person's client),
                    ``people`` [{id, name, username, avatar, color, standing}] (in a few words),
                    ``guild`` {id, name, roles [{id, name}]},
                    ``channels`` [{id, name, type, topic, nsfw, can_send}] (type 0: of the server,
                    1: direct messages),
                    ``bot`` {id, name, avatar, online}, ``commands`` [Discord command object with
                    ``channels``, the ids of the channels where it may be used],
                    ``link`` (another page: {label, url}, or null),
                    ``about`` (notice), ``upload_limit`` (bytes),
                    ``messages`` {channel id: [message, oldest first]},
                    ``earlier`` [id of each channel that has more than these]
``HISTORY``         ``channel_id``, ``messages`` [oldest first], ``earlier`` (whether more are)
``MESSAGE_CREATE``  a Discord message object; ``ephemeral: true`` if only this person sees it
``MESSAGE_UPDATE``  the same, whole
``MESSAGE_DELETE``  ``id``, ``channel_id``
``REACTION_ADD``    ``message_id``, ``channel_id``, ``user_id``, ``emoji`` {id, name}
``REACTION_REMOVE`` the same; ``REACTION_CLEAR`` without user and emoji
``TYPING``          ``channel_id``, ``user_id``
``COMMANDS``        the list of commands that the person may use somewhere
``BOT``             ``online``
``INTERACTION``     ``nonce``, ``id``, ``state`` (sent, acknowledged, failed), ``reason`` if failed
``CHOICES``         ``nonce``, ``choices`` [{name, value}]
``MODAL``           ``nonce``, ``id``, ``title``, ``custom_id``, ``components``
``DONE``            ``nonce``: a say, react, unreact, delete or dismiss was done
``REFUSED``         ``method``, ``path``, ``reason``: what the bot asked and did not get
``ERROR``           ``nonce``, ``message``: what the page asked and did not get
==================  ==========================================================================

From the page to here, ``{"op": OP, "nonce": n, ...}``:

==============  ===================================================================================
``command``     ``channel_id``, ``name``, ``type`` (1, 2, 3), ``options`` [{name, type, value |
                options}], ``target_id`` for menus; attachment options carry an upload's id
``complete``    ``channel_id``, ``name``, ``options``, ``focused`` (an option's name)
``press``       ``message_id``, ``custom_id``
``select``      ``message_id``, ``custom_id``, ``values``
``submit``      ``interaction_id``, ``components`` [{custom_id, value | values}], nested or not
``react``       ``message_id``, ``emoji`` (also ``unreact``)
``history``     ``channel_id``, ``before`` (message id)
``say``         ``channel_id``, ``content``, ``files`` [upload id], ``reference`` (message id)
``delete``      ``message_id`` (also ``dismiss``, for ephemeral messages)
``speak``       ``locale``: the language of the person's client from now on
==============  ===================================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from aiohttp import web

from playground.client import people
from playground.client.options import NotPossibleError
from playground.protocol import shapes
from playground.protocol.operations import locales
from playground.state import components
from playground.state.cast import OBJECTS
from playground.state.records import (
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
from playground.state.world import World

PAGE_OF_HISTORY = 100
"""Messages of a channel that a page gets at once."""


class Visit:
    """One open page: what its person sees goes out, what the person does comes in."""

    def __init__(self, world: World, person: Person, ws: web.WebSocketResponse) -> None:
        self.ws = ws
        self._world = world
        self._name = person.name
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._nonces: dict[int, object] = {}

    @property
    def _person(self) -> Person:
        return self._world.people[self._name]

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
            threaded = self._world.channels[change.message.channel_id].parent is not None
            if not threaded and self._world.sees(self._person.id, change.message):
                self._show_message(change, change.message)
        elif change.interaction:
            if change.kind == "interaction_state" and change.interaction.id in self._nonces:
                self._show_answer(change.interaction)
        elif change.kind == "commands":
            self.send("COMMANDS", commands(self._world, self._person))
        elif change.kind == "typing" and change.channel:
            where = {"channel_id": str(change.channel.id), "user_id": str(change.user_id)}
            self.send("TYPING", where)

    def _show_message(self, change: Change, message: Message) -> None:
        place = {"message_id": str(message.id), "channel_id": str(message.channel_id)}
        if change.kind in ("message_create", "message_update"):
            shaped = post(self._world, self._person, message)
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
        people.say(self._world, self._person, where, content, uploads=files, reference=reference)

    def delete(self, asked: Body) -> None:
        """Delete a message."""
        people.delete(self._world, self._person, self._message(asked))

    def dismiss(self, asked: Body) -> None:
        """Put an ephemeral message away."""
        people.dismiss(self._world, self._person, self._message(asked))

    def history(self, asked: Body) -> None:
        """Show what was written before a message."""
        where, before = self._place(asked), int(asked["before"])
        shown, earlier = history(self._world, self._person, where, before)
        place = {"channel_id": str(where.id), "messages": shown, "earlier": earlier}
        self.send("HISTORY", place)

    def speak(self, asked: Body) -> None:
        """Set the person's client to another language."""
        if asked["locale"] not in locales():
            raise NotPossibleError("Discord does not speak this language.")
        self._world.people[self._name] = replace(self._person, locale=asked["locale"])

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
        stored = self._world.files.get(int(upload_id))
        data = self._world.files.data(stored.id) if stored else None
        if stored is None or data is None:
            raise NotPossibleError("This file is no longer there.")
        self._world.files.drop(stored.id)
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
    "history": Visit.history,
    "speak": Visit.speak,
}


def _value(field: Body) -> object:
    return field["values"] if "values" in field else field.get("value")


def card(world: World, person: Person) -> Body:
    """What the page shows of a person or the bot."""
    return {
        "standing": describe_standing(world, person),
        "id": str(person.id),
        "name": person.user["global_name"] or person.user["username"],
        "username": person.user["username"],
        "avatar": person.user["avatar"],
        "color": person.color,
    }


def describe_standing(world: World, person: Person) -> str:
    """In a few words, what somebody is in the server: who tries things out needs one of each."""
    rooms = [channel for channel in world.channels.values() if not channel.direct]
    if str(person.id) == OBJECTS["guild"]["owner_id"]:
        return "Runs this server"
    if any(world.may(person.id, channel, Permission.SEND_MESSAGES) for channel in rooms):
        return "Member"
    return "May only read"


def history(
    world: World, person: Person, channel: Channel, before: int | None = None
) -> tuple[list[Body], bool]:
    """The newest messages of a channel (before one), oldest first, and whether there are more."""
    if not world.may(person.id, channel, Permission.READ_MESSAGE_HISTORY):
        return [], False
    known = [m for m in world.history(channel, person.id) if before is None or m.id < before]
    shown = [post(world, person, message) for message in known[-PAGE_OF_HISTORY:]]
    return shown, len(known) > len(shown)


def place(world: World, person: Person, channel: Channel) -> Body:
    """What the page shows of a channel."""
    fixed = channel.fixed
    return {
        "id": str(channel.id),
        "name": OBJECTS["bot"]["username"] if channel.direct else channel.name,
        "type": 1 if channel.direct else 0,
        "topic": fixed.get("topic") or "",
        "nsfw": bool(fixed.get("nsfw")),
        "can_send": world.may(person.id, channel, Permission.SEND_MESSAGES),
        "can_manage": not channel.direct
        and world.may(person.id, channel, Permission.MANAGE_MESSAGES),
    }


def post(world: World, person: Person, message: Message) -> Body:
    """A message as the page gets it."""
    shaped = shapes.message(world, message, viewer=person.id)
    return {**shaped, "ephemeral": True} if message.ephemeral_to else shaped


def commands(world: World, person: Person) -> list[Body]:
    """The commands that a person may use somewhere, each with the ids of where."""
    offered = {c.id: people.offered(world, person, c) for c in world.channels.values()}
    return [
        {**shapes.command(command, 0), "channels": places}
        for command in world.commands.all()
        if (places := [str(i) for i, its in offered.items() if command in its])
    ]
