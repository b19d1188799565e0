"""The world of the stand-in: a server with channels and people, and what happens in it.

The world knows what Discord's objects *mean*; what they look like is in
`protocol.shapes`, what is refused in `protocol.refusals`. Everything is synchronous and belongs to
one event loop. Listeners hear each change right after it happened.
"""

from __future__ import annotations

import copy
import dataclasses
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from playground.state import cast, components
from playground.state.cast import DIRECT_OFFSET
from playground.state.clock import Clock, Snowflakes
from playground.state.files import Files
from playground.state.grants import Grants
from playground.state.interactions import Interactions
from playground.state.permissions import permissions_in, with_denials
from playground.state.records import (
    Answer,
    Attachment,
    Body,
    Change,
    Channel,
    Interaction,
    Message,
    MessageFlag,
    MessageType,
    Permission,
    Person,
    Upload,
)
from playground.state.registry import Registry
from playground.state.shelf import Shelf

UPLOAD_LIMIT = 10 * 1024 * 1024
"""Discord's limit in bytes of one file for people and servers that pay nothing."""
NONCE_LIFE = 300.0
"""Seconds for which a repeated nonce gives the first message again."""
OURS_TO_EDIT = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.COMPONENTS_V2
OURS_TO_SET = OURS_TO_EDIT | MessageFlag.SUPPRESS_NOTIFICATIONS


