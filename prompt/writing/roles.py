"""Roles: what a tag is for, by its last words in English, and how a sentence has it.

A tag tells what is shown, unless it is the name of a medium or a style, of a light, or of how a
picture is taken. Each of these stands in a sentence of its own, with the small words that it needs.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

_MOST_WORDS: Final = 4
"""Words of a tag at most that is for anything else than what is shown."""

_COUNTED: Final = (
    "art nouveau poster|cartoon|charcoal sketch|collage|comic|digital painting|drawing|engraving|"
    "etching|illustration|ink drawing|linocut|(?:matte |oil |watercolou?r )?painting|paper cut|"
    "pencil sketch|photo(?:graph)?|poster|print|(?:3d )?render|sketch|woodblock print|woodcut"
)
_MATERIALS: Final = (
    "charcoal|concept art|digital art|gouache|ink|line ?art|oil on canvas|pastel|pencil|"
    "photography|pixel art|sumi-e|vector art|watercolou?r"
)
_STYLES: Final = (
    "anime|art deco|art nouveau|baroque|cyberpunk|film noir|low poly|manga|minimalist|minimalistic|"
    "noir|photorealistic|realistic|steampunk|surreal|ukiyo-e|vaporwave|(?:8|16|32)-?bit"
)
_MANNERS: Final = (
    "brutalism|constructivism|cubism|expressionism|fauvism|futurism|hyperrealism|impressionism|"
    "minimalism|pointillism|realism|romanticism|surrealism|symbolism"
)
_MEDIUM: Final = re.compile(rf"(?:{_COUNTED}|{_MATERIALS})", re.IGNORECASE)
MADE: Final = re.compile(
    rf"\b(?:{_COUNTED}|{_MATERIALS}|anime|manga|ukiyo-e|stained glass|photorealistic)\b",
    re.IGNORECASE,
)
"""Words that say of what a picture is made, wherever they stand."""

_STYLE: Final = re.compile(
    rf"(?:(?:\S+ ){{1,3}}style|(?:{_STYLES})|(?:{_MANNERS})|black and white|monochrome|sepia|"
    r"(?:\S+ )?(?:colou?rs|palette|tones))",
    re.IGNORECASE,
)
_LIGHT: Final = re.compile(
    r"(?:\S+ ){0,3}(?:backlit|backlight|candlelight|daylight|dusk|glow|golden hour|light|lighting|"
    r"lights|moonlight|neon signs|overcast sky|shadows|sunlight|sunrise|sunset|twilight)",
    re.IGNORECASE,
)
_CAMERA: Final = re.compile(
    r"(?:\S+ ){0,3}(?:angle|bokeh|close-up|closeup|composition|depth of field|film|fisheye|focus|"
    r"isometric|lens|long exposure|macro|\d+ ?mm|perspective|shot|symmetrical|telephoto|"
    r"tilt[ -]shift|view)",
    re.IGNORECASE,
)
_JOINED: Final = re.compile(r"\b(?:at|by|from|in|into|on|over|through|under|with)\b", re.IGNORECASE)
"""A tag with one of these says more than its last words."""

_VOWEL: Final = re.compile(r"[aeio8]|u(?!k|ni|s)", re.IGNORECASE)
_ARTICLE: Final = re.compile(r"(?:an?|the|his|her|its|their|one|two|three)\s", re.IGNORECASE)


_BARE: Final = frozenset(
    {
        "angle", "colors", "colours", "composition", "film", "focus", "glow", "lens", "light",
        "lighting", "lights", "palette", "perspective", "shadows", "shot", "tones", "view",
    }
)  # fmt: skip
"""Words that tell nothing of a light or a shot by themselves, and may be things."""


class Role(StrEnum):
    """How the sentence begins that says tags of one role."""

    MEDIUM = "Made"
    LIGHT = "Seen"
    CAMERA = "Taken"


def find_role(tag: str) -> Role | None:
    """What a tag is for; None for what is shown."""
    if len(tag.split()) > _MOST_WORDS or _JOINED.search(tag) or tag.lower() in _BARE:
        return None
    for pattern, role in ((_MEDIUM, Role.MEDIUM), (_STYLE, Role.MEDIUM), (_LIGHT, Role.LIGHT),
                          (_CAMERA, Role.CAMERA)):  # fmt: skip
        if pattern.fullmatch(tag):
            return role
    return None


def say_role(tag: str, role: Role) -> str:
    """A tag with the small words that it needs behind its role's beginning."""
    match role:
        case Role.MEDIUM:
            return _say_medium(tag)
        case Role.LIGHT:
            return _say_last(tag, _LIT, "in {}")
        case Role.CAMERA:
            return _say_last(tag, _SHOT, "with {}")


_LIT: Final[Mapping[str, str]] = {
    r"golden hour|dusk|sunrise|sunset|twilight": "at {}",
    r"overcast sky": "under {a}",
    r"shadows": "with {}",
    r"neon signs": "lit by {}",
    r"backlit": "{}",
    r"glow": "in {a}",
}
_SHOT: Final[Mapping[str, str]] = {
    r"(?:close-?up|shot|view|composition|exposure|macro)": "as {a}",
    r"focus|perspective": "in {}",
    r"angle": "from {a}",
    r"lens": "with {a}",
    r"mm|fisheye|telephoto|tilt[ -]shift": "with {a} lens",
    r"film": "on {}",
    r"isometric": "in {} view",
    r"symmetrical": "as {a} composition",
}


def _say_last(tag: str, table: Mapping[str, str], usual: str) -> str:
    form = next(
        (form for end, form in table.items() if re.search(rf"(?:{end})\Z", tag, re.IGNORECASE)),
        usual,
    )
    return form.format(tag, a=_add_article(tag))


def _say_medium(tag: str) -> str:
    if re.fullmatch(_COUNTED, tag, re.IGNORECASE):
        return f"as {_add_article(tag)}"
    if re.fullmatch(_STYLES, tag, re.IGNORECASE):
        return f"in {_add_article(tag)} style"
    if re.fullmatch(_MANNERS, tag, re.IGNORECASE):
        return f"in the manner of {tag}"
    if tag.lower().endswith("palette"):
        return f"in {_add_article(tag)}"
    return f"in {tag}"


def _add_article(tag: str) -> str:
    if _ARTICLE.match(tag):
        return tag
    return f"{'an' if _VOWEL.match(tag) else 'a'} {tag}"
