"""The lexicon: every word that the bundled models were taught, and what people call it elsewhere.

Three tables beside this file:

=================== ==============================================================================
``things.tsv``      the things, the commonest first: what captions call each, the code point of its
                    drawings, and its names in other languages; written by ``training.lexicon``
``near.tsv``        nouns that are in no caption, beside the thing that each is nearest to, likewise
``phrasebook.toml`` colours, styles and grounds in all languages, and words that ask for nothing
=================== ==============================================================================

Names in other languages are Unicode CLDR's (Unicode Licence v3, in ``Unicode-3.0.txt``), from the
package emojibase-data (MIT, Miles Johnson); nouns are WordNet's (Princeton University).
"""

import csv
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from generation.catalogue.folding import ENDINGS, GENDERS, fold, list_bases
from generation.catalogue.looks import ALSO

_FOLDER: Final = Path(__file__).parent
THINGS: Final = _FOLDER / "things.tsv"
NEAR: Final = _FOLDER / "near.tsv"
PHRASEBOOK: Final = _FOLDER / "phrasebook.toml"

ENGLISH: Final = "en"
JAPANESE: Final = "ja"
TRANSLATED: Final = ("de", "es", "fr", "ja", "pt")
"""The languages beside English, in the order in which they are tried."""

GROUND: Final = "background"

BEFORE_GROUND: Final = "(?: on an?|,)"
"""Pattern of what captions put between a thing and the colour of its ground."""


