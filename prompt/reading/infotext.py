"""Infotext: prompt, ``Negative prompt:`` and settings as Stable Diffusion's programs save them.

AUTOMATIC1111 writes the settings on one line with commas between; other programs and web pages
write a label a line, in bold or as a list, and a slash command makes one line of it all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prompt import sentences as said
from prompt.flags.table import NO
from prompt.reading.separators import DASHES, shorten
from prompt.reading.settings import (
    MEANINGLESS,
    Pair,
    find_flag,
    find_meaningless,
    format_setting,
    format_settings,
)
from prompt.sentences import Sentence

_NEGATIVE: Final = ("negative prompts", "negative prompt", "negative_prompt", "undesired content")
_POSITIVE: Final = ("positive prompt", "positive_prompt", "prompt")
_SETTINGS: Final = (
    "aspect ratio", "ar", "aspect", "batch size", "cfg", "cfg scale", "denoise",
    "denoising strength", "guidance", "guidance scale", "image size", "resolution", "sampler",
    "sampler name", "sampling method", "sampling steps", "seed", "size", "steps",
)  # fmt: skip
_LABELS: Final = sorted({*_NEGATIVE, *_POSITIVE, *_SETTINGS, *MEANINGLESS}, key=len, reverse=True)
_AROUND: Final = r"[*_`]{0,3}"
_BACKWARDS: Final = re.compile(r"[:：](?<!:[:：])[ \t]?[*`]{0,3}+(\w++)")
"""A colon and the word before it, in a text that is read from its end: few words have a colon."""

_BEHIND: Final = re.compile(_AROUND)
_OPEN: Final = re.compile(r"(?<![\w-])[*_`]{0,3}\Z")
_BY_LAST_WORD: Final[Mapping[str, Sequence[str]]] = {
    last: [label for label in _LABELS if label.split(" ")[-1] == last]
    for last in {label.split(" ")[-1] for label in _LABELS}
}
"""Labels by the word before their colon, the longest first: most colons are no label's."""

_LINE_SIDE: Final = re.compile(
    rf"(?:\A|\n)[ \t>*•·-]*+{_AROUND}(negative|positive){_AROUND}[ \t]?[:：](?!:){_AROUND}",
    re.IGNORECASE,
)
_ROW: Final = re.compile(
    r"(?:\A|\n)[ \t]*+\|[ \t]*+([A-Za-z][\w ]{1,40}+)\|([^|\n]*+)\|[ \t]*+(?=\n|\Z)"
)
"""A row of a table with a label and its value."""

_OTHER: Final = re.compile(r"[,\n][ \t]*+([A-Z][\w /-]{1,40}):(?!:)")
_STEPS: Final = re.compile(r"Steps:\s*+\d++\s*+(?:,|\Z)")
_FLAG: Final = re.compile(rf"\s(?:--|[{DASHES[1:]}])[A-Za-z]")
_QUOTED: Final = re.compile(r'\s*+"((?:[^"\\]|\\.)*+)"')
_STRUCTURED: Final = re.compile(r"\s*+[\[{]")
_ENDS: Final = " \t\n,;|*_`•·"
_STRONG: Final = 2
_MOST_LABELS: Final = 250
"""With more labels than this nobody wrote them for what they say."""


@dataclass(frozen=True, slots=True)
class _Label:
    """A label in a text: its name in lower case, where it starts, and where its value does."""

    name: str
    start: int
    end: int


def read_infotext(text: str) -> tuple[str, tuple[str, ...]] | None:
    """The words with flags for what the labels say, and what was read so; None without labels.

    Settings that mean nothing here are left out and told.
    """
    if "|" in text:
        text = _ROW.sub(r"\n\1: \2", text)
    labels = _find_labels(text)
    if not labels or not _is_infotext(text, labels):
        return None
    end = _find_end(text, labels)
    words, settings, ignored = [text[: labels[0].start]], list[Pair](), list[str]()
    unwanted = list[Pair]()
    for place, label in enumerate(labels):
        stop = labels[place + 1].start if place + 1 < len(labels) else end
        value = text[label.end : stop]
        if label.name in _POSITIVE:
            words.append(value)
        elif label.name in _NEGATIVE:
            unwanted.append((NO.name, _strip(value).rstrip(" -")))
        else:
            value, others = _split_value(value)
            ignored += [name for name in others if name not in ignored]
            name = text[label.start : label.end].strip(f"{_ENDS}:：")
            if find_flag(name) or label.name == "schedule type":
                settings.append((name, value))
            else:
                ignored.append(name)
    settings = [*unwanted, *settings]
    meant = format_settings(settings)
    ignored += find_meaningless(settings)
    rest = " ".join(filter(None, (_strip(part).rstrip(" -\n") for part in words)))
    typed = " ".join(text[labels[0].start : end].split())
    return f"{rest} {meant}{text[end:]}".strip(), _tell(typed, meant, ignored)


