"""The looks that have a word, and what else people call them."""

import re
from typing import Final

DRAWN: Final = ("3d", "flat", "line art", "pixel art")
"""How drawings are made. Pixel art is also a medium of photographs, and the same look."""

MEDIA: Final = (
    "watercolour",
    "oil painting",
    "pencil sketch",
    "ink comic",
    "anime",
    "pixel art",
    "woodblock print",
    "crayon",
)
"""What a photograph may become."""

LIGHTS: Final = ("night", "golden hour", "blue hour", "spring", "autumn", "winter", "fog")
"""The hour, season or weather that a photograph may be moved to, beside any medium."""

PLAIN: Final = "photograph"

CELL: Final = 4
"""Pixels along each side of a cell of pixel art, as drawings of 128 pixels are taught."""

LOOKS: Final = (*DRAWN, *(word for word in MEDIA if word not in DRAWN), *LIGHTS, PLAIN)
"""All of them; a look's place here is its row in the denoiser's table."""

ALSO: Final = {
    "watercolour": ("watercolor", "aquarelle", "water colour", "water color"),
    "oil painting": ("oil", "oil paint", "oils", "impasto", "painting", "painted"),
    "pencil sketch": ("pencil", "sketch", "graphite", "charcoal", "pencil drawing"),
    "ink comic": ("ink", "comic", "comic book", "cartoon", "pop art", "pen and ink"),
    "anime": ("manga", "cel shaded", "cel shading", "cel", "animation"),
    "pixel art": ("pixelated", "pixels", "8-bit", "8 bit", "16-bit", "voxel"),
    "woodblock print": ("woodblock", "woodcut", "ukiyo-e", "ukiyo e", "ukiyoe", "block print"),
    "crayon": ("crayons", "wax crayon", "pastel", "chalk"),
    "night": ("at night", "nighttime", "midnight", "moonlit", "moonlight"),
    "golden hour": ("sunset", "sunrise", "golden light", "evening sun", "warm light"),
    "blue hour": ("dusk", "twilight", "dawn"),
    "spring": ("springtime", "blossom", "cherry blossom"),
    "autumn": ("fall colours", "fall colors", "autumnal", "fall foliage"),
    "winter": ("snow", "snowy", "wintry", "snowfall"),
    "fog": ("foggy", "mist", "misty", "haze", "hazy"),
    "photograph": ("photo", "photographic", "realistic"),
    "3d": ("three-dimensional", "3-d", "clay"),
    "flat": ("flat design", "vector"),
    "line art": ("outline", "lineart", "line drawing", "linework"),
}

_NAMES: Final = {
    word: look
    for look in LOOKS
    for word in (look, *ALSO.get(look, ()), look.replace("-", " "), look.replace(" ", "-"))
}
# The longest first, so that "pencil drawing" is not read as "pencil" and something unknown.
_SPOKEN: Final = re.compile(
    # Whole words, hyphens included: neither the ink in pink nor the oil in oil-free.
    r"(?<![\w-])(?:"
    + "|".join(re.escape(word) for word in sorted(_NAMES, key=len, reverse=True))
    + r")(?![\w-])",
    re.IGNORECASE,
)

_SMALL: Final = re.compile(r"\b(?:an?|the|as|in|at|on|of|style|like|by)\b", re.IGNORECASE)


def find_looks(text: str) -> tuple[str, ...]:
    """The looks that a text names in English, as in ``LOOKS``, in the order of their naming.

    Args:
        text: As a person types it, such as "my cat as a watercolor at night".
    """
    return tuple(dict.fromkeys(_NAMES[found.lower()] for found in _SPOKEN.findall(text)))


def read_look(text: str) -> str | None:
    """The look that a text names, if it names one and says nothing else.

    Args:
        text: Such as "in the style of an oil painting" or "3d style".
    """
    bare = " ".join(_SMALL.sub(" ", text).lower().split())
    return _NAMES.get(" ".join(text.lower().split())) or _NAMES.get(bare)
