"""Suggestions: a refused prompt put right, so that it can be sent as it is."""

from typing import Final

from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.reading.permutations import combine, expand
from prompt.resolution.check import check
from prompt.resolution.versions import ModelChoice, find_card

_MOST_MENDINGS: Final = 4
_MOST_CHOICES: Final = 40


def mend_suggestion(error: PromptError, draws: ModelChoice, *, attached: int = 0) -> PromptError:
    """The same refusal with a suggestion that the family can draw, or with none.

    What a suggestion of the grammar says may still be out of the family's reach, and so on.

    Args:
        error: The refusal of a prompt.
        draws: What will draw.
        attached: How many images come with the prompt besides those it links to.
    """
    if error.suggestion is None:
        return error
    texts = [
        _make_drawable(text, draws, attached) for text in expand(error.suggestion, _MOST_CHOICES)
    ]
    whole = combine([text for text in texts if text is not None])
    return PromptError(error.sentences, error.position, whole)


def _make_drawable(text: str, draws: ModelChoice, attached: int) -> str | None:
    """What is left of a prompt without all that is wrong with it, if there is anything."""
    # Each repair may bring the next fault to light; after a few it is better to suggest nothing.
    for _ in range(_MOST_MENDINGS):
        try:
            prompt = parse(text)
            check(prompt, find_card(draws, prompt), images=attached + len(prompt.images))
        except PromptError as further:
            if further.suggestion is None:
                return None
            text = further.suggestion
        else:
            return text
    return None
