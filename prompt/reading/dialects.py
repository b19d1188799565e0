"""Dialects: how other programs write what this grammar has flags for.

Stable Diffusion's users paste ``(word:1.2)``, ``Negative prompt:`` and a line of settings; those of
FLUX and of web services paste JSON. What has a flag becomes that flag, and the person is told.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from prompt import sentences as said
from prompt.flags.table import (
    BY_NAME,
    GUIDANCE,
    NO,
    OTHER_NAMES,
    RATIO,
    SAMPLER,
    SEED,
    STEPS,
    STRENGTH,
    normalize_name,
)
from prompt.reading.markup import complete_links, strip_markup
from prompt.reading.permutations import escape
from prompt.reading.separators import DASHES, shorten, strip_signature
from prompt.sentences import Sentence

Notes = tuple[str, ...]

_ODD: Final = re.compile(
    "[<\\\\|~`(\n：\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_BEFORE_JSON: Final = ("{", "[", " ", "\n", "`")
_JSON: Final = re.compile(r"([\s`]*+(?:json\s++)?)(?:\[\s*+)?\{\s*+[\"}]")
_MOST_READINGS: Final = 4
_NEGATIVE: Final = re.compile(
    r"(?:\bnegative[ _]prompt|\n[ \t]*+negative)[ \t]*+:(?!:)", re.IGNORECASE
)
_STEPS: Final = re.compile(r"\bSteps:\s*+\d++(?=\s*+,)")
_FLAG: Final = re.compile(r"\s(?:--|—|–)[A-Za-z]")
_WIDE: Final = re.compile(r"(?<!\S)(?:--w|[—–]w|--?W|--width|[—–]width)[ =]++(\d{2,5})(?!\S)")
_TALL: Final = re.compile(r"(?<!\S)(?:--h|[—–]h|--?H|--height|[—–]height)[ =]++(\d{2,5})(?!\S)")
_LINE: Final = re.compile(
    r"\n[ \t]*+(aspect ratio|ar|size|seed|steps|cfg scale|cfg)[ \t]*+:[ \t]*+([\d.:xX×]++)[ \t,]*+"
    r"(?=\n|\Z)",
    re.IGNORECASE,
)
_GLUED_FLAG: Final = re.compile(
    rf"(\.(?:png|jpe?g|webp|gif))((?:--|[{DASHES[1:]}])([A-Za-z]{{1,12}})(?![\w&=]))", re.IGNORECASE
)
_BRACKET: Final = re.compile(r"\(|(?<=[^\d\s:(])\s*+:\s*+(?:\d(?:\.\d{1,3})?|\.\d{1,3})\)|\)")
_SIZE: Final = re.compile(r"(\d{2,5})\s*+[xX×:]\s*+(\d{2,5})")
_WORDS: Final = frozenset({"prompt", "positiveprompt"})
_SIDES: Final = frozenset({"width", "height"})
_SETTINGS: Final = _SIDES | {
    flag.name for flag in (RATIO, SEED, STEPS, GUIDANCE, SAMPLER, STRENGTH, NO)
}


def translate(text: str) -> tuple[str, Notes]:
    """A prompt in this grammar's own spelling, and what was read so, one sentence each.

    Args:
        text: A whole prompt as typed.
    """
    read = _read_json(text) if text[:1] in _BEFORE_JSON else None
    if read is None:
        return reword(text)
    text, told = reword(read[0])
    return text, (read[1], *told)


def reword(text: str) -> tuple[str, Notes]:
    """The same for a part of a prompt, in which braces are braces."""
    if not needs_rewording(text):
        return text, ()
    notes: dict[str, None] = {}
    for _ in range(_MOST_READINGS):
        read, told = _reword_once(text)
        notes |= dict.fromkeys(told)
        if read == text:
            break
        text = read
    return text, tuple(notes)


def needs_rewording(text: str) -> bool:
    """Whether there may be anything to find, told by signs that prompts mostly lack."""
    if _ODD.search(text) or "egative" in text or "Steps:" in text or "-h" in text or "-H" in text:
        return True
    if not text.isascii() and ("—h" in text or "–h" in text):
        return True
    if "&" in text and ";" in text:
        return True
    if "://" in text:
        return _GLUED_FLAG.search(text) is not None
    return "/" in text and bool(complete_links(text)[1])


def _reword_once(text: str) -> tuple[str, Notes]:
    notes = list[str]()
    text = strip_markup(strip_signature(text)).replace("：：", "::")
    if "://" in text:
        text = _GLUED_FLAG.sub(_separate_flag, text)
    text, links = complete_links(text)
    for link in dict.fromkeys(links):
        notes.append(Sentence(said.READ_AS, typed=shorten(link), meant=shorten(f"https://{link}")))
    for reading in (_read_labels, _read_sides, _read_brackets):
        read = reading(text)
        if read is not None:
            text, note = read
            notes += [note] if note else []
    return text, tuple(notes)


def _separate_flag(found: re.Match[str]) -> str:
    """A link and the flag that stuck to it."""
    link, flag, name = found.groups()
    return f"{link} {flag}" if name.lower() in BY_NAME else found[0]


def _read_json(text: str) -> tuple[str, str] | None:
    """A JSON object as words and flags."""
    before = _JSON.match(text)
    if before is None:
        return None
    start = text[before.end(1) :]
    try:
        body, end = json.JSONDecoder().raw_decode(start)
    except (ValueError, RecursionError):
        return None
    words, settings = list[str](), list[tuple[str, str]]()
    for key, value in _walk_leaves(body):
        if not value.strip():
            continue
        name = normalize_name(key)
        if name in _WORDS:
            words.insert(0, value)
        elif _find_flag(name) in _SIDES or _format_flags([(key, value)]):
            settings.append((key, value))
        else:
            words.append(f"{key}: {value}" if key else value)
    meant = " ".join(escape(part) for part in (", ".join(words), _format_flags(settings)) if part)
    note = Sentence(said.READ_AS, typed=shorten(start[:end]), meant=shorten(meant))
    return f"{meant} {start[end:].lstrip('`')}".rstrip(), note


def _walk_leaves(body: Any, key: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Every word or number in a JSON value, with the nearest name above it."""
    match body:
        case dict():
            for name, value in body.items():
                yield from _walk_leaves(value, str(name))
        case list():
            if all(isinstance(item, str) for item in body):
                yield key, ", ".join(body)
            else:
                for item in body:
                    yield from _walk_leaves(item, key)
        case bool() | None:
            return
        case _:
            yield key, str(body)