class Kind(StrEnum):
    """What a word is to a model."""

    THING = "thing"
    COLOUR = "colour"
    STYLE = "style"
    GROUND = "ground"
    LINK = "link"
    FILLER = "filler"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word means.

    Attributes:
        kind: What it is.
        word: The word that captions use; empty for fillers.
        taught: Whether captions use this very form, so that it can stay as it was typed.
    """

    kind: Kind
    word: str
    taught: bool = False


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """What ``phrasebook.toml`` says; all words are folded.

    Attributes:
        colours: Words by language, by the colour's taught word.
        styles: The same of styles.
        ground: Words for a background by language.
        links: Words of captions that mean nothing by themselves.
        fillers: Words that say nothing a model could draw, by language.
    """

    colours: Mapping[str, Mapping[str, tuple[str, ...]]]
    styles: Mapping[str, Mapping[str, tuple[str, ...]]]
    ground: Mapping[str, tuple[str, ...]]
    links: tuple[str, ...]
    fillers: Mapping[str, frozenset[str]]

    @classmethod
    def load(cls, file: Path) -> "Phrasebook":
        """Reads it."""
        data: dict[str, Any] = tomllib.loads(file.read_text())
        return cls(
            colours={name: _fold_all(words) for name, words in data["colours"].items()},
            styles={name: _fold_all(words) for name, words in data["styles"].items()},
            ground=_fold_all(data["ground"]),
            links=_split(data["links"][ENGLISH]),
            fillers={name: frozenset(_split(text)) for name, text in data["fillers"].items()},
        )


@dataclass(frozen=True)
class Lexicon:
    """What the bundled models know.

    Attributes:
        things: Names of the things, the commonest first.
        colours: Names of colours, of things and of grounds.
        words: Meanings by folded word, by language; a word may be a colour and a thing.
        near: The nearest thing by noun.
    """

    things: tuple[str, ...]
    colours: tuple[str, ...]
    words: Mapping[str, Mapping[str, tuple[Meaning, ...]]]
    near: Mapping[str, str]

    @cached_property
    def beginnings(self) -> Mapping[str, frozenset[str]]:
        """The first words of what is said in several words, by language."""
        return {
            language: frozenset(word.split()[0] for word in known if " " in word)
            for language, known in self.words.items()
        }

    def find(self, word: str, language: str) -> tuple[Meaning, ...]:
        """What a folded word means in a language, in whatever form it stands; () for nothing."""
        known = self.words[language]
        if found := known.get(word):
            return found
        endings = ENDINGS.get(language, ())
        for base in list_bases(word, endings):
            if found := known.get(base):
                return tuple(Meaning(each.kind, each.word) for each in found)
        # Twice, since *noires* is *noire* and *noir*.
        for first in (word, *list_bases(word, endings)):
            for base in list_bases(first, GENDERS.get(language, ())):
                if found := tuple(
                    Meaning(each.kind, each.word)
                    for each in known.get(base, ())
                    if each.kind in {Kind.COLOUR, Kind.FILLER}
                ):
                    return found
        return ()


@cache
def load_lexicon() -> Lexicon:
    """The lexicon; read once."""
    book = Phrasebook.load(PHRASEBOOK)
    rows = _read_table(THINGS)
    words: dict[str, dict[str, list[Meaning]]] = {
        language: defaultdict(list) for language in (ENGLISH, *TRANSLATED)
    }
    for language, word, meaning in (*_list_names(rows), *_list_phrases(book)):
        if meaning not in words[language][word]:
            words[language][word].append(meaning)
    return Lexicon(
        things=tuple(row["thing"] for row in rows),
        colours=tuple(book.colours),
        words={
            language: {word: _settle(found) for word, found in known.items()}
            for language, known in words.items()
        },
        near={noun: row["thing"] for row in _read_table(NEAR) for noun in _split(row["nouns"])},
    )


@cache
def load_looks() -> Lexicon:
    """The lexicon of models that know how pictures may look, and nothing of what they show."""
    whole = load_lexicon()
    kept = {Kind.STYLE, Kind.LINK, Kind.FILLER}
    words = {
        language: {
            word: left
            for word, found in known.items()
            if (left := tuple(each for each in found if each.kind in kept))
        }
        for language, known in whole.words.items()
    }
    return replace(whole, things=(), colours=(), words=words)


def _list_names(rows: list[dict[str, str]]) -> Iterator[tuple[str, str, Meaning]]:
    for row in rows:
        for word in (fold(row["thing"]), *_split(row["also"])):
            yield ENGLISH, word, Meaning(Kind.THING, row["thing"], taught=True)
        # The emoji itself is a name in every language, though of no caption.
        yield ENGLISH, chr(int(row["code"], 16)), Meaning(Kind.THING, row["thing"])
        for language in TRANSLATED:
            for word in _split(row[language], language):
                yield language, word, Meaning(Kind.THING, row["thing"])


def _list_phrases(book: Phrasebook) -> Iterator[tuple[str, str, Meaning]]:
    for kind, table in ((Kind.COLOUR, book.colours), (Kind.STYLE, book.styles)):
        for name, spoken in table.items():
            yield ENGLISH, fold(name), Meaning(kind, name, taught=True)
            for language, words in spoken.items():
                for word in words:
                    yield language, word, Meaning(kind, name)
    for name, also in ALSO.items():
        for word in (name, *also):
            yield ENGLISH, fold(word), Meaning(Kind.STYLE, name, taught=word == name)
    for language, words in book.ground.items():
        for word in words:
            yield language, word, Meaning(Kind.GROUND, GROUND, taught=word == GROUND)
    for word in book.links:
        yield ENGLISH, word, Meaning(Kind.LINK, word, taught=True)
    for language, fillers in book.fillers.items():
        for word in fillers:
            yield language, word, Meaning(Kind.FILLER, "")


def _settle(found: list[Meaning]) -> tuple[Meaning, ...]:
    """What a word means in the end: what asks for nothing is no nickname of a thing."""
    for kind in (Kind.LINK, Kind.FILLER):
        if idle := [each for each in found if each.kind is kind]:
            return (idle[0],)
    return tuple(found)


def _read_table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as rows:
        return list(csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE))


def _fold_all(spoken: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {language: _split(words, language) for language, words in spoken.items()}


def _split(words: str, language: str = "") -> tuple[str, ...]:
    each = [word.strip() for word in words.split(",") if word.strip()]
    # Japanese is matched as it is written, too: short words in kana stand within others.
    if language == JAPANESE:
        return tuple(dict.fromkeys(each))
    return tuple(dict.fromkeys(fold(word) for word in each))
