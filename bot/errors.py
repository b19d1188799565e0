"""From error to sentence: the one place that words what went wrong."""

import secrets
from collections.abc import Sequence
from typing import Any, Final

import discord
import structlog
from discord import app_commands

from bot.access.policy import NotAllowedError
from bot.interactions.echo import shown_again, typed
from bot.interactions.requester import NoLongerThereError
from bot.painting.tokens import ExpiredPassError, PassError
from bot.text import messages, sentences
from bot.text.image_wording import sentence as image_sentence
from bot.text.languages import retell, say
from generation.catalogue.card import Capability
from generation.recipe import RecipeError
from generation.untrusted.clean import ImageError
from generation.untrusted.masks import NothingPaintedError
from prompt.errors import PromptError
from storage.decisions.choices import MOST_PRESETS, TooManyPresetsError
from storage.files import MissingFileError
from storage.queue.jobs import DailyLimitError, TooManyJobsError

log: Final = structlog.get_logger(__name__)


class OldButtonError(Exception):
    """A button whose meaning this version does not know."""


class JobGoneError(Exception):
    """A button whose job is not in the database."""


class NoJobError(Exception):
    """Something typed that leads to no job; the text is what was typed."""


class OtherFamilyError(Exception):
    """A button under pictures of a family that this installation no longer draws with.

    Attributes:
        family: That family's id.
        now: Title of the family that draws here now.
    """

    def __init__(self, family: str, now: str) -> None:
        super().__init__(f"{family} is not served here")
        self.family = family
        self.now = now


class NotAbleError(Exception):
    """Something that the family which draws here cannot do.

    Attributes:
        capability: What it would have to be able to do.
        now: The family's title.
    """

    def __init__(self, capability: Capability, now: str) -> None:
        super().__init__(f"{now} is not capable of {capability}")
        self.capability = capability
        self.now = now


class ZoomError(Exception):
    """A zoom that is no number, out of range, or adds nothing; the text is what was typed."""


class WeightsError(Exception):
    """Weights that do not go with the images of a blend.

    Attributes:
        typed: What was typed.
        count: How many images there are.
    """

    def __init__(self, typed: str, count: int) -> None:
        super().__init__(typed)
        self.typed = typed
        self.count = count


class NotYoursError(Exception):
    """A press by someone who may not do that to this job."""


class TooLongError(Exception):
    """A prompt that does not fit into a form; the text is the form's action."""


class NoImageError(Exception):
    """A message without an image."""


class NoPictureError(Exception):
    """A message that shows no pictures of the bot's."""


class NotYetError(Exception):
    """Something about pictures that are still being made."""


class DraftGoneError(Exception):
    """An answer to a question that was answered before, or is too old."""


class TooLateError(Exception):
    """A cancel of a job that has ended."""


_PLAIN: Final[dict[type[BaseException], str]] = {
    OldButtonError: sentences.OLD_BUTTON,
    RecipeError: sentences.OLD_BUTTON,
    JobGoneError: sentences.GONE,
    NotYoursError: sentences.NOT_YOURS,
    TooLateError: sentences.TOO_LATE,
    DraftGoneError: sentences.DRAFT_GONE,
    NotYetError: sentences.NOT_YET,
    NoPictureError: sentences.NO_PICTURE,
    NoImageError: sentences.NO_IMAGE,
    MissingFileError: sentences.PICTURES_GONE,
    PassError: sentences.LINK_BROKEN,
    ExpiredPassError: sentences.LINK_EXPIRED,
    NothingPaintedError: sentences.NOTHING_PAINTED,
    NoLongerThereError: sentences.NO_LONGER_THERE,
    app_commands.CommandSignatureMismatch: sentences.NO_COMMAND,
    app_commands.CommandNotFound: sentences.NO_COMMAND,
}
"""Errors whose sentence is always the same."""


_QUOTING: Final[dict[type[BaseException], str]] = {
    ZoomError: sentences.ZOOM_WRONG,
    NoJobError: sentences.NO_JOB,
}
"""Errors whose sentence quotes what was typed."""


def sentence(error: BaseException) -> str | None:
    """What to tell the person who caused ``error``; None if it is our own mistake."""
    match error:
        case app_commands.CommandInvokeError():
            return sentence(error.original)
        case PromptError():
            return " ".join(map(retell, error.sentences))
        case ImageError():
            return image_sentence(error)
        case TooManyJobsError():
            return say(sentences.TOO_MANY, limit=error.limit)
        case DailyLimitError():
            return say(sentences.SERVER_DAILY, limit=error.limit, asked=error.asked)
        case OtherFamilyError():
            return say(sentences.OTHER_FAMILY, family=error.family, now=error.now)
        case NotAbleError():
            return say(sentences.NOT_ABLE[error.capability], model=say(error.now))
        case ZoomError() | NoJobError():
            return say(_QUOTING[type(error)], typed=messages.quoted(str(error)))
        case TooLongError():
            return say(sentences.TOO_LONG_FOR.get(str(error), sentences.TOO_LONG))
        case WeightsError():
            typed = messages.quoted(error.typed)
            return say(sentences.WEIGHTS_WRONG, typed=typed, count=error.count)
        case TooManyPresetsError():
            return say(sentences.PRESET_FULL, limit=MOST_PRESETS)
        case NotAllowedError():
            return str(error)
    return next((say(text) for kind, text in _PLAIN.items() if isinstance(error, kind)), None)


def told(error: BaseException) -> str:
    """What to tell the person; an unexpected error is logged under a reference that is told."""
    text = sentence(error)
    if text is not None:
        return text
    reference = secrets.token_hex(3)
    log.error("unexpected", reference=reference, exc_info=error)
    return say(sentences.UNEXPECTED, reference=reference)


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
