"""Asides: what of an English prompt is about the picture rather than in it.

People ask DALL·E to *create a wide image of a fox*, and *there are no people in it*. Elsewhere the
fox is what is to be said, the width has a setting, and people are unwanted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SHAPES: Final[Mapping[str, tuple[int, int]]] = {
    "wide": (3, 2), "landscape": (3, 2), "horizontal": (3, 2),
    "tall": (2, 3), "portrait": (2, 3), "vertical": (2, 3),
    "square": (1, 1),
}  # fmt: skip
_SHAPE: Final = rf"(?P<shape>{'|'.join(_SHAPES)})"
_PICTURE: Final = r"(?:aspect ratio|format|image|orientation|picture)"
_HEAD: Final = re.compile(
    r"(?:please )?(?:create|design|draw|generate|give me|imagine|i want|i'd like|make)(?: me)? "
    rf"(?=(?:an?|the) )(?:an? (?:{_SHAPE} )?(?:image|picture) (?:of|showing|with) )?",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    rf"(?:(?<=[.,!?])|^)\s*(?:in )?(?:an? )?{_SHAPE} {_PICTURE}(?:, (?P<ratio>\d+:\d+))?\.?\s*\Z",
    re.IGNORECASE,
)
_NONE: Final = re.compile(
    r"(?:(?<=[.!?])|^)\s*(?:there (?:is|are) no|no|without(?: any)?) (?P<what>[\w-]+(?: [\w-]+)?"
    r"(?:(?:,| or|, or| and)(?: no)? [\w-]+(?: [\w-]+)?)*?)"
    rf"(?: (?:in|anywhere in|on|within) (?:it|the (?:background|scene|{_PICTURE})))?[.!]?(?=\s|\Z)"
    r"(?<=[.!])",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"(?:no|without(?: any)?) (?P<what>[\w-]+(?: [\w-]+)?)", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r",? (?:or|and) (?:no )?|, (?:no )?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asides:
    """A prompt's words, and what they asked for besides.

    Attributes:
        text: What is to be shown.
        ratio: Width to height; None where that was not said.
        unwanted: What is not to be there.
    """

    text: str
    ratio: tuple[int, int] | None = None
    unwanted: tuple[str, ...] = ()


def read_asides(text: str) -> Asides:
    """What sentences ask for besides what they show."""
    ratio: tuple[int, int] | None = None
    if head := _HEAD.match(text):
        ratio = _read_shape(head)
        rest = text[head.end() :]
        text = rest[:1].upper() + rest[1:] if text[:1].isupper() else rest
    unwanted = list[str]()

    def take(found: re.Match[str]) -> str:
        unwanted.extend(_SEPARATOR.split(found["what"]))
        return ""

    text = _NONE.sub(take, text)
    if tail := _TAIL.search(text):
        ratio = _read_shape(tail) or ratio
        text = text[: tail.start()].rstrip(" ,")
    return Asides(text.strip(), ratio, tuple(unwanted))


def read_refusal(tag: str) -> str:
    """What a tag such as ``no people`` refuses; empty where it is none."""
    found = _TAG.fullmatch(tag.strip())
    return found["what"] if found else ""


def _read_shape(found: re.Match[str]) -> tuple[int, int] | None:
    groups = found.groupdict()
    if groups.get("ratio"):
        across, down = map(int, groups["ratio"].split(":"))
        return (across, down) if across and down else None
    return _SHAPES[groups["shape"].lower()] if groups.get("shape") else None
