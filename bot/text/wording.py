"""From error to sentence: the one place that words what went wrong."""

import secrets
from datetime import UTC, datetime
from typing import Final

import discord
import structlog
from discord import app_commands

from bot.errors import (
    DraftGoneError,
    ExpiredTokenError,
    FastSpentError,
    FormLateError,
    JobGoneError,
    NoImageError,
    NoJobError,
    NoLongerThereError,
    NoPictureError,
    NoPlaceError,
    NoPromptError,
    NotAbleError,
    NotAdministeredError,
    NotAllowedError,
    NothingBeforeError,
    NotShownError,
    NotSignedInError,
    NotUnderstoodError,
    NotYetError,
    NotYoursError,
    OldButtonError,
    OtherFamilyError,
    SheetError,
    TokenError,
    TooLateError,
    TooLongError,
    UnsentError,
    WeightsError,
    WhichPictureError,
    WithheldError,
    ZoomError,
)
from bot.text import accounts, messages, sentences
from bot.text.image_wording import word_image_error as image_sentence
from bot.text.languages import retell, say
from generation.recipe import RecipeError
from generation.untrusted.image_errors import ImageError
from prompt.errors import PromptError
from prompt.sentences import Plural
from storage import meters
from storage.decisions.choices import MOST_PRESETS, TooManyPresetsError, UnknownChoiceError
from storage.files import MissingFileError
from storage.queue.jobs import RenderError
from storage.queue.limits import BlockedError, Budget, Excess, LimitKind, LimitReachedError
from storage.queue.moderation import DecidedError
from storage.quotas import EXAMPLE, QuotaError, find_end
from storage.space import NoSpaceError

log: Final = structlog.get_logger(__name__)

_PLAIN: Final[dict[type[BaseException], str]] = {
    OldButtonError: sentences.OLD_BUTTON,
    UnknownChoiceError: sentences.OLD_BUTTON,
    RecipeError: sentences.OLD_BUTTON,
    JobGoneError: sentences.GONE,
    FormLateError: sentences.FORM_LATE,
    NotYoursError: sentences.NOT_YOURS,
    TooLateError: sentences.TOO_LATE,
    DraftGoneError: sentences.DRAFT_GONE,
    NotYetError: sentences.NOT_YET,
    NoPictureError: sentences.NO_PICTURE,
    SheetError: sentences.SHEET_PICK,
    NoPromptError: sentences.NO_PROMPT,
    NoImageError: sentences.NO_IMAGE,
    MissingFileError: sentences.PICTURES_GONE,
    TokenError: sentences.LINK_BROKEN,
    ExpiredTokenError: sentences.LINK_EXPIRED,
    NotSignedInError: sentences.NOT_SIGNED_IN,
    NotShownError: sentences.NOT_SHOWN,
    NotAdministeredError: sentences.NOT_ADMINISTERED,
    NoLongerThereError: sentences.NO_LONGER_THERE,
    NoSpaceError: sentences.NO_SPACE,
    app_commands.CommandSignatureMismatch: sentences.NO_COMMAND,
    app_commands.CommandNotFound: sentences.NO_COMMAND,
    NothingBeforeError: sentences.EDIT_NOTHING_BEFORE,
    WithheldError: sentences.WITHHELD_NOW,
    DecidedError: sentences.MOD_DECIDED,
}
"""Errors whose sentence is always the same."""


_QUOTING: Final[dict[type[BaseException], str]] = {
    ZoomError: sentences.ZOOM_WRONG,
    NoJobError: sentences.NO_JOB,
    NotUnderstoodError: sentences.EDIT_UNKNOWN,
    NoPlaceError: sentences.EDIT_NO_PLACE,
    QuotaError: sentences.QUOTA_WRONG,
    WhichPictureError: sentences.EDIT_WHICH,
}
"""Errors whose sentence quotes what was typed."""


_FULL: Final[dict[LimitKind, Plural]] = {
    "batch": sentences.SERVER_REPEAT,
    "host": sentences.HOST_DAILY,
    "daily": sentences.SERVER_DAILY,
    "unfinished": sentences.TOO_MANY,
}
"""What each limit says where nothing more fits."""

