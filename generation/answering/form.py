"""The form that a model which sees fills in: the keys are ours, the values its own.

So whatever it says is a value of a known key, is bounded, and the same picture gets the same words.
What it would rather not vouch for it is asked for last, and that is not said. Names of artists and
of people are taken out: people are described, not identified.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from generation.answering.speaker import Speaker
from generation.questions.measures import Measures
from generation.questions.question import (
    MEDIA,
    PROSE_LIMIT,
    SURE,
    VALUE_LIMIT,
    Seen,
    clean_words,
    drop_half_sentence,
)

INSTRUCTION: Final = (
    "Look at the picture and fill in a form about it. Write plain English, a few words for each"
    " value, in lower case, and only what can be seen. Leave a value empty where you cannot tell."
    " Name no artist, no brand and no person: describe people by what they look like and wear."
    " subject: what it shows, with its colour. action: what that does. setting: where it is."
    " medium: what it is made of. style: how it is made, as a manner or a period. light: its"
    " quality, direction and time of day. shot: distance, angle and focus. mood: how it feels."
    " words: what can be read in it. prompt: one paragraph, in full sentences, from which a"
    " painter could make it again. doubtful: the names of values that you are not sure of."
)

QUOTE: Final = '"'

_KEYS: Final[Mapping[str, int]] = {
    "subject": 32, "action": 24, "setting": 24, "medium": 0, "style": 24, "light": 24, "shot": 24,
    "mood": 16, "words": 40, "prompt": 180, "doubtful": 32,
}  # fmt: skip
"""Each key with how many tokens its value may take; 0 for one that is chosen."""

_NOTHING: Final = frozenset(
    {
        "", "a", "an", "the", "cannot tell", "empty", "n/a", "na", "no text", "no words", "none",
        "not applicable", "not visible", "nothing", "null", "unclear", "unknown",
    }
)  # fmt: skip

_BY_SOMEBODY: Final = re.compile(
    r",?\s*\b(?:(?i:in the (?:style|manner|vein) of|inspired by|reminiscent of"
    r"|(?:painted|drawn|photographed|illustrated|made|art|work) by)\s+[^,.;]+"
    r"|(?:by|after)\s+(?:the\s+)?[A-ZÀ-Þ][^,.;]*)"
)
"""Whoever something is said to be by, or like."""

_NAMED: Final = re.compile(r"\b[A-ZÀ-Þ][\w'’.-]+(?:\s+(?:[a-z]{1,3}\s+)?[A-ZÀ-Þ][\w'’-]+)+")
"""Several words with capitals beside each other: what somebody, or something, is called."""

_NAMELESS: Final = ("subject", "action", "style", "mood")
"""Values in which a name could be one of a person."""


def fill_form(speaker: Speaker, told: Callable[[int, int], None]) -> dict[str, str]:
    """The value of each key, as the model gives it.

    Args:
        speaker: It has read the instruction and the picture.
        told: Called with how many keys are done; whatever it raises ends it.
    """
    values: dict[str, str] = {}
    lead = "{"
    for done, (key, most) in enumerate(_KEYS.items()):
        told(done, len(_KEYS))
        speaker.feed(f'{lead}"{key}": "')
        if most:
            values[key] = speaker.write(QUOTE, most)
        else:
            choice, share = speaker.choose(("", *MEDIA), QUOTE)
            values[key] = choice if share >= SURE else ""
        lead = '", '
    return values


def write_facts(measures: Measures | None) -> str:
    """What was measured of the picture, for the model to build on."""
    if measures is None:
        return ""
    facts = [f"{measures.width} by {measures.height} pixels"]
    colours = ", ".join(swatch.name for swatch in measures.palette)
    facts += [f"its colours are {colours}"] if colours else []
    facts += [f"before a plain {measures.ground} ground"] if measures.ground else []
    facts += [f"{measures.key} key"] if measures.key else []
    return f" Measured already: {'; '.join(facts)}."


def read_form(values: Mapping[str, str], by: str) -> Seen:
    """What a model saw, of what it wrote into the form.

    Args:
        values: The value of each key; one that is missing is empty.
        by: The model's name.
    """
    doubted = {word.strip(" .") for word in values.get("doubtful", "").lower().split(",")}
    kept = {key: "" if key in doubted else _read_value(key, values.get(key, "")) for key in _KEYS}
    prose = kept["prompt"] if kept["subject"] and not _NAMED.search(kept["prompt"]) else ""
    return Seen(
        thing=kept["subject"],
        # What a thing does, where that is not known, is nothing to say.
        action=kept["action"] if kept["subject"] else "",
        setting=kept["setting"],
        medium=kept["medium"],
        style=kept["style"],
        light=kept["light"],
        shot=kept["shot"],
        mood=kept["mood"],
        words=kept["words"],
        prose=prose,
        by=by,
    )


def _read_value(key: str, text: str) -> str:
    """A value as data, empty where it says nothing, or names somebody."""
    text = text.replace("\ufffd", " ")
    if key != "words":
        text = _BY_SOMEBODY.sub("", text)
    if key == "prompt":
        return drop_half_sentence(clean_words(text, PROSE_LIMIT))
    if key in _NAMELESS and _NAMED.search(text):
        return ""
    value = clean_words(text, VALUE_LIMIT).strip(" .,;:-")
    return "" if value.lower() in _NOTHING else value
