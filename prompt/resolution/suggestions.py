"""Suggestions: a refused prompt put right, so that it can be sent as it is."""

from dataclasses import replace
from typing import Final

from prompt.errors import PromptError
from prompt.flags.table import REPEAT
from prompt.reading.grammar import Prompt, parse
from prompt.reading.limits import PROMPT_LIMIT
from prompt.reading.permutations import combine, expand
from prompt.resolution.check import check
from prompt.resolution.orders import MOST_ORDERS
from prompt.resolution.versions import ModelChoice, find_card

_MOST_MENDINGS: Final = 4


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
        _make_drawable(text, draws, attached) for text in expand(error.suggestion, MOST_ORDERS)
    ]
    whole = combine(_limit_jobs([text for text in texts if text is not None]))
    fits = whole is not None and len(whole) <= PROMPT_LIMIT
    return PromptError(error.sentences, error.position, whole if fits else None)


def _limit_jobs(texts: list[str]) -> list[str]:
    """The prompts, repeated no more often than one request may ask for."""
    prompts = [parse(text) for text in texts]
    if sum(REPEAT.of(one.flags) or 1 for one in prompts) <= MOST_ORDERS:
        return texts
    most = max(1, MOST_ORDERS // len(prompts))
    return [_repeat_at_most(one, most).spelling for one in prompts]


def _repeat_at_most(prompt: Prompt, most: int) -> Prompt:
    count = min(REPEAT.of(prompt.flags) or 1, most)
    others = {name: value for name, value in prompt.flags.items() if name != REPEAT.name}
    return replace(prompt, flags=others if count == 1 else {**others, REPEAT.name: count})


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
