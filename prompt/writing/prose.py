"""Prose: tags as plain sentences, by a template, for models that were taught on sentences.

Words that are sentences already stay as they are. What a tag is for is told by its last words, in
English; all others are what the picture shows, in the order in which they stand.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from generation.recipe import Phrase
from prompt.flags.table import RATIO
from prompt.writing.quality import read_tag, split_tags
from prompt.writing.roles import Role, find_role, say_role

_SENTENCE: Final = re.compile(r"[^\s.!?。]\s*+[.!?。](?:\s|\Z)")
_PROSE_WORDS: Final = 5
"""Words between two commas, on average, from which on a text is prose rather than tags."""

_STRESSED, _LESSENED, _FAINT = 1.15, 0.85, 0.5
"""Token weights above which words are said to count more, below which less, and hardly at all."""

_EMPHASIS: Final = "Emphasis on"
_LESS: Final = "A little less of"
_FAINT_LEAD: Final = "Only a hint of"
_INSTEAD: Final = "Shown"
_LEAD: Final = re.compile(
    rf"(?:(?<=\. )|^)(?:{'|'.join([*Role, _EMPHASIS, _LESS, _FAINT_LEAD, _INSTEAD])})(?= )"
    r"|(?<=\w) (?:lens|view|composition|style|manner)(?=[,. ])"
)
"""What the template puts before tags and behind them, which says nothing by itself."""

_COUNTED: Final = re.compile(r"\b([1-6])\+?((?:girl|boy)s?)\b")
_QUALIFIER: Final = re.compile(r"(?<=\w)[ _]\((?:cosplay|medium|meme|object|series)\)")
_NUMBERS: Final = ("", "one", "two", "three", "four", "five", "six")
_BOORU: Final = re.compile(r"(?<=[a-z])_(?=[a-z])")
_SHORTEST: Final = 2
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
    for lead, counts in _WEIGHED.items():
        if found := _find_words(tags, counts):
            parts.append(f"{lead} {enumerate_words(found)}")
    parts += [f"{_INSTEAD} {enumerate_words(dict.fromkeys(positives))}"] if positives else []
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
    # The first is the subject, whatever it sounds like.
    shown, found = list(words[:1]), dict[Role, list[str]]()
    for word in words[1:]:
        role = find_role(word)
        (shown if role is None else found.setdefault(role, [])).append(word)
    yield ", ".join(shown)
    for role in Role:
        if role in found:
            said = (say_role(word, role) for word in found[role])
            yield f"{role} {enumerate_words(said)}"


_WEIGHED: Final[Mapping[str, Callable[[float], bool]]] = {
    _EMPHASIS: lambda weight: weight > _STRESSED,
    _LESS: lambda weight: _FAINT < weight < _LESSENED,
    _FAINT_LEAD: lambda weight: weight <= _FAINT,
}


def _find_words(
    tags: Iterable[Iterable[tuple[str, float]]], counts: Callable[[float], bool]
) -> list[str]:
    """The words whose token weight counts, each once."""
    found = (_say_tag(text) for tag in tags for text, weight in tag if counts(weight))
    # A letter or two name nothing that could be stressed.
    return [word for word in dict.fromkeys(found) if len(word) > _SHORTEST]


def find_weight(tag: Iterable[tuple[str, float]]) -> float:
    """The token weight of a tag that is farthest from 1; 1 for one without words."""
    weights = [weight for text, weight in tag if text.strip()]
    return max(weights, key=lambda weight: abs(weight - 1), default=1.0)


def _say_tag(text: str) -> str:
    """A tag in words."""
    # Brackets would be weights where sentences are read back, and say little here.
    return " ".join(_BRACKETS.sub(" ", say_plainly(text)).split()).replace(" ,", ",")


def say_plainly(text: str) -> str:
    """A board's tags in words: ``2girls`` is two girls, and ``long_hair`` two words."""
    text = _COUNTED.sub(lambda found: f"{_NUMBERS[int(found[1])]} {found[2]}", text)
    return _BOORU.sub(" ", _QUALIFIER.sub("", text))


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
