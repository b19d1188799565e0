"""Meaning: a prompt's words as those that a model was taught, and the words that it was not.

Models with a small vocabulary draw what they never read as debris. What such a model knows is said
to it in its own words, whatever language it was typed in; all else is left out, and told. It takes
time in proportion to the text, and raises nothing.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from generation.catalogue.folding import fold
from generation.catalogue.lexicon import (
    BEFORE_GROUND,
    ENGLISH,
    JAPANESE,
    TRANSLATED,
    Kind,
    Lexicon,
    Meaning,
)

_KANA_OR_KANJI: Final = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f"
_TOKEN: Final = re.compile(
    # Letters and digits of other scripts; then marks that end a part of the sentence.
    rf"[{_KANA_OR_KANJI}]++|(?:(?![{_KANA_OR_KANJI}])[^\W_])++|[^\w\s'’\-‐‑]"
)
_JAPANESE: Final = re.compile(rf"[{_KANA_OR_KANJI}]")
_HIRAGANA: Final = re.compile(r"[\u3040-\u309fー]++")
_VOWEL: Final = re.compile("(?!ufo|unicorn)[aeiou]")
_PLURAL: Final = re.compile("^(?!.* with ).*(?<![us])s$")
_LEADS: Final = re.compile(rf"\w{BEFORE_GROUND} $", re.IGNORECASE)
_LONGEST: Final = 6
"""Words of the longest name."""

_LONGEST_JAPANESE: Final = 14
"""Characters of the longest Japanese name."""

_PARTICLES: Final = "のとにをはがでもへや"
_BEFORE: Final = frozenset({ENGLISH, "de", JAPANESE})
"""Languages whose adjectives stand before what they describe."""

_USUAL_GROUND: Final = "white"
"""What things are drawn on where nothing is said of it."""

_MATTER: Final = frozenset({Kind.THING, Kind.COLOUR, Kind.STYLE, Kind.GROUND})


@dataclass(slots=True)
class Word:
    """A word of a prompt, or several that mean something together.

    Attributes:
        start: Index of its first character.
        end: Index behind its last one.
        part: Number of the part of the sentence that it stands in; commas and the like end one.
        meanings: What it may mean; none if it is not known.
        language: Which language says so.
    """

    start: int
    end: int
    part: int
    meanings: tuple[Meaning, ...] = ()
    language: str = ENGLISH


@dataclass(slots=True)
class Named:
    """A thing or a ground, with its colours."""

    meaning: Meaning
    start: int
    colours: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model understands of a text.

    Attributes:
        words: The text in the model's words, each with the index of what it was made of; empty if
            it can stay as it was typed.
        named: The things, in order.
        styles: The styles, in order.
        colours: The colours, of things and grounds and of nothing, in order.
        unknown: Stretches of the text that mean nothing to it.
    """

    words: tuple[tuple[str, int], ...]
    named: tuple[str, ...]
    styles: tuple[str, ...]
    colours: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def says_nothing(self) -> bool:
        """Whether there is nothing in it that the model knows."""
        return not (self.named or self.styles or self.colours)


def read_meaning(text: str, lexicon: Lexicon, styles: Collection[str]) -> Reading:
    """What a model makes of a text.

    Args:
        text: Words of a prompt.
        lexicon: The words that it was taught.
        styles: The styles that it was taught.
    """
    words = list(_Reader(text, lexicon, styles).read())
    unknown = tuple(dict.fromkeys(_list_unknown(text, words)))
    known = [word for word in words if word.meanings]
    chosen = list(_choose_meanings(known))
    things, rest = _bind_colours(chosen)
    spoken = [one for one in things if one.meaning.kind is Kind.GROUND and one.colours]
    # The usual ground goes without saying: no caption that it learnt from ever named that one.
    grounds = [one for one in spoken if {name for name, _ in one.colours} != {_USUAL_GROUND}]
    named = list(_merge(one for one in things if one.meaning.kind is Kind.THING))
    drawn_as = {m.word: word.start for word, m in reversed(chosen) if m.kind is Kind.STYLE}
    colours = [name for one in (*named, *spoken) for name, _ in one.colours]
    # A ground is said as captions say it: whatever draws its colour looks for it behind the things.
    behind = grounds == spoken and all(_stands_behind(one, named, text) for one in grounds)
    stays = not unknown and all(meaning.taught for _, meaning in chosen) and behind
    ordered = dict(sorted(drawn_as.items(), key=lambda each: each[1]))
    return Reading(
        words=() if stays else tuple(_compose(named, grounds, ordered, rest)),
        named=tuple(one.meaning.word for one in named),
        styles=tuple(ordered),
        colours=tuple(dict.fromkeys([*colours, *(name for name, _ in rest)])),
        unknown=unknown,
    )


