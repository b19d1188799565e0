"""The looks that have a word, and what else people call them."""

import re
from collections.abc import Collection
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
    word: look for look in LOOKS for word in (look, *ALSO.get(look, ()), look.replace("-", " "))
}
# The longest first, so that "pencil drawing" is not read as "pencil" and something unknown.
_SPOKEN: Final = re.compile(
    # Whole words, hyphens included: neither the ink in pink nor the oil in oil-free.
    r"(?<![\w-])(?:"
    + "|".join(re.escape(word) for word in sorted(_NAMES, key=len, reverse=True))
    + r")(?![\w-])",
    re.IGNORECASE,
)
_WEIGHT: Final = re.compile(r"::\s*-?[\d.]*")
# Words that wishes are phrased in; to report them as not understood would be noise.
_FILLING: Final = frozenset(
    re.split(
        " ",
        "a an the this that my it its of in at on as by with into to and or but for from is be make"
        " turn made please picture image photo style styled look looking like effect version very",
    )
)


def find_unknown(prompt: str, known: Collection[str]) -> tuple[str, ...]:
    """The words of a prompt that a model which knows only some looks does nothing with.

    Args:
        prompt: As a person typed it, perhaps with weights such as ``::2``.
        known: The looks that the model knows.
    """
    looks, rest = find_looks(_WEIGHT.sub(" ", prompt))
    # A photograph is what such a model starts from, so the word asks for nothing that it lacks.
    return (*(look for look in looks if look not in {*known, PLAIN}), *rest)


def find_looks(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a text says of looks: their words as in ``LOOKS``, and words that are of none.

    Args:
        text: As a person types it, such as "my cat as a watercolor at night".

    Returns:
        Looks in the order of their naming, each once; and words that are neither a look nor
        filling, likewise.
    """
    looks = dict.fromkeys(_NAMES[found.lower()] for found in _SPOKEN.findall(text))
    rest = re.findall(r"[^\W_][\w'-]*", _SPOKEN.sub(" ", text).lower())
    return tuple(looks), tuple(dict.fromkeys(word for word in rest if word not in _FILLING))
