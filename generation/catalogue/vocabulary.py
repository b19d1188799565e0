"""Vocabularies: words that are added to a person's own by flags that ask for it.

A family's vocabulary is of words that it understands. Recipes hold a share and seeds, not these
words, so the order and wording of a published table never change: better ones are further tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words for what a person leaves open.

    Attributes:
        taste: The bot's own taste, for ``--stylize``.
        looks: Tables of how a picture may look; ``--chaos`` takes a word of each. Their lengths
            have no common factor, so that seeds go through all combinations.
        ideas: Odd ideas; ``--weird`` takes one.
    """

    taste: str
    looks: tuple[Sequence[str], ...]
    ideas: Sequence[str]


def _read_table(words: str) -> tuple[str, ...]:
    return tuple(" ".join(words.split()).split(", "))


ANY: Final = Vocabulary(
    taste="masterful composition, dramatic light, rich color, intricate detail",
    # Seven, eight and nine: 504 seeds before a combination returns.
    looks=(
        _read_table(
            """
            close-up, wide view, seen from above, seen from below, seen from the side, from afar,
            seen from behind
            """
        ),
        _read_table(
            """
            soft morning light, golden hour, moonlight, neon glow, hard noon light, candlelight,
            overcast, backlit
            """
        ),
        _read_table(
            """
            warm earth tones, cool blues, pastel colors, black and white, teal and orange, muted
            greens, red and gold, pink and violet, deep jewel tones
            """
        ),
    ),
    ideas=_read_table(
        """
        made of glass, melting, overgrown with moss, folded out of paper, as a giant clockwork,
        upside down, woven from threads, floating in pieces, with far too many eyes, built of
        bones, dissolving into birds, in a broken mirror, tangled in wires, made of water, grown
        from coral, turned inside out, made of smoke, covered in tiny doors, as a constellation
        """
    ),
)
"""For models that understand sentences."""

SMALL: Final = Vocabulary(
    # Words from its own training captions; what it has not seen it draws as debris. Of these, 3d
    # alone adds to a thing without changing what stands behind it.
    taste="3d style",
    looks=(
        _read_table("3d style, line art style, pixel art style, flat style"),
        _read_table(
            """
            yellow background, blue background, green background, pink background, orange
            background
            """
        ),
    ),
    ideas=_read_table(
        """
        purple, blue, pink, green, black, white, purple line art style, blue pixel art style,
        green flat style, pink line art style, black background
        """
    ),
)
"""For the bundled model, which knows things, colours and styles."""
