"""The stand-in as tests drive it: people act, the bot answers, every wait is for an event.

async with Playground() as p:
    await p.ready()                                   # a bot logged in and synced its commands
    await p.command("mira", "imagine", {"prompt": "a red apple"})
    grid = await p.message(lambda m: m.attachments)
    await p.press("mira", grid, label="U1")
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from playground.client import people
from playground.client.options import GROUP, STRING, SUBCOMMAND, NotPossibleError
from playground.harness.views import PATIENCE, Interaction, Message, PatienceError
from playground.protocol import shapes
from playground.server import Server
from playground.state import components
from playground.state.cast import GUILD_ID
from playground.state.records import (
    Attachment,
    Body,
    Channel,
    CommandType,
    Permission,
    Person,
    Upload,
)
from playground.transport.faults import Request

Files = Mapping[str, tuple[str, bytes]]


class Playground(Server):
    """The stand-in with a keyboard for everybody in it; an async context manager.

    Attributes:
        people: ``mira`` (a member), ``otto`` (a manager, who owns the server) and ``gus`` (who may
            not write, attach or use commands).
    """

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Listen; see `Server`."""
        self._waiting: set[asyncio.Future[None]] = set()
        await super().start()
        self.world.listen(lambda _: self._wake())
        self.notes.listen(lambda _: self._wake())
        self.gateway.on_state(self._wake)

    @property
    def guild(self) -> int:
        """The server's id."""
        return GUILD_ID

    @property
    def people(self) -> dict[str, Person]:
        """Everybody by name."""
        return self.world.people

    @property
    def journal(self) -> list[Request]:
        """The latest REST requests, oldest first."""
        return list(self.notes.requests)

    @property
    def validated(self) -> int:
        """How many requests were checked against Discord's description."""
        return self.notes.validated

    @property
    def refused(self) -> int:
        """How many requests were refused."""
        return self.notes.refused

    @property
    def answer_faults(self) -> list[str]:
        """Where answers differ from Discord's description, if `check_answers` was asked for."""
        return self.rest.answer_faults

    @property
    def upload_limit(self) -> int:
        """The largest file in bytes that may be sent; can be set."""
        return self.world.upload_limit

    @upload_limit.setter
    def upload_limit(self, limit: int) -> None:
        self.world.upload_limit = limit

    @property
    def messages(self) -> list[Message]:
        """Every message there is, oldest first."""
        return [Message(message, self) for message in self.world.messages.values()]

    def interaction(self, interaction_id: int) -> Interaction:
        """Return an interaction by its id.

        Raises:
            KeyError: there was none.
        """
        found = self.world.interactions.get(interaction_id)
        if found is None:
            raise KeyError(interaction_id)
        return Interaction(found, self)

    def channel(self, name: str) -> int:
        """Return a channel's id: ``general``, ``art``, ``after-dark``; ``@mira`` for direct."""
        return self._place(name).id

    # Waiting

    async def until(
        self,
        condition: Callable[[], object],
        timeout: float = PATIENCE,  # noqa: ASYNC109  the contract of a test API
        describe: Callable[[], str] = str,
    ) -> None:
        """Wait until a condition holds; it is looked at after everything that happens.

        Raises:
            PatienceError: it did not within `timeout` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not condition():
            future = loop.create_future()
            self._waiting.add(future)
            try:
                await asyncio.wait_for(future, deadline - loop.time())
            except TimeoutError:
                raise PatienceError(f"not within {timeout:g} s: {describe()}") from None
            finally:
                self._waiting.discard(future)

    async def ready(self, timeout: float = PATIENCE) -> None:  # noqa: ASYNC109  the contract of a test API
        """Wait until a bot is connected and has registered its commands."""
        await self.until(lambda: self.is_ready, timeout, lambda: "no bot is ready")

    async def message(
        self,
        condition: Callable[[Message], object],
        timeout: float = PATIENCE,  # noqa: ASYNC109  the contract of a test API
    ) -> Message:
        """Wait for the first message, posted or edited at any time, that meets a condition.

        Raises:
            PatienceError: there was none within `timeout` seconds.
        """
        found: list[Message] = []

        def look() -> bool:
            found.extend(m for m in self.messages if not found and condition(m))
            return bool(found)

        await self.until(look, timeout, lambda: f"saw {self.messages[-10:]}")
        return found[0]

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    # Acting

    async def command(
        self,
        person: str,
        name: str,
        options: Mapping[str, object] | None = None,
        *,
        files: Files | None = None,
        channel: str = "general",
        target: Message | None = None,
    ) -> Interaction:
        """Use a command.

        Args:
            person: who.
            name: of the command, with its subcommand after a space if it has any; of a message menu
                command when `target` is given.
            options: values by option name.
            files: file name and bytes by the name of the attachment option.
            channel: where; ``dm`` for the person's direct messages with the bot.
            target: the message that a message menu command is used on.

        Raises:
            playground.NotPossibleError: Discord's client would not let the person.
        """
        direct = channel == "dm"
        where = self._place(target.channel_id if target else f"@{person}" if direct else channel)
        if target:
            kind = CommandType.MESSAGE_MENU
            made = people.use_command(
                self.world, self.people[person], where, name, kind=kind, target_id=target.id
            )
        else:
            first, *inner = name.split()
            given = self._options(first, inner, dict(options or {}), dict(files or {}), where)
            made = people.use_command(self.world, self.people[person], where, first, given)
        return Interaction(made, self)

    async def complete(
        self,
        person: str,
        name: str,
        options: Mapping[str, object],
        focused: str,
        *,
        channel: str = "general",
    ) -> list[Body]:
        """Ask for completions of one option; return the bot's choices."""
        asked = self.ask_completions(person, name, options, focused, channel=channel)
        return (await asked.acknowledged()).choices or []

    def ask_completions(
        self,
        person: str,
        name: str,
        options: Mapping[str, object],
        focused: str,
        *,
        channel: str = "general",
    ) -> Interaction:
        """Ask for completions of one option without waiting for them."""
        where = self._place(channel)
        first, *inner = name.split()
        given = self._options(first, inner, dict(options), {}, where)
        made = people.use_command(
            self.world, self.people[person], where, first, given, focused=focused
        )
        return Interaction(made, self)

    async def press(
        self,
        person: str,
        message: Message,
        *,
        label: str | None = None,
        custom_id: str | None = None,
    ) -> Interaction:
        """Press a button, named by its label (or emoji) or its custom id."""
        if custom_id is None:
            button = message.buttons.get(label or "")
            if button is None:
                raise NotPossibleError(f"no button {label!r} on {message!r}")
            custom_id = button["custom_id"]
        made = people.press(self.world, self.people[person], message._message, custom_id)
        return Interaction(made, self)

    async def select(
        self,
        person: str,
        message: Message,
        values: Sequence[str],
        *,
        custom_id: str | None = None,
    ) -> Interaction:
        """Choose values in a select menu: the one called `custom_id`, or the only one."""
        menus = [c for c in components.walk(message.components) if c["type"] in components.SELECTS]
        name = custom_id or menus[0]["custom_id"]
        who = self.people[person]
        return Interaction(people.select(self.world, who, message._message, name, values), self)

    async def submit(
        self,
        person: str,
        interaction: Interaction,
        values: Mapping[str, object],
        *,
        files: Files | None = None,
    ) -> Interaction:
        """Submit the modal that an interaction was answered with, by values per custom id."""
        await interaction.acknowledged()
        where = self._place(interaction._interaction.channel_id)
        stored = {key: [str(self._store(*file, where).id)] for key, file in (files or {}).items()}
        who = self.people[person]
        made = people.submit(self.world, who, interaction._interaction, {**values, **stored})
        return Interaction(made, self)

    async def react(self, person: str, message: Message, emoji: str) -> None:
        """Add a reaction."""
        people.react(self.world, self.people[person], message._message, emoji)

    async def unreact(self, person: str, message: Message, emoji: str) -> None:
        """Take one's reaction away."""
        self.world.unreact(self.people[person].id, message._message, emoji)

    async def say(
        self,
        person: str,
        channel: str,
        text: str,
        *,
        files: Sequence[tuple[str, bytes]] = (),
        reply_to: Message | None = None,
    ) -> Message:
        """Write a message."""
        uploads = [Upload(name, data) for name, data in files]
        reference = reply_to.id if reply_to else None
        who, where = self.people[person], self._place(channel)
        said = people.say(self.world, who, where, text, uploads=uploads, reference=reference)
        return Message(said, self)

    async def delete(self, person: str, message: Message) -> None:
        """Delete a message, as its author or with Manage Messages."""
        people.delete(self.world, self.people[person], message._message)

    async def read(self, attachment: Attachment) -> bytes:
        """Return a file's bytes; those of earlier versions of a message too, for a while.

        Raises:
            FileNotFoundError: it is gone.
        """
        data = self.world.files.data(attachment.id)
        if data is None:
            raise FileNotFoundError(attachment.filename)
        return data

    def forbid(self, person: str, channel: str, permission: Permission) -> None:
        """Take permissions in a channel away from a person, or from ``bot``."""
        self.world.forbid(self._who(person), self._place(channel), permission)

    def permit(self, person: str, channel: str, permission: Permission) -> None:
        """Give back permissions that `forbid` took."""
        self.world.permit(self._who(person), self._place(channel), permission)

    def close_direct_messages(self, person: str) -> None:
        """Let a person take no more direct messages from the bot."""
        self.world.closed.add(self.people[person].id)

    def close_channel(self, channel: str) -> None:
        """Let the bot write in a channel no more."""
        self.forbid("bot", channel, Permission.SEND_MESSAGES)

    def host(self, name: str, data: bytes, age: int = 0) -> str:
        """Put a file where it can be fetched; return its link as it was `age` seconds ago."""
        return self.link(self._store(name, data, self._place("general")), age)

    def link(self, attachment: Attachment, age: int = 0) -> str:
        """Return a signed link to a file, as messages carried it `age` seconds ago."""
        return shapes.attachment_url(self.world, attachment, age)

    def _who(self, person: str) -> int:
        return (self.world.bot if person == "bot" else self.people[person]).id

    def _place(self, channel: str | int) -> Channel:
        if isinstance(channel, int):
            return self.world.channels[channel]
        if channel.startswith("@"):
            return self.world.direct(self.people[channel[1:]].id)
        found = self.world.channel_named(channel)
        if found is None:
            raise KeyError(channel)
        return found

    def _store(self, name: str, data: bytes, where: Channel) -> Attachment:
        return self.world.files.store(Upload(name, data), where.id, ephemeral=True)

    def _options(
        self,
        command: str,
        path: Sequence[str],
        values: dict[str, object],
        files: dict[str, tuple[str, bytes]],
        where: Channel,
    ) -> list[Body]:
        """Values by name as the nested options that Discord's client sends."""
        known = people.command_named(self.world, command).get("options") or []
        for name in path:
            inner = next((option for option in known if option["name"] == name), None)
            known = (inner or {}).get("options") or []
        types = {option["name"]: option["type"] for option in known}
        stored = {name: str(self._store(*file, where).id) for name, file in files.items()}
        given: list[Body] = [
            {"name": name, "type": types.get(name, STRING), "value": value}
            for name, value in {**values, **stored}.items()
        ]
        for depth, name in enumerate(reversed(path)):
            kind = SUBCOMMAND if depth == 0 else GROUP
            given = [{"name": name, "type": kind, "options": given}]
        return given