def _stands_behind(ground: Named, things: Sequence[Named], text: str) -> bool:
    """Whether a ground of one colour is said behind all things, as captions put it."""
    (_, start), *more = ground.colours
    return not (more or any(one.start > start for one in things)) and bool(
        _LEADS.search(text[:start])
    )


class _Reader:
    """Finds the words of a text in the dictionaries."""

    def __init__(self, text: str, lexicon: Lexicon, styles: Collection[str]) -> None:
        self._lexicon, self._styles = lexicon, styles
        self._tokens = [(found[0], found.start(), found.end()) for found in _TOKEN.finditer(text)]
        self._keys = [fold(token) for token, _, _ in self._tokens]
        self._language = self._guess_language()

    def read(self) -> Iterator[Word]:
        """Every word, known or not, in order."""
        part, place = 0, 0
        while place < len(self._tokens):
            token, start, end = self._tokens[place]
            if _JAPANESE.match(token):
                yield from self._read_japanese(token, start, part)
                place += 1
            elif not token.isalnum():
                # Emoji are names of their own; every other mark ends a part.
                if meanings := self._lexicon.find(token, ENGLISH):
                    yield Word(start, end, part, meanings)
                else:
                    part += 1
                place += 1
            else:
                count, meanings, language = self._look_up(place)
                yield Word(start, self._tokens[place + count - 1][2], part, meanings, language)
                place += count

    def _guess_language(self) -> str:
        """The language that knows most of the words as they stand; English if it is as good."""
        keys = [key for key in self._keys if key.isalnum()]
        # A noun of no caption is English still, and says as much as a filler.
        score = sum(self._weigh(key, ENGLISH) or key in self._lexicon.near for key in keys)
        best = ENGLISH
        for language in TRANSLATED:
            count = sum(self._weigh(key, language) for key in keys)
            if count > score:
                best, score = language, count
        return best

    def _weigh(self, key: str, language: str) -> int:
        meanings = self._lexicon.words[language].get(key, ())
        return 2 if any(each.kind in _MATTER for each in meanings) else len(meanings)

    def _look_up(self, place: int) -> tuple[int, tuple[Meaning, ...], str]:
        """How many words from a place mean something together, and what."""
        languages = dict.fromkeys((self._language, ENGLISH))
        # Names of several words, such as a hot dog's, before those of one.
        begins = any(self._keys[place] in self._lexicon.beginnings[each] for each in languages)
        for count in range(self._count_adjacent(place) if begins else 1, 0, -1):
            key = " ".join(self._keys[place : place + count])
            for language in languages:
                found = self._lexicon.find(key, language)
                # A golden hour that it was not taught is no hour of gold.
                meanings = self._select(found)
                if meanings or (found and count > 1):
                    return count, meanings, language
        key = self._keys[place]
        if len(key) == 1 or key.isdigit():
            return 1, (Meaning(Kind.FILLER, ""),), ENGLISH
        if key not in self._lexicon.near:
            for language in TRANSLATED:
                if meanings := self._select(self._lexicon.find(key, language)):
                    return 1, meanings, language
        return 1, (), ENGLISH

    def _count_adjacent(self, place: int) -> int:
        """How many words from a place follow each other without a mark between, up to a limit."""
        last = place + 1
        while (
            last < min(len(self._tokens), place + _LONGEST)
            and self._tokens[last][0].isalnum()
            and not _JAPANESE.match(self._tokens[last][0])
        ):
            last += 1
        return last - place

    def _select(self, found: tuple[Meaning, ...]) -> tuple[Meaning, ...]:
        """Of what a word means, what this model was taught."""
        return tuple(
            each for each in found if each.kind is not Kind.STYLE or each.word in self._styles
        )

    def _read_japanese(self, run: str, start: int, part: int) -> Iterator[Word]:
        """The words of a stretch without spaces: at each place the longest that is known."""
        place, lost = 0, 0
        while place < len(run):
            length, meanings = self._match_japanese(run, place, begins=lost == place)
            if not meanings:
                place += 1
                continue
            yield from self._read_lost(run[lost:place], start + lost, part)
            yield Word(start + place, start + place + length, part, meanings, JAPANESE)
            place = lost = place + length
        yield from self._read_lost(run[lost:], start + lost, part)

    def _match_japanese(
        self, run: str, place: int, *, begins: bool
    ) -> tuple[int, tuple[Meaning, ...]]:
        known = self._lexicon.words[JAPANESE]
        for length in range(min(_LONGEST_JAPANESE, len(run) - place), 0, -1):
            piece = run[place : place + length]
            # Short words in kana stand within others, so those have to begin and end as words do.
            if _HIRAGANA.fullmatch(piece) and length <= 2 and not (begins and piece in known):
                continue
            if meanings := known.get(piece):
                return length, meanings
        return 1, ()

    def _read_lost(self, text: str, start: int, part: int) -> Iterator[Word]:
        end = start + len(text.rstrip(_PARTICLES))
        text = text.strip(_PARTICLES)
        # Short ones are endings, of which there are too many to list.
        if len(text) > 2 or (text and not _HIRAGANA.fullmatch(text)):
            yield Word(end - len(text), end, part, (), JAPANESE)


