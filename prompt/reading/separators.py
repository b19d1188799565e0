"""Separators, lone dashes and quotation marks around words, which say nothing: stripped."""

import re
from typing import Final

_OPENING: Final = '([`"“'
DASHES: Final = "-‐‑‒–—―−－"
"""Every character that a keyboard or a web page may make of a hyphen."""

LONE: Final = f" {DASHES}"
"""Characters that say nothing on their own."""

GONE: Final = "\ufffc"
"""Stands where something was taken out, until `close_gaps`; in texts it stands for an object."""

_BEGINNINGS: Final = frozenset(("", "(", "[", "\n"))
_ENDINGS: Final = frozenset(("", ",", ":", ")", "]", "\n"))
_UNSAYABLE: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BETWEEN: Final = " ,;|"
_ENDS: Final = f"{LONE}{_BETWEEN}:"
_CODE: Final = f"`{_BETWEEN}"
_MARKS: Final = '`*"“”'
_SHOWN: Final = 60
_LONGEST_END: Final = 200
_END: Final = re.compile(r"\*\*\s++[-—–]\s++[^*@]*+@[^*]*+\Z")
_ACTION: Final = r"(?:Image #\d|Upscal|Variations|Remix|Zoom|Pan |Make Square|Rerolled)"
_STATE: Final = r"\((?:waiting|paused|stopped|\d{1,3} ?%|fast|relax(?:ed)?|turbo)[^()]{0,16}\)"
_BEFORE_NAME: Final = re.compile(rf"(?<!\S)[-—–]\s++({_ACTION}[^@\n]{{0,40}})?<?\Z", re.IGNORECASE)
_LONGEST_ACTION: Final = 60
_NAME_OF_ACTION: Final = re.compile(rf"@[^\n@()]{{1,40}}(?:\s*+{_STATE})*+\s*+\Z", re.IGNORECASE)
_NAME: Final = re.compile(
    rf"@[^\n@]{{1,40}}?(?:\s*+{_STATE}|\s++(?:-# )?\d++×\d++ · seed [^\n]*+)"
    rf"(?:\s*+{_STATE})*+\s*+\Z",
    re.IGNORECASE,
)


def blank_unprintable(text: str) -> str:
    """``text`` with spaces for characters that cannot be shown."""
    return text if text.isprintable() else _UNSAYABLE.sub(" ", text)


def close_gaps(text: str) -> str:
    """``text`` without what stands for something taken out, nor a comma that came with it."""
    left, *others = text.split(GONE)
    for part in others:
        left, right = left.rstrip(" \t"), part.lstrip(" \t")
        ends, begins = left[-1:] in _BEGINNINGS, right[:1] in _ENDINGS
        if begins:
            left = left.removesuffix(",")
        if ends and right.startswith(","):
            right = right[1:].lstrip(" \t")
        left = f"{left}{'' if ends or begins else ' '}{right}"
    return left


def strip_dashes(text: str) -> str:
    """``text``, of single spaces, without lone dashes at its end: they separate and say nothing."""
    return _strip_end(text, LONE)


def strip_separators(text: str, more: str = "") -> str:
    """``text``, of single spaces, without what separates it from its neighbours and wraps it.

    Args:
        text: Words.
        more: Further characters that may not stand at the end.
    """
    ends = _ENDS + more
    while True:
        words = _strip_end(text.lstrip(_BETWEEN), ends)
        if not words or (words[0] not in _MARKS and words[-1] not in _MARKS and "**" not in words):
            return words
        text = _strip_marks(words)
        if text == words:
            return words


def strip_signature(text: str) -> str:
    """``text`` without the end of a result's message, which people copy: ``** - @ada (fast)``."""
    # Only the end is looked at, so that a long text costs no more than a short one.
    if "@" not in text[-_LONGEST_END:]:
        return text
    while (start := text.rfind("**")) >= 0 and _END.match(text, start):
        text = text[:start]
    end = len(text)
    while (before := _find_plain_end(text, end)) is not None:
        end = before
        while end and text[end - 1] in _ENDS:
            end -= 1
    return text[:end]


def _find_plain_end(text: str, end: int) -> int | None:
    """Where a signature without marks begins that ends at ``end``: looked for around its name."""
    name = text.rfind("@", max(0, end - _LONGEST_END), end)
    if name < 0:
        return None
    before = _BEFORE_NAME.search(text, max(0, name - _LONGEST_ACTION), name)
    if before is None:
        return None
    acted = before[1] is not None and _NAME_OF_ACTION.match(text, name, end)
    return before.start() if acted or _NAME.match(text, name, end) else None


def shorten(text: str) -> str:
    """``text`` on one line, shortened and without back quotes, to be quoted in a sentence."""
    line = " ".join(text.split()).replace("`", "'")
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _strip_marks(text: str) -> str:
    """``text`` without marks of code, and without marks at its ends that lack their other half."""
    text = strip_signature(text)
    # All at once, since by turns a long row of them would take the square of its length.
    text = text.lstrip(_CODE if "”" in text else f"{_CODE}“")
    text = text.rstrip(f"{_CODE}:" if "“" in text else f"{_CODE}:”")
    for mark in ("**", '"'):
        if text.count(mark) == 1 or (mark == "**" and text.strip("*") == text[2:-2]):
            text = text.removeprefix(mark).removesuffix(mark)
    return text


def _strip_end(text: str, ends: str) -> str:
    if text[-1:] not in ends:
        return text
    head = text.rstrip(ends)
    tail = text[len(head) :]
    # A dash right after a word may be part of it, as in a cut-off compound.
    glued = len(tail) - len(tail.lstrip(DASHES)) if head else 0
    return head + tail[:glued]


def drop_opening(words: str) -> str:
    """``words`` without a bracket or quote at their end that opens for the flag after them."""
    opened = words[-1:] in _OPENING and words[-2:-1] in " \n"
    return words[:-1] if opened else words
