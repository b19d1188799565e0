"""Orders: a text with braces and ``--repeat`` stands for several prompts, one job each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prompt import sentences as said
from prompt.errors import PromptError
from prompt.fitting import fitted
from prompt.grammar import Prompt, check_length, parse
from prompt.parameters import REPEAT
from prompt.permutations import expand
from prompt.sentences import Sentence
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
    prompts = [fitted(parse(option), way) for option in expand(text, limit)]
    counts = [REPEAT.of(prompt.parameters) or 1 for prompt in prompts]
    if sum(counts) > limit:
        raise too_many(text, sum(counts), limit)
    return tuple(
        Order(prompt, copy)
        for prompt, count in zip(prompts, counts, strict=True)
        for copy in range(count)
    )


def too_many(text: str, count: int, limit: int) -> PromptError:
    """The refusal of a text that stands for more jobs than are allowed."""
    return PromptError(
        Sentence(said.TOO_MANY_JOBS, count=count, limit=limit), max(text.find("{"), 0)
    )


def shown(some: Sequence[Order], most: int) -> list[str]:
    """The different prompts' words and flags, up to ``most`` of them, for people to look over."""
    texts = dict.fromkeys(order.prompt.spelled for order in some)
    return list(texts)[:most]
