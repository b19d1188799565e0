"""Understanding: a sentence about a finished picture as wishes, by rules, in six languages.

The rules are patterns of whole sentences (``phrases.toml``), so that what they do not know is
nothing rather than something near it: whoever asks then asks the person.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

from generation.catalogue.folding import fold
from generation.catalogue.lexicon import JAPANESE, Kind, load_lexicon
from prompt.editing.wishes import Wish, WishKind

PHRASES: Final = Path(__file__).with_name("phrases.toml")

LONGEST: Final = 300
"""Characters of a sentence that is still looked at."""

MOST: Final = 6
"""Wishes in one sentence at most."""

CARRIED: Final = frozenset({WishKind.EXTEND, WishKind.RECOLOUR, WishKind.REPLACE})
"""Wishes whose beginning goes for the next as well: "make the roof blue and the walls white"."""

_SPANS: Final = 8
"""Places where what a sentence says may begin, and may end, that are tried at most."""

_LED: Final = 3
"""Words of such a beginning at most."""

_ENDS: Final = " \t\n.!?。！？…¿¡"
_BLANKS: Final = {
    "<ratio>": r"(?P<ratio>\d{1,3}(?:\.\d{1,3})?\s?[:x×/]\s?\d{1,3}(?:\.\d{1,3})?)",
    "<what>": "(?P<what>[^,;:]{1,80}?)",
    "<into>": "(?P<into>[^,;:]{1,80}?)",
    # One word, beside the shades that stand before it or, in Romance languages, behind it.
    "<colour>": r"(?P<colour>(?:(?:dark|deep|light|pale|bright) )?[^\W\d_]{1,20}"
    r"(?: (?:foncée?|claire?|vive?|vif|oscur[oa]|clar[oa]|escur[oa]))?)",
    "<look>": "(?P<look>[^,;:]{1,60}?)",
    # Without anything that says that it is a look, it has to be one whatever stands before it.
    "<bare>": "(?P<bare>[^,;:]{1,60}?)",
    "<free>": "(?P<free>[^,;:]{1,60}?)",
}
_BLANK: Final = re.compile("|".join(_BLANKS))
_TERM: Final = re.compile(r"<([a-z]+)>")
_QUOTED: Final = re.compile('["\'“„«「]([^"“”„«»「」]+)["\'”“»」]')
_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern, and the wish that it means.

    Attributes:
        kind: Of the wish.
        what: Of the wish, unless the pattern has a blank for it.
        pattern: Of what a sentence says beside its frame.
    """

    kind: WishKind
    what: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Section:
    """Rules that the same may stand around.

    Attributes:
        rules: In the order in which they are tried.
        before: What stands before what they match, and...
        behind: behind it.
    """

    rules: tuple[_Rule, ...]
    before: re.Pattern[str]
    behind: re.Pattern[str]

    def list_spans(self, sentence: str) -> list[tuple[int, int]]:
        """Where what the rules match may begin and end, those first that leave most around it."""
        places = range(len(sentence) + 1)
        starts = [place for place in places if self.before.fullmatch(sentence, 0, place)]
        ends = [place for place in places if self.behind.fullmatch(sentence, place)]
        few = product(starts[: -_SPANS - 1 : -1], ends[:_SPANS])
        return [(start, end) for start, end in few if start < end]


@dataclass(frozen=True, slots=True)
class _Grammar:
    """What one language's sentences are read by.

    Attributes:
        language: Its code.
        sections: Its rules, in the order in which they are tried.
        joined: What joins wishes.
        fillers: What may stand between words and says nothing.
        articles: What stands before a thing and is no part of it.
        foreign: What does so, or means the picture, in other languages alone.
        pronouns: What means the picture itself.
        abstract: What is no thing that could be added or removed.
        looks: What a picture may look like beside the lexicon's styles, and...
        made: ...of what is made by hand, with words of the person's own.
        little: Words for a little, and...
        much: for a lot.
    """

    language: str
    sections: tuple[_Section, ...]
    joined: re.Pattern[str]
    fillers: re.Pattern[str]
    articles: re.Pattern[str]
    foreign: re.Pattern[str]
    pronouns: re.Pattern[str]
    abstract: re.Pattern[str]
    looks: re.Pattern[str]
    made: re.Pattern[str]
    little: re.Pattern[str]
    much: re.Pattern[str]


def understand(text: str) -> tuple[Wish, ...] | None:
    """What a sentence asks for, in order; None where the rules cannot tell.

    Args:
        text: As a person types it, in any of the languages.
    """
    sentence = " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").split())
    sentence = sentence.strip(_ENDS)
    if not sentence or len(sentence) > LONGEST:
        return None
    for grammar in _load_grammars():
        wishes = _read_all(sentence, grammar)
        if wishes:
            return tuple(_drop_repeated(wishes))
    return None


