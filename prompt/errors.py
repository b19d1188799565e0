"""The one error of the language."""


class PromptError(ValueError):
    """A prompt that cannot be drawn as it stands.

    Attributes:
        sentence: What is wrong and what would work, for the person who wrote the prompt. Where
            several things are wrong there is one sentence for each, so one answer mends them all.
        position: Index in the text of the first thing that is wrong, or None if it has no place.
        suggestion: The whole prompt put right, ready to be sent, or None if that takes a person.
    """

    def __init__(
        self, sentence: str, position: int | None = None, suggestion: str | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.position = position
        self.suggestion = suggestion
