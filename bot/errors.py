"""What can go wrong for a person who asks the bot for something: types and data, no sentences."""

from generation.catalogue.card import Capability


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


class NotAllowedError(Exception):
    """The server does not allow this; the text is the sentence for the person."""


class NoLongerThereError(Exception):
    """Somebody may not see the channel any more in which they ask for something."""


class TokenError(Exception):
    """What was shown is no token of ours: altered, cut short or made up."""


class ExpiredTokenError(Exception):
    """A token that was good once."""
