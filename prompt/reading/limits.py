"""Limits: how long a text may be, of how many parts, and how much is said of it."""

from collections.abc import Collection
from itertools import islice
from typing import Final

from prompt import sentences as said
from prompt.errors import PromptError
from prompt.sentences import Sentence

PROMPT_LIMIT: Final = 6000
"""Most characters in a prompt; Discord and Midjourney draw the line at the same place."""

_MOST_MARKS: Final = 100
_MOST_SENTENCES: Final = 8


def check_limits(text: str) -> None:
    """Refuse a text that is too long or has too many parts.

    Raises:
        PromptError: It is, or has.
    """
    if len(text) > PROMPT_LIMIT:
        count = len(text)
        raise PromptError(Sentence(said.TOO_LONG, limit=PROMPT_LIMIT, count=count), PROMPT_LIMIT)
    check_marks(text)


def check_marks(text: str) -> None:
    """Refuse a text of too many parts: each takes a pass of the text encoder of its own.

    Raises:
        PromptError: It has more marks ``::`` than are read.
    """
    if (count := text.count("::")) > _MOST_MARKS:
        place = text.index("::")
        raise PromptError(Sentence(said.MANY_PARTS, limit=_MOST_MARKS, count=count), place)


def limit_sentences(sentences: Collection[str]) -> tuple[str, ...]:
    """As many sentences as a person reads, and how many more there are."""
    more = len(sentences) - _MOST_SENTENCES
    few = tuple(islice(sentences, _MOST_SENTENCES))
    return few if more <= 0 else (*few, Sentence(said.MORE, count=more))
