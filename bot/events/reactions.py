"""Reactions under pictures: ✉️ sends them home, ⭐ marks them, 🔄 draws again, ❌ deletes them."""

import contextlib
from typing import TYPE_CHECKING, Final

import discord
import structlog

from bot import errors
from bot.interactions.requester import Remote
from bot.text.languages import speak
from storage.decisions import choice_queries

if TYPE_CHECKING:
    from bot.client import EaselBot

ENVELOPES: Final = frozenset({"✉️", "✉", "📩", "📨", "💌"})
CROSSES: Final = frozenset({"❌", "✖️", "🗑️"})
STAR: Final = "⭐"
AGAIN: Final = frozenset({"🔄", "🔁"})

log: Final = structlog.get_logger(__name__)


async def take(bot: "EaselBot", payload: discord.RawReactionActionEvent) -> None:
    """Does what a reaction under one of the bot's own messages asks for; others mean nothing.

    Reactions have no private answer, so what is refused is said in a direct message.
    """
    emoji = payload.emoji.name
    wanted = emoji in ENVELOPES | CROSSES | AGAIN | {STAR}
    if not wanted or bot.user is None or payload.user_id == bot.user.id:
        return
    job_id = await bot.records.read(choice_queries.job_of_message, payload.message_id)
    if job_id is None:
        return
    try:
        asking = await Remote.reacting(bot, payload)
        speak(asking.locale)
        await _act(bot, asking, payload.message_id, emoji, job_id)
    except (errors.JobGoneError, discord.HTTPException) as error:
        log.info("reaction_without_effect", error=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - the library would only log it
        await _tell(bot, payload.user_id, error)


async def take_back(bot: "EaselBot", payload: discord.RawReactionActionEvent) -> None:
    """Takes a favourite's mark away with its ⭐; other reactions have done what they do."""
    if payload.emoji.name != STAR:
        return
    job_id = await bot.records.read(choice_queries.job_of_message, payload.message_id)
    if job_id is not None:
        await bot.records.write(choice_queries.mark, payload.user_id, job_id, 0, False)


async def _act(bot: "EaselBot", asking: Remote, message_id: int, emoji: str, job_id: str) -> None:
    if emoji == STAR:
        await bot.records.write(choice_queries.mark, asking.user.id, job_id, 0, True)
    elif emoji in ENVELOPES:
        await bot.results.send_home(asking.user, job_id)
    elif emoji in AGAIN:
        await bot.offspring.again(asking, bot, job_id)
    else:
        channel = bot.get_partial_messageable(asking.channel_id, guild_id=asking.guild_id)
        message = channel.get_partial_message(message_id)
        await bot.results.delete(message, job_id, asking)


async def _tell(bot: "EaselBot", person_id: int, error: Exception) -> None:
    """Says in a direct message why a reaction had no effect."""
    text = errors.sentence(error)
    if text is None:
        log.exception("reaction_failed", exc_info=error)
        return
    with contextlib.suppress(discord.HTTPException):
        await (await bot.create_dm(discord.Object(person_id))).send(text)
