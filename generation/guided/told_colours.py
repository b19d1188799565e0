"""Told colours: what a text says of the colour of its thing and of the ground behind it."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from generation.catalogue.folding import fold
from generation.catalogue.lexicon import BEFORE_GROUND, ENGLISH, GROUND, Kind, load_lexicon

_ARTICLE: Final = re.compile(r"\ban?(?= $)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """A text of one thing, and its colours apart.

    Attributes:
        bare: The text without them.
        groundless: The text without its ground.
        colour: Of the thing; empty for its own.
        ground: Of the ground; empty for the usual one.
    """

    bare: str
    groundless: str
    colour: str = ""
    ground: str = ""


def take_colours(text: str) -> Told | None:
    """A text of one thing with its colours apart; None for one of several, or in several."""
    words = _find_words()
    rest, ground = _take_ground(text)
    found = list(words["said"].finditer(rest))
    kinds = [one.lastgroup for one in found]
    if kinds.count(Kind.THING) != 1 or kinds.count(Kind.COLOUR) > 1 or Kind.GROUND in kinds:
        return None
    if Kind.COLOUR not in kinds:
        return Told(rest, rest, ground=ground)
    said = found[kinds.index(Kind.COLOUR)]
    before, after = rest[: said.start()], rest[said.end() :].lstrip()
    bare = _ARTICLE.sub(choose_article(after), before) + after
    return Told(bare, rest, said[0].lower(), ground)


def list_things(text: str) -> list[str]:
    """The things of a text, each as a text of its own with its colour and the ground of all."""
    rest, ground = _take_ground(text)
    behind = f" on {choose_article(ground)} {ground} {GROUND}" if ground else ""
    things, colour = [], ""
    for one in _find_words()["said"].finditer(rest):
        if one.lastgroup == Kind.THING:
            said = f"{colour}{one[0]}"
            things.append(f"{choose_article(said)} {said}{behind}")
        colour = f"{one[0]} " if one.lastgroup == Kind.COLOUR else ""
    return things


def colour_thing(text: str, thing: str, colour: str) -> str | None:
    """A text with a thing of it in a colour, where it tells none; None if it names no such thing.

    Args:
        text: A teddy bear in it is no bear: names are read whole.
        thing: As captions call it; the text may call it by a nickname.
        colour: Empty for none.
    """
    words = load_lexicon().words[ENGLISH]
    for one in _find_words()["said"].finditer(text):
        meanings = {each.word for each in words.get(fold(one[0]), ()) if each.kind is Kind.THING}
        if one.lastgroup == Kind.THING and thing in meanings:
            break
    else:
        return None
    told = take_colours(text)
    # Of several things each may have its own, or none; and a green apple is green by its name.
    if not colour or told is None or told.colour or one[0].lower().startswith(colour):
        return text
    before = _ARTICLE.sub(choose_article(colour), text[: one.start()])
    return f"{before}{colour} {text[one.start() :]}"


def take_lone_colour(text: str) -> tuple[str, str]:
    """A text that names no thing without its first colour but the ground's, and that colour."""
    for one in _find_words()["said"].finditer(text):
        if one.lastgroup == Kind.COLOUR and not text[one.end() :].lower().startswith(f" {GROUND}"):
            return (text[: one.start()] + text[one.end() :]).strip(" ,"), one[0].lower()
    return text, ""


def _take_ground(text: str) -> tuple[str, str]:
    """A text without what it says of the ground, and the ground's colour; empty for none."""
    laid = _find_words()["ground"].search(text)
    if laid is None:
        return text, ""
    return text[: laid.start()] + text[laid.end() :], laid["colour"].lower()


def choose_article(said: str) -> str:
    """The article, "a" or "an", that captions put before what is said: by its first letter."""
    return "an" if said.lower().startswith(tuple("aeiou")) else "a"


@cache
def _find_words() -> dict[str, re.Pattern[str]]:
    """Finds the ground of a text, and its things and colours as groups of their kinds."""
    lexicon = load_lexicon()
    nicknames = (
        word
        for word, meanings in lexicon.words[ENGLISH].items()
        if all(one.kind is Kind.THING for one in meanings)
    )
    # The longest things first: a green apple and an orange fruit say no colour.
    things, colours = (
        "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        for names in ({*lexicon.things, *nicknames}, lexicon.colours)
    )
    patterns = {
        "ground": rf"{BEFORE_GROUND} (?P<colour>{colours}) {GROUND}(?!\w)",
        "said": rf"(?<![\w-])(?:(?P<{Kind.THING}>{things})|(?P<{Kind.COLOUR}>{colours})"
        rf"|(?P<{Kind.GROUND}>{GROUND}))(?![\w-])",
    }
    # Beyond ASCII letters match in cases in which no table of colours has them.
    flags = re.IGNORECASE | re.ASCII
    return {name: re.compile(text, flags) for name, text in patterns.items()}
