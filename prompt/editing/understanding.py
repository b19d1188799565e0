"""Understanding: a sentence about a finished picture as wishes, by rules, in six languages.

The rules are patterns of whole sentences (``phrases.toml``), so that what they do not know is
nothing rather than something near it: whoever asks then asks the person.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
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

_ENDS: Final = " \t\n.!?。！？…"
_BLANKS: Final = {
    "<ratio>": r"(?P<ratio>\d{1,3}(?:\.\d{1,3})?\s?[:x×/]\s?\d{1,3}(?:\.\d{1,3})?)",
    "<what>": "(?P<what>[^,;:]{1,80}?)",
    "<some>": "(?P<what>[^,;:]{1,80}?)",
    "<into>": "(?P<into>[^,;:]{1,80}?)",
    # One word, beside the shades that stand before it or, in Romance languages, behind it.
    "<colour>": r"(?P<colour>(?:(?:dark|deep|light|pale|bright) )?[^\W\d_]{1,20}"
    r"(?: (?:foncée?|claire?|vive?|vif|oscur[oa]|clar[oa]|escur[oa]))?)",
    "<look>": "(?P<look>[^,;:]{1,60}?)",
    "<free>": "(?P<free>[^,;:]{1,60}?)",
}
_BLANK: Final = re.compile("|".join(_BLANKS))


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern, and the wish that it means.

    Attributes:
        kind: Of the wish.
        what: Of the wish, unless the pattern has a blank for it.
        pattern: Of the whole sentence.
    """

    kind: WishKind
    what: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Grammar:
    """What one language's sentences are read by.

    Attributes:
        language: Its code.
        rules: In the order in which they are tried.
        joined: What joins wishes.
        articles: What stands before a thing and is no part of it.
        pronouns: What means the picture itself.
        looks: What a picture may look like beside the lexicon's styles.
        little: Words for a little, and...
        much: for a lot.
    """

    language: str
    rules: tuple[_Rule, ...]
    joined: re.Pattern[str]
    articles: re.Pattern[str]
    pronouns: re.Pattern[str]
    looks: re.Pattern[str]
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
            return wishes
    return None


def _read_all(sentence: str, grammar: _Grammar) -> tuple[Wish, ...] | None:
    parts = grammar.joined.split(sentence)
    if len(parts) > 2 * MOST:
        return None
    joints = [*grammar.joined.findall(sentence), ""]

    @cache
    def read(first: int, last: int) -> Wish | None:
        pairs = zip(parts[first:last], joints[first:last], strict=True)
        words = (part + joint for part, joint in pairs)
        # What joins it to the next is none of its words.
        whole = "".join(words).removesuffix(joints[last - 1])
        return _read_one(whole.strip(_ENDS), grammar)

    @cache
    def read_from(first: int, most: int) -> tuple[Wish, ...] | None:
        """Wishes of the parts from one on; a joint within a wish's own words joins nothing."""
        if first == len(parts):
            return ()
        for last in range(first + 1, len(parts) + 1 if most else first + 1):
            wish = read(first, last)
            rest = read_from(last, most - 1) if wish else None
            if wish and rest is not None:
                return (wish, *rest)
        return None

    return read_from(0, MOST)


def _read_one(sentence: str, grammar: _Grammar) -> Wish | None:
    for rule in grammar.rules:
        found = rule.pattern.fullmatch(sentence)
        if found and (wish := _fill_in(rule, found.groupdict(), sentence, grammar)):
            return wish
    return None


def _fill_in(
    rule: _Rule, given: Mapping[str, str | None], sentence: str, grammar: _Grammar
) -> Wish | None:
    """The wish of a rule with a person's own words; None where these are none that it is for."""
    what, into = rule.what, ""
    if (ratio := given.get("ratio")) is not None:
        what = ":".join(re.split(r"\s?[:x×/]\s?", ratio))
    if (thing := given.get("what")) is not None:
        what = _name_thing(thing, grammar)
        if not what or grammar.pronouns.fullmatch(thing) or grammar.pronouns.fullmatch(what):
            return None
    if (thing := given.get("into")) is not None:
        into = _name_thing(thing, grammar)
    if (colour := given.get("colour")) is not None:
        into = colour
        if not any(_means(word, Kind.COLOUR, grammar) for word in colour.split()):
            return None
    if (look := given.get("look")) is not None:
        what = _name_thing(look, grammar)
        if not (_means(what, Kind.STYLE, grammar) or grammar.looks.fullmatch(what)):
            return None
    if (free := given.get("free")) is not None:
        what = _name_thing(free, grammar)
    amount = 0.5 if grammar.little.search(sentence) else 2.0 if grammar.much.search(sentence) else 1
    return Wish(rule.kind, what, into, amount if rule.kind is WishKind.TONE else 1.0)


def _name_thing(words: str, grammar: _Grammar) -> str:
    """A thing's name without the article before it."""
    return grammar.articles.sub("", words.strip(_ENDS + "\"'“”„«»「」"), count=1).strip()


def _means(words: str, kind: Kind, grammar: _Grammar) -> bool:
    lexicon = load_lexicon()
    name = words if grammar.language == JAPANESE else fold(words)
    found = (lexicon.find(name, grammar.language), lexicon.find(fold(words), grammar.language))
    return any(meaning.kind is kind for each in found for meaning in each)


@cache
def _load_grammars() -> tuple[_Grammar, ...]:
    data = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    return tuple(_build_grammar(language, table) for language, table in data.items())


def _build_grammar(language: str, table: Mapping[str, Any]) -> _Grammar:
    # Japanese has no spaces between words, so that nothing need stand between them.
    gap, edge = (r"\s*", "") if language == JAPANESE else (r"\s+", r"\b")
    extent = f"{table['little']}|{table['much']}"
    before = f"(?:(?:{table['polite']}),?{gap})*"
    framed = f"{before}(?:{table['frame']}{gap})?(?:(?:{extent}){gap})*"
    behind = f"(?:,?{gap}(?:{table['courtesies']}|{extent}))*"
    return _Grammar(
        language=language,
        rules=(
            *_build_rules(table["framed"], framed, behind),
            *_build_rules(table["whole"], before, behind),
        ),
        joined=re.compile(table["joined"], re.IGNORECASE),
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
        pronouns=re.compile(table["pronouns"], re.IGNORECASE),
        looks=re.compile(table["looks"], re.IGNORECASE),
        little=re.compile(f"{edge}(?:{table['little']}){edge}", re.IGNORECASE),
        much=re.compile(f"{edge}(?:{table['much']}){edge}", re.IGNORECASE),
    )


def _build_rules(table: Mapping[str, list[str]], before: str, behind: str) -> Iterator[_Rule]:
    for name, patterns in table.items():
        kind, _, what = name.partition(":")
        for pattern in patterns:
            filled = _BLANK.sub(lambda blank: _BLANKS[blank[0]], pattern)
            whole = re.compile(f"{before}(?:{filled}){behind}", re.IGNORECASE)
            yield _Rule(WishKind(kind), "" if what in _BLANKS else what, whole)
