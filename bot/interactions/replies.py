"""Answering an interaction: the promise of an answer, remarks, and what went wrong."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import discord
import structlog

from bot.interactions.echo import shown_again, typed
from bot.text import messages
from bot.text.wording import told

log: Final = structlog.get_logger(__name__)


async def acknowledge(interaction: discord.Interaction[Any], *, private: bool = False) -> int:
    """Promises an answer; the id of the message that will carry it."""
    response = await interaction.response.defer(thinking=True, ephemeral=private)
    if response is None or response.message_id is None:
        raise RuntimeError("Discord named no message for the acknowledgement")
    return response.message_id


async def tell(interaction: discord.Interaction[Any], notes: Collection[str]) -> None:
    """Tells the person alone how their words were understood, where that needs telling."""
    if notes:
        await interaction.followup.send(messages.notes(notes), ephemeral=True)


async def answer(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tells the person privately what went wrong, and gives back what was typed."""
    text, file = shown_again(error, told(error), typed(interaction))
    try:
        await _say(interaction, text, [file] if file else [])
    except discord.HTTPException as lost:
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
        if promised.flags.ephemeral:
            await promised.edit(content=text, attachments=files)
            return
        await promised.delete()
    await interaction.followup.send(text, ephemeral=True, files=files)
