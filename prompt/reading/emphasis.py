r"""Token weights: ``a (red:1.3) [old] car`` weighs some words more or less than the others.

The spelling is AUTOMATIC1111's: ``(x)`` weighs 1.1 times, ``[x]`` a 1.1th, ``(x:1.3)`` what it
says; brackets nest, and ``\(`` is the character itself. ``BREAK`` begins a new window of the text
encoder. Prose has brackets of its own, so these are read as characters: one without its partner,
one around numbers alone such as ``(16:9)`` or ``(1999)``, a verse or an hour such as
``(John 3:16)``, a board's qualifier such as ``(medium)``, and ``BREAK`` between capitals or in
quotation marks.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, NamedTuple

from generation.recipe import Phrase, Span

STEP: Final = 1.1
"""What a pair of brackets multiplies by (AUTOMATIC1111, ``modules/prompt_parser.py``)."""

HEAVIEST: Final = 10
"""The largest token weight, either way; people write 0.5 to 2."""

BREAK: Final = "BREAK"

# All begin with one class of characters: what lies between is skipped without a look at each.
_SIGN: Final = re.compile(
    r"[()\[\]\\:B](?:(?<=[()\[\]])|(?<=\\)(?<!\\\\)\\*+[()\[\]]"
    r"|(?<=:)\s?+([+-]?(?:\d++(?:[.,]\d*+)?+|[.,]\d++))\s?+\)|(?<=B)(?<!\wB)REAK(?!\w))"
)
_MARKED: Final = re.compile(r"[()\[\]]|BREAK")
_NUMBER: Final = re.compile(r"[^\w]*+(?:[\d_][^\w]*+)*+")
_LAST_NUMBER: Final = re.compile(r"(?<!\S)\d{1,3}\Z")
_CAPITALS_BEFORE: Final = re.compile(r"(?<![A-Z])[A-Z]{2,}+\s?+\Z")
_CAPITALS_AFTER: Final = re.compile(r"\s?(?!BREAK\b)[A-Z]{2,}(?!\w)")
_BRACKET: Final = re.compile(r"[()\[\]]")
_SQUARE: Final = re.compile(r"[\[\]](?<!\\.)")
_WORD: Final = re.compile(r"[^\W\d_]++|[\u2600-\u27bf\U0001f000-\U0001faff]")
"""A word, or a picture such as an emoji."""

_QUALIFIERS: Final = frozenset({"cosplay", "medium", "meme", "object", "series", "style"})
"""Words in brackets that are part of a board's tag: ``watercolor (medium)``."""

_SEPARATORS: Final = " ,;|"
_PARTNER: Final = {")": "(", "]": "["}
_MOST_STEPS: Final = 6
_LONGEST_NUMBER: Final = 40
_LONGEST_LAST: Final = 4

_NEAR: Final = 24
"""How many characters around a ``BREAK`` tell whether it is a word among capitals."""

_MOST_SIGNS: Final = 300
"""With more brackets than this a text is no prompt of anybody's, and they are characters."""

_MOST_BREAKS: Final = 40
"""The same of breaks, each of which takes a pass of the text encoder."""

Stretch = tuple[str, float]
"""Words and the weight of their tokens; a weight of nan stands for a new window."""

_Ends = tuple[int, int, float]
"""Where a span starts and ends, and its weight."""


class _Sign(NamedTuple):
    """A bracket or a break: where it stands, what it is, and the number before a closing one."""

    start: int
    end: int
    text: str
    number: str | None


class _Factor(NamedTuple):
    """What a pair of brackets multiplies by, and whether a number in it says so."""

    size: float
    typed: bool


def read_emphasis(text: str, weight: float = 1.0) -> Phrase:
    """The phrase that ``text``, of single spaces, spells.

    Args:
        text: Words.
        weight: The phrase's own, beside others.
    """
    # Four looks for a character take a tenth of the time of one for an expression.
    if "(" not in text and "[" not in text and "\\" not in text and BREAK not in text:
        return Phrase(text=text, weight=weight)
    signs = _find_signs(text)
    if not signs:
        return Phrase(text=text, weight=weight)
    read = _join(_read_stretches(text, signs))
    return read if weight == 1.0 else replace(read, weight=weight)


def read_comfyui(text: str) -> Phrase:
    """The phrase that a text spells in ComfyUI, where a number counts alone (``sd1_clip.py``).

    ``((a:1.2) b)`` weighs ``a`` 1.2 times there, and square brackets are characters.
    """
    text = _SQUARE.sub(r"\\\g<0>", " ".join(text.split()))
    signs = _find_signs(text)
    return _join(_read_stretches(text, signs, alone=True)) if signs else Phrase(text=text)


