r"""Permutations: ``a {red, green} bird`` stands for two prompts.

Groups multiply and nest; they may hold anything, flags and their values included; ``\{``, ``\}``
and, within a group, ``\,`` are those characters themselves. Where a text has no comma, those of
Chinese and Japanese stand between choices.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product, takewhile
from typing import Final

from prompt import sentences as said
from prompt.errors import PromptError
from prompt.sentences import Sentence

DEEPEST: Final = 10
"""How deep groups may nest, the text itself counted."""

_MOST_GROUPS: Final = 500
_SIGN: Final = re.compile(r"\\[{},]|[{},]")
_WIDE_SIGN: Final = re.compile(r"\\[{},]|[{}，、]")
_COMMAS: Final = frozenset(",，、")
_OPENING: Final = re.compile(r"(?<!\\)\{")

Options = list[str]


def expand(text: str, limit: int) -> list[str]:
    """The prompts that ``text`` stands for, in reading order; escaped braces stay escaped.

    A text without groups, or whose braces do not pair up, stands for itself alone.

    Args:
        text: A prompt as typed.
        limit: The most prompts it may stand for.

    Raises:
        PromptError: It stands for more than ``limit``, or nests too deep.
    """
    # Braces that do not pair up are a slip or an emoticon, and no reason to refuse a prompt.
    if "{" not in text or not _OPENING.search(text) or not pairs_up(text):
        return [text]
    if text.count("{") > _MOST_GROUPS:
        raise PromptError(Sentence(said.TOO_MANY_CHOICES, limit=limit))
    return _expand_groups(text, limit)


def split_groups(text: str) -> tuple[list[tuple[str, str]], str]:
    """The groups of a text that lie in no other, and what stands around them.

    Returns:
        For each group the text before it and the group with its braces; then the rest of the text.
        A text whose braces do not pair up has none.
    """
    found: list[tuple[str, str]] = []
    depth = done = start = 0
    for sign in _SIGN.finditer(text) if pairs_up(text) else ():
        if sign[0] == "{":
            start = sign.start() if depth == 0 else start
            depth += 1
        elif sign[0] == "}":
            depth -= 1
            if depth == 0:
                found.append((text[done:start], text[start : sign.end()]))
                done = sign.end()
    return found, text[done:]


def combine(texts: Sequence[str]) -> str | None:
    """One text, with braces, that stands for all of these; None for none of them.

    Args:
        texts: Prompts of single spaces, each of which stands for itself alone.
    """
    different = [text.split(" ") for text in dict.fromkeys(texts)]
    if len(different) < 2:
        return " ".join(different[0]) if different else None
    start = _count_shared(different)
    tails = [words[start:] for words in different]
    # Only the words that differ go into the braces, so that a suggestion reads like the prompt.
    end = _count_shared([words[::-1] for words in tails])
    choices = [" ".join(words[: len(words) - end]).replace(",", "\\,") for words in tails]
    alike = different[0]
    parts = (*alike[:start], f"{{{', '.join(choices)}}}", *alike[len(alike) - end :])
    return " ".join(parts)


def _count_shared(rows: Sequence[Sequence[str]]) -> int:
    """How many words from the front all of them share."""
    columns = zip(*rows, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))


def unescape(text: str) -> str:
    """``text`` with its escaped braces as plain ones."""
    return text.replace("\\{", "{").replace("\\}", "}") if "\\" in text else text


def escape(text: str) -> str:
    """``text`` with its braces escaped, so that it stands for itself alone."""
    return text.replace("{", "\\{").replace("}", "\\}")


def pairs_up(text: str) -> bool:
    """Whether every brace has its partner; escaped ones count for nothing."""
    if "\\" not in text and text.count("{") != text.count("}"):
        return False
    depth = 0
    for sign in _SIGN.findall(text):
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0


@dataclass(slots=True)
class _Group:
    """An open group: the options that are finished, and the segments of the one being read."""

    limit: int
    options: Options = field(default_factory=list)
    segments: list[Options] = field(default_factory=list)
    combinations: int = 1

    def add(self, *segment: str) -> None:
        """Go on with each of these."""
        self.segments.append(list(segment))
        self.combinations *= len(segment)
        # Counted before anything is multiplied: twenty pairs of choices stand for a million
        # prompts.
        if len(self.options) + self.combinations > self.limit:
            raise PromptError(Sentence(said.TOO_MANY_CHOICES, limit=self.limit))

    def finish(self) -> None:
        """Take everything since the last comma as options."""
        self.options += map("".join, product(*self.segments))
        self.segments, self.combinations = [], 1


def _expand_groups(text: str, limit: int) -> Options:
    groups, words = [_Group(limit)], ""
    for part, sign in _split_signs(text):
        group = groups[-1]
        words += part
        if sign and (sign[0] == "\\" or (sign in _COMMAS and len(groups) == 1)):
            words += "," if sign == "\\," and len(groups) > 1 else sign
            continue
        group.add(words)
        words = ""
        if sign == "{":
            groups.append(_Group(limit))
        elif sign == "}":
            group.finish()
            groups.pop()
            groups[-1].add(*(option.strip() for option in group.options))
        elif sign:
            group.finish()
        if len(groups) > DEEPEST:
            raise PromptError(Sentence(said.TOO_DEEP, limit=DEEPEST - 1))
    groups[0].finish()
    return groups[0].options


def _split_signs(text: str) -> Iterator[tuple[str, str]]:
    start = 0
    # Full-width commas are punctuation inside a choice where plain ones separate the choices.
    for sign in (_SIGN if "," in text else _WIDE_SIGN).finditer(text):
        yield text[start : sign.start()], sign[0]
        start = sign.end()
    yield text[start:], ""
