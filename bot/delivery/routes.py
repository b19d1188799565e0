"""Routes to a job's message, best first: its interaction, the message, the channel, in private.

An interaction token dies after 15 minutes, messages and channels get deleted, people leave: a
result takes the first route that is still open.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import discord

from bot.delivery.content import MessageContent
from bot.interactions.requester import DIRECT_LIMIT
from storage.queue.jobs import Job


class RouteClosedError(Exception):
    """This route does not lead to the person any more; another may."""


Route = Callable[[discord.Client, Job, MessageContent], Awaitable[int]]
"""Shows content in a job's message; the id of the message that now shows it."""


async def edit_by_token(client: discord.Client, job: Job, content: MessageContent) -> int:
    """Edits the answer to the interaction; needs no permission, lives 15 minutes."""
    if job.interaction_token is None or job.message_id is None or is_over(job):
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
    if job.interaction_token is None or is_over(job):
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

BY_TOKEN: Final = frozenset[Route]({edit_by_token, post_by_token})
"""Routes that are the interaction's."""


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


def find_limit(client: discord.Client, job: Job, route: Route) -> int:
    """Largest file that may be sent by a route now, in bytes.

    The limit of the request holds for its interaction alone. Elsewhere it is that of the place,
    which may be another one, or have lost its boosts since.
    """
    if route in BY_TOKEN:
        return job.upload_limit
    channel = None if route is post_in_private else client.get_channel(job.channel_id)
    if isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return min(job.upload_limit, channel.guild.filesize_limit)
    return min(job.upload_limit, DIRECT_LIMIT)


def is_over(job: Job) -> bool:
    """Whether nothing can be shown by the interaction that a job was asked for in."""
    return job.token_expires_at is None or datetime.now(UTC) >= job.token_expires_at
