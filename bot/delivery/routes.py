"""Ways to a job's message, best first: its interaction, the message, the channel, a direct message.

An interaction token dies after 15 minutes, messages and channels get deleted, people leave: a
result takes the first way that is still open.
"""

import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import aiohttp
import discord
import stamina

from storage.queue.jobs import Job

DEAD_TOKEN: Final = 50027
"""Discord's code for an interaction token that is no longer valid."""


class RouteClosedError(Exception):
    """This way does not lead to the person any more; another may."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A file for a message: short name, bytes, and what a screen reader says."""

    name: str
    data: bytes
    alt: str

    def file(self) -> discord.File:
        """The upload; made afresh for every try, since sending uses it up."""
        return discord.File(io.BytesIO(self.data), self.name, description=self.alt)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message should show. ``pictures`` None keeps the pictures that it has."""

    text: str
    view: discord.ui.View | None = None
    pictures: tuple[Picture, ...] | None = None

    def files(self) -> list[discord.File]:
        """The uploads of this letter."""
        return [picture.file() for picture in self.pictures or ()]


Route = Callable[[discord.Client, Job, Letter], Awaitable[int]]
"""Takes a letter to a job's message; the id of the message that now shows it."""


async def by_token(client: discord.Client, job: Job, letter: Letter) -> int:
    """Edits the answer to the interaction; needs no permission, lives 15 minutes."""
    if job.interaction_token is None or job.message_id is None or _expired(job):
        raise RouteClosedError
    webhook = discord.Webhook.partial(job.application_id, job.interaction_token, client=client)
    await webhook.edit_message(
        job.message_id,
        content=letter.text,
        view=letter.view,
        attachments=discord.utils.MISSING if letter.pictures is None else letter.files(),
    )
    return job.message_id


async def by_message(client: discord.Client, job: Job, letter: Letter) -> int:
    """Edits the same message as the bot itself; needs to see the channel."""
    if job.message_id is None:
        raise RouteClosedError
    message = client.get_partial_messageable(job.channel_id).get_partial_message(job.message_id)
    await message.edit(
        content=letter.text,
        view=letter.view,
        attachments=discord.utils.MISSING if letter.pictures is None else letter.files(),
    )
    return job.message_id


async def by_channel(client: discord.Client, job: Job, letter: Letter) -> int:
    """Posts a new message in the job's channel."""
    return await _post(client.get_partial_messageable(job.channel_id), job, letter)


async def by_direct_message(client: discord.Client, job: Job, letter: Letter) -> int:
    """Sends the person a direct message."""
    return await _post(await client.create_dm(discord.Object(job.person_id)), job, letter)


WAYS: Final[Sequence[Route]] = (by_token, by_message, by_channel, by_direct_message)
"""All ways, best first."""

EDITS: Final = frozenset({by_token, by_message})
"""Ways good enough for news that may be missed: progress and previews."""


class Address:
    """The ways to one job's message; one that has closed is not tried again.

    Requests to closed ways would be counted: Discord bans an address for 10,000 refused requests
    in 10 minutes.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._open = list(WAYS)

    async def attempt(self, job: Job, letter: Letter) -> None:
        """Shows news once, by the first open way that edits; does nothing if there is none.

        Raises:
            discord.HTTPException: Discord is out of order, or refuses the letter.
            OSError: Discord cannot be reached.
        """
        for route in [way for way in self._open if way in EDITS]:
            try:
                await self._go(route, job, letter)
            except RouteClosedError:
                continue
            return

    async def insist(self, job: Job, letter: Letter) -> int | None:
        """Shows what must arrive, through any outage, by the first way that is open.

        Returns:
            Id of the message that shows it; None if every way is closed for good.

        Raises:
            discord.HTTPException: Discord refuses the letter itself, whatever the way.
        """
        for route in list(self._open):
            try:
                return await self._go_patiently(route, job, letter)
            except RouteClosedError:
                continue
        return None

    async def _go_patiently(self, route: Route, job: Job, letter: Letter) -> int:
        async for trial in stamina.retry_context(
            on=_is_outage, attempts=None, timeout=None, wait_initial=0.5, wait_max=30.0
        ):
            with trial:
                return await self._go(route, job, letter)
        raise RouteClosedError

    async def _go(self, route: Route, job: Job, letter: Letter) -> int:
        try:
            return await route(self._client, job, letter)
        except (RouteClosedError, discord.HTTPException) as error:
            if not _is_closed(error):
                raise
            self._open.remove(route)
            raise RouteClosedError from error


async def _post(channel: discord.abc.Messageable, job: Job, letter: Letter) -> int:
    """Posts; the nonce makes Discord drop a second copy after a crash in between."""
    message = await channel.send(
        letter.text,
        view=letter.view or discord.utils.MISSING,
        files=letter.files(),
        nonce=job.id[:25],
        allowed_mentions=discord.AllowedMentions(users=[discord.Object(job.person_id)]),
    )
    return message.id


def _is_closed(error: Exception) -> bool:
    if isinstance(error, discord.HTTPException):
        return error.status in {401, 403, 404} or error.code == DEAD_TOKEN
    return isinstance(error, RouteClosedError)


def _is_outage(error: Exception) -> bool:
    if isinstance(error, discord.HTTPException):
        return error.status >= 500 or error.status == 429
    return isinstance(error, (aiohttp.ClientError, OSError, TimeoutError))


def _expired(job: Job) -> bool:
    return job.token_expires_at is None or datetime.now(UTC) >= job.token_expires_at