def _drop_repeated(wishes: Sequence[Wish]) -> Iterator[Wish]:
    """Each tone once, as it was said last: of "too dark, brighten it a little" the request."""
    last = {wish.what: wish for wish in wishes if wish.kind is WishKind.TONE}
    for wish in wishes:
        if wish.kind is not WishKind.TONE:
            yield wish
        elif wish.what in last:
            yield last.pop(wish.what)


def _read_all(sentence: str, grammar: _Grammar) -> tuple[Wish, ...] | None:
    parts = grammar.joined.split(sentence)
    if len(parts) > 2 * MOST:
        return None
    joints = [*grammar.joined.findall(sentence), ""]

    def say(first: int, last: int) -> str:
        pairs = zip(parts[first:last], joints[first:last], strict=True)
        words = (part + joint for part, joint in pairs)
        # What joins it to the next is none of its words.
        return "".join(words).removesuffix(joints[last - 1]).strip(_ENDS)

    @cache
    def read(first: int, last: int) -> Wish | None:
        return _read_one(say(first, last), grammar)

    @cache
    def read_from(first: int, most: int, leads: int) -> tuple[Wish, ...] | None:
        """Wishes of the parts from one on; a joint within a wish's own words joins nothing."""
        if first == len(parts):
            return ()
        for last in range(first + 1, len(parts) + 1 if most else first + 1):
            wish, leading = read(first, last), first
            if wish is None and last == first + 1 and leads >= 0:
                wish, leading = _carry_on(say(leads, leads + 1), say(first, last), grammar), leads
            if wish is None:
                continue
            rest = read_from(last, most - 1, leading if wish.kind in CARRIED else -1)
            if rest is not None:
                return (wish, *rest)
        return None

    return read_from(0, MOST, -1)


def _carry_on(before: str, part: str, grammar: _Grammar) -> Wish | None:
    """The wish of a part that lacks the beginning which stands in one before it."""
    words = before.split()
    known = _read_one(before, grammar)
    for count in range(1, min(_LED, len(words) - 1) + 1):
        wish = _read_one(" ".join([*words[:count], part]), grammar)
        # Of another thing or side: a car that is red and blue is drawn once.
        if wish and known and wish.kind is known.kind and wish.what != known.what:
            return wish
    return None


def _read_one(sentence: str, grammar: _Grammar) -> Wish | None:
    sentence = grammar.fillers.sub("", sentence)
    amount = 0.5 if grammar.little.search(sentence) else 2.0 if grammar.much.search(sentence) else 1
    # How much may stand anywhere; it is part of a thing's name where that can be read.
    bare = " ".join(grammar.much.sub("", grammar.little.sub("", sentence)).split())
    for words in dict.fromkeys((sentence, bare)):
        for section in grammar.sections:
            spans = section.list_spans(words)
            for rule, span in product(section.rules, spans):
                found = rule.pattern.fullmatch(words, *span)
                if found and (wish := _fill_in(rule, found.groupdict(), grammar)):
                    return replace(wish, amount=amount) if wish.kind is WishKind.TONE else wish
    return None


def _fill_in(rule: _Rule, given: Mapping[str, str | None], grammar: _Grammar) -> Wish | None:
    """The wish of a rule with a person's own words; None where these are none that it is for."""
    what, into = rule.what, ""
    if (ratio := given.get("ratio")) is not None:
        what = ":".join(re.split(r"\s?[:x×/]\s?", ratio))
    if (thing := given.get("what")) is not None:
        what = _name_thing(thing, grammar)
        if not what or any(grammar.pronouns.fullmatch(words) for words in (thing, what)):
            return None
        if rule.kind in {WishKind.ADD, WishKind.REMOVE} and grammar.abstract.fullmatch(thing):
            return None
    if (thing := given.get("into")) is not None:
        into = _name_thing(thing, grammar)
    if (colour := given.get("colour")) is not None:
        into = colour
        if not any(_means(word, Kind.COLOUR, grammar) for word in colour.split()):
            return None
    for blank, is_one in _LOOKS.items():
        if (look := given.get(blank)) is not None:
            what = _name_thing(look, grammar)
            if not is_one(what, grammar):
                return None
    fits = not given or all(_is_named(thing, grammar) for thing in (what, into))
    return Wish(rule.kind, what, into) if fits else None


def _name_thing(words: str, grammar: _Grammar) -> str:
    """A thing's name without the article before it."""
    bare = words.strip(_ENDS)
    if (quoted := _QUOTED.fullmatch(bare)) is not None:
        bare = quoted[1]
    return "" if grammar.articles.fullmatch(f"{bare} ") else grammar.articles.sub("", bare).strip()