def _read_labels(text: str) -> tuple[str, str] | None:
    """``Negative prompt:`` and settings behind the words, as Stable Diffusion's programs save them.

    What they say that has no flag here is left out.
    """
    settings = list[tuple[str, str]]()
    lines = _LINE.search(text) if "\n" in text else None
    if lines:
        settings += _LINE.findall(text)
        text = _LINE.sub("", text)
    typed = ""
    if steps := _STEPS.search(text):
        line, rest = _split_at_flag(text, steps.start())
        typed, text = line, f"{text[: steps.start()].rstrip()} {rest}".rstrip()
        settings += _parse_settings(line)
    if negative := _NEGATIVE.search(text):
        unwanted, rest = _split_at_flag(text, negative.end())
        typed = typed or text[negative.start() : negative.end()] + unwanted
        text = f"{text[: negative.start()].rstrip(' ,')} {rest}".rstrip()
        settings.insert(0, (NO.name, unwanted))
    elif not (lines or steps):
        return None
    meant = _format_flags(settings)
    if not meant:
        return text, ""
    typed = typed or "; ".join(f"{name}: {value}" for name, value in settings)
    return f"{text} {meant}", Sentence(
        said.READ_AS, typed=shorten(typed.strip()), meant=shorten(meant)
    )


def _split_at_flag(text: str, start: int) -> tuple[str, str]:
    """The text from ``start`` to the next flag, and the rest."""
    flag = _FLAG.search(text, start)
    end = flag.start() if flag else len(text)
    return text[start:end], text[end:]


