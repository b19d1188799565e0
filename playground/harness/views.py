"""Messages and interactions as tests look at them: live, with waits for events."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from playground.protocol import shapes
from playground.state import components, records
from playground.state.records import Attachment, Body, Version
from playground.state.world import World

PATIENCE = 20.0
"""Seconds that a wait takes at most unless told otherwise."""


class Waiting(Protocol):
    """What a view needs of the stand-in."""

    world: World

    async def until(
        self,
        condition: Callable[[], object],
        timeout: float = ...,  # noqa: ASYNC109  the contract of a test API
        describe: Callable[[], str] = ...,
    ) -> None:
        """Wait until a condition holds."""


class PatienceError(AssertionError):
    """What was waited for did not happen in time; the text shows what did."""


@dataclass(frozen=True, eq=False)
class Message:
    """A message, live: its properties are always those of now."""

    _message: records.Message
    _playground: Waiting

    @property
    def id(self) -> int:
        """The message's id."""
        return self._message.id

    @property
    def channel_id(self) -> int:
        """The channel's id."""
        return self._message.channel_id

    @property
    def content(self) -> str:
        """The text."""
        return self._message.content

    @property
    def embeds(self) -> list[Body]:
        """The embeds."""
        return self._message.embeds

    @property
    def attachments(self) -> list[Attachment]:
        """The files."""
        return self._message.attachments

    @property
    def components(self) -> list[Body]:
        """The components as the bot sent them, numbered."""
        return self._message.components

    @property
    def flags(self) -> int:
        """The flag bits; see `playground.state.records.MessageFlag`."""
        return self._message.flags

    @property
    def author(self) -> str:
        """The name of who wrote it: a key of `Playground.people`, or ``bot``."""
        person = self._playground.world.user(self._message.author_id)
        return person.name if person else ""

    @property
    def reference(self) -> int | None:
        """The id of the message that it replies to."""
        return self._message.reference

    @property
    def interaction_id(self) -> int | None:
        """The id of the interaction that it answers."""
        return self._message.interaction_id

    @property
    def ephemeral_to(self) -> str | None:
        """The name of the only person who sees it; None if everybody does."""
        person = self._playground.world.user(self._message.ephemeral_to or 0)
        return person.name if person else None

    @property
    def reactions(self) -> dict[str, list[int]]:
        """User ids by emoji."""
        return self._message.reactions

    @property
    def history(self) -> list[Version]:
        """What it said before each edit, oldest first."""
        return list(self._message.history)

    @property
    def deleted(self) -> bool:
        """Whether it was deleted."""
        return self._message.deleted

    @property
    def edited(self) -> float | None:
        """When it was last edited, in Unix seconds."""
        return self._message.edited

    @property
    def json(self) -> Body:
        """The whole Discord message object."""
        return shapes.message(self._playground.world, self._message)

    @property
    def buttons(self) -> dict[str, Body]:
        """The buttons by their label, or by their emoji where they have none."""
        return {
            _label(component): component
            for component in components.walk(self._message.components)
            if component["type"] == components.BUTTON
        }

    async def until(
        self,
        condition: Callable[[Message], object],
        timeout: float = PATIENCE,  # noqa: ASYNC109  the contract of a test API
    ) -> Self:
        """Wait until the message meets a condition.

        Raises:
            PatienceError: it did not within `timeout` seconds.
        """
        await self._playground.until(lambda: condition(self), timeout, lambda: repr(self))
        return self

    def __repr__(self) -> str:
        said, files = self.content[:80], [a.filename for a in self.attachments]
        marks = f"{' deleted' if self.deleted else ''}{' ephemeral' if self.ephemeral_to else ''}"
        return f"<{self.author}{marks}: {said!r} files={files} buttons={list(self.buttons)}>"


@dataclass(frozen=True, eq=False)
class Interaction:
    """One use of a command, component or modal, live."""

    _interaction: records.Interaction
    _playground: Waiting

    @property
    def id(self) -> int:
        """The interaction's id."""
        return self._interaction.id

    @property
    def token(self) -> str:
        """The token with which the bot answers."""
        return self._interaction.token

    @property
    def response(self) -> int | None:
        """The kind of the first answer (`records.Answer`), None until there is one."""
        return self._interaction.answer

    @property
    def latency(self) -> float:
        """Seconds from the interaction to its first answer; infinite until there is one."""
        return (self._interaction.answered or math.inf) - self._interaction.created

    @property
    def message(self) -> Message | None:
        """The original response message."""
        message = self._playground.world.messages.get(self._interaction.original_id or 0)
        return Message(message, self._playground) if message else None

    @property
    def modal(self) -> Body | None:
        """The modal that it was answered with."""
        return self._interaction.modal

    @property
    def choices(self) -> list[Body] | None:
        """The completions that it was answered with."""
        return self._interaction.choices

    @property
    def failed(self) -> str | None:
        """Why the person was told that it failed."""
        return self._interaction.failed

    async def acknowledged(self, timeout: float = 5.0) -> Self:  # noqa: ASYNC109  the contract of a test API
        """Wait for the first answer.

        Raises:
            PatienceError: it did not come.
        """
        await self.ended(timeout)
        if self.failed:
            raise PatienceError(f"{self!r}: {self.failed}")
        return self

    async def ended(self, timeout: float = 5.0) -> Self:  # noqa: ASYNC109  the contract of a test API
        """Wait until it was answered, or the person was told that it failed."""
        await self._playground.until(
            lambda: self.response is not None or self.failed, timeout, lambda: repr(self)
        )
        return self

    def __repr__(self) -> str:
        return f"<interaction {self._interaction.data} answered with {self.response}>"


def _label(button: Body) -> str:
    return str(button.get("label") or button.get("emoji", {}).get("name", ""))
