"""Taught words: prompts said to models in the words that they were taught, and what is left out.

A recipe keeps the prompt as it was typed; its phrases are what is said to the model.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, groupby
from typing import Final

from rapidfuzz import fuzz, process

from generation.catalogue.card import Card
from generation.catalogue.folding import fold
from generation.catalogue.lexicon import Lexicon, load_lexicon, load_looks
from generation.catalogue.looks import PLAIN, find_looks
from generation.recipe import Phrase, Span
from prompt import sentences as said
from prompt.reading.grammar import Prompt
from prompt.resolution.meaning import Reading, add_article, read_meaning
from prompt.sentences import Sentence

_SHOWN: Final = 5
"""Unknown words that are named, and..."""

_SHOWN_EACH: Final = 30
"""characters of each."""

_DRAWN_SHOWN: Final = 120
"""Characters of what is drawn instead."""

_MISSPELT: Final = 84
"""Likeness in percent from which a word is taken for a misspelt name."""

_COMMON: Final = 40
"""Of how many of the commonest things one is suggested where nothing is near."""


@dataclass(frozen=True, slots=True)
class TaughtWords:
    """What is said to a model.

    Attributes:
        phrases: The wanted words.
        unwanted: The words that are to be avoided.
        notes: What is told of words that it does not know: one sentence, or none.
        planned: Whether a thing is wanted, which the model draws best by a plan.
    """

    phrases: tuple[Phrase, ...]
    unwanted: Phrase
    notes: tuple[str, ...] = ()
    planned: bool = False


def say_as_taught(phrases: Sequence[Phrase], unwanted: Phrase, card: Card) -> TaughtWords:
    """Phrases in the words that a family was taught, without those that it does not know.

    Args:
        phrases: The person's words; as they are for a family that reads sentences. One that knows
            looks alone is told theirs in English behind what was typed.
        unwanted: Words that the pictures should not show.
        card: The family that will draw.
    """
    if not card.taught:
        named = (_name_looks(one, card) if card.looks else one for one in phrases)
        return TaughtWords(tuple(named), unwanted)
    readings = [_read(one.text, card.taught) for one in phrases]
    kept = [
        _say(one, reading)
        for one, reading in zip(phrases, readings, strict=True)
        # What is pushed away and not known does no harm, and to read it may help.
        if one.weight < 0 or not reading.says_nothing or not reading.unknown
    ]
    told = [
        reading.unknown for one, reading in zip(phrases, readings, strict=True) if one.weight > 0
    ]
    drawn = ", ".join(one.text for one in kept if one.weight > 0)
    return TaughtWords(
        tuple(kept),
        _say(unwanted, _read(unwanted.text, card.taught)),
        tuple(_tell(tuple(chain.from_iterable(told)), drawn)),
        planned=any(
            reading.named and one.weight > 0 for one, reading in zip(phrases, readings, strict=True)
        ),
    )


@lru_cache(maxsize=64)
def _read(text: str, styles: tuple[str, ...]) -> Reading:
    # Every prompt is looked at three times on its way: tried, completed and said.
    return read_meaning(text, load_lexicon(), styles)


def _name_looks(phrase: Phrase, card: Card) -> Phrase:
    said_already = find_looks(phrase.text)
    reading = read_meaning(phrase.text, load_looks(), card.looks)
    missing = [look for look in reading.styles if look not in said_already]
    return replace(phrase, text=", ".join([phrase.text, *missing]))


def find_unknown_looks(text: str, card: Card) -> tuple[str, ...]:
    """The words of a text that a family which knows only some looks does nothing with.

    Args:
        text: As a person typed it, perhaps with weights such as ``::2``.
        card: The family.
    """
    # A photograph is what such a model starts from, so the word asks for nothing that it lacks.
    return read_meaning(text, load_looks(), (*card.looks, PLAIN)).unknown


def _say(phrase: Phrase, reading: Reading) -> Phrase:
    """A phrase in taught words, with the weights of what they were made of."""
    if not reading.words or (phrase.weight < 0 and reading.says_nothing):
        return phrase
    text, spans = "", list[Span]()
    for weight, group in groupby(reading.words, lambda each: _weigh(phrase, each[1])):
        words = "".join(word for word, _ in group)
        if weight != 1.0 and words:
            spans.append(Span(start=len(text), end=len(text) + len(words), weight=weight))
        text += words
    return replace(phrase, text=text, spans=tuple(spans), breaks=())


def _weigh(phrase: Phrase, place: int) -> float:
    """The token weight at an index of a phrase; 1 for what the person did not write."""
    return next((s.weight for s in phrase.spans if s.start <= place < s.end), 1.0)


def _tell(unknown: Sequence[str], drawn: str) -> Iterator[str]:
    if unknown:
        template = said.UNKNOWN_WORDS if drawn else said.UNKNOWN_BESIDE_IMAGE
        # A backtick would end the code that it is shown as; this letter looks like one.
        shown = _shorten(drawn.replace("`", "ˋ"), _DRAWN_SHOWN)
        yield Sentence(template, words=_name(unknown), drawn=shown)


def _name(words: Iterable[str]) -> str:
    each = list(dict.fromkeys(words))
    # A star would end the emphasis.
    named = [f"*{_shorten(word.replace('*', ''), _SHOWN_EACH)}*" for word in each[:_SHOWN]]
    return ", ".join([*named, *(["…"] if len(each) > _SHOWN else [])])


def _shorten(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """Words of which a family knows nothing that it could draw.

    Attributes:
        sentence: Says so, and what would be drawn instead.
        phrases: That.
    """

    sentence: str
    phrases: tuple[Phrase, ...]


def find_misunderstood(prompt: Prompt, card: Card) -> Misunderstood | None:
    """What stands in the way where a prompt names nothing that a family was taught; else None.

    Args:
        prompt: The person's words.
        card: The family that will draw.
    """
    wanted = [one for one in prompt.phrases if one.weight > 0]
    if not card.taught or not wanted:
        return None
    lexicon = load_lexicon()
    readings = [_read(one.text, card.taught) for one in wanted]
    if any(reading.named for reading in readings):
        return None
    unknown = [*chain.from_iterable(reading.unknown for reading in readings)]
    # Colours and styles alone are no thing, yet the model draws them.
    if not unknown and not all(reading.says_nothing for reading in readings):
        return None
    unknown = unknown or [one.text for one in wanted]
    drawn = _suggest(unknown, readings, lexicon)
    others = tuple(one for one in prompt.phrases if one.weight < 0)
    return Misunderstood(
        Sentence(said.UNKNOWN_INSTEAD, words=_name(unknown), drawn=drawn),
        # As much as all that it stands for, so that what is pushed away does not outweigh it.
        (Phrase(text=drawn, weight=sum(one.weight for one in wanted)), *others),
    )


def _suggest(unknown: Sequence[str], readings: Sequence[Reading], lexicon: Lexicon) -> str:
    """The nearest thing to words, in the colour and the styles that are known."""
    thing = _find_near([fold(word) for part in unknown for word in part.split()], lexicon)
    colours = [name for reading in readings for name in reading.colours]
    words = " ".join([*colours[:1], thing])
    styles = dict.fromkeys(name for reading in readings for name in reading.styles)
    return ", ".join([add_article(words, thing), *styles])


def _find_near(words: Sequence[str], lexicon: Lexicon) -> str:
    for word in words:
        for noun in (word, word.removesuffix("s")):
            if noun in lexicon.near:
                return lexicon.near[noun]
    for word in words[:_SHOWN]:
        found = process.extractOne(
            word[:_SHOWN_EACH], lexicon.things, scorer=fuzz.ratio, score_cutoff=_MISSPELT
        )
        if found is not None:
            return found[0]
    # Any of them, and the same for the same words.
    place = zlib.crc32(" ".join(words).encode()) % min(_COMMON, len(lexicon.things))
    return lexicon.things[place]
