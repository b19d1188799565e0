"""Naming: which part of a picture people mean, told from the words that it was drawn from."""

from typing import Final, Literal

from generation.catalogue.folding import fold
from generation.catalogue.lexicon import ENGLISH, JAPANESE, TRANSLATED, Kind, load_lexicon
from prompt.resolution.meaning import Reading, read_meaning

Part = Literal["figure", "ground"]
"""The one thing that a picture shows, or what stands behind it."""

_STYLES: Final = ()


def name_part(words: str, prompt: str) -> Part | None:
    """The part of a picture that is meant; None where the words cannot tell.

    The one thing that a prompt names is the figure, in whichever languages both name it. Where a
    prompt names several, or words say more than the thing's name and colours, it is left open.

    Args:
        words: What a person calls the part.
        prompt: What the picture was drawn from.
    """
    if _means_ground(words):
        return "ground"
    shown, meant = _read(prompt), _read(words)
    if len(shown.named) != 1 or len(meant.named) != 1 or meant.unknown:
        return None
    # A green apple, which has a name of its own, is an apple.
    colour, thing = shown.named[0].removesuffix(meant.named[0]).strip(), meant.named[0]
    if shown.named[0] != f"{colour} {thing}".strip() or (colour and not _is_colour(colour)):
        return None
    # The green one of red apples is none that there is.
    return None if set(meant.colours) - {*shown.colours, colour} else "figure"


def say_in_english(words: str) -> str:
    """A thing's name in English where all of its words are known, else as it was typed."""
    reading = _read(words)
    said = "".join(word for word, _ in reading.words)
    return said if said and reading.named and not reading.unknown else words


def _read(text: str) -> Reading:
    return read_meaning(text, load_lexicon(), _STYLES)


def _is_colour(word: str) -> bool:
    return any(one.kind is Kind.COLOUR for one in load_lexicon().find(word, ENGLISH))


def _means_ground(words: str) -> bool:
    lexicon = load_lexicon()
    return any(
        meaning.kind is Kind.GROUND
        for language in (ENGLISH, *TRANSLATED)
        for meaning in lexicon.find(words if language == JAPANESE else fold(words), language)
    )
