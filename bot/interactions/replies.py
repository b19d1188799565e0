"""Answering an interaction: the promise of an answer, remarks, and what went wrong."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import discord
import structlog

from bot.interactions.echo import echo_prompt, read_typed
from bot.text import messages
from bot.text.wording import explain

log: Final = structlog.get_logger(__name__)


async def acknowledge(interaction: discord.Interaction[Any], *, private: bool = False) -> int:
    """Promises an answer; the id of the message that will carry it."""
    response = await interaction.response.defer(thinking=True, ephemeral=private)
    if response is None or response.message_id is None:
        raise RuntimeError("Discord named no message for the acknowledgement")
    return response.message_id


async def tell_notes(interaction: discord.Interaction[Any], notes: Collection[str]) -> None:
    """Tells the person alone how their words were understood, where that needs telling."""
    if notes:
        await interaction.followup.send(messages.join_notes(notes), ephemeral=True)


async def answer_error(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tells the person privately what went wrong, and gives back what was typed."""
    text, file = echo_prompt(error, explain(error), read_typed(interaction))
    try:
        await _say(interaction, text, [file] if file else [])
    except discord.HTTPException as lost:
        # Three seconds may have passed, or the message be gone: there is nobody left to tell.
        log.warning("answer_lost", status=lost.status, code=lost.code)


async def _say(
    interaction: discord.Interaction[Any], text: str, files: Sequence[discord.File]
) -> None:
    """Says ``text`` to the person alone, also where a public answer was already promised."""
    response = interaction.response
    if not response.is_done():
        await response.send_message(text, ephemeral=True, files=files)
        return
    if response.type is discord.InteractionResponseType.deferred_channel_message:
        promised = await interaction.original_response()
        # A private promise can carry the refusal itself; a public one cannot become private, so it
        # goes.
        if promised.flags.ephemeral:
            await promised.edit(content=text, attachments=files)
            return
        await promised.delete()
    await interaction.followup.send(text, ephemeral=True, files=files)
