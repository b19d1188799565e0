"""Reactions under pictures: ✉️ sends them home, ⭐ marks them, 🔄 draws again, ❌ deletes them."""

import contextlib
from typing import Final

import discord
import structlog

from bot.delivery.markers import MessageRef
from bot.errors import JobGoneError
from bot.events.dispatch import Handlers
from bot.interactions.requester import DIRECT_LIMIT, RemoteRequester
from bot.text.languages import speak
from bot.text.wording import word_error
from storage.queue import queries

ENVELOPES: Final = frozenset({"✉️", "✉", "📩", "📨", "💌"})
CROSSES: Final = frozenset({"❌", "✖️", "🗑️"})
STAR: Final = "⭐"
AGAIN: Final = frozenset({"🔄", "🔁"})

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
        requester = await _find_requester(client, payload)
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
        await handlers.results.send_home(requester.user, job_id)
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


async def _find_requester(
    client: discord.Client, payload: discord.RawReactionActionEvent
) -> RemoteRequester:
    """What Discord tells of a reaction.

    Raises:
        discord.HTTPException: The person cannot be found.
    """
    channel = client.get_channel(payload.channel_id)
    # Who cannot be looked up, as in direct messages, may do what any owner may and nothing more.
    allowed = discord.Permissions.none()
    if payload.member and isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        allowed = channel.permissions_for(payload.member)
    guild = client.get_guild(payload.guild_id) if payload.guild_id else None
    return RemoteRequester(
        user=payload.member or await client.fetch_user(payload.user_id),
        guild_id=payload.guild_id,
        channel_id=payload.channel_id,
        channel=channel,
        permissions=allowed,
        application_id=client.application_id or 0,
        filesize_limit=guild.filesize_limit if guild else DIRECT_LIMIT,
        locale=str(guild.preferred_locale if guild else discord.Locale.american_english),
    )
