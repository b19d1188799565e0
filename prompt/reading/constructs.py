"""Constructs that other programs put amid words, read as this grammar's own or left out and told.

Compel's and InvokeAI's ``word++``, ``("a", "b").blend(1, 2)`` and ``a.swap(b)``, AUTOMATIC1111's
``AND``, ``[cat:dog:0.5]``, ``[cat|dog]`` and ``<hypernet:name:1>``, SwarmUI's ``<random:a,b>``,
wildcards such as ``__name__``; and in braces, NovelAI's ``{{word}}`` and the choices
``{red|green}`` of dynamic prompts. Token weights become ``(word:1.21)``, which `reading.emphasis`
reads.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice, zip_longest
from typing import Final

from prompt import sentences as said
from prompt.reading.permutations import pairs_up
from prompt.reading.separators import DASHES, GONE, close_gaps, shorten
from prompt.sentences import Sentence

Notes = list[str]

_PLUS: Final = 1.1
_MINUS: Final = 0.9
"""What a sign after a word multiplies by (compel, ``prompt_parser.py``)."""

_BRACE: Final = 1.05
"""What a pair of braces multiplies by, and a pair of square brackets divides by, in NovelAI."""

_TAG: Final = re.compile(
    r"<(?!https?:)([A-Za-z]{2,12})(?:\[[^\[\]<>]{0,40}\])?(?::([^<>]{0,400}))?>"
)
_CHOOSING: Final = frozenset({"random", "alternate", "fromto"})
_HTML: Final = frozenset({"br", "hr", "img", "sup", "sub"})
_BARE: Final = frozenset({"trigger", "base", "refiner", "video"})
"""SwarmUI's tags that hold nothing."""

_WILDCARD: Final = re.compile(r"(?<!\w)__([A-Za-z][\w/*-]{0,60}?)__(?!\w)")
_SIGNED_WORD: Final = re.compile(
    r"(?<![\w+#./'-])(?![Nn]otepad|dpm)([A-Za-z][a-z'’]{2,40})(\+{2,6})(?![\w+])"
)
_SIGNED_GROUP: Final = re.compile(
    r"\(([^()]{1,400})\)(\+{1,6}|-{1,6}|\d\.\d{1,10})(?=[\s,.;()]|\Z)"
)
_COMPEL_WORD: Final = re.compile(
    r"(?<![\w+'’-])(?![cC]\+\+)(\w[\w'’]{0,40})(\+{1,6}|-{1,6})(?=[\s,.;()]|\Z)"
)
_QUOTED: Final = r'"[^"()]{1,300}"'
_BLENDED: Final = re.compile(
    rf"\(\s*+({_QUOTED}(?:\s*+,\s*+{_QUOTED}){{1,8}})\s*+\)\.(and|blend)\(([\d.,\s+-]{{0,60}})\)"
)
_SWAPPED: Final = re.compile(
    rf"({_QUOTED}|\([^()]{{1,200}}\)|(?<![\w-])[\w-]{{1,40}})\.swap\(([^()]{{1,200}})\)"
)
_WIDE_GROUP: Final = re.compile(
    r"[（(]([^（）()：:]{1,200})[：:]\s?(\d{1,2}(?:[.．]\d{1,3})?)[）)]"
)
_WEIGHTED: Final = re.compile(r":\s?[\d.]+\Z")
_SQUARE: Final = re.compile(r"[\[\]](?<!\\.)")
_INNER_SIGN: Final = re.compile(r"[():|]")
_NO_SCHEDULE: Final = ("://", "--", *DASHES[1:])
_WHEN: Final = re.compile(r"\s*+\d++(?:\.\d++)?+%?\s*+")
_AND: Final = re.compile(r"(?<!\S)AND(?!\S)")
_AND_WEIGHT: Final = re.compile(r"\s?:\s?([-+]?\d{1,3}(?:\.\d{1,4})?)\Z")
_CAPITALS: Final = re.compile(r"[A-Z]{2,}")
_FLAG: Final = re.compile(rf"\s[{DASHES}]{{1,3}}[A-Za-z]")
NUMERIC: Final = re.compile(
    r"(?:(?<=,)|\A)\s*+(-?\d{1,2}(?:\.\d{1,3})?)::([^:]{1,400})::(?![\d.-])"
)
"""NovelAI's weight before the words and a mark behind them."""

