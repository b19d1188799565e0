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


async def post_in_channel(client: discord.Client, job: Job, content: MessageContent) -> int:
    """Posts a new message in the job's channel."""
    return await _post(client.get_partial_messageable(job.channel_id), job, content)


async def post_in_private(client: discord.Client, job: Job, content: MessageContent) -> int:
    """Sends the person a direct message."""
    return await _post(await client.create_dm(discord.Object(job.person_id)), job, content)


ROUTES: Final[Sequence[Route]] = (edit_by_token, edit_by_message, post_in_channel, post_in_private)
"""All routes, best first."""

EDITS: Final = frozenset({edit_by_token, edit_by_message})
"""Routes good enough for news that may be missed: progress and previews."""


class DeliveryTarget:
    """The routes to one job's message; one that has closed is not tried again.

    Requests to closed routes would be counted: Discord bans an address for 10,000 refused requests
    in 10 minutes.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._open = list(ROUTES)

    async def attempt(self, job: Job, content: MessageContent) -> None:
        """Shows news once, by the first open route that edits; does nothing if there is none.

        Raises:
            discord.HTTPException: Discord is out of order, or refuses the content.
            OSError: Discord cannot be reached.
        """
        for route in [each for each in self._open if each in EDITS]:
            try:
                await self._take_route(route, job, content)
            except RouteClosedError:
                continue
            return

    async def insist(self, job: Job, content: MessageContent) -> int | None:
        """Shows what must arrive, through any outage, by the first route that is open.

        Returns:
            Id of the message that shows it; None if every route is closed for good.

        Raises:
            discord.HTTPException: Discord refuses the content itself, whatever the route.
        """
        # A copy, since a closed route is taken off the list on the way.
        for route in list(self._open):
            try:
                return await self._take_route_patiently(route, job, content)
            except RouteClosedError:
                continue
        return None

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
            if not _is_closed(error):
                raise
            self._open.remove(route)
            raise RouteClosedError from error


async def _post(channel: discord.abc.Messageable, job: Job, content: MessageContent) -> int:
    """Posts; the nonce makes Discord drop a second copy after a crash in between."""
    message = await channel.send(
        content.text,
        view=content.view or discord.utils.MISSING,
        files=content.to_files(),
        nonce=job.id[:25],
        # Of everybody that a prompt may mention, only its owner is notified.
        allowed_mentions=discord.AllowedMentions(users=[discord.Object(job.person_id)]),
    )
    return message.id


def _is_closed(error: Exception) -> bool:
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