def _strip(text: str) -> str:
    """A part without what separates it from the labels around it."""
    text = text.strip(_ENDS).lstrip(f"{_ENDS}>")
    # The mark of a quotation; that of a tag's end stands right behind the tag.
    while text.endswith(">") and text[-2:-1] in " \n>":
        text = text[:-1].rstrip(_ENDS)
    return text


def _tell(typed: str, meant: str, ignored: list[str]) -> tuple[str, ...]:
    notes = []
    if meant:
        notes.append(Sentence(said.READ_AS, typed=shorten(typed), meant=shorten(meant)))
    if ignored:
        names = shorten(", ".join(dict.fromkeys(ignored)))
        notes.append(Sentence(said.LEFT_OUT_HERE, typed=names))
    return tuple(notes)


def _find_labels(text: str) -> list[_Label]:
    """The labels in order; ``Prompt:`` counts only where it comes first or begins a line."""
    if ":" not in text and "：" not in text:
        return []
    length = len(text)
    named = [
        (length - one.end(), length - one.start(1), length - one.start())
        for one in _BACKWARDS.finditer(text[::-1])
        if one[1][::-1].strip("_").lower() in _BY_LAST_WORD
    ]
    if len(named) > _MOST_LABELS:
        return []
    found = list(filter(None, (_read_label(text, *each) for each in named)))
    low = text.lower()
    if "negative" in low or "positive" in low:
        found += (
            _Label(f"{one[1].lower()} prompt", one.start(1), one.end())
            for one in _LINE_SIDE.finditer(text)
        )
    found.sort(key=lambda label: label.start)
    return [label for label in found if label.name not in _POSITIVE or _begins(text, label)]


def _read_label(text: str, first: int, last: int, colon: int) -> _Label | None:
    """The label whose last word stands before a colon, if it is one's.

    Args:
        text: The whole text.
        first: Where the word starts.
        last: Where it ends.
        colon: Where the text goes on behind the colon.
    """
    word = text[first:last].rstrip("_")
    end = first + len(word)
    for label in _BY_LAST_WORD[word.lstrip("_").lower()]:
        start = end - len(label)
        if start >= 0 and text[start:end].lower() == label:
            before = _OPEN.search(text, max(0, start - 4), start)
            behind = _BEHIND.match(text, colon)
            if before is not None and behind is not None:
                return _Label(label, before.start(), behind.end())
    return None


def _begins(text: str, label: _Label) -> bool:
    before = text[: label.start].rstrip(" \t*_`•·>-#")
    return not before or before[-1] == "\n"


def _is_infotext(text: str, labels: list[_Label]) -> bool:
    """Whether the labels are settings, and not words of a prompt that have a colon behind them."""
    if any(label.name in _NEGATIVE for label in labels) or _STEPS.search(text):
        return True
    valid = [label for label in labels if _is_valid(text, label)]
    whole = [label for label in valid if _begins(text, label) and "\n" in text]
    return len({label.name for label in valid}) >= _STRONG or bool(whole)


def _is_valid(text: str, label: _Label) -> bool:
    name = find_flag(label.name)
    if name is None or text[label.start].islower():
        return name is not None and _begins(text, label) and "\n" in text
    first = text[label.end : label.end + 40].split("\n", 1)[0].split(",", 1)[0].strip(_ENDS)
    return bool(format_setting(name, first) or format_setting(name, first.split(" ", 1)[0]))


def _find_end(text: str, labels: list[_Label]) -> int:
    """Where flags begin that were typed behind it all."""
    flag = _FLAG.search(text, labels[-1].end)
    return flag.start() if flag else len(text)


def _split_value(text: str) -> tuple[str, list[str]]:
    """A setting's value, and the names of unknown settings behind it."""
    others = [each[1] for each in _OTHER.finditer(text)]
    if quoted := _QUOTED.match(text):
        return quoted[1], others
    if _STRUCTURED.match(text):
        return text, []
    value = (
        text.split("\n", 1)[0]
        if text.strip(" \t").startswith("(")
        else re.split(r"[,\n]", text.lstrip(), maxsplit=1)[0]
    )
    return value.strip(_ENDS).rstrip(" -"), others