def format_emphasis(phrase: Phrase) -> str:
    """The text that `read_emphasis` reads as ``phrase``, apart from its weight beside others."""
    if not phrase.is_weighted and _MARKED.search(phrase.text) is None:
        return phrase.text
    bare = replace(phrase, weight=1.0)
    plain = _format(phrase, f" {BREAK} ", escaped=False)
    if read_emphasis(plain) == bare:
        return plain
    return _format(phrase, f", {BREAK}, ", escaped=True)


def escape_emphasis(phrase: Phrase) -> str:
    """The same with every bracket that is a character marked as one, for programs that need it."""
    plain = format_emphasis(phrase)
    if _BRACKET.search(phrase.text) is None:
        return plain
    escaped = _format(phrase, f", {BREAK}, ", escaped=True)
    return escaped if read_emphasis(escaped) == replace(phrase, weight=1.0) else plain


def drop_weights(phrase: Phrase) -> tuple[Phrase, str]:
    """The phrase for a model without token weights, and a part that loses its own; empty for none.

    Brackets without a number are punctuation to such a model, and stay.
    """
    lost, words = "", list[str]()
    for chunk in phrase.chunks:
        for text, weight in chunk:
            steps = count_brackets(weight)
            if weight != 1.0 and abs(steps) != 1:
                lost = lost or _wrap(text, weight)
            words.append(_wrap(text, weight) if abs(steps) == 1 else text)
    lost = lost or (BREAK if phrase.breaks else "")
    return Phrase(text="".join(words), weight=phrase.weight), lost


def _find_signs(text: str) -> Sequence[_Sign]:
    """The brackets and breaks of a text; none where there are more than anybody writes."""
    if text.count(BREAK) > _MOST_BREAKS:
        return ()
    found = list(islice(_SIGN.finditer(text), _MOST_SIGNS + 1))
    return [_read_sign(text, one) for one in found] if len(found) <= _MOST_SIGNS else ()


def _read_sign(text: str, found: re.Match[str]) -> _Sign:
    start, end = found.span()
    # A space before a number's colon is no part of the words.
    if found[1] is not None and text[start - 1 : start].isspace():
        start -= 1
    return _Sign(start, end, text[start:end], found[1])


def _normalize(weight: float) -> float:
    """A weight to ten digits, more than any model's arithmetic has, so that it can be written."""
    return float(f"{weight:.10g}") + 0.0


def _read_stretches(text: str, signs: Sequence[_Sign], *, alone: bool = False) -> Iterator[Stretch]:
    """The text in stretches of one weight each, without the brackets that give it.

    Args:
        text: Words.
        signs: What there is of brackets and breaks in them.
        alone: Whether a number counts alone, whatever stands around its brackets.
    """
    factors = _pair_up(text, signs)
    weights, end, words = [1.0], 0, ""
    for place, sign in enumerate(signs):
        words += text[end : sign.start]
        end = sign.end
        if place in factors:
            yield words, weights[-1]
            words = ""
            if (factor := factors[place]) is None:
                weights.pop()
            else:
                around = 1.0 if alone and factor.typed else weights[-1]
                weights.append(_normalize(around * factor.size))
        elif sign.text == BREAK and not _is_word(text, sign):
            yield words, weights[-1]
            yield "", math.nan
            words = ""
        else:
            words += sign.text.lstrip("\\")
    yield words + text[end:], weights[-1]


def _pair_up(text: str, signs: Sequence[_Sign]) -> dict[int, _Factor | None]:
    """Which signs give a weight: of an opening one its factor, of its partner None."""
    factors: dict[int, _Factor | None] = {}
    opened: dict[str, int] = {"(": 0, "[": 0}
    said = _count_said(text, signs)
    stack: list[int] = []
    for place, sign in enumerate(signs):
        if sign.text in opened:
            stack.append(place)
            opened[sign.text] += 1
        elif (partner := _PARTNER.get(sign.text[-1])) and sign.text[0] != "\\" and opened[partner]:
            # Whatever was opened in between lacks its partner, and is a character.
            while signs[start := stack.pop()].text != partner:
                opened[signs[start].text] -= 1
            opened[partner] -= 1
            inside = text[signs[start].end : sign.start]
            size = _find_factor(inside, partner, sign.number, said=said[start] < said[place])
            if size is not None:
                factors[start], factors[place] = _Factor(size, sign.number is not None), None
    return factors


def _count_said(text: str, signs: Sequence[_Sign]) -> list[int]:
    """For each sign, before how many signs up to it there are words, a break being one."""
    counts, end = list[int](), 0
    for sign in signs:
        spoken = _WORD.search(text, end, sign.start) is not None
        before = counts[-1] if counts else 0
        counts.append(before + spoken)
        end = sign.start if sign.text == BREAK else sign.end
    return counts


