"""Image prompts in a recipe: a start, a blend, images to edit, one whose structure is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from generation.catalogue.card import Card
from generation.controls import (
    factor_for_image_weight,
    scale_for_image_weight,
    strength_for_image_weight,
)
from generation.recipe import (
    Ingredient,
    Inputs,
    Start,
    Structure,
    StructureKind,
)
from prompt.flags.table import (
    CONTROL,
    CONTROL_END,
    CONTROL_SCALE,
    EDIT,
    IMAGE_WEIGHT,
    STRENGTH,
)
from prompt.reading.grammar import Prompt
from prompt.resolution.notes import keeps_image
from prompt.resolution.references import (
    StoredImages,
    collect_edited,
)

_One = TypeVar("_One")


def select_painted(prompt: Prompt, images: Sequence[_One]) -> Sequence[_One]:
    """The image prompts but for one whose structure alone is kept.

    That is the first, beside ``--control``. If there is no other, and a flag says how much of an
    image is painted over, it is the start as well.
    """
    values = prompt.flags
    if CONTROL.of(values) is None:
        return images
    told = IMAGE_WEIGHT.name in values or STRENGTH.name in values
    return images if len(images) == 1 and told else images[1:]


def read_structure(prompt: Prompt, images: Sequence[str]) -> Structure | None:
    """What is kept of the first image, if ``--control`` says so."""
    kind = cast("StructureKind | None", CONTROL.of(prompt.flags))
    if kind is None:
        return None
    scale, end = (flag.of(prompt.flags) for flag in (CONTROL_SCALE, CONTROL_END))
    return Structure(kind=kind, image=images[0], scale=scale or 1.0, end=end or 1.0)


def read_inputs(prompt: Prompt, card: Card, images: Sequence[str], kept: StoredImages) -> Inputs:
    """What a recipe has of image prompts and of those to edit: a start, a blend, an edit.

    One is the start. Several are blended; with a strength, the first is the start and the others
    are blended, so that none counts twice. With ``--edit`` and no links behind it, they are those
    to edit instead.
    """
    values = prompt.flags
    images = select_painted(prompt, images) if keeps_image(values) else ()
    changed = collect_edited(values, images, kept)
    begun = Inputs() if EDIT.of(values) == () else _begin(images, values, card)
    return replace(begun, edit=changed) if changed else begun


def _begin(images: Sequence[str], values: Mapping[str, Any], card: Card) -> Inputs:
    """A start, a blend, or both."""
    if not images:
        return Inputs()
    weight, strength = IMAGE_WEIGHT.of(values), STRENGTH.of(values)
    weight = 1.0 if weight is None else weight
    # With a strength there is something to start from; without one, several images count alike.
    begun, mixed = (
        (images[:1], images[1:]) if len(images) == 1 or strength is not None else ((), images)
    )
    made = Inputs()
    if begun:
        if strength is None:
            strength = strength_for_image_weight(weight, card.image_strengths)
        start = Start(image=begun[0], strength=strength)
        made = replace(made, start=start, shortened=card.shortens(strength))
    if mixed:
        measure = factor_for_image_weight if card.native else scale_for_image_weight
        blend = tuple(Ingredient(image=image) for image in mixed)
        made = replace(made, blend=blend, blend_scale=measure(weight or 1.0))
    return made
