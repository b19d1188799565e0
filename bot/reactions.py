"""Reactions under pictures: ✉️ sends them home, ⭐ marks them, ❌ deletes them."""

from typing import TYPE_CHECKING, Final

import discord
import structlog

from bot import errors
from bot.access import Asker
from storage import keeping

if TYPE_CHECKING:
    from bot.client import EaselBot

ENVELOPES: Final = frozenset({"✉️", "✉", "📩", "📨", "💌"})
CROSSES: Final = frozenset({"❌", "✖️", "🗑️"})
STAR: Final = "⭐"

log: Final = structlog.get_logger(__name__)


async def take(bot: "EaselBot", payload: discord.RawReactionActionEvent) -> None:
    """Does what a reaction under one of the bot's own messages asks for; others mean nothing."""
    emoji = payload.emoji.name
    wanted = emoji in ENVELOPES | CROSSES | {STAR}
    if not wanted or bot.user is None or payload.user_id == bot.user.id:
        return
    job_id = await bot.records.read(keeping.job_of_message, payload.message_id)
    if job_id is None:
        return
    try:
        await _act(bot, payload, emoji, job_id)
    except (errors.JobGoneError, discord.HTTPException) as error:
        log.info("reaction_without_effect", error=type(error).__name__)


async def _act(
    bot: "EaselBot", payload: discord.RawReactionActionEvent, emoji: str, job_id: str
) -> None:
    if emoji == STAR:
        await bot.records.write(keeping.mark, payload.user_id, job_id, 0)
    elif emoji in ENVELOPES:
        person = payload.member or await bot.fetch_user(payload.user_id)
        await bot.results.send_home(person, job_id)
    else:
        channel = bot.get_partial_messageable(payload.channel_id, guild_id=payload.guild_id)
        message = channel.get_partial_message(payload.message_id)
        await bot.results.delete(message, job_id, _asker(bot, payload))


def _asker(bot: "EaselBot", payload: discord.RawReactionActionEvent) -> Asker:
    channel = bot.get_channel(payload.channel_id)
    moderates = (
        payload.member is not None
        and isinstance(channel, discord.abc.GuildChannel)
        and channel.permissions_for(payload.member).manage_messages
    )
    return Asker(payload.user_id, payload.guild_id, moderates)
