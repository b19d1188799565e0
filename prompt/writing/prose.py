"""Prose: tags as plain sentences, by a template, for models that were taught on sentences.

Words that are sentences already stay as they are. What a tag is for is told by its last words, in
English; all others are what the picture shows, in the order in which they stand.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final

from generation.recipe import Phrase
from prompt.flags.table import RATIO
from prompt.writing.quality import read_tag, split_tags

_SENTENCE: Final = re.compile(r"[^\s.!?。]\s*+[.!?。](?:\s|\Z)")
_PROSE_WORDS: Final = 5
"""Words between two commas, on average, from which on a text is prose rather than tags."""

_STRESSED, _FAINT = 1.15, 0.9
"""Token weights above and below which words are said to count more or less."""

_MEDIA: Final = re.compile(
    r"(?:3d render|anime|art nouveau poster|cartoon|charcoal(?: sketch)?|collage|comic|concept art|"
    r"digital (?:art|painting)|drawing|engraving|etching|gouache|illustration|ink(?: drawing)?|"
    r"line ?art|linocut|manga|oil on canvas|oil painting|painting|paper cut|pastel|"
    r"pencil(?: sketch)?|photo(?:graph)?|photography|pixel art|poster|print|render|sketch|"
    r"vector art|watercolou?r|woodblock print|woodcut)",
    re.IGNORECASE,
)
_LIGHT: Final = re.compile(
    r".*\b(?:backlit|backlight|candlelight|daylight|dusk|glow|golden hour|light|lighting|lights|"
    r"lit|moonlight|neon signs|overcast sky|shadows|sunlight|sunrise|sunset|twilight)",
    re.IGNORECASE,
)
_CAMERA: Final = re.compile(
    r".*\b(?:angle|bokeh|close-up|closeup|composition|depth of field|film|fisheye|focus|"
    r"isometric|lens|long exposure|macro|mm|perspective|shot|symmetrical|telephoto|tilt shift|"
    r"view|wide angle)",
    re.IGNORECASE,
)


class _Lead(StrEnum):
    """How the template's sentences begin, which say nothing by themselves."""

    MEDIUM = "Made as"
    LIGHT = "Seen in"
    CAMERA = "Taken as"
    STRESSED = "Emphasis on"
    FAINT = "Only a hint of"


_LEAD: Final = re.compile(rf"(?:(?<=\. )|^)(?:{'|'.join(_Lead)}) ")
_COUNTED: Final = re.compile(r"([1-6])\+?((?:girl|boy)s?)")
_NUMBERS: Final = ("", "one", "two", "three", "four", "five", "six")
_BOORU: Final = re.compile(r"(?<=[a-z])_(?=[a-z])")
_BRACKETS: Final = re.compile(r"[()\[\]{}]")


def write_prose(
    phrases: Iterable[Phrase], positives: Sequence[str], ratio: tuple[int, int] | None = None
) -> tuple[str, bool]:
    """Sentences for what stands in phrases, and whether a template made them.

    Args:
        phrases: The words; token weights become a sentence.
        positives: What is said in the place of unwanted words.
        ratio: Width to height, where that has to be said in words.
    """
    tags = [tag for one in phrases for chunk in one.chunks for tag in split_tags(chunk)]
    words = [text for tag in tags if (text := _say_tag(read_tag(tag)))]
    whole = ", ".join(words)
    prose = is_prose(whole, len(words))
    parts = [whole] if prose else list(_fill_template(words))
    stressed = _find_words(tags, lambda weight: weight > _STRESSED)
    faint = _find_words(tags, lambda weight: weight < _FAINT)
    parts += [f"{_Lead.STRESSED} {enumerate_words(stressed)}"] if stressed else []
    parts += [f"{_Lead.FAINT} {enumerate_words(faint)}"] if faint else []
    parts += [enumerate_words(dict.fromkeys(positives))] if positives else []
    parts += [say_ratio(ratio)] if ratio else []
    # Words that stand alone are as good a sentence as any.
    text = whole if parts == [whole] else " ".join(map(close_sentence, filter(None, parts)))
    return text, text != whole and not prose


def drop_leads(text: str) -> str:
    """What sentences of the template say, without how these begin."""
    return _LEAD.sub("", text)


def is_prose(whole: str, parts: int) -> bool:
    """Whether a text of so many parts between commas is sentences rather than tags."""
    return _SENTENCE.search(whole) is not None or len(whole.split()) >= _PROSE_WORDS * parts > 0


def _fill_template(words: Sequence[str]) -> Iterable[str]:
    """What is shown, what it is made of, its light, and how it is taken; a sentence for each."""
    roles: list[tuple[Callable[[str], object], str]] = [
        (_MEDIA.fullmatch, _Lead.MEDIUM),
        (_LIGHT.fullmatch, _Lead.LIGHT),
        (_CAMERA.fullmatch, _Lead.CAMERA),
    ]
    # The first is the subject, whatever it sounds like.
    shown, found = list(words[:1]), dict[str, list[str]]()
    for word in words[1:]:
        lead = next((lead for matches, lead in roles if matches(word)), None)
        (shown if lead is None else found.setdefault(lead, [])).append(word)
    yield ", ".join(shown)
    for _, lead in roles:
        if lead in found:
            yield f"{lead} {enumerate_words(found[lead])}"


def _find_words(
    tags: Iterable[Iterable[tuple[str, float]]], counts: Callable[[float], bool]
) -> list[str]:
    """The words whose token weight counts, each once."""
    found = (_say_tag(text) for tag in tags for text, weight in tag if counts(weight))
    return list(filter(None, dict.fromkeys(found)))


def find_weight(tag: Iterable[tuple[str, float]]) -> float:
    """The token weight of a tag that is farthest from 1; 1 for one without words."""
    weights = [weight for text, weight in tag if text.strip()]
    return max(weights, key=lambda weight: abs(weight - 1), default=1.0)


def _say_tag(text: str) -> str:
    """A tag in words: ``2girls`` is two girls, and ``long_hair`` two words."""
    # Brackets would be weights where sentences are read back, and say little here.
    text = " ".join(_BRACKETS.sub(" ", text).split()).replace(" ,", ",")
    if counted := _COUNTED.fullmatch(text):
        return f"{_NUMBERS[int(counted[1])]} {counted[2]}"
    return _BOORU.sub(" ", text)


def enumerate_words(words: Iterable[str]) -> str:
    """Words with commas and an *and* before the last; empty for none."""
    *others, last = [*words] or [""]
    return f"{', '.join(others)} and {last}" if others else last


def close_sentence(sentence: str) -> str:
    """A sentence with a capital at its beginning and a stop at its end."""
    end = "" if sentence.endswith((".", "!", "?", "。", "…")) else "."
    return f"{sentence[:1].upper()}{sentence[1:]}{end}"


def say_ratio(ratio: tuple[int, int]) -> str:
    """A sentence for the shape of a picture, without its stop."""
    across, down = ratio
    shape = "square" if across == down else "wide" if across > down else "tall"
    return f"A {shape} picture, {RATIO.kind.format(ratio)}"