def _list_unknown(text: str, words: Sequence[Word]) -> Iterator[str]:
    """The unknown words, those that follow each other together."""
    start, last = -1, None
    for word in words:
        joined = last is not None and not last.meanings and last.part == word.part
        if word.meanings or not joined:
            if start >= 0 and last is not None:
                yield text[start : last.end]
            start = -1 if word.meanings else word.start
        last = word
    if start >= 0 and last is not None:
        yield text[start : last.end]


def _choose_meanings(words: Sequence[Word]) -> Iterator[tuple[Word, Meaning]]:
    """Each word with the one meaning that it has beside the others of its part."""
    sure = {
        word.part
        for word in words
        if len(word.meanings) == 1 and word.meanings[0].kind in {Kind.THING, Kind.GROUND}
    }
    for word in words:
        # Beside a thing, *rosa* is a colour, and alone it is a flower.
        wanted = Kind.COLOUR if word.part in sure else Kind.THING
        fitting = (each for each in word.meanings if each.kind is wanted)
        chosen = next(fitting, word.meanings[0])
        yield word, chosen
        if chosen.kind is Kind.THING:
            sure.add(word.part)


def _bind_colours(
    chosen: Sequence[tuple[Word, Meaning]],
) -> tuple[list[Named], list[tuple[str, int]]]:
    """Things and grounds with the colours that belong to them, and the colours of nothing."""
    things: list[Named] = []
    loose: list[tuple[str, int]] = []
    waiting: list[tuple[str, int]] = []
    part = -1
    last: Named | None = None
    for word, meaning in chosen:
        if word.part != part:
            loose += _give_back(waiting, last)
            waiting, last, part = [], None, word.part
        if meaning.kind in {Kind.THING, Kind.GROUND}:
            last = Named(meaning, word.start, waiting)
            waiting = []
            things.append(last)
        elif meaning.kind is Kind.COLOUR:
            colour = (meaning.word, word.start)
            if word.language not in _BEFORE and last is not None:
                last.colours.append(colour)
            else:
                waiting.append(colour)
    loose += _give_back(waiting, last)
    # An afterthought, such as in "a cat, blue".
    bare = next((one for one in things if not one.colours and one.meaning.kind is Kind.THING), None)
    if loose and bare is not None:
        bare.colours, loose = loose, []
    return things, loose


def _give_back(waiting: list[tuple[str, int]], last: Named | None) -> list[tuple[str, int]]:
    """Colours after which nothing came: of what stood before them, if that has none."""
    if last is None or last.colours:
        return waiting
    last.colours += waiting
    return []


def _merge(things: Iterator[Named]) -> Iterator[Named]:
    """Each thing once for each colour; without one only if it has none elsewhere."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for one in things:
        colours = tuple(dict.fromkeys(name for name, _ in one.colours))
        if (one.meaning.word, colours) in seen or (
            not colours and any(word == one.meaning.word for word, _ in seen)
        ):
            continue
        seen.add((one.meaning.word, colours))
        yield one


def _compose(
    things: Sequence[Named],
    grounds: Sequence[Named],
    styles: dict[str, int],
    loose: Sequence[tuple[str, int]],
) -> Iterator[tuple[str, int]]:
    """The words as captions put them, each with the index of what it was made of."""
    for number, one in enumerate(things):
        if number:
            yield " and ", -1
        yield from _describe(one, one.meaning.word)
    for number, (name, start) in enumerate(loose):
        yield (" " if number else ", " if things else ""), -1
        yield name, start
    if grounds:
        yield (" on " if things else ""), -1
        yield from _describe(grounds[0], "background")
    written = bool(things or loose or grounds)
    for name, start in styles.items():
        yield (", " if written else ""), -1
        yield name, start
        written = True


def add_article(words: str, noun: str) -> str:
    """Words that begin a thing's description, with the article that its noun wants, if any."""
    if _PLURAL.match(noun):
        return words
    return f"an {words}" if _VOWEL.match(words) else f"a {words}"


def _describe(one: Named, noun: str) -> Iterator[tuple[str, int]]:
    first = one.colours[0][0] if one.colours else noun
    yield add_article(first, noun).removesuffix(first), -1
    for number, (name, start) in enumerate(dict(one.colours).items()):
        yield (" and " if number else ""), -1
        yield name, start
    yield (" " if one.colours else ""), -1
    yield noun, one.start
