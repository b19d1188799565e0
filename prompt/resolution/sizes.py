"""Size: the ratio that was typed, else that of the image that pictures are made from, else 1:1."""

from collections.abc import Mapping
from typing import Any

from generation.catalogue.card import Card
from generation.derive import REDRAWN
from generation.recipe import Inputs, Size, Structure
from prompt import sentences as said
from prompt.flags.table import HD, RATIO
from prompt.sentences import Sentence

Shapes = Mapping[str, tuple[int, int]]
"""Width and height in pixels of images, by their SHA-256."""


def read_size(
    values: Mapping[str, Any], card: Card, shape: tuple[int, int] | None
) -> tuple[Size, tuple[str, ...]]:
    """How large pictures are drawn, and a sentence if an image is longer than the family draws.

    Args:
        values: The prompt's flags.
        card: The family that will draw.
        shape: Width and height of the image that the pictures are made from; None if from none.
    """
    ratio = RATIO.of(values)
    across, down = map(float, ratio or shape or (1, 1))
    told: tuple[str, ...] = ()
    if ratio is None and max(across, down) > card.longest_ratio * min(across, down):
        across, down = (card.longest_ratio, 1) if across > down else (1, card.longest_ratio)
        limit, model = f"{card.longest_ratio:g}", Sentence(card.title)
        told = (Sentence(said.IMAGE_LONG, model=model, limit=limit),)
    width, height = card.size(across, down)
    return Size(width=width, height=height, refinement=REDRAWN if HD.of(values) else 0.0), told


def find_shape(
    inputs: Inputs, structure: Structure | None, shapes: Shapes
) -> tuple[int, int] | None:
    """The shape of the image that pictures are made from: of several, the first.

    What only lends its style, a person or a thing has no say in the shape.
    """
    kept = (structure.image,) if structure else ()
    return next((shapes[one] for one in (*inputs.images, *kept) if one in shapes), None)
