"""What the world is made of: people, channels, messages, files, commands, interactions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

Body = dict[str, Any]
"""A JSON object as Discord's requests and answers carry it."""

TOKEN_LIFE = 15 * 60.0
"""Seconds for which an interaction's token works."""
ANSWER_WITHIN = 3.0
"""Seconds within which an interaction must get its first answer."""
VERSIONS_KEPT = 100
"""How many earlier versions of a message tests can look back at."""


class Permission(IntFlag):
    """The permission bits that the stand-in enforces."""

    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    USE_APPLICATION_COMMANDS = 1 << 31
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


EVERYTHING = (1 << 53) - 1
"""All permission bits, which a server's owner has."""


class MessageFlag(IntFlag):
    """The message flags that the stand-in gives a meaning to."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


class MessageType(IntEnum):
    """Kinds of message by how they came to be."""

    PLAIN = 0
    REPLY = 19
    SLASH_ANSWER = 20
    MENU_ANSWER = 23


class InteractionType(IntEnum):
    """Kinds of interaction."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Answer(IntEnum):
    """Kinds of first answer to an interaction (interaction callback types)."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


class CommandType(IntEnum):
    """Kinds of command."""

    SLASH = 1
    USER_MENU = 2
    MESSAGE_MENU = 3


@dataclass(frozen=True)
class Person:
    """Someone who can be on the page, or the bot.

    Attributes:
        id: the user id.
        name: the user name, which is also the key in `World.people`.
        user: the fixed part of the Discord user object.
        roles: role ids besides the everyone role.
        color: CSS colour of the avatar on the page.
        locale: language of the person's client.
    """

    id: int
    name: str
    user: Body
    roles: tuple[str, ...] = ()
    color: str = "#5865f2"
    locale: str = "en-US"

    @property
    def bot(self) -> bool:
        """Whether this is the bot rather than a person."""
        return bool(self.user.get("bot"))


@dataclass
class Channel:
    """A text channel of the server, a thread in one, or direct messages with the bot.

    Attributes:
        fixed: the fixed part of the Discord channel object of a server's channel.
        person: whose direct messages these are; None in a server.
        last_message: id of the newest message, 0 when there is none.
        parent: the channel of the message that a thread hangs on; None for any but threads.
    """

    id: int
    name: str
    fixed: Body = field(default_factory=dict)
    person: int | None = None
    last_message: int = 0
    parent: Channel | None = None

    @property
    def archived(self) -> bool:
        """Whether this is a thread that was put away."""
        return bool(self.parent and self.fixed["thread_metadata"]["archived"])

    @property
    def direct(self) -> bool:
        """Whether this is a direct message channel."""
        return self.person is not None


@dataclass
class Upload:
    """A file on its way into a message or an option."""

    filename: str
    data: bytes
    content_type: str | None = None
    description: str | None = None


@dataclass
class Attachment:
    """A stored file; its bytes are in `World.files` under its id."""

    id: int
    channel_id: int
    filename: str
    size: int
    content_type: str | None = None
    width: int | None = None
    height: int | None = None
    description: str | None = None
    ephemeral: bool = False


@dataclass(frozen=True)
class Version:
    """What a message said before an edit."""

    content: str
    components: list[Body]
    attachments: list[Attachment]
    embeds: list[Body]
    flags: int


@dataclass
class Message:
    """A message; `components` and `embeds` are as sent, normalised and numbered."""

    id: int
    channel_id: int
    author_id: int
    created: float
    type: int = MessageType.PLAIN
    content: str = ""
    embeds: list[Body] = field(default_factory=list)
    components: list[Body] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    tts: bool = False
    nonce: str | int | None = None
    edited: float | None = None
    reference: int | None = None
    interaction_id: int | None = None
    metadata: Body | None = None
    ephemeral_to: int | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)
    deleted: bool = False
    history: deque[Version] = field(default_factory=lambda: deque(maxlen=VERSIONS_KEPT))

    def has(self, flag: MessageFlag) -> bool:
        """Return whether the message carries a flag."""
        return bool(self.flags & flag)

    def version(self) -> Version:
        """Return what it says now, to keep while it changes."""
        return Version(
            self.content, self.components, list(self.attachments), self.embeds, self.flags
        )


@dataclass
class Interaction:
    """One use of a command, component or modal, and what came of it.

    Attributes:
        data: the payload's ``data``, with attachment options as ids of `attachments`.
        attachments: files that options or a modal's upload fields carry.
        message_id: the message whose component was used, or on which the modal was opened.
        target_id: the message or person that a menu command was used on.
        answer: the first answer's kind, None until there is one.
        answered: when the first answer came, in Unix seconds of the stand-in.
        original_id: the message that ``@original`` means; None until there is one.
        modal: the modal that it was answered with.
        choices: the completions that it was answered with.
        parent_id: the interaction that the modal of this one answered.
        failed: why the person was told that it failed.
    """

    id: int
    token: str
    type: int
    person_id: int
    channel_id: int
    created: float
    data: Body
    attachments: list[Attachment] = field(default_factory=list)
    message_id: int | None = None
    target_id: int | None = None
    answer: int | None = None
    answered: float | None = None
    original_id: int | None = None
    modal: Body | None = None
    choices: list[Body] | None = None
    parent_id: int | None = None
    failed: str | None = None


@dataclass(frozen=True)
class Change:
    """Something that happened in the world, as its listeners hear it.

    Attributes:
        kind: ``message_create``, ``message_update``, ``message_delete``, ``reaction_add``,
            ``reaction_remove``, ``reaction_clear``, ``typing``, ``commands``, ``channel_update``,
            ``thread_create``, ``thread_update``, ``interaction`` (a new one) or
            ``interaction_state`` (answered or failed).
        user_id: who reacted or types.
    """

    kind: str
    message: Message | None = None
    interaction: Interaction | None = None
    channel: Channel | None = None
    user_id: int = 0
    emoji: str = ""
