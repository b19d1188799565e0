"""Answering an interaction: the promise of an answer, remarks, and what went wrong."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import discord
import structlog

from bot.interactions.echo import echo_prompt, read_typed
from bot.interactions.host import find_host
from bot.text import messages
from bot.text.wording import explain
from prompt.sentences import NO_VERSION, OTHER_VERSION, Sentence
from storage.decisions import choice_queries
from storage.decisions.choices import PersonChoices

log: Final = structlog.get_logger(__name__)


async def acknowledge(interaction: discord.Interaction[Any], *, private: bool = False) -> int:
    """Promises an answer; the id of the message that will carry it."""
    response = await interaction.response.defer(thinking=True, ephemeral=private)
    if response is None or response.message_id is None:
        raise RuntimeError("Discord named no message for the acknowledgement")
    return response.message_id


async def tell_notes(interaction: discord.Interaction[Any], notes: Collection[str]) -> None:
    """Tells the person alone how their words were understood, in one message if at all."""
    news = [note for note in notes if not _is_about_versions(note)]
    if len(news) < len(notes) and not await _knew_versions(interaction):
        news = list(notes)
    if news:
        await interaction.followup.send(messages.join_notes(news), ephemeral=True)


def _is_about_versions(note: str) -> bool:
    return isinstance(note, Sentence) and note.template in {OTHER_VERSION, NO_VERSION}


async def _knew_versions(interaction: discord.Interaction[Any]) -> bool:
    """Whether the person was told before that versions stand for other models; now they are.

    Prompts from Midjourney name a version every time, and once told is enough.
    """
    records, person = find_host(interaction).records, interaction.user.id
    if (await records.read(choice_queries.read_person, person)).knows_versions:
        return True
    await records.write(choice_queries.change_person, person, _learn_versions)
    return False


def _learn_versions(before: PersonChoices) -> PersonChoices:
    return before.model_copy(update={"knows_versions": True})


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
