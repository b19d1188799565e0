"""Paragraphs that a language model wrote, held against what they are to say."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from prompt.errors import PromptError
from prompt.reading.grammar import parse

_WORD: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"\d+")
_QUOTED: Final = re.compile(r"[\"“]([^\"“”]+)[\"”]")
_STEM: Final = 5
"""Letters by which a word is known again in another form: ``sleeping`` in ``sleeps``."""

_SMALL: Final = frozenset(
    {
        "and", "are", "but", "for", "from", "has", "her", "his", "into", "its", "not",
        "off", "onto", "our", "out", "over", "that", "the", "their", "this", "very", "was", "were",
        "who", "with",
    }
)  # fmt: skip
"""Words that join others, and may be said otherwise."""


def says_all(text: str, said: Iterable[str]) -> bool:
    """Whether a paragraph says all that it is to say, and is read back as the words that it is.

    Args:
        text: The paragraph.
        said: What it is to say, in words; numbers there, and what stands in quotes, stand here as
            they are.
    """
    wanted = list(said)
    if not (text.endswith((".", "!", "?")) and _reads_back(text)):
        return False
    if any(quoted not in text for one in wanted for quoted in _QUOTED.findall(one)):
        return False
    if any(number not in text for one in wanted for number in _NUMBER.findall(one)):
        return False
    there = _WORD.findall(text.casefold())
    return all(
        any(word.startswith(stem) for word in there) for one in wanted for stem in _list_stems(one)
    )


def _list_stems(text: str) -> Iterator[str]:
    """How each word begins that says something, however it ends."""
    for word in _WORD.findall(text.casefold()):
        if len(word) > 2 and word not in _SMALL:
            yield word[: max(3, min(_STEM, len(word) - 2))]


def _reads_back(text: str) -> bool:
    """Whether nothing in it is read as anything but words."""
    try:
        prompt = parse(text)
    except PromptError:
        return False
    return prompt.text == text and not (prompt.flags or prompt.images or prompt.notes)