def _is_named(words: str, grammar: _Grammar) -> bool:
    """Whether words may be a thing's, or several things', rather than a wish not understood."""
    if grammar.foreign.match(words):
        return False
    if grammar.language == JAPANESE:
        return "を" not in words
    _, *others = map(str.strip, grammar.joined.split(f"{words} "))
    return all(one and (" " not in one or grammar.articles.match(one)) for one in others)


def _is_look(words: str, grammar: _Grammar) -> bool:
    return _means(words, Kind.STYLE, grammar) or bool(grammar.looks.fullmatch(words))


def _means(words: str, kind: Kind, grammar: _Grammar) -> bool:
    lexicon = load_lexicon()
    name = words if grammar.language == JAPANESE else fold(words)
    found = (lexicon.find(name, grammar.language), lexicon.find(fold(words), grammar.language))
    return any(meaning.kind is kind for each in found for meaning in each)


def _is_made(words: str, grammar: _Grammar) -> bool:
    return _is_look(words, grammar) or bool(grammar.made.fullmatch(words))


_LOOKS: Final[Mapping[str, Callable[[str, _Grammar], bool]]] = {
    "look": _is_made,
    "bare": _is_look,
    "free": lambda words, _: bool(words),
}
"""What words have to be in each of the blanks for a look."""


@cache
def _load_grammars() -> tuple[_Grammar, ...]:
    data = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    small = {
        language: _list_words(f"{table['articles']}|{table['pronouns']}")
        for language, table in data.items()
    }
    every = frozenset[str]().union(*small.values())
    return tuple(
        _build_grammar(language, table, every - small[language]) for language, table in data.items()
    )


def _list_words(alternatives: str) -> frozenset[str]:
    return frozenset(filter(_WORD.fullmatch, alternatives.split("|")))


def _build_grammar(language: str, table: Mapping[str, Any], foreign: Set[str]) -> _Grammar:
    # Japanese has no spaces between words, so that nothing need stand between them.
    gap, edge = (r"\s*", "") if language == JAPANESE else (r"\s+", r"\b")
    alone = {name: words for name, words in table.items() if isinstance(words, str)}
    terms = {name: f"(?:{words})" for name, words in (alone | table["terms"]).items()}

    def fill(pattern: str) -> str:
        """A pattern with the terms of its language in their places."""
        while (filled := _TERM.sub(lambda name: terms.get(name[1], name[0]), pattern)) != pattern:
            pattern = filled
        return pattern

    def compile_words(name: str) -> re.Pattern[str]:
        return re.compile(fill(table[name]), re.IGNORECASE)

    extent = fill("<little>|<much>")
    extents = f"(?:(?:{extent}){gap})*"
    before = f"(?:{fill('<polite>')},?{gap})*"
    framed = f"{before}(?:{fill('<frame>')}{gap})?{extents}"
    behind = f"(?:,?{gap}(?:{fill('<courtesies>')}|{extent}))*"
    tailed = (
        f"(?:,?{gap}(?:{fill('<courtesies>|<tail>')}|{extent}))*" if "tail" in table else behind
    )
    return _Grammar(
        language=language,
        sections=tuple(
            _Section(
                tuple(_build_rules(table[name], fill)),
                *(re.compile(around, re.IGNORECASE) for around in (start, end)),
            )
            for name, start, end in (
                ("framed", framed, tailed),
                ("judged", before + fill("<excess>"), tailed),
                ("whole", before + extents, behind),
            )
        ),
        joined=compile_words("joined"),
        fillers=re.compile(rf"(?<=\w){gap}(?:{table['fillers']}){edge}", re.IGNORECASE),
        # An elided article has its thing right behind it.
        articles=re.compile(
            "^(?:"
            + "|".join(
                word if word.endswith("'") else word + gap
                for word in sorted(table["articles"].split("|"), key=len, reverse=True)
            )
            + ")",
            re.IGNORECASE,
        ),
        foreign=re.compile(rf"(?:{'|'.join(sorted(foreign))})(?!\w)", re.IGNORECASE),
        pronouns=compile_words("pronouns"),
        abstract=compile_words("abstract"),
        looks=compile_words("looks"),
        made=compile_words("made"),
        little=re.compile(f"{edge}(?:{table['little']}){edge}", re.IGNORECASE),
        much=re.compile(f"{edge}(?:{table['much']}){edge}", re.IGNORECASE),
    )


def _build_rules(table: Mapping[str, list[str]], fill: Callable[[str], str]) -> Iterator[_Rule]:
    for name, patterns in table.items():
        kind, _, what = name.partition(":")
        for pattern in patterns:
            filled = _BLANK.sub(lambda blank: _BLANKS[blank[0]], fill(pattern))
            whole = re.compile(filled, re.IGNORECASE)
            yield _Rule(WishKind(kind), "" if what in _BLANKS else what, whole)
