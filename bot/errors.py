"""What can go wrong for a person who asks the bot for something: types and data, no sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

from faults import UserError
from generation.catalogue.card import Capability
from storage.queue.limits import Excess


class OldButtonError(UserError):
    """A button whose meaning this version does not know."""


class FormLateError(UserError):
    """A form that cannot be shown, since the database is slow and Discord does not wait."""


class FastSpentError(UserError):
    """Somebody's fast time is used up; as relaxed jobs, what they asked for would fit.

    Attributes:
        excess: What does not fit.
        requests: The jobs that were refused, as JSON.
    """

    def __init__(self, excess: Excess, requests: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(f"{excess.used} of {excess.limit} fast minutes are used")
        self.excess = excess
        self.requests = requests


class JobGoneError(UserError):
    """A button whose job is not in the database."""


class NoJobError(UserError):
    """Something typed that leads to no job; the text is what was typed."""


class OtherFamilyError(UserError):
    """A button under pictures of a family that this installation no longer draws with.

    Attributes:
        family: That family's id.
        now: Title of the family that draws here now.
    """

    def __init__(self, family: str, now: str) -> None:
        super().__init__(f"{family} is not served here")
        self.family = family
        self.now = now


class NotAbleError(UserError):
    """Something that the family which draws here cannot do.

    Attributes:
        capability: What it would have to be able to do.
        now: The family's title.
    """

    def __init__(self, capability: Capability, now: str) -> None:
        super().__init__(f"{now} is not capable of {capability}")
        self.capability = capability
        self.now = now


class ZoomError(UserError):
    """A zoom that is no number, out of range, or adds nothing; the text is what was typed."""


class NotUnderstoodError(UserError):
    """A wish for a picture that no rule knows; the text is what was typed."""


class NoPlaceError(UserError):
    """A wish for a part of a picture that does not say which; the text is the thing."""


class WhichPictureError(UserError):
    """A wish is for one picture of several; its text is the wish.

    Attributes:
        count: How many there are.
        every: Whether it could be granted for all of them at once.
    """

    def __init__(self, words: str, count: int, *, every: bool) -> None:
        super().__init__(words)
        self.count, self.every = count, every


class NothingBeforeError(UserError):
    """A wish to go back from a picture that was made of no other."""


class WeightsError(UserError):
    """Weights that do not go with the images of a blend.

    Attributes:
        typed: What was typed.
        count: How many images there are.
    """

    def __init__(self, typed: str, count: int) -> None:
        super().__init__(typed)
        self.typed = typed
        self.count = count


class NotYoursError(UserError):
    """A press by someone who may not do that to this job."""


class TooLongError(UserError):
    """A prompt that does not fit into a form; the text is the form's action."""


class NoImageError(UserError):
    """A message without an image."""


class SheetError(UserError):
    """What is done with one picture was asked of a sheet of them."""


class NoPictureError(UserError):
    """A message that shows no pictures of the bot's."""


class NoPromptError(UserError):
    """A message that shows no pictures of the bot's, and an image that says no prompt."""


class UnsentError(UserError):
    """Pictures that were made and that Discord shows nowhere, or that cannot be read.

    Attributes:
        reason: Why, as one of the names in ``sentences.UNSENT_REASONS``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotYetError(UserError):
    """Something about pictures that are still being made."""


class WithheldError(UserError):
    """Pictures that are shown to nobody; the text is why, as ``verdicts.WITHHELD``."""


class DraftGoneError(UserError):
    """An answer to a question that was answered before, or is too old."""


class TooLateError(UserError):
    """A cancel of a job that has ended."""


class NotAllowedError(UserError):
    """The server, or the model, does not allow this.

    Attributes:
        refusal: Why, and what would be allowed; a `Sentence`, which is said in any language.
    """

    def __init__(self, refusal: str) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class NoLongerThereError(UserError):
    """Somebody may not see the channel any more in which they ask for something."""


class TokenError(UserError):
    """What was shown is no token of ours: altered, cut short or made up."""


class ExpiredTokenError(UserError):
    """A token that was good once."""


class NotSignedInError(UserError):
    """A page that is shown to people who signed in, asked for by somebody who is not."""


class NotAdministeredError(UserError):
    """Something that whoever asks neither runs nor manages."""


class NotShownError(UserError):
    """A picture that is not there, or not shown to whoever asks."""
