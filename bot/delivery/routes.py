"""Routes to a job's message, best first: its interaction, the message, the channel, in private.

An interaction token dies after 15 minutes, messages and channels get deleted, people leave: a
result takes the first route that is still open.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import aiohttp
import discord
import stamina

from bot.delivery.content import MessageContent
from storage.queue.jobs import Job

DEAD_TOKEN: Final = 50027
"""Discord's code for an interaction token that is no longer valid."""


class RouteClosedError(Exception):
    """This route does not lead to the person any more; another may."""


Route = Callable[[discord.Client, Job, MessageContent], Awaitable[int]]
"""Shows content in a job's message; the id of the message that now shows it."""


async def edit_by_token(client: discord.Client, job: Job, content: MessageContent) -> int:
    """Edits the answer to the interaction; needs no permission, lives 15 minutes."""
    if job.interaction_token is None or job.message_id is None or _is_expired(job):
        raise RouteClosedError
    webhook = discord.Webhook.partial(job.application_id, job.interaction_token, client=client)
    await webhook.edit_message(
        job.message_id,
        content=content.text,
        view=content.view,
        attachments=discord.utils.MISSING if content.pictures is None else content.to_files(),
    )
    return job.message_id


async def edit_by_message(client: discord.Client, job: Job, content: MessageContent) -> int:
    """Edits the same message as the bot itself; needs to see the channel."""
    if job.message_id is None:
        raise RouteClosedError
    # Partial objects: the message need not be fetched, or in a cache, to be edited.
    message = client.get_partial_messageable(job.channel_id).get_partial_message(job.message_id)
    await message.edit(
        content=content.text,
        view=content.view,
        attachments=discord.utils.MISSING if content.pictures is None else content.to_files(),
    )
    return job.message_id


async def post_by_token(client: discord.Client, job: Job, content: MessageContent) -> int:
    """Posts a first message by the interaction, which needs no permission either."""
    if job.interaction_token is None or _is_expired(job):
        raise RouteClosedError
    webhook = discord.Webhook.partial(job.application_id, job.interaction_token, client=client)
    message = await webhook.send(
        content.text,
        view=content.view or discord.utils.MISSING,
        files=content.to_files(),
        allowed_mentions=_mentions(job),
        wait=True,
    )
    return message.id


async def open_in_channel(client: discord.Client, job: Job, content: MessageContent) -> int:
    """Posts a first message in the job's channel, to be edited later."""
    channel = client.get_partial_messageable(job.channel_id)
    # Discord takes one message with a nonce: this one must not stand for that of the end.
    return await _post(channel, job, content, nonce=f"{job.id[:24]}+")


async def post_in_channel(client: discord.Client, job: Job, content: MessageContent) -> int:
    """Posts a new message in the job's channel."""
    return await _post(client.get_partial_messageable(job.channel_id), job, content)


async def post_in_private(client: discord.Client, job: Job, content: MessageContent) -> int:
    """Sends the person a direct message."""
    return await _post(await client.create_dm(discord.Object(job.person_id)), job, content)


EDITS: Final[Sequence[Route]] = (edit_by_token, edit_by_message)
"""Routes for news that may be missed, such as progress; like all of these the best first."""

OPENINGS: Final[Sequence[Route]] = (post_by_token, open_in_channel)
"""The same for a job that is not shown in any message yet."""

ENDINGS: Final[Sequence[Route]] = (*EDITS, post_in_channel, post_in_private)
"""Routes for what must arrive."""

FIRST_ENDINGS: Final[Sequence[Route]] = (post_by_token, post_in_channel, post_in_private)
"""The same for a job that is not shown in any message yet."""


class DeliveryTarget:
    """The routes to one job's message; one that has closed is not tried again.

    Requests to closed routes would be counted: Discord bans an address for 10,000 refused requests
    in 10 minutes.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._closed: set[Route] = set()

    async def attempt(self, job: Job, content: MessageContent) -> int | None:
        """Shows news once, by the first open route to the job's message or to a new one.

        Returns:
            Id of the message that shows it; None if there is no such route.

        Raises:
            discord.HTTPException: Discord is out of order, or refuses the content.
            OSError: Discord cannot be reached.
        """
        for route in self._list_open(OPENINGS if job.message_id is None else EDITS):
            try:
                return await self._take_route(route, job, content)
            except RouteClosedError:
                continue
        return None

    async def insist(self, job: Job, content: MessageContent) -> int | None:
        """Shows what must arrive, through any outage, by the first route that is open.

        Returns:
            Id of the message that shows it; None if every route is closed for good.

        Raises:
            discord.HTTPException: Discord refuses the content itself, whatever the route.
        """
        for route in self._list_open(FIRST_ENDINGS if job.message_id is None else ENDINGS):
            try:
                return await self._take_route_patiently(route, job, content)
            except RouteClosedError:
                continue
        return None

    def _list_open(self, routes: Sequence[Route]) -> list[Route]:
        return [route for route in routes if route not in self._closed]

    async def _take_route_patiently(self, route: Route, job: Job, content: MessageContent) -> int:
        async for trial in stamina.retry_context(
            # No limit: a result waits as long as Discord is out of order, and is delivered then.
            on=_is_outage,
            attempts=None,
            timeout=None,
            wait_initial=0.5,
            wait_max=30.0,
        ):
            with trial:
                return await self._take_route(route, job, content)
        raise RouteClosedError

    async def _take_route(self, route: Route, job: Job, content: MessageContent) -> int:
        try:
            return await route(self._client, job, content)
        except (RouteClosedError, discord.HTTPException) as error:
            if not is_closed(error):
                raise
            self._closed.add(route)
            raise RouteClosedError from error


async def _post(
    channel: discord.abc.Messageable, job: Job, content: MessageContent, nonce: str = ""
) -> int:
    """Posts; the nonce makes Discord drop a second copy after a crash in between."""
    message = await channel.send(
        content.text,
        view=content.view or discord.utils.MISSING,
        files=content.to_files(),
        nonce=nonce or job.id[:25],
        allowed_mentions=_mentions(job),
    )
    return message.id


def _mentions(job: Job) -> discord.AllowedMentions:
    # Of everybody that a prompt may mention, only its owner is notified.
    return discord.AllowedMentions(users=[discord.Object(job.person_id)])


def is_closed(error: Exception) -> bool:
    """Whether what failed by one route would fail so for ever."""
    if isinstance(error, discord.HTTPException):
        # Gone, forbidden or expired stays so; trying again would only count against us.
        return error.status in {401, 403, 404} or error.code == DEAD_TOKEN
    return isinstance(error, RouteClosedError)


def _is_outage(error: Exception) -> bool:
    if isinstance(error, discord.HTTPException):
        # What discord.py did not wait out by itself.
        return error.status >= 500 or error.status == 429
    return isinstance(error, (aiohttp.ClientError, OSError, TimeoutError))


def _is_expired(job: Job) -> bool:
    return job.token_expires_at is None or datetime.now(UTC) >= job.token_expires_at
