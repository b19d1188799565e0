"""References: what ``--sref``, ``--cref``, ``--oref`` and ``--edit`` take from images and codes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from generation.catalogue.card import Card
from generation.controls import (
    factor_for_image_weight,
    factor_for_reference_weight,
    factors_for_character_weight,
    scale_for_object_weight,
    scale_for_style_weight,
    scales_for_character_weight,
    share_for_style_weight,
)
from generation.recipe import Ingredient, Phrase, Reference, Role
from generation.styles import apply_styles, list_words, read_code
from prompt.flags.table import (
    CHARACTER,
    CHARACTER_WEIGHT,
    EDIT,
    IMAGE_WEIGHT,
    OBJECT,
    OBJECT_WEIGHT,
    STYLE,
    STYLE_WEIGHT,
)

MOST: Final = 5
"""Images that a prompt, or one of its flags, may name."""

_NAMING: Final = (STYLE, CHARACTER, OBJECT, EDIT)
NAMING: Final = frozenset(flag.name for flag in _NAMING)
"""Flags that name images or codes."""

RANDOM: Final = "random"

StoredImages = Mapping[str, str]
"""SHA-256 in hexadecimal of each linked image, by its address."""


def split_weight(reference: str) -> tuple[str, float]:
    """A link or code without the weight behind it, and the weight: 1 where there is none."""
    # From the right: an address may have colons of its own.
    name, mark, typed = reference.rpartition("::")
    try:
        return (name, float(typed)) if mark else (reference, 1.0)
    except ValueError:
        return reference, 1.0


def find_links(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """The addresses of linked images, by the flags that name any."""
    if NAMING.isdisjoint(values):
        return {}
    found = {
        flag.name: [name for name, _ in map(split_weight, flag.of(values) or ()) if "://" in name]
        for flag in _NAMING
    }
    return {flag: addresses for flag, addresses in found.items() if addresses}


def find_codes(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Codes where only images mean something, each with its flag."""
    if NAMING.isdisjoint(values):
        return
    for flag in (CHARACTER, OBJECT, EDIT):
        yield from ((flag.name, one) for one in flag.of(values) or () if "://" not in one)


def list_addresses(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The address of every image that a flag links to, each once."""
    return tuple(dict.fromkeys(one for several in find_links(values).values() for one in several))


def draw_codes(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Flags with a code in the place of ``--sref random``.

    Args:
        values: The flags.
        number: A random number; each ``random`` takes the next one.
    """
    if STYLE.of(values) is None:
        return dict(values)
    drawn = []
    for place, reference in enumerate(STYLE.of(values) or ()):
        name, mark, weight = reference.partition("::")
        # Resolved to a number here, so that the recipe draws the same style again.
        code = str(read_code(number + place)) if name.lower() == RANDOM else name
        drawn.append(f"{code}{mark}{weight}")
    return {**values, STYLE.name: tuple(drawn)}


def list_codes(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The style codes, with their weights, as they were typed."""
    return tuple(one for one in STYLE.of(values) or () if "://" not in one)


def apply_codes(phrases: Sequence[Phrase], values: Mapping[str, Any]) -> tuple[Phrase, ...]:
    """The person's words with those of the style codes."""
    codes = map(split_weight, list_codes(values))
    styles = [(list_words(int(code)), weight) for code, weight in codes if code.isdecimal()]
    return apply_styles(
        phrases, styles, share_for_style_weight(_default_weight(STYLE_WEIGHT.of(values)))
    )


def collect_references(
    values: Mapping[str, Any], card: Card, kept: StoredImages
) -> tuple[Reference, ...]:
    """What is taken from linked images.

    Args:
        values: The flags.
        card: The family that will draw.
        kept: The images.
    """
    if NAMING.isdisjoint(values):
        return ()
    return tuple(
        Reference(role=role, images=images, scale=scale)
        for role, flag, scale in _list_roles(values, card)
        if scale > 0 and (images := _collect_images(flag.of(values) or (), kept))
    )


def _list_roles(values: Mapping[str, Any], card: Card) -> Iterator[tuple[Role, Any, float]]:
    style, person, thing = (
        _default_weight(flag.of(values)) for flag in (STYLE_WEIGHT, CHARACTER_WEIGHT, OBJECT_WEIGHT)
    )
    if card.native:
        face, figure = factors_for_character_weight(person)
        styled, shown = factor_for_reference_weight(style), factor_for_reference_weight(thing)
    else:
        face, figure = scales_for_character_weight(person, faces=card.faces)
        styled, shown = scale_for_style_weight(style), scale_for_object_weight(thing)
    yield "style", STYLE, styled
    yield "face", CHARACTER, face
    yield "figure", CHARACTER, figure
    yield "object", OBJECT, shown


def _default_weight(given: int | None) -> int:
    """A weight, or 100, which is every such flag's default."""
    # Not `or`: a weight of 0 is a weight.
    return 100 if given is None else given


def _collect_images(named: Sequence[str], kept: StoredImages) -> tuple[Ingredient, ...]:
    shares: dict[str, float] = {}
    for address, weight in map(split_weight, named):
        if "://" in address and weight > 0:
            image = kept[address]
            # Two links may lead to the same image; its shares add up.
            shares[image] = shares.get(image, 0) + weight
    return tuple(Ingredient(image=image, weight=share) for image, share in shares.items())


def collect_edited(
    values: Mapping[str, Any], images: Sequence[str], kept: StoredImages
) -> tuple[Ingredient, ...]:
    """The images that are changed as the words say, in order.

    Args:
        values: The flags.
        images: SHA-256 of each image prompt, which counts where the flag links to none.
        kept: The linked images; one that was not fetched anew is left out.
    """
    named = EDIT.of(values)
    if named is None:
        return ()
    if not named:
        weight = factor_for_image_weight(IMAGE_WEIGHT.of(values) or 1.0)
        return tuple(Ingredient(image=image, weight=weight) for image in images)
    return _collect_images([one for one in named if split_weight(one)[0] in kept], kept)
