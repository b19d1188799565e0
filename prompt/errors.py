"""The one error of the language."""

from collections.abc import Sequence

from faults import UserError


class PromptError(UserError, ValueError):
    """A prompt that cannot be drawn as it stands.

    Attributes:
        sentences: What is wrong and what would work, for the person who wrote the prompt: one for
            each thing that is wrong, so one answer mends them all.
        position: Index in the text of the first thing that is wrong, or None if it has no place.
        suggestion: The whole prompt put right, ready to be sent, or None if that takes a person.
    """

    def __init__(
        self,
        sentences: str | Sequence[str],
        position: int | None = None,
        suggestion: str | None = None,
    ) -> None:
        self.sentences = (sentences,) if isinstance(sentences, str) else tuple(sentences)
        self.position = position
        self.suggestion = suggestion
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """All of the sentences, in English."""
        return " ".join(self.sentences)