def _parse_settings(line: str) -> Iterator[tuple[str, str]]:
    """Names and values of ``Steps: 20, Sampler: Euler a``."""
    pairs = dict[str, str]()
    for item in line.split(","):
        name, mark, value = item.partition(":")
        if mark:
            pairs.setdefault(name.strip(), value.strip())
    # AUTOMATIC1111 names the schedule beside the sampler, and here both are one name.
    schedule = pairs.pop("Schedule type", "")
    if schedule == "Karras" and "Sampler" in pairs:
        pairs["Sampler"] += " Karras"
    yield from pairs.items()


def _find_flag(name: str) -> str | None:
    """The flag that a setting of another program, without spaces, is here."""
    row = BY_NAME.get(OTHER_NAMES.get(name, name))
    return row.name if row is not None and row.name in _SETTINGS else None


def _format_flags(settings: Iterable[tuple[str, str]]) -> str:
    """The flags for these settings, without those that have none or whose value has no meaning."""
    flags = dict[str, str]()
    sides = dict[str, str]()
    for key, value in settings:
        name = _find_flag(normalize_name(key))
        if name in _SIDES:
            sides[name] = value
        elif name == NO.name:
            flags[name] = f"--{name} {' '.join(value.split())}" if value.strip(" ,.") else ""
        elif name is not None:
            flags[name] = _format_flag(name, value)
    if len(sides) == len(_SIDES):
        flags[RATIO.name] = _format_flag(RATIO.name, f"{sides['width']}x{sides['height']}")
    return " ".join(filter(None, flags.values()))


def _format_flag(name: str, value: str) -> str:
    """A flag with a value of another program, or nothing if it means nothing here."""
    row = BY_NAME[name]
    if name == RATIO.name and (size := _SIZE.fullmatch(value.strip())):
        # A size in pixels is kept as its ratio: how many pixels there are is the model's matter.
        across, down = int(size[1]), int(size[2])
        shared = math.gcd(across, down) or 1
        value = f"{across // shared}:{down // shared}"
    try:
        meant = row.kind.parse(row.kind.mend(value.strip()))
    except ValueError:
        return ""
    return row.format(meant) if row.allows(meant) else ""


def _read_sides(text: str) -> tuple[str, str] | None:
    """Width and height in pixels as a ratio: beside ``--h``, ``--w`` is no weirdness."""
    wide, tall = _WIDE.search(text), _TALL.search(text)
    if wide is None or tall is None:
        return None
    meant = _format_flag(RATIO.name, f"{wide[1]}x{tall[1]}")
    # Both sides have to be there; one alone is left to mean what it means here.
    rest = _TALL.sub("", _WIDE.sub("", text))
    note = Sentence(said.READ_AS, typed=f"{wide[0]} {tall[0]}", meant=meant)
    return f"{rest.rstrip()} {meant}", note


def _read_brackets(text: str) -> tuple[str, str] | None:
    """The words without ``(`` and ``:1.2)`` around some of them."""
    opened, cuts, first = list[int](), list[tuple[int, int]](), ""
    if "(" not in text:
        return None
    for mark in _BRACKET.finditer(text):
        if mark[0] == "(":
            opened.append(mark.start())
        elif opened:
            start = opened.pop()
            if mark[0] != ")":
                cuts += [(start, start + 1), mark.span()]
                first = first or text[start : mark.end()]
    if not cuts:
        return None
    return _cut_out(text, sorted(cuts)), Sentence(said.BRACKETS, typed=shorten(first))


def _cut_out(text: str, cuts: Iterable[tuple[int, int]]) -> str:
    parts, end = list[str](), 0
    for start, stop in cuts:
        parts.append(text[end:start])
        end = stop
    return "".join((*parts, text[end:]))