_NUMERIC_ANYWHERE: Final = re.compile(r"(?<![\w.])(-?\d{1,2}(?:\.\d{1,10})?)::([^:]{1,400})::(?!:)")

_MOST_SIGNS: Final = 60
"""With more brackets or braces than this nobody wrote them for what they mean."""

_BRACES: Final = re.compile(r"\\[{}|,]|[{}|,，、]")
_NO_WORDS: Final = re.compile(r'--|::|":')
_VARIABLE: Final = re.compile(r"\$\{(\w{1,30})=!?([^{}]{0,200})\}")
_NAMED_VALUE: Final = re.compile(r"\$\{(\w{1,30})(?::([^{}]{0,200}))?\}")
_SEVERAL: Final = re.compile(r"\s*+([2-9])\$\$(?:([^|{}$]{0,8})\$\$)?")
_CHOSEN: Final = re.compile(
    r"\s*+(?:[\d-]{1,5}\$\$(?:[^|{}$]{0,8}\$\$)?)?+(?:\d{1,4}(?:\.\d{1,3})?::)?+"
)


def translate_constructs(text: str) -> tuple[str, Notes]:
    """A part of a prompt with these constructs in this grammar's spelling; braces stay."""
    notes: Notes = []
    if "（" in text or "：" in text:
        text = _WIDE_GROUP.sub(_read_wide, text)
    if ").and(" in text or ").blend(" in text:
        text = _BLENDED.sub(lambda found: _read_blend(found, notes), text)
    if ".swap(" in text:
        text = _SWAPPED.sub(lambda found: _read_swap(found, notes), text)
    if "<" in text:
        text = _TAG.sub(lambda found: _read_tag(found, notes), text)
    if "__" in text:
        text = _WILDCARD.sub(lambda found: _read_wildcard(found, notes), text)
    text = _SIGNED_WORD.sub(_weigh_word, text) if "++" in text else text
    text = _SIGNED_GROUP.sub(_weigh_group, text) if ")" in text else text
    if "[" in text and text.count("[") <= _MOST_SIGNS:
        text = _read_schedules(text, notes)
    if " AND " in text:
        text = _read_conjunction(text, notes)
    return (close_gaps(text) if GONE in text else text), notes


def _read_wide(found: re.Match[str]) -> str:
    """A weight in the wide signs of Chinese and Japanese keyboards."""
    return f"({found[1].strip()}:{unicodedata.normalize('NFKC', found[2])})"


def _read_blend(found: re.Match[str], notes: Notes) -> str:
    """Texts that compel mixes by their weights, as phrases."""
    texts, weights = re.findall(r'"([^"]*)"', found[1]), re.findall(r"[+-]?[\d.]+", found[3])
    notes.append(Sentence(said.READ_AS, typed=f".{found[2]}()", meant="::"))
    weighed = zip_longest(texts, weights[: len(texts)], fillvalue="")
    return " ".join(f"{text.strip()}::{weight}" for text, weight in weighed)


def _read_swap(found: re.Match[str], notes: Notes) -> str:
    notes.append(Sentence(said.SCHEDULE, typed=shorten(found[0])))
    return " ".join(part.strip('"() ') for part in found.groups())


def _read_tag(found: re.Match[str], notes: Notes) -> str:
    """What stands for a tag in angle brackets."""
    name, content = found[1].lower(), found[2] or ""
    if name == "break":
        return " BREAK "
    if name in {"lora", "lyco", "locon"}:
        return f"<lora:{content}>"
    if name in _HTML or not (content or name in _BARE):
        return found[0]
    typed = shorten(found[0])
    if name in _CHOOSING:
        if name != "random":
            notes.append(Sentence(said.SCHEDULE, typed=typed))
        options = re.split(r"\|\||\||," if "|" not in content else r"\|\|?", content)
        words = [option.strip() for option in options if option.strip()]
        return f"{{{', '.join(words)}}}" if name == "random" else " ".join(words)
    if name == "wildcard":
        notes.append(Sentence(said.WILDCARD, typed=typed))
        return content.rpartition("/")[2]
    if name in {"embed", "embedding"}:
        return f"embedding:{content}"
    notes.append(Sentence(said.LEFT_OUT_HERE, typed=typed))
    return GONE


def _read_wildcard(found: re.Match[str], notes: Notes) -> str:
    notes.append(Sentence(said.WILDCARD, typed=found[0]))
    return re.sub(r"[\W_]+", " ", found[1].rstrip("/*-_").rpartition("/")[2])


