"""Orders: a text with braces and ``--repeat`` stands for several prompts, one job each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from generation.cards import Card
from prompt import sentences as said
from prompt.dialects import translated
from prompt.errors import PromptError
from prompt.fitting import fitted
from prompt.grammar import Prompt, check_length, parse
from prompt.parameters import MODEL, REPEAT, RIVALS
from prompt.permutations import expand, together
from prompt.resolve import check
from prompt.sentences import Sentence
from prompt.versions import Draws, card_of
from prompt.ways import Way

MOST_ORDERS: Final = 40
"""Most jobs that one text may stand for (Midjourney's own limit, docs.midjourney.com)."""


@dataclass(frozen=True, slots=True)
class Order:
    """One job of a text.

    Attributes:
        prompt: What to draw.
        copy: Which of its repetitions, from 0; each has seeds of its own.
    """

    prompt: Prompt
    copy: int


def orders(text: str, limit: int = MOST_ORDERS, *, way: Way = Way.IMAGINE) -> tuple[Order, ...]:
    """Every job that ``text`` stands for, in reading order.

    Args:
        text: A prompt as typed.
        limit: Most jobs that it may stand for.
        way: Where it was typed.

    Raises:
        PromptError: One of the prompts cannot be read, or there are more than ``limit``.
    """
    check_length(text)
    whole, notes = translated(text)
    options = expand(whole, limit)
    try:
        prompts = [fitted(parse(option), way) for option in options]
    except PromptError as error:
        raise _of_all(error, [_put_right(option) for option in options]) from None
    if notes:
        prompts = [replace(each, notes=(*notes, *each.notes)) for each in prompts]
    counts = [REPEAT.of(prompt.parameters) or 1 for prompt in prompts]
    if sum(counts) > limit:
        raise too_many(text, sum(counts), limit)
    return tuple(
        Order(prompt, copy)
        for prompt, count in zip(prompts, counts, strict=True)
        for copy in range(count)
    )


def check_all(wanted: Sequence[Prompt], draws: Draws, *, attached: int) -> None:
    """Refuse what a family cannot draw of several prompts that came as one text.

    Args:
        wanted: The prompts.
        draws: What will draw.
        attached: How many images come with each besides those it links to.

    Raises:
        PromptError: With what is wrong with the first, and all of them without what is wrong.
    """
    refusals = [_refusal(each, card_of(draws, each), attached) for each in wanted]
    if first := next(filter(None, refusals), None):
        texts = [
            error.suggestion if error else each.spelled
            for each, error in zip(wanted, refusals, strict=True)
        ]
        raise _of_all(first, texts)


def drawn_by_another(
    error: PromptError, wanted: Sequence[Prompt], others: Sequence[Card], *, attached: int
) -> PromptError:
    """The refusal of prompts that ask for no model, naming one that can draw all of them.

    Args:
        error: The refusal.
        wanted: The prompts.
        others: What else could draw.
        attached: How many images come with each besides those it links to.
    """
    chosen = {MODEL.name, *RIVALS[MODEL.name]}
    if any(not chosen.isdisjoint(each.parameters) for each in wanted):
        return error
    for card in others:
        if not any(_refusal(each, card, attached) for each in wanted):
            named = {MODEL.name: card.called}
            asked = [replace(each, parameters={**each.parameters, **named}) for each in wanted]
            other = Sentence(said.OTHER_CAN, typed=MODEL.format(card.called))
            whole = together([each.spelled for each in asked])
            return PromptError((*error.sentences, other), error.position, whole)
    return error


def _refusal(prompt: Prompt, card: Card, attached: int) -> PromptError | None:
    try:
        check(prompt, card, images=attached + len(prompt.images))
    except PromptError as error:
        return error
    return None


def _put_right(option: str) -> str | None:
    try:
        return parse(option).spelled
    except PromptError as error:
        return error.suggestion


def _of_all(error: PromptError, texts: Sequence[str | None]) -> PromptError:
    """The refusal of one of several prompts, with a suggestion that stands for all of them."""
    whole = together([text for text in texts if text is not None])
    return PromptError(error.sentences, error.position, whole)


def too_many(text: str, count: int, limit: int) -> PromptError:
    """The refusal of a text that stands for more jobs than are allowed."""
    return PromptError(
        Sentence(said.TOO_MANY_JOBS, count=count, limit=limit), max(text.find("{"), 0)
    )


def shown(some: Sequence[Order], most: int) -> list[str]:
    """The different prompts' words and flags, up to ``most`` of them, for people to look over."""
    texts = dict.fromkeys(order.prompt.spelled for order in some)
    return list(texts)[:most]
