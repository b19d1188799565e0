"""Styles by number: a code stands for the same style words on every server and every model.

A code is spread by SHA-256 over tables of words: one word of each table. The words come after the
person's own, so that any model draws them as well as it understands them, and nothing need be
stored or shared but the number. The tables of a version never change, or codes that people wrote
down would come to mean something else; better ones are a new version.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from generation.recipe import Phrase

VERSION: Final = 1
"""Version of the tables."""


def _read_table(words: str) -> tuple[str, ...]:
    return tuple(" ".join(words.split()).split(", "))


_MEDIA: Final = _read_table(
    """
    3d render, oil painting, watercolor, line art, pixel art, flat vector illustration,
    gouache, charcoal drawing, woodblock print, linocut, ink wash painting, pastel drawing,
    colored pencil drawing, paper collage, stained glass, claymation, embroidery, mosaic,
    risograph print, screen print, film photograph, studio photograph, polaroid, double
    exposure, comic book panel, manga, children's book illustration, art deco poster,
    fresco, etching, low poly, isometric illustration
    """
)
_PALETTES: Final = _read_table(
    """
    warm earth tones, cool blues, black and white, sepia, pastel colors, neon colors, muted
    greens, red and gold, teal and orange, pink and violet, deep jewel tones, desaturated
    colors, primary colors, monochrome blue, autumn colors, sunset gradient, cream and
    brown, silver and grey, emerald and copper, candy colors
    """
)
_LIGHTS: Final = _read_table(
    """
    soft morning light, golden hour, hard noon light, moonlight, candlelight, neon glow,
    backlit, rim light, overcast light, dappled shade, spotlight, foggy light, even light,
    long shadows, glowing from within, low key lighting
    """
)
_HANDS: Final = _read_table(
    """
    bold outlines, visible brush strokes, fine cross-hatching, stippled dots, smooth
    gradients, rough paper texture, film grain, sharp geometric shapes, flowing curves,
    thick impasto, flat shapes, delicate details, loose and sketchy, layered transparency,
    ornate patterns, minimal and empty space, halftone, glitchy edges, soft blur, dense
    decoration
    """
)
_MOODS: Final = _read_table(
    """
    serene, melancholic, playful, mysterious, dreamy, dramatic, nostalgic, whimsical,
    austere, romantic, eerie, heroic, cozy, surreal, solemn, joyful
    """
)
TABLES: Final[tuple[Sequence[str], ...]] = (_MEDIA, _PALETTES, _LIGHTS, _HANDS, _MOODS)
"""What a style is made of, a word of each."""


def list_words(code: int) -> str:
    """The style that a code stands for, as words that go behind a prompt.

    Args:
        code: Any whole number from 0.
    """
    # The version is part of the text, so that new tables give each code a wholly new style.
    spread = hashlib.sha256(f"easel style {VERSION}: {code}".encode()).digest()
    # Four bytes a table: 2**32 is so many times a table's length that no word is favoured.
    picks = (int.from_bytes(spread[4 * k : 4 * k + 4], "big") for k in range(len(TABLES)))
    return ", ".join(table[pick % len(table)] for table, pick in zip(TABLES, picks, strict=True))


def read_code(number: int) -> int:
    """A code drawn with a random number, so that the same number draws the same code."""
    # Another text than for codes: a seed and a code of the same number have nothing in common.
    spread = hashlib.sha256(f"easel random style: {number}".encode()).digest()
    return int.from_bytes(spread[:4], "big")


def apply_styles(
    phrases: Sequence[Phrase], styles: Sequence[tuple[str, float]], share: float
) -> tuple[Phrase, ...]:
    """Phrases in styles: each wanted phrase with the words of each style behind it.

    A phrase keeps its weight; it is divided between the styles by theirs, and what ``share`` leaves
    goes to the phrase as it was.

    Args:
        phrases: The person's words.
        styles: Words of each style and its weight above 0.
        share: How much of the styles counts, from 0 to 1.
    """
    total = sum(weight for _, weight in styles)
    if not share or not total:
        return tuple(phrases)
    made = []
    # Images alone may be drawn from, and then a style is all the words there are.
    for phrase in phrases or (Phrase(text=""),):
        # With a phrase that is pushed away the style would be pushed away, too.
        if phrase.weight <= 0:
            made.append(phrase)
            continue
        # At a full share nothing is left for the phrase as it was.
        if share < 1:
            made.append(replace(phrase, weight=phrase.weight * (1 - share)))
        made += [
            replace(
                phrase,
                text=", ".join(filter(None, (phrase.text, words))),
                weight=phrase.weight * share * weight / total,
            )
            for words, weight in styles
        ]
    return tuple(made)