def _weigh_word(found: re.Match[str]) -> str:
    step = _PLUS if found[2][0] == "+" else _MINUS
    return _weigh(found[1], step ** len(found[2]))


def _weigh_group(found: re.Match[str]) -> str:
    words, sign = found.groups()
    step = {"+": _PLUS, "-": _MINUS}.get(sign[0])
    factor = float(sign) if step is None else step ** len(sign)
    return _weigh(f"({words})" if _WEIGHTED.search(words) else words, factor)


def _weigh(words: str, factor: float) -> str:
    return f"({words}:{factor:.10g})"


def _read_schedules(text: str, notes: Notes) -> str:
    """Brackets that change words on the way, as all of their words."""
    opened = list[int]()
    place = _SQUARE.search(text)
    while place is not None:
        start, after = place.start(), place.end()
        if place[0] == "[":
            opened.append(start)
        elif opened and (words := _find_schedule(text[opened[-1] + 1 : start])) is not None:
            begin = opened.pop()
            notes.append(Sentence(said.SCHEDULE, typed=shorten(text[begin:after])))
            text, after = f"{text[:begin]}{words}{text[after:]}", begin + len(words)
        elif opened:
            opened.pop()
        place = _SQUARE.search(text, after)
    return text


def _find_schedule(inside: str) -> str | None:
    """The words of ``cat:dog:0.5`` or ``cat|dog``; None for other text."""
    if "|" not in inside and ":" not in inside:
        return None
    if any(map(inside.__contains__, _NO_SCHEDULE)):
        return None
    parts, depth, start = list[str](), 0, 0
    marks = set[str]()
    for sign in _INNER_SIGN.finditer(inside):
        if sign[0] in "()":
            depth += 1 if sign[0] == "(" else -1
        elif not depth:
            marks.add(sign[0])
            parts.append(inside[start : sign.start()])
            start = sign.end()
    parts.append(inside[start:])
    if marks == {":"} and 2 <= len(parts) <= 3 and _WHEN.fullmatch(parts[-1]):
        parts.pop()
    elif marks != {"|"}:
        return None
    # Numbers alone, as in a ratio or an hour, are no words that could change.
    if not any(map(str.isalpha, "".join(parts))):
        return None
    return " ".join(filter(None, (part.strip() for part in parts)))


def _read_conjunction(text: str, notes: Notes) -> str:
    """``a cat AND a dog :1.2`` as phrases with weights."""
    flag = _FLAG.search(text)
    head, rest = (text[: flag.start()], text[flag.start() :]) if flag else (text, "")
    parts = _AND.split(head)
    if "::" in head or len(parts) == 1 or any(map(_ends_in_capitals, parts)):
        return text
    made = []
    for part in parts:
        weight = _AND_WEIGHT.search(part.rstrip())
        words = part.rstrip()[: weight.start()] if weight else part
        made.append(f"{words.strip()}::{weight[1] if weight and weight[1] != '1' else ''}")
    notes.append(Sentence(said.READ_AS, typed="AND", meant="::"))
    return f"{' '.join(made).removesuffix('::')}{rest}"


def _ends_in_capitals(part: str) -> bool:
    """Whether words beside ``AND`` are capitals, too, so that it is one of them."""
    words = [word.strip('",.') for word in part.split()]
    return not words or any(map(_CAPITALS.fullmatch, (words[0], words[-1])))


@dataclass(slots=True)
class _Group:
    """A pair of braces: where it stands, and what stands in it."""

    start: int
    end: int = 0
    commas: list[int] = field(default_factory=list)
    pipes: list[int] = field(default_factory=list)
    inner: list["_Group"] = field(default_factory=list)


def translate_braces(text: str) -> str:
    """A whole prompt with what braces mean in NovelAI and in dynamic prompts.

    ``{red|green}`` becomes ``{red, green}``. Braces around words without a choice, and pairs of
    braces around anything, weigh them by 1.05 each, and then ``[word]`` is divided by that.
    """
    text = NUMERIC.sub(lambda found: f" ({found[2].strip(' ,')}:{float(found[1]):.10g})", text)
    if "${" in text:
        text = _read_variables(text)
    if "{" not in text or not pairs_up(text) or text.count("{") > _MOST_SIGNS:
        return text
    flag = _FLAG.search(text)
    groups = list(_find_groups(text))
    weighted = any(_count_levels(text, one, flag.start() if flag else len(text)) for one in groups)
    if not weighted and "|" not in text:
        return text
    end = flag.start() if flag else len(text)
    made = _render(text, 0, len(text), groups, end)
    return re.sub(r"(?<!\\)\[([^\[\]:|]{1,200})\]", _weigh_less, made) if weighted else made