def _find_factor(inside: str, bracket: str, typed: str | None, *, said: bool) -> float | None:
    """What a pair of brackets multiplies by, or None if it is punctuation.

    Args:
        inside: What stands in it.
        bracket: The opening one.
        typed: The number before the closing one, if there is any.
        said: Whether there are words in it.
    """
    if typed is None:
        if bracket == "(" and inside in _QUALIFIERS:
            return None
        return (STEP if bracket == "(" else 1 / STEP) if said else None
    weight = float(typed.replace(",", "."))
    whole = typed.lstrip("+-").isdecimal()
    if abs(weight) > HEAVIEST or _is_number(inside) or (whole and _has_no_letters(inside)):
        return None
    last = max(0, len(inside) - _LONGEST_LAST)
    if whole and (_LAST_NUMBER.search(inside, last) or (typed[0] == "0" and len(typed) > 1)):
        return None
    return weight


def _is_word(text: str, sign: _Sign) -> bool:
    """Whether ``BREAK`` is a word: among capitals, or in quotation marks."""
    start, end = sign.start, sign.end
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    if _CAPITALS_BEFORE.search(before) and not before.endswith(f"{BREAK} "):
        return True
    if _CAPITALS_AFTER.match(after):
        return True
    return '"' in after and text.count('"', 0, start) % 2 == 1


def _join(stretches: Iterator[Stretch]) -> Phrase:
    """The phrase of these stretches, with single spaces and none at the ends of a weight."""
    text, spans, breaks = "", list[_Ends](), list[int]()
    broken = False
    for typed, weight in stretches:
        if math.isnan(weight):
            text = text.rstrip(_SEPARATORS)
            broken = bool(text)
            _shorten(spans, len(text))
            continue
        words = typed.lstrip(_SEPARATORS) if broken or not text else typed
        if not words.strip():
            text += " " if words and text and text[-1] != " " else ""
            continue
        if broken:
            text += " "
            breaks.append(len(text))
            broken = False
        bare = words.strip()
        if words[0] == " " and text and text[-1] != " ":
            text += " "
        start, text = len(text), text + bare
        if weight != 1.0 and not _is_number(bare):
            _extend(spans, (start, len(text), weight))
        text += " " if words[-1] == " " else ""
    text = text.rstrip()
    _shorten(spans, len(text))
    weighed = tuple(Span(start=start, end=end, weight=weight) for start, end, weight in spans)
    return Phrase(text=text, spans=weighed, breaks=tuple(breaks))


def _is_number(words: str) -> bool:
    """Whether words could not be weighted by themselves: numbers of up to two digits, or none."""
    if not words.strip():
        return True
    return _has_no_letters(words) and 0 < sum(map(str.isdecimal, words)) < 3


def _has_no_letters(words: str) -> bool:
    """Whether words are few enough for a number or a ratio, and nothing but digits and marks."""
    return len(words) <= _LONGEST_NUMBER and _NUMBER.fullmatch(words) is not None


def _extend(spans: list[_Ends], span: _Ends) -> None:
    """Add a span, which goes on the last where that has its weight and ends beside it."""
    start, end, weight = span
    if spans and spans[-1][1:] == (start, weight):
        start = spans.pop()[0]
    spans.append((start, end, weight))


def _shorten(spans: list[_Ends], length: int) -> None:
    """Cut the spans of a text that was cut to ``length``."""
    while spans and spans[-1][1] > length:
        start, _, weight = spans.pop()
        if start < length:
            spans.append((start, length, weight))


def _format(phrase: Phrase, between: str, *, escaped: bool) -> str:
    chunks = []
    for chunk in phrase.chunks:
        words = [(_escape(text) if escaped else text, weight) for text, weight in chunk]
        chunks.append("".join(_wrap(text, weight) for text, weight in words).strip())
    return between.join(chunks)


def _escape(text: str) -> str:
    return _BRACKET.sub(r"\\\g<0>", text)


def _wrap(text: str, weight: float) -> str:
    """Words with their weight: bare brackets where those alone mean it."""
    if weight == 1.0:
        return text
    # A bare bracket after a backslash would be the character itself.
    bare = _WORD.search(text) is not None and not text.endswith("\\")
    steps = count_brackets(weight) if bare else 0
    if steps:
        opening, closing = ("(", ")") if steps > 0 else ("[", "]")
        return f"{opening * abs(steps)}{text}{closing * abs(steps)}"
    return f"({text}:{weight:.10g})"


def count_brackets(weight: float) -> int:
    """How many pairs of round brackets mean a weight; below 0 for square ones, 0 for none."""
    if weight <= 0 or weight == 1.0:
        return 0
    steps = round(math.log(weight) / math.log(STEP))
    exact = 0 < abs(steps) <= _MOST_STEPS and weight == _normalize_steps(steps)
    return steps if exact else 0


def _normalize_steps(steps: int) -> float:
    """The weight of so many pairs of brackets, as reading them one by one gives it."""
    weight = 1.0
    for _ in range(abs(steps)):
        weight = _normalize(weight * (STEP if steps > 0 else 1 / STEP))
    return weight
