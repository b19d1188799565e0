"""The one mutable thing: a server with channels and people, and everything that happens in it.

The world knows what Discord's objects *mean*; what they look like is in
`protocol.shapes`, what is refused in `protocol.refusals`. Everything is synchronous and belongs to
one event loop. Listeners hear each change right after it happened.
"""

from __future__ import annotations

import copy
import dataclasses
import io
import mimetypes
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from playground.state import cast, components
from playground.state.cast import DIRECT_OFFSET, GUILD_ID, OBJECTS
from playground.state.clock import Clock, Snowflakes
from playground.state.records import (
    ANSWER_WITHIN,
    EVERYTHING,
    TOKEN_LIFE,
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
        commands: registered commands; the key is a server's id, or 0 for the global ones.
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
        self.commands: dict[int, list[Body]] = {}
        self.interactions: dict[int, Interaction] = {}
        self.closed: set[int] = set()
        self.upload_limit = UPLOAD_LIMIT
        self._by_token: dict[str, Interaction] = {}
        self._unanswered: dict[int, Interaction] = {}
        self._nonces: dict[tuple[int, int, str | int], int] = {}
        self._listeners: list[Callable[[Change], None]] = []
        self._ids = Snowflakes(clock)
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

    def attachment(self, attachment_id: int) -> Attachment | None:
        """Return a stored file's description."""
        return self._attachments.get(attachment_id)

    def permissions(self, user_id: int, channel: Channel) -> int:
        """Return what a user may do in a channel, as Discord's permission bits."""
        user = self.user(user_id)
        if user is None:
            return 0
        if channel.direct:
            return EVERYTHING if user.bot or channel.person == user_id else 0
        if user_id == int(OBJECTS["guild"]["owner_id"]):
            return EVERYTHING
        roles = {str(GUILD_ID), *user.roles}
        allowed = 0
        for role in OBJECTS["roles"]:
            if role["id"] in roles:
                allowed |= int(role["permissions"])
        for overwrite in channel.fixed["permission_overwrites"]:
            if overwrite["id"] == str(user_id):
                allowed = allowed & ~int(overwrite["deny"]) | int(overwrite["allow"])
        return allowed if allowed & Permission.VIEW_CHANNEL else 0

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
        overwrites = channel.fixed["permission_overwrites"]
        others = [entry for entry in overwrites if entry["id"] != str(user_id)]
        before = next((int(e["deny"]) for e in overwrites if e["id"] == str(user_id)), 0)
        entry = {"id": str(user_id), "type": 1, "allow": "0", "deny": str(change(before))}
        channel.fixed = {**channel.fixed, "permission_overwrites": [*others, entry]}
        self._tell(Change("channel_update", channel=channel))

    def sees(self, person_id: int, message: Message) -> bool:
        """Return whether a message is shown to a person."""
        if message.ephemeral_to not in (None, person_id):
            return False
        return self.may(person_id, self.channels[message.channel_id], Permission.VIEW_CHANNEL)

    def alive(self, interaction: Interaction) -> bool:
        """Return whether an interaction's token still works."""
        return self.clock.now() - interaction.created <= TOKEN_LIFE

    def late(self, interaction: Interaction) -> bool:
        """Return whether the time for a first answer is over."""
        return self.clock.now() - interaction.created > ANSWER_WITHIN

    def by_token(self, token: str) -> Interaction | None:
        """Return the interaction of a token, dead or alive."""
        return self._by_token.get(token)

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
            body: `content`, `embeds`, `components`, `attachments`, `flags`, `nonce`, … as requests
                carry them; already judged.
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
        self._tell(Change("message_create", message=message))
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
        self._tell(Change("message_update", message=message))
        return message

    def delete(self, message: Message) -> None:
        """Take a message away."""
        message.deleted = True
        del self.messages[message.id]
        for attachment in message.attachments:
            self.shelf.drop_file(attachment.id)
        self._save("message", message)
        self._tell(Change("message_delete", message=message))

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
            self._attach(message, body, uploads)
        if "components" in body:
            message.components = components.normalised(body["components"] or [])

    def _attach(self, message: Message, body: Body, uploads: Mapping[int, Upload]) -> None:
        old = {a.id: a for a in message.attachments}
        # Without a list, everything old stays and everything new is appended.
        listed = body.get("attachments")
        if listed is None:
            listed = [*({"id": i} for i in old), *({"id": i} for i in uploads)]
        message.attachments = []
        for entry in listed:
            key = int(entry["id"])
            if key in uploads:
                named = dataclasses.replace(
                    uploads[key],
                    filename=entry.get("filename") or uploads[key].filename,
                    description=entry.get("description"),
                )
                message.attachments.append(self.store(named, message.channel_id))
            else:
                message.attachments.append(old[key])
        for gone in old.keys() - {a.id for a in message.attachments}:
            self.shelf.drop_file(gone)

    def store(self, upload: Upload, channel_id: int, *, ephemeral: bool = False) -> Attachment:
        """Keep a file and return its description."""
        width, height = _dimensions(upload.data)
        attachment = Attachment(
            id=self._ids.next(),
            channel_id=channel_id,
            filename=_safe_name(upload.filename),
            size=len(upload.data),
            content_type=mimetypes.guess_type(upload.filename)[0] or upload.content_type,
            width=width,
            height=height,
            description=upload.description,
            ephemeral=ephemeral,
        )
        self.shelf.put_file(attachment.id, upload.data)
        self._attachments[attachment.id] = attachment
        return attachment

    # Reactions, typing, commands

    def react(self, user_id: int, message: Message, emoji: str) -> None:
        """Add a reaction; adding it twice does nothing."""
        users = message.reactions.setdefault(emoji, [])
        if user_id not in users:
            users.append(user_id)
            self._save("message", message)
            self._tell(Change("reaction_add", message=message, user_id=user_id, emoji=emoji))

    def unreact(self, user_id: int, message: Message, emoji: str) -> None:
        """Take a reaction away; it need not be there."""
        users = message.reactions.get(emoji, [])
        if user_id in users:
            users.remove(user_id)
            if not users:
                del message.reactions[emoji]
            self._save("message", message)
            self._tell(Change("reaction_remove", message=message, user_id=user_id, emoji=emoji))

    def clear_reactions(self, message: Message) -> None:
        """Take every reaction away."""
        message.reactions.clear()
        self._save("message", message)
        self._tell(Change("reaction_clear", message=message))

    def type_in(self, user_id: int, channel: Channel) -> None:
        """Show a user as typing."""
        self._tell(Change("typing", channel=channel, user_id=user_id))

    def register(self, guild_id: int, commands: list[Body]) -> list[Body]:
        """Replace the commands of a server (0: global); ids of those that stay by name are kept."""
        known = {(c["type"], c["name"]): c["id"] for c in self.commands.get(guild_id, ())}
        self.commands[guild_id] = [
            {
                **command,
                "id": known.get((command["type"], command["name"])) or str(self._ids.next()),
            }
            for command in commands
        ]
        self.shelf.write("commands", {"id": guild_id, "commands": self.commands[guild_id]})
        self._tell(Change("commands"))
        return self.commands[guild_id]

    @property
    def registered(self) -> bool:
        """Whether a bot ever registered its commands, if only an empty list."""
        return bool(self.commands)

    def all_commands(self) -> list[Body]:
        """Return the commands that people are offered: the server's own, then the global ones."""
        return [*self.commands.get(GUILD_ID, ()), *self.commands.get(0, ())]

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
        self._remember(interaction)
        self._save("interaction", interaction)
        self._tell(Change("interaction", interaction=interaction))
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
        self._unanswered.pop(interaction.id, None)
        message = None
        if answer is Answer.MESSAGE:
            message = self._answer_message(interaction, data, uploads, 0)
        elif answer is Answer.DEFERRED_MESSAGE:
            message = self._answer_message(interaction, data, {}, MessageFlag.LOADING)
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
        self._tell(Change("interaction_state", interaction=interaction))
        return message

    def _answer_message(
        self, interaction: Interaction, data: Body, uploads: Mapping[int, Upload], flags: int
    ) -> Message:
        message = self.follow_up(interaction, data, uploads, flags)
        interaction.original_id = message.id
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
            kind=MessageType.REPLY if reference else self._kind_of_answer(interaction),
            flags=flags,
            interaction=interaction,
            reference=reference,
        )

    def lapse(self) -> None:
        """Tell people of interactions that got no answer in time."""
        for interaction in list(self._unanswered.values()):
            if self.late(interaction):
                del self._unanswered[interaction.id]
                interaction.failed = "The application did not respond"
                self._save("interaction", interaction)
                self._tell(Change("interaction_state", interaction=interaction))

    def _kind_of_answer(self, interaction: Interaction) -> MessageType:
        rooted = self.interactions.get(interaction.parent_id or 0, interaction)
        menu = rooted.data.get("type") in (2, 3)
        return MessageType.MENU_ANSWER if menu else MessageType.SLASH_ANSWER

    # Keeping

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)

    def _remember(self, interaction: Interaction) -> None:
        self.interactions[interaction.id] = interaction
        if interaction.answer is None and not interaction.failed:
            self._unanswered[interaction.id] = interaction
        self._by_token[interaction.token] = interaction

    def _save(self, kind: str, record: Message | Interaction) -> None:
        if not self.shelf.keeps:
            return
        fields = dataclasses.asdict(record)
        fields.pop("history", None)
        self.shelf.write(kind, fields)

    def _load(self) -> None:
        self._attachments: dict[int, Attachment] = {}
        records = [(kind, it) for kind, it in self.shelf.read() if not it.get("deleted")]
        for kind, record in copy.deepcopy(records):
            if kind == "commands":
                self.commands[record["id"]] = record["commands"]
            elif kind == "secret":
                self.secret = record["secret"]
            else:
                self._load_record(kind, record)
        kept = [(kind, record) for kind, record in records if kind != "secret"]
        secret = ("secret", {"id": 0, "secret": self.secret})
        self.shelf.begin([secret, *kept], self._attachments.keys())

    def _load_record(self, kind: str, record: dict[str, Any]) -> None:
        attachments = [Attachment(**entry) for entry in record.pop("attachments")]
        self._attachments.update({a.id: a for a in attachments})
        self._ids.last = max([self._ids.last, record["id"], *(a.id for a in attachments)])
        if kind == "interaction":
            self._remember(Interaction(**record, attachments=attachments))
        else:
            message = Message(**record, attachments=attachments)
            self.messages[message.id] = message
            self.channels[message.channel_id].last_message = message.id


def _dimensions(data: bytes) -> tuple[int, int] | tuple[None, None]:
    """The size of a picture, read from its header alone."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None, None


def _safe_name(filename: str) -> str:
    """Spell a file name as Discord stores it: no folders, no spaces, no quotes."""
    kept = "".join(c if c.isalnum() or c in "._-" else "_" for c in Path(filename).name)
    return kept.lstrip(".") or "unknown"
