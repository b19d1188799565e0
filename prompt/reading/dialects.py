"""Dialects: how other programs write what this grammar has flags for.

Stable Diffusion's users paste ``(word:1.2)``, ``Negative prompt:`` and a line of settings; those of
FLUX and of web services paste JSON. What has a flag becomes that flag, and the person is told.
"""

import re
from typing import Final

from prompt import sentences as said
from prompt.flags.table import BY_NAME, RATIO
from prompt.reading.constructs import translate_braces, translate_constructs
from prompt.reading.infotext import read_infotext
from prompt.reading.markup import complete_links, strip_markup
from prompt.reading.saved_json import BEFORE as BEFORE_JSON
from prompt.reading.saved_json import read_json
from prompt.reading.separators import DASHES, shorten, strip_signature
from prompt.reading.settings import format_setting
from prompt.sentences import Sentence

Notes = tuple[str, ...]

_ODD: Final = re.compile(
    "[<\\\\|~`([\n：（\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_LABELS: Final = re.compile(r"egative|[Ss]teps:|[Ss]eed:|[Ss]ampl|CFG|[Uu]ndesired")
_MOST_READINGS: Final = 4
_WIDE: Final = re.compile(r"(?<!\S)(?:--w|[—–]w|--?W|--width|[—–]width)[ =]++(\d{2,5})(?!\S)")
_TALL: Final = re.compile(r"(?<!\S)(?:--h|[—–]h|--?H|--height|[—–]height)[ =]++(\d{2,5})(?!\S)")
_GLUED_FLAG: Final = re.compile(
    rf"(\.(?:png|jpe?g|webp|gif))((?:--|[{DASHES[1:]}])([A-Za-z]{{1,12}})(?![\w&=]))", re.IGNORECASE
)


def translate(text: str) -> tuple[str, Notes]:
    """A prompt in this grammar's own spelling, and what was read so, one sentence each.

    Args:
        text: A whole prompt as typed.
    """
    read = read_json(text) if text[:1] in BEFORE_JSON else None
    if read is None:
        return reword(translate_braces(text) if "{" in text or "::" in text else text)
    text, told = reword(read[0])
    return text, (*read[1], *told)


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
    if _ODD.search(text) or "++" in text or "__" in text or "BREAK" in text or " AND " in text:
        return True
    if ":" in text and _LABELS.search(text):
        return True
    if _has_height(text):
        return True
    if "&" in text and ";" in text:
        return True
    if "://" in text:
        return _GLUED_FLAG.search(text) is not None
    return "/" in text and bool(complete_links(text)[1])


def _has_height(text: str) -> bool:
    """Whether there may be a height in pixels."""
    if "-h" in text or "-H" in text:
        return True
    return not text.isascii() and ("—h" in text or "–h" in text)


def _reword_once(text: str) -> tuple[str, Notes]:
    notes = list[str]()
    text = strip_markup(strip_signature(text)).replace("：：", "::")
    if "://" in text:
        text = _GLUED_FLAG.sub(_separate_flag, text)
    text, links = complete_links(text)
    for link in dict.fromkeys(links):
        notes.append(Sentence(said.READ_AS, typed=shorten(link), meant=shorten(f"https://{link}")))
    # Labels first, so that it is known where the words end.
    for reading in (read_infotext, translate_constructs, _read_sides):
        read = reading(text)
        if read is not None:
            text, told = read
            notes += told
    return text, tuple(notes)


def _separate_flag(found: re.Match[str]) -> str:
    """A link and the flag that stuck to it."""
    link, flag, name = found.groups()
    return f"{link} {flag}" if name.lower() in BY_NAME else found[0]


def _read_sides(text: str) -> tuple[str, Notes] | None:
    """Width and height in pixels as a ratio: beside ``--h``, ``--w`` is no weirdness."""
    if not _has_height(text):
        return None
    wide, tall = _WIDE.search(text), _TALL.search(text)
    if wide is None or tall is None:
        return None
    meant = format_setting(RATIO.name, f"{wide[1]}x{tall[1]}")
    # Both sides have to be there; one alone is left to mean what it means here.
    rest = _TALL.sub("", _WIDE.sub("", text))
    note = Sentence(said.READ_AS, typed=f"{wide[0]} {tall[0]}", meant=meant)
    return f"{rest.rstrip()} {meant}", (note,)
