"""Reactions under pictures: ✉️ sends them home, ⭐ marks them, 🔄 draws again, ❌ deletes them."""

import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Final

import discord
import structlog

from bot.delivery.markers import MessageRef
from bot.errors import JobGoneError
from bot.events.dispatch import Handlers
from bot.interactions.requester import RemoteRequester
from bot.requests.job_request import name_job
from bot.text.languages import speak
from bot.text.wording import word_error
from storage.database.records import Records
from storage.queue import queries

ENVELOPES: Final = frozenset({"✉️", "✉", "📩", "📨", "💌"})
CROSSES: Final = frozenset({"❌", "✖️", "🗑️"})
STAR: Final = "⭐"
AGAIN: Final = frozenset({"🔄", "🔁"})

SAME_REACTION: Final = timedelta(seconds=5)
"""What comes of a reaction within so long came of one and the same."""

_AT_ONCE: Final = 16

log: Final = structlog.get_logger(__name__)


async def take(
    client: discord.Client, handlers: Handlers, payload: discord.RawReactionActionEvent
) -> None:
    """Does what a reaction under one of the bot's own messages asks for; others mean nothing.

    Reactions have no private answer, so what is refused is said in a direct message.
    """
    emoji = payload.emoji.name
    wanted = emoji in ENVELOPES | CROSSES | AGAIN | {STAR}
    # Reactions under anybody's messages arrive here; most are decided without the database.
    if not wanted or client.user is None or payload.user_id == client.user.id:
        return
    job_id = await handlers.records.read(queries.find_job_of_message, payload.message_id)
    if job_id is None:
        return
    try:
        event = await _name_event(handlers.records, payload) if emoji in AGAIN else ""
        requester = await _find_requester(client, payload, event)
        speak(requester.locale)
        await _act(client, handlers, requester, payload.message_id, emoji=emoji, job_id=job_id)
    except (JobGoneError, discord.HTTPException) as error:
        log.info("reaction_without_effect", error=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - the library would only log it
        await _tell(client, payload.user_id, error)


async def take_back(handlers: Handlers, payload: discord.RawReactionActionEvent) -> None:
    """Takes a favourite's mark away with its ⭐; other reactions have done what they do."""
    if payload.emoji.name != STAR:
        return
    job_id = await handlers.records.read(queries.find_job_of_message, payload.message_id)
    if job_id is not None:
        message = MessageRef(payload.channel_id, payload.message_id)
        await handlers.results.set_favourite(payload.user_id, job_id, message, wanted=False)


async def _act(
    client: discord.Client,
    handlers: Handlers,
    requester: RemoteRequester,
    message_id: int,
    *,
    emoji: str,
    job_id: str,
) -> None:
    if emoji == STAR:
        message = MessageRef(requester.channel_id, message_id)
        await handlers.results.set_favourite(requester.user.id, job_id, message, wanted=True)
    elif emoji in ENVELOPES:
        await handlers.results.send_home(client, requester.user, job_id, message_id)
    elif emoji in AGAIN:
        await handlers.derive.draw_again(requester, job_id)
    else:
        channel = client.get_partial_messageable(requester.channel_id, guild_id=requester.guild_id)
        shown = channel.get_partial_message(message_id)
        await handlers.results.delete(shown, job_id, requester)


async def _tell(client: discord.Client, person_id: int, error: Exception) -> None:
    """Says in a direct message why a reaction had no effect."""
    text = word_error(error)
    if text is None:
        log.exception("reaction_failed", exc_info=error)
        return
    with contextlib.suppress(discord.HTTPException):
        await (await client.create_dm(discord.Object(person_id))).send(text)


async def _name_event(records: Records, payload: discord.RawReactionActionEvent) -> str:
    """What every bot that hears of a reaction calls it.

    Discord numbers reactions nowhere, and one may be taken back and given again. They are counted
    by the jobs that came of them, without those that are so young that the same reaction, heard by
    another bot, made them.
    """
    about = f"{payload.message_id}:{payload.user_id}:{payload.emoji.name}"
    since = datetime.now(UTC) - SAME_REACTION
    for first in itertools.count(step=_AT_ONCE):
        events = [f"{about}:{number}" for number in range(first, first + _AT_ONCE)]
        jobs = await records.read(queries.read_standings, [name_job(event) for event in events])
        for event in events:
            job = jobs.get(name_job(event))
            if job is None or job.created_at > since:
                return event
    raise AssertionError("numbers do not end")


async def _find_requester(
    client: discord.Client, payload: discord.RawReactionActionEvent, event: str
) -> RemoteRequester:
    """What Discord tells of a reaction.

    Raises:
        discord.HTTPException: The person cannot be found.
    """
    user = payload.member or await client.fetch_user(payload.user_id)
    place = payload.channel_id, client.get_channel(payload.channel_id), payload.guild_id
    return RemoteRequester.find(client, user, *place, event=event)
