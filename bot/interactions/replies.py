"""Answering an interaction: the promise of an answer, remarks, and what went wrong."""

import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, Final

import aiohttp
import discord
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import FastSpentError
from bot.interactions.callbacks import is_late
from bot.interactions.echo import echo_prompt, read_typed
from bot.interactions.host import find_host
from bot.interactions.patience import count_from
from bot.text import messages, sentences
from bot.text.languages import say, speak
from bot.text.wording import explain
from prompt.sentences import NO_VERSION, OTHER_VERSION, Sentence
from storage.decisions import choice_queries
from storage.decisions.choices import PersonChoices

log: Final = structlog.get_logger(__name__)


FORM_REFUSED: Final = 400
"""Status of a message that Discord, or a server's AutoMod, does not take as it is."""


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
        try:
            await interaction.followup.send(messages.join_notes(news), ephemeral=True)
        except discord.HTTPException as error:
            # What they are about is under way: to call that a failure would be untrue.
            log.info("notes_not_told", status=error.status, code=error.code)


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


@contextlib.asynccontextmanager
async def telling_errors(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """Speaks the person's language within; whatever goes wrong there becomes one sentence."""
    speak(str(interaction.locale))
    count_from(interaction.created_at)
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the library would only log it
        await answer_error(interaction, error)


async def answer_error(
    interaction: discord.Interaction[Any],
    error: BaseException,
    offer: discord.ui.View | None = None,
) -> None:
    """Tells the person what went wrong, and gives back in private what was typed.

    Args:
        interaction: Who asked, and where.
        error: What went wrong.
        offer: What can be pressed below what was typed.
    """
    if is_late(error):
        # Nobody waits for an answer any more, or another process has given one.
        log.info("interaction_too_late", interaction=interaction.id)
        return
    reason = explain(error)
    if isinstance(cause := getattr(error, "original", error), FastSpentError):
        offer = await _offer_relaxed(interaction, cause)
    try:
        await _tell_reason(interaction, error, reason, offer)
    except discord.HTTPException as lost:
        log.warning("answer_lost", status=lost.status, code=lost.code)
        # Three seconds may have passed, or the message be gone: there is nobody left to tell.
        if lost.status == FORM_REFUSED and not is_late(lost):
            await _tell_plainly(interaction)
    except (aiohttp.ClientError, OSError) as lost:
        log.warning("answer_lost", error=type(lost).__name__)


async def _tell_reason(
    interaction: discord.Interaction[Any],
    error: BaseException,
    reason: str,
    offer: discord.ui.View | None,
) -> None:
    typed = read_typed(interaction)
    if await _replace_promise(interaction, reason):
        # Everybody sees the reason, in the place of the pictures; the words stay private.
        text, file = echo_prompt(error, "", typed)
    else:
        text, file = echo_prompt(error, reason, typed)
    # What was pressed has no words to give back, but may be offered in another way.
    if text or offer:
        spent = isinstance(error, FastSpentError)
        said = text.strip() or (say(sentences.FAST_OFFER) if spent else reason)
        await _say(interaction, said, [file] if file else [], offer)


async def _offer_relaxed(
    interaction: discord.Interaction[Any], error: FastSpentError
) -> discord.ui.View | None:
    try:
        return await find_host(interaction).offer_relaxed(interaction, error)
    # The reason is told all the same, and relaxed can be asked for by its flag.
    except SQLAlchemyError as lost:
        log.warning("offer_lost", error=type(lost).__name__)
        return None


async def _tell_plainly(interaction: discord.Interaction[Any]) -> None:
    """Answers without any word of the person's, which a filter of the server may refuse."""
    text = say(sentences.NOT_REPEATED)
    with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
        if not await _replace_promise(interaction, text):
            await _say(interaction, text, [], None)


async def _replace_promise(interaction: discord.Interaction[Any], reason: str) -> bool:
    """Says why in the place of what was promised to everybody; False if there is no such promise.

    The promise cannot become private, and if it were deleted, whatever follows would be headed by
    the note that what it answers is gone.
    """
    response = interaction.response
    if response.type is not discord.InteractionResponseType.deferred_channel_message:
        return False
    promised = await interaction.original_response()
    # What already shows a job must not be written over.
    if promised.flags.ephemeral or not promised.flags.loading:
        return False
    await promised.edit(content=reason[: messages.CONTENT_LIMIT])
    return True


async def _say(
    interaction: discord.Interaction[Any],
    text: str,
    files: Sequence[discord.File],
    view: discord.ui.View | None,
) -> None:
    """Says something to the person alone."""
    response, shown = interaction.response, view or discord.utils.MISSING
    if not response.is_done():
        await response.send_message(text, ephemeral=True, files=files, view=shown)
        return
    if response.type is discord.InteractionResponseType.deferred_channel_message:
        promised = await interaction.original_response()
        # A private promise can carry the refusal itself.
        if promised.flags.ephemeral:
            await promised.edit(content=text, attachments=files, view=view)
            return
    await interaction.followup.send(text, ephemeral=True, files=files, view=shown)