def _read_variables(text: str) -> str:
    """``${season=summer} a ${season} day`` of dynamic prompts with what the names stand for."""
    named: dict[str, str] = dict(_VARIABLE.findall(text))
    rest = _VARIABLE.sub(" ", text)
    return _NAMED_VALUE.sub(lambda found: named.get(found[1]) or found[2] or found[1], rest)


def translate_novelai(text: str) -> str:
    """A prompt of NovelAI in this grammar's spelling: round brackets are characters there."""
    text = text.replace("(", "\\(").replace(")", "\\)")
    text = _NUMERIC_ANYWHERE.sub(lambda found: f"({found[2].strip()}:{float(found[1]):.10g})", text)
    return translate_braces(text)


def translate_compel(text: str) -> str:
    """A prompt of InvokeAI in this grammar's spelling: one sign is enough behind any word there."""
    return _SIGNED_GROUP.sub(_weigh_group, _COMPEL_WORD.sub(_weigh_word, text))


def _weigh_less(found: re.Match[str]) -> str:
    return _weigh(found[1], 1 / _BRACE)


def _find_groups(text: str) -> Iterator[_Group]:
    """The outermost pairs of braces, with those inside them."""
    opened: list[_Group] = []
    for sign in _BRACES.finditer(text):
        if sign[0] == "{":
            opened.append(_Group(sign.start()))
        elif sign[0] == "}":
            group = opened.pop()
            group.end = sign.end()
            if opened:
                opened[-1].inner.append(group)
            else:
                yield group
        elif opened and sign[0] == "|":
            opened[-1].pipes.append(sign.start())
        elif opened and sign[0] in ",，、":
            opened[-1].commas.append(sign.start())


def _count_levels(text: str, group: _Group, end: int) -> int:
    """How many pairs of braces around the same words weigh them; 0 if they stand for a choice."""
    levels, one = 1, group
    inside = text[one.start + 1 : one.end - 1]
    while len(one.inner) == 1 and inside.strip() == text[one.inner[0].start : one.inner[0].end]:
        levels, one = levels + 1, one.inner[0]
        inside = text[one.start + 1 : one.end - 1]
    if group.start > end or _NO_WORDS.search(inside) or not any(map(str.isalpha, inside)):
        return 0
    return levels if levels > 1 or not (one.commas or one.pipes) else 0


def _render(text: str, start: int, stop: int, groups: list[_Group], end: int) -> str:
    """The text between two places with its groups in this grammar's spelling."""
    parts = []
    for group in groups:
        parts.append(text[start : group.start])
        start = group.end
        if levels := _count_levels(text, group, end):
            one = group
            for _ in range(levels - 1):
                one = one.inner[0]
            inside = _render(text, one.start + 1, one.end - 1, one.inner, end)
            parts.append(_weigh(inside.strip(), _BRACE**levels))
        elif group.pipes:
            parts.append(_render_choice(text, group, end))
        else:
            inside = _render(text, group.start + 1, group.end - 1, group.inner, end)
            parts.append(f"{{{inside}}}")
    return "".join((*parts, text[start:stop]))


def _render_choice(text: str, group: _Group, end: int) -> str:
    """``{red|green, striped}`` with commas between its options, and none in them."""
    options, start = [], group.start + 1
    several = _SEVERAL.match(text, start)
    for stop in (*group.pipes, group.end - 1):
        inner = [one for one in group.inner if start <= one.start < stop]
        cuts = [start, *(place + 1 for place in group.commas if start <= place < stop)]
        pieces = []
        for left, right in zip(cuts, [*(cut - 1 for cut in cuts[1:]), stop], strict=True):
            nested = [one for one in inner if left <= one.start < right] if inner else inner
            pieces.append(_render(text, left, right, nested, end) if nested else text[left:right])
        option = "\\,".join(pieces)
        options.append(_CHOSEN.sub("", option, count=1).strip())
        start = stop + 1
    if several:
        between = (several[2] or ", ").replace(",", "\\,")
        options = [
            between.join(some) for some in islice(combinations(options, int(several[1])), 99)
        ]
    return f"{{{', '.join(options)}}}"
