"""Lists of words, found in a text however they are spelled."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from prompt.moderation.spelling import MASK, fold, list_readings, list_spellings

MOST_WORDS: Final = 500
"""Entries of a list at most."""

WORD_LENGTH: Final = 60
"""Characters of an entry at most."""


class WordList:
    """Words and phrases; a ``*`` at the end of one stands for any ending.

    A text is read in time proportional to its length, however long the list is.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self.entries = tuple(entries)
        self._phrases: dict[str, list[tuple[list[str], str]]] = {}
        self._beginnings: dict[str, str] = {}
        self._within: dict[str, str] = {}
        for entry in self.entries:
            words = read_entry(entry)
            if _has_no_spaces(entry):
                # Chinese, Japanese and Thai write no spaces between words.
                self._within["".join(list_readings(entry)[0])] = entry
            elif len(words) == 1 and entry.rstrip().endswith(MASK):
                self._beginnings[words[0]] = entry
            elif words:
                self._phrases.setdefault(words[0], []).append((words, entry))
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})

    def find(self, text: str) -> str | None:
        """The first entry that a text has, as it stands in the list; None if it has none."""
        if not self.entries:
            return None
        for reading in list_readings(text):
            whole = "".join(reading)
            for letters, entry in self._within.items():
                if letters in whole:
                    return entry
            ways = [list_spellings(word) for word in reading]
            for place in range(len(ways)):
                if found := self._find_at(ways, place):
                    return found
        return None

    def _find_at(self, ways: Sequence[list[str]], place: int) -> str | None:
        for word in ways[place]:
            for length in self._lengths:
                if found := self._beginnings.get(word[:length]):
                    return found
            for words, entry in self._list_phrases(word):
                rest = ways[place : place + len(words)]
                if len(rest) == len(words) and all(map(_means, rest, words)):
                    return entry
        return None

    def _list_phrases(self, word: str) -> Iterable[tuple[list[str], str]]:
        if MASK not in word:
            return self._phrases.get(word, ())
        return (one for first, each in self._phrases.items() if _fits(word, first) for one in each)


def parse_words(text: str) -> tuple[str, ...]:
    """Entries as people write them: on lines or between commas, each once."""
    entries = (" ".join(entry.split())[:WORD_LENGTH] for entry in re.split(r"[,\n]", text))
    return tuple(dict.fromkeys(entry for entry in entries if read_entry(entry)))[:MOST_WORDS]


def read_entry(entry: str) -> list[str]:
    """The words of an entry as they are looked for; none where it has no letters."""
    readings = list_readings(entry)
    return [list_spellings(word)[0] for word in readings[0]] if readings else []


def _means(ways: Sequence[str], word: str) -> bool:
    return any(way == word or (MASK in way and _fits(way, word)) for way in ways)


def _fits(masked: str, word: str) -> bool:
    """Whether a word with letters left out is meant to be another: most of it is there."""
    return (
        len(masked) == len(word)
        and masked[0] == word[0]
        and masked.count(MASK) <= len(word) // 2
        and all(one in (MASK, other) for one, other in zip(masked, word, strict=True))
    )


def _has_no_spaces(entry: str) -> bool:
    return any(
        unicodedata.east_asian_width(char) == "W" or "\u0e00" <= char <= "\u0e7f"
        for char in fold(entry)
    )