_TOGETHER: Final[dict[LimitKind, Plural]] = {
    "host": sentences.HOST_DAILY_TOGETHER,
    "daily": sentences.SERVER_DAILY_TOGETHER,
    "unfinished": sentences.TOO_MANY_TOGETHER,
}
"""What it says where fewer would fit."""


def word_error(error: BaseException) -> str | None:
    """What to tell the person who caused ``error``; None if they cannot mend it."""
    match error:
        # discord.py wraps whatever a command raises.
        case app_commands.CommandInvokeError():
            return word_error(error.original)
        case PromptError():
            return " ".join(map(retell, error.sentences))
        case ImageError():
            return image_sentence(error)
        case LimitReachedError() | FastSpentError() | BlockedError():
            return _word_limit(error)
        case OtherFamilyError():
            return say(sentences.OTHER_FAMILY, family=error.family, now=error.now)
        case NotAbleError():
            return say(sentences.NOT_ABLE[error.capability], model=say(error.now))
        case error if type(error) in _QUOTING:
            typed = messages.quote(str(error))
            return say(_QUOTING[type(error)], typed=typed, example=EXAMPLE)
        case TooLongError():
            return say(sentences.TOO_LONG_FOR.get(str(error), sentences.TOO_LONG))
        case WeightsError():
            typed = messages.quote(error.typed)
            return say(sentences.WEIGHTS_WRONG, typed=typed, count=error.count)
        case RenderError() | UnsentError():
            return _word_failure(error)
        case TooManyPresetsError():
            return say(sentences.PRESET_FULL, limit=MOST_PRESETS)
        case NotAllowedError():
            return retell(error.refusal)
    # By isinstance, so that an error of a kind that is not listed itself is worded as its kind is.
    return next((say(text) for kind, text in _PLAIN.items() if isinstance(error, kind)), None)


def _word_failure(error: RenderError | UnsentError) -> str:
    if isinstance(error, RenderError):
        return say(sentences.FAILED, reason=messages.find_reason(error.code))
    return say(sentences.UNSENT, reason=messages.find_unsent_reason(error.reason))


def _word_limit(error: LimitReachedError | FastSpentError | BlockedError) -> str:
    if not isinstance(error, BlockedError):
        return _word_excess(error.excess)
    if error.until is None:
        return say(sentences.HOST_BLOCKED if error.host else sentences.SERVER_BLOCKED)
    said = sentences.HOST_BLOCKED_UNTIL if error.host else sentences.SERVER_BLOCKED_UNTIL
    return say(said, when=discord.utils.format_dt(error.until, "R"))


def _word_budget(excess: Excess, budget: Budget) -> str:
    if excess.kind == "fast":
        said = sentences.FAST_SHORT if excess.needs else sentences.FAST_SPENT
    else:
        said = sentences.HOST_QUOTA if budget.host else sentences.SERVER_QUOTA
    ends = find_end(budget.kind.period, datetime.now(UTC).date())
    text = say(
        said,
        limit=accounts.write_amount(budget.kind.unit, budget.amount),
        period=say(sentences.PERIODS[budget.kind.period]),
        used=excess.used,
        when=discord.utils.format_dt(ends, "R"),
    )
    if not excess.needs:
        return text
    return (
        f"{text} {say(sentences.WOULD_TAKE, needs=accounts.write_amount('minutes', excess.needs))}"
    )


def _word_excess(excess: Excess) -> str:
    if excess.budget is not None:
        return _word_budget(excess, excess.budget)
    said = _TOGETHER.get(excess.kind) if excess.room else None
    return say(
        said or _FULL[excess.kind],
        limit=excess.limit,
        asked=excess.used,
        count=excess.count,
        room=excess.room,
    )


def explain(error: BaseException) -> str:
    """What to tell the person; an unexpected error is logged under a reference that is told."""
    text = word_error(error)
    # discord.py wraps whatever a command raises.
    meters.REFUSALS.add(error=type(getattr(error, "original", error)).__name__)
    if text is not None:
        return text
    # Short enough to be read out, and enough to find one line in a log.
    reference = secrets.token_hex(3)
    log.error("unexpected", reference=reference, exc_info=error)
    return say(sentences.UNEXPECTED, reference=reference)
