"""What buttons, menus and panels reach of the client that they are pressed in."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

import discord

from bot.errors import FastSpentError
from generation.catalogue.card import Card
from prompt.writing.programs import Program
from storage.database.records import Records
from storage.privacy.retention import HostPolicy
from storage.queue.limits import HostLimits
from storage.queue.moderation import Decision

FindPicture = Callable[[], Awaitable[str]]
"""Finds the address of an image; raises ``NoImageError`` where there is none."""


class Host(Protocol):
    """The part of ``events.dispatch.Handlers`` that rooms below it need, so they import none of it.

    A press comes in where its button is declared, but is done in rooms further up.
    """

    @property
    def cards(self) -> Sequence[Card]:
        """The cards of what draws here, the usual one's first."""

    @property
    def records(self) -> Records:
        """What people and servers decide."""

    @property
    def limits(self) -> HostLimits:
        """How much anybody may ask for, whatever a server allows."""

    @property
    def policy(self) -> HostPolicy:
        """What whoever runs the bot says of what is kept of people."""

    async def press(
        self, interaction: discord.Interaction[Any], action: str, job: str, index: int
    ) -> None:
        """Does as a button under pictures says."""

    async def renew_menu(self, message: discord.Message, job: str, view: discord.ui.View) -> None:
        """Shows a menu for a job's pictures with nothing chosen in it."""

    async def draw(self, interaction: discord.Interaction[Any], prompt: str) -> None:
        """Draws a prompt as if it had been typed."""

    async def copy(self, interaction: discord.Interaction[Any], job: str, program: Program) -> None:
        """Writes a job's prompt for another program."""

    async def start_from(self, interaction: discord.Interaction[Any], find: FindPicture) -> None:
        """Asks for words to go with an image, whose address is found meanwhile."""

    async def show(self, interaction: discord.Interaction[Any], job: str) -> None:
        """Shows a job again, with its buttons."""

    async def show_latest(self, interaction: discord.Interaction[Any], page: int) -> None:
        """Turns the page of a person's own pictures."""

    async def confirm(
        self, interaction: discord.Interaction[Any], draft: str, *, asked: bool
    ) -> None:
        """Takes a yes to a question about many jobs, or to a suggestion if none was asked."""

    async def offer_relaxed(
        self, interaction: discord.Interaction[Any], error: FastSpentError
    ) -> discord.ui.View:
        """Keeps what was refused as fast; the button that has it drawn relaxed."""

    async def draw_relaxed(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a yes to that."""

    async def draw_sheet(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a yes to a sheet."""

    async def press_sheet(
        self, interaction: discord.Interaction[Any], action: str, job: str, chosen: Sequence[str]
    ) -> None:
        """Does as the menu or the button under a sheet says."""

    async def forget(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a no to it."""

    async def send_copy(self, interaction: discord.Interaction[Any]) -> None:
        """Sends somebody in private all that is kept of them."""

    async def erase(self, person_id: int) -> None:
        """Deletes all that is kept of somebody."""

    async def report(self, interaction: discord.Interaction[Any], job: str, reason: str) -> str:
        """Takes a report of a job's pictures; what is told of it."""

    async def show_queue(self, interaction: discord.Interaction[Any], after: str = "") -> None:
        """Shows a moderator a case that waits."""

    async def decide(
        self, interaction: discord.Interaction[Any], job: str, decision: Decision, reason: str
    ) -> None:
        """Does as a moderator decides about a case."""

    async def press_card(
        self, interaction: discord.Interaction[Any], custom_id: str, chosen: Sequence[str]
    ) -> None:
        """Does as a button or a menu under a description says."""

    async def take_reading(
        self, interaction: discord.Interaction[Any], reading: str, draft: str, index: int
    ) -> None:
        """Takes the answer to what a wish for a picture means."""

    async def use_image(
        self, interaction: discord.Interaction[Any], action: str, draft: str
    ) -> None:
        """Does what was chosen with an image that waits in a draft."""


class _HostClient(Protocol):
    """A client that carries a host, as ``client.EaselBot`` does."""

    @property
    def handlers(self) -> Host:
        """What does as presses say."""


def find_host(interaction: discord.Interaction[Any]) -> Host:
    """The host of the client that an interaction came to."""
    # discord.py hands the client on untyped to what it calls back; here alone it gets its type.
    client: _HostClient = interaction.client
    return client.handlers