class World:
    """One application with its bot, one server, three people, and what they did.

    Attributes:
        base: URL under which the stand-in is reached, without a slash at the end.
        files: every stored file.
        interactions: every interaction there was.
        commands: what the bot registered.
        grants: what people allowed at sign-in.
        closed: people who take no direct messages.
        upload_limit: largest file in bytes that may be sent (``attachment_size_limit``).
    """

    def __init__(self, clock: Clock, shelf: Shelf) -> None:
        self.clock = clock
        self.shelf = shelf
        self.base = ""
        self.secret = secrets.token_hex(16)
        self.people = cast.people()
        self.bot = cast.bot()
        self.channels = cast.channels(self.people)
        self.messages: dict[int, Message] = {}
        self.interactions = Interactions(clock)
        self.closed: set[int] = set()
        self.upload_limit = UPLOAD_LIMIT
        self._nonces: dict[tuple[int, int, str | int], int] = {}
        self._listeners: list[Callable[[Change], None]] = []
        self._ids = Snowflakes(clock)
        self.files = Files(shelf, self._ids)
        self.commands = Registry(self._ids)
        self.grants = Grants(clock.now)
        self._load()

    # Looking around

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` after every change; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def user(self, user_id: int) -> Person | None:
        """Return the person, or the bot, with an id."""
        if user_id == self.bot.id:
            return self.bot
        return next((person for person in self.people.values() if person.id == user_id), None)

    def channel_named(self, name: str) -> Channel | None:
        """Return the server's channel with a name."""
        return next((c for c in self.channels.values() if c.name == name and not c.direct), None)

    def direct(self, person_id: int) -> Channel:
        """Return the direct message channel of the bot and a person."""
        return self.channels[person_id + DIRECT_OFFSET]

    def permissions(self, user_id: int, channel: Channel) -> int:
        """Return what a user may do in a channel, as Discord's permission bits."""
        user = self.user(user_id)
        return permissions_in(channel, user) if user else 0

    def may(self, user_id: int, channel: Channel, permission: Permission) -> bool:
        """Return whether a user has a permission in a channel."""
        return bool(self.permissions(user_id, channel) & permission)

    def forbid(self, user_id: int, channel: Channel, permission: Permission) -> None:
        """Take permissions away from a user in a server's channel, as a manager can on Discord."""
        self._deny(user_id, channel, lambda before: before | permission)

    def permit(self, user_id: int, channel: Channel, permission: Permission) -> None:
        """Give back permissions that `forbid` took."""
        self._deny(user_id, channel, lambda before: before & ~permission)

    def _deny(self, user_id: int, channel: Channel, change: Callable[[int], int]) -> None:
        channel.fixed = with_denials(channel, user_id, change)
        self.tell(Change("channel_update", channel=channel))

    def sees(self, person_id: int, message: Message) -> bool:
        """Return whether a message is shown to a person."""
        if message.ephemeral_to not in (None, person_id):
            return False
        return self.may(person_id, self.channels[message.channel_id], Permission.VIEW_CHANNEL)

    # Messages

    def post(
        self,
        author_id: int,
        channel: Channel,
        body: Body,
        uploads: Mapping[int, Upload],
        *,
        kind: MessageType = MessageType.PLAIN,
        flags: int = 0,
        interaction: Interaction | None = None,
        reference: int | None = None,
    ) -> Message:
        """Put a message into a channel and tell everybody who may see it.

        Args:
            author_id: whose it is.
            channel: where it goes.
            body: `content`, `embeds`, `flags`, … as requests carry them; already judged.
            uploads: new files by the index that ``attachments`` placeholders name.
            kind: how it came to be.
            flags: set besides those in `body`.
            interaction: what the message answers.
            reference: id of the message that it replies to.
        """
        flags |= (body.get("flags") or 0) & (OURS_TO_SET | MessageFlag.EPHEMERAL)
        message = Message(
            id=self._ids.next(),
            channel_id=channel.id,
            author_id=author_id,
            created=self.clock.now(),
            type=kind,
            flags=flags,
            tts=bool(body.get("tts")),
            nonce=body.get("nonce"),
            reference=reference,
            interaction_id=interaction.id if interaction else None,
            ephemeral_to=interaction.person_id
            if interaction and flags & MessageFlag.EPHEMERAL
            else None,
        )
        self._fill(message, body, uploads)
        self.messages[message.id] = message
        channel.last_message = message.id
        if message.nonce is not None:
            self._nonces[channel.id, author_id, message.nonce] = message.id
        self._save("message", message)
        self.tell(Change("message_create", message=message))
        return message

    def edit(self, message: Message, body: Body, uploads: Mapping[int, Upload]) -> Message:
        """Change the parts of a message that `body` names; ``attachments`` lists what stays."""
        message.history.append(message.version())
        if message.has(MessageFlag.LOADING):
            message.flags &= ~int(MessageFlag.LOADING)
        else:
            message.edited = self.clock.now()
        if "flags" in body:
            message.flags = message.flags & ~int(MessageFlag.SUPPRESS_EMBEDS)
            message.flags |= (body["flags"] or 0) & OURS_TO_EDIT
        self._fill(message, body, uploads)
        self._save("message", message)
        self.tell(Change("message_update", message=message))
        return message

    def delete(self, message: Message) -> None:
        """Take a message away."""
        message.deleted = True
        del self.messages[message.id]
        for attachment in message.attachments:
            self.files.drop(attachment.id)
        self._save("message", message)
        self.tell(Change("message_delete", message=message))

    def repeated(self, channel: Channel, author_id: int, nonce: str | int | None) -> Message | None:
        """Return the message that was already sent with this nonce, if that was just now."""
        if nonce is None:
            return None
        message = self.messages.get(self._nonces.get((channel.id, author_id, nonce), 0))
        fresh = message and self.clock.now() - message.created < NONCE_LIFE
        return message if fresh else None

    def history(self, channel: Channel, viewer_id: int | None = None) -> list[Message]:
        """Return a channel's messages, oldest first; ephemeral ones only for their person."""
        return [
            m
            for m in self.messages.values()
            if m.channel_id == channel.id and m.ephemeral_to in (None, viewer_id)
        ]

    def _fill(self, message: Message, body: Body, uploads: Mapping[int, Upload]) -> None:
        if "content" in body:
            message.content = body["content"] or ""
        if "embeds" in body:
            message.embeds = list(body["embeds"] or ())
        if "attachments" in body or uploads:
            files, listed = message.attachments, body.get("attachments")
            message.attachments = self.files.replace(files, listed, uploads, message.channel_id)
        if "components" in body:
            message.components = components.normalised(body["components"] or [])

    # Reactions, typing, commands

    def react(self, user_id: int, message: Message, emoji: str) -> None:
        """Add a reaction; adding it twice does nothing."""
        users = message.reactions.setdefault(emoji, [])
        if user_id not in users:
            users.append(user_id)
            self._save("message", message)
            self.tell(Change("reaction_add", message=message, user_id=user_id, emoji=emoji))

    def unreact(self, user_id: int, message: Message, emoji: str) -> None:
        """Take a reaction away; it need not be there."""
        users = message.reactions.get(emoji, [])
        if user_id in users:
            users.remove(user_id)
            if not users:
                del message.reactions[emoji]
            self._save("message", message)
            self.tell(Change("reaction_remove", message=message, user_id=user_id, emoji=emoji))

    def clear_reactions(self, message: Message) -> None:
        """Take every reaction away."""
        message.reactions.clear()
        self._save("message", message)
        self.tell(Change("reaction_clear", message=message))

    def type_in(self, user_id: int, channel: Channel) -> None:
        """Show a user as typing."""
        self.tell(Change("typing", channel=channel, user_id=user_id))

    def register(self, scope: int, commands: list[Body]) -> list[Body]:
        """Replace the commands of a scope; see `Registry.replace`."""
        registered = self.commands.replace(scope, commands)
        self.shelf.write("commands", {"id": scope, "commands": registered})
        self.tell(Change("commands"))
        return registered

    # Interactions

    def interact(
        self,
        kind: int,
        person_id: int,
        channel: Channel,
        data: Body,
        *,
        attachments: list[Attachment] | None = None,
        message_id: int | None = None,
        target_id: int | None = None,
        parent_id: int | None = None,
    ) -> Interaction:
        """Let a person use a command, component or modal: the bot hears of it."""
        interaction = Interaction(
            id=self._ids.next(),
            token=secrets.token_urlsafe(64),
            type=kind,
            person_id=person_id,
            channel_id=channel.id,
            created=self.clock.now(),
            data=data,
            attachments=attachments or [],
            message_id=message_id,
            target_id=target_id,
            parent_id=parent_id,
        )
        self.interactions.add(interaction)
        self._save("interaction", interaction)
        self.tell(Change("interaction", interaction=interaction))
        return interaction

    def answer(
        self,
        interaction: Interaction,
        answer: Answer,
        data: Body,
        uploads: Mapping[int, Upload],
    ) -> Message | None:
        """Give an interaction its first answer; return the message that this made or changed."""
        interaction.answer = answer
        interaction.answered = self.clock.now()
        self.interactions.settle(interaction)
        message = None
        if answer in (Answer.MESSAGE, Answer.DEFERRED_MESSAGE):
            flags = MessageFlag.LOADING if answer is Answer.DEFERRED_MESSAGE else 0
            message = self.follow_up(interaction, data, uploads, flags)
            interaction.original_id = message.id
        elif answer in (Answer.UPDATE, Answer.DEFERRED_UPDATE):
            interaction.original_id = interaction.message_id
            source = self.messages.get(interaction.message_id or 0)
            if answer is Answer.UPDATE and source:
                message = self.edit(source, data, uploads)
        elif answer is Answer.MODAL:
            fields = components.normalised(data["components"], modal=True)
            interaction.modal = {**data, "components": fields}
        else:
            interaction.choices = data["choices"]
        self._save("interaction", interaction)
        self.tell(Change("interaction_state", interaction=interaction))
        return message

    def follow_up(
        self,
        interaction: Interaction,
        data: Body,
        uploads: Mapping[int, Upload],
        flags: int = 0,
    ) -> Message:
        """Answer an interaction with one more message."""
        reference = interaction.original_id or interaction.message_id
        return self.post(
            self.bot.id,
            self.channels[interaction.channel_id],
            data,
            uploads,
            kind=MessageType.REPLY if reference else self.interactions.kind_of_answer(interaction),
            flags=flags,
            interaction=interaction,
            reference=reference,
        )

    def lapse(self) -> None:
        """Tell people of interactions that got no answer in time."""
        for interaction in self.interactions.take_late():
            interaction.failed = "The application did not respond"
            self._save("interaction", interaction)
            self.tell(Change("interaction_state", interaction=interaction))

    # Keeping

    def tell(self, change: Change) -> None:
        """Have all listeners hear of a change."""
        for listener in tuple(self._listeners):
            listener(change)

    def _save(self, kind: str, record: Message | Interaction) -> None:
        if not self.shelf.keeps:
            return
        fields = dataclasses.asdict(record)
        fields.pop("history", None)
        self.shelf.write(kind, fields)

    def _load(self) -> None:
        records = [(kind, it) for kind, it in self.shelf.read() if not it.get("deleted")]
        kept_files: set[int] = set()
        for kind, record in copy.deepcopy(records):
            if kind == "commands":
                self.commands.load(record["id"], record["commands"])
            elif kind == "secret":
                self.secret = record["secret"]
            # Threads are not kept, and with them goes what was said there.
            elif record["channel_id"] in self.channels:
                kept_files |= self._load_record(kind, record)
        kept = [(kind, record) for kind, record in records if kind != "secret"]
        secret = ("secret", {"id": 0, "secret": self.secret})
        self.shelf.begin([secret, *kept], kept_files)

    def _load_record(self, kind: str, record: dict[str, Any]) -> set[int]:
        """Take a message or an interaction of an earlier run; return the ids of its files."""
        attachments = [Attachment(**entry) for entry in record.pop("attachments")]
        self.files.remember(attachments)
        self._ids.last = max([self._ids.last, record["id"], *(a.id for a in attachments)])
        if kind == "interaction":
            self.interactions.add(Interaction(**record, attachments=attachments))
        else:
            message = Message(**record, attachments=attachments)
            self.messages[message.id] = message
            self.channels[message.channel_id].last_message = message.id
        return {attachment.id for attachment in attachments}
