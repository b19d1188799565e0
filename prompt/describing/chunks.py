"""Chunks: what of an English prompt stands together, so that what is left of it is no fragment.

There is no grammar of English here, only what can be told by small words, endings and places: the
last word before a small one is what the words before it describe, *a red and blue car* is one car,
and what a cat is wearing belongs to the cat. Where that is not plain, more stays rather than less.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from prompt.writing.roles import find_role

_TABLES: Final = tomllib.loads(Path(__file__).with_name("english.toml").read_text("utf-8"))


def _read_words(table: str) -> frozenset[str]:
    return frozenset(_TABLES[table].split())


ARTICLES: Final = frozenset({"a", "an", "the"})
JOINING: Final = _read_words("joining")
"""Words that only join others: they stay where both of these do."""

_ADDING: Final = frozenset({"and", "or", "&"})
_LINKING: Final = frozenset({"is", "are", "was", "were", "be", "has", "have", "looks", "seems"})
"""Verbs between a thing and what is said of it, which are nothing without both."""

_DESCRIBING: Final = _read_words("describing")
_DESCRIBES: Final = re.compile(
    r"\w+(?:ous|ful|less|able|ible|ical|istic|esque|ly|[^aeiou]y|[^f]ish)|"
    r"(?:hyper|photo|ultra|super)\w+ic|\w+-\w+ed"
)
_NAMING: Final = _read_words("naming")
"""What only looks as if it described something."""

_ACTING: Final = re.compile(r"\w{3,}ing")
_ACTS: Final = _read_words("things_in_ing")
"""Things that end as what somebody does."""

_DONE: Final = re.compile(r"\w{4,}ed")
_DOES: Final = _read_words("done")
_RELATING: Final = frozenset({"that", "which", "who", "where", "while"})
_SET: Final = frozenset({"depth of field", "point of view", "rule of thirds", "work of art"})
"""Names of several words with a small one among them."""

_OPENING, _CLOSING = '"“', '"”'
ENDS: Final = (".", "!", "?", ";", ":")
"""What a word that ends a sentence ends in."""

_AROUND: Final = "\"'“”‘’()[]{}.,;:!?*_"


@dataclass(slots=True)
class _Run:
    """Words between small words.

    Attributes:
        places: Those of its words among all.
        article: The article before it; empty where there is none.
        joined: The joining word before that; empty where there is none.
        head: The place of what it names; None where it only describes.
        shares: Whether what the next run names is described by it as well.
    """

    places: list[int]
    article: str = ""
    joined: str = ""
    head: int | None = None
    shares: bool = False


@dataclass(slots=True)
class Chunks:
    """A prompt's words and what each of them needs.

    Attributes:
        words: As they were typed.
        items: Places of the words between two commas.
        needs: For each word those without which it is not left.
    """

    words: Sequence[str]
    items: Sequence[Sequence[int]]
    needs: list[set[int]] = field(default_factory=list)
    _runs: list[list[_Run]] = field(default_factory=list)

    @classmethod
    def read(cls, words: Sequence[str], items: Sequence[Sequence[int]]) -> "Chunks":
        """What each word needs.

        Args:
            words: A prompt's words.
            items: Places of the words between two commas, in order.
        """
        parts = [part for item in items for part in _split_sentences(item, words)]
        read = cls(words, parts, [set[int]() for _ in words])
        read._runs = [list(read._list_runs(item)) for item in parts]
        for number in range(len(parts)):
            read._relate(number)
        return read

    def is_content(self, place: int) -> bool:
        """Whether a word says something by itself."""
        return self._word(place) not in ARTICLES and not self._is_joining(place)

    def close(self, kept: Iterable[int]) -> set[int]:
        """Words with all that these need."""
        closed, left = set[int](), [*kept]
        while left:
            if (one := left.pop()) not in closed:
                closed.add(one)
                left += self.needs[one]
        return closed

    def list_left(self, number: int, kept: set[int]) -> Iterator[str]:
        """What is left of an item: words that are kept, with what joins them.

        Args:
            number: The item's, in order.
            kept: Places of words, closed.
        """
        before: _Run | None = None
        for run in self._runs[number]:
            left = [place for place in run.places if place in kept]
            if not left:
                continue
            start = run.places[0]
            # Of a red and blue car that is not blue any more, a red car is left.
            joined = before is not None and not (before.shares and left[0] == run.head)
            for place in self._list_small(number, start):
                if self._word(place) in ARTICLES:
                    yield _fit_article(self.words[place], self.words[left[0]], left[0] == start)
                elif joined:
                    yield self.words[place]
            yield from (self.words[place] for place in left)
            before = run

    def continues(self, number: int, kept: set[int]) -> bool:
        """Whether an item goes on before what it names: *a big, blue car* that is not blue.

        Args:
            number: The item's, in order.
            kept: Places of words, closed.
        """
        behind = self._runs[number + 1] if number + 1 < len(self._runs) else []
        if not (self._leads(number) and behind):
            return False
        left = [place for place in behind[0].places if place in kept]
        if not left and self._leads(number + 1):
            return self.continues(number + 1, kept)
        return left[:1] == [behind[0].head] and not (behind[0].article or behind[0].joined)

    def _leads(self, number: int) -> bool:
        """Whether the end of an item only describes what comes after its comma."""
        runs = self._runs[number] if number < len(self._runs) else []
        if not runs or runs[-1].head is not None:
            return False
        first = len(runs) - 1
        while first and runs[first].joined in _ADDING and runs[first - 1].head is None:
            first -= 1
        run = runs[first]
        # In blue, in black and white: that is a colour, and goes on with nothing.
        if run.joined:
            return run.joined != "in" or bool(run.article)
        return bool(run.article) or (first == 0 and number > 0 and self._leads(number - 1))

    def _list_small(self, number: int, start: int) -> list[int]:
        """Places of the small words right before a run."""
        item = self.items[number]
        first = at = item.index(start)
        while at and not self.is_content(item[at - 1]):
            at -= 1
        return list(item[at:first])

    def _word(self, place: int) -> str:
        return self.words[place].strip(_AROUND).casefold()

    def _is_joining(self, place: int) -> bool:
        word = self._word(place)
        # In front of, on top of.
        if word in {"front", "top"} and 0 < place < len(self.words) - 1:
            return self._word(place - 1) in {"in", "on"} and self._word(place + 1) == "of"
        return word in JOINING

    def _describes(self, place: int) -> bool:
        word = self._word(place)
        if word in _NAMING:
            return False
        return word in _DESCRIBING or _DESCRIBES.fullmatch(word) is not None

    def _acts(self, place: int) -> bool:
        """Whether it is what somebody does."""
        word = self._word(place)
        return _ACTING.fullmatch(word) is not None and word not in _ACTS

    def _is_done(self, place: int) -> bool:
        """Whether it is what became of something."""
        word = self._word(place)
        return word in _DOES or _DONE.fullmatch(word) is not None

    def _list_runs(self, item: Sequence[int]) -> Iterator[_Run]:
        run = _Run([])
        for place in item:
            if self.is_content(place):
                run.places.append(place)
                continue
            if run.places:
                yield self._find_head(run)
                run = _Run([])
            if self._word(place) in ARTICLES:
                run.article = self._word(place)
            else:
                run.joined = run.joined or self._word(place)
        if run.places:
            yield self._find_head(run)

    def _find_head(self, run: _Run) -> _Run:
        """The last word that names something, before what that does or what became of it."""
        named = [place for place in run.places if not self._describes(place)]
        does = [*run.places[-1:]] if run.article in {"a", "an"} and self._is_verb(run) else []
        end = next(
            (p for a, p in pairwise(run.places) if (p in does or self._acts(p)) and a in named),
            None,
        )
        leading = [p for p in named if end is None or p < end]
        while len(leading) > 1 and self._is_done(leading[-1]):
            leading.pop()
        fits = leading and not (
            self._acts(leading[-1]) or (self._is_done(leading[-1]) and len(run.places) > 1)
        )
        run.head = leading[-1] if fits else None
        return run

    def _is_verb(self, run: _Run) -> bool:
        """Whether its last word may be what one does: *a woman stands*."""
        word = self._word(run.places[-1])
        return word.endswith("s") and not word.endswith(("ss", "us", "is", "lens"))

    def _relate(self, number: int) -> None:
        item, runs = self.items[number], self._runs[number]
        linked = any(self._word(place) in _LINKING for place in item)
        if linked or (len(runs) == 1 and find_role(" ".join(map(self._word, runs[0].places)))):
            self._tie([place for run in runs for place in run.places])
        for stretch in self._list_units(item):
            self._tie(stretch)
        for place, run in enumerate(runs):
            self._relate_run(number, place, run)

    def _relate_run(self, number: int, place: int, run: _Run) -> None:
        runs = self._runs[number]
        behind = runs[place + 1] if place + 1 < len(runs) else None
        if run.joined in _RELATING:
            self._tie(run.places)
            self._lean(run.places, self._name(runs[place - 1]) if place else set())
        # What one does to whom: it is nothing without that.
        if behind and behind.article and not behind.joined:
            self._lean(run.places, self._name(behind))
            if run.head is not None and run.head != run.places[-1]:
                self._lean(self._name(behind), {*run.places[-1:]})
        if len(run.places) > 1 and self._is_verb(run) and not self._describes(run.places[-2]):
            self._tie(run.places[-2:])
        run.shares = behind is not None and self._shares_head(run, behind)
        if run.head is None:
            self._tie(run.places)
        else:
            self._lean(run.places, {run.head})
            if (first := run.places.index(run.head) + 1) < len(run.places):
                self._relate_action(run.places[first:], behind)
        if run.shares and behind is not None:
            self._lean(run.places, self._name(behind))
            if run.head is None and behind.head is None:
                self._tie([*run.places, *behind.places])
        elif run.head is None:
            self._lean(run.places, self._find_anchor(number, place))

    def _relate_action(self, places: Sequence[int], behind: _Run | None) -> None:
        """What something does, or what became of it: made *of* what, covered *in* what."""
        self._tie(places)
        if behind and behind.joined and self._is_done(places[-1]):
            self._lean(places, self._name(behind))

    def _shares_head(self, run: _Run, behind: _Run) -> bool:
        """Whether what two runs describe is named by the second: *a red and blue car*."""
        if behind.joined not in _ADDING or behind.article:
            return False
        if run.head is None or run.article:
            return True
        alone = len(run.places) == 1 and not self._word(run.places[0]).endswith("s")
        return alone and len(behind.places) > 1

    def _find_anchor(self, number: int, place: int) -> set[int]:
        """What words that only describe are about: what is named nearest to them."""
        own = self._runs[number]
        if self._leads(number) and place == len(own) - 1:
            ahead = number + 1
            while self._leads(ahead) and len(self._runs[ahead]) == 1:
                ahead += 1
            if first := self._runs[ahead][:1] if ahead < len(self._runs) else []:
                return self._name(first[0])
        near = [*reversed(own[:place]), *own[place + 1 :]]
        others = [number + 1, *range(number - 1, -1, -1), *range(number + 2, len(self._runs))]
        near += [run for other in others if other < len(self._runs) for run in self._runs[other]]
        return next(({run.head} for run in near if run.head is not None), set())

    def _name(self, run: _Run) -> set[int]:
        return {run.head} if run.head is not None else set(run.places)

    def _list_units(self, item: Sequence[int]) -> Iterator[list[int]]:
        """Stretches that are one thing: what is quoted, and media of several words."""
        quoted: list[int] = []
        for place in item:
            word = self.words[place]
            if quoted or word.startswith(tuple(_OPENING)):
                quoted.append(place)
            if quoted and word.rstrip("".join(ENDS)).endswith(tuple(_CLOSING)):
                yield quoted
                quoted = []
        for start in range(len(item)):
            for end in (start + 2, start + 3):
                stretch = item[start:end]
                said = " ".join(map(self._word, stretch))
                if said in _SET or (len(stretch) == 2 and find_role(said)):
                    yield [*stretch]

    def _tie(self, places: Iterable[int]) -> None:
        """None of these is left without the others."""
        tied = {place for place in places if self.is_content(place)}
        for place in tied:
            self.needs[place] |= tied

    def _lean(self, places: Iterable[int], on: set[int]) -> None:
        for place in places:
            self.needs[place] |= on


def _split_sentences(item: Sequence[int], words: Sequence[str]) -> Iterator[list[int]]:
    part: list[int] = []
    for place in item:
        part.append(place)
        if words[place].endswith(ENDS):
            yield part
            part = []
    if part:
        yield part


def _fit_article(article: str, word: str, whole: bool) -> str:
    """The article as the next word that is left wants it."""
    if whole or article.casefold() == "the":
        return article
    fitting = "an" if word.strip(_AROUND)[:1].casefold() in set("aeiou") else "a"
    return fitting.capitalize() if article[:1].isupper() else fitting
