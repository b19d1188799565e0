"""Native references: images that a transformer reads itself, with the picture that it draws.

Their latents follow the picture's in one sequence, told apart by their positions, and attention
mixes all of them (FLUX.1 Kontext, Batifol et al. 2025, arXiv 2506.15742). Such a model has no scale
for an image. But a factor w on an image's share of attention is log w on its logits, so weights
need no training: w = 1 changes nothing, and w = 0 would leave the image out.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from PIL import Image, ImageOps
from torch import Tensor

from generation.conditioning.cache import ImageCache, ImageReader
from generation.controls import HEAVIEST_IMAGE
from generation.recipe import Ingredient, Recipe, Role

KEPT: Final = 64
"""Images whose latents are kept."""

# The three limits are those of diffusers' pipeline for FLUX.2.
AREA: Final = 1024 * 1024
"""Largest reference in pixels: every pixel costs as much as one of the picture."""

SHORTEST: Final = 64
"""Least width and height of a reference in pixels."""

LONGEST_RATIO: Final = 8
"""The longest side of a reference may be this many times the shortest."""

_TAKEN: Final[dict[Role, str]] = {
    "style": "the style of {images}",
    "face": "the face of the person in {images}",
    "figure": "the person in {images}",
    "object": "the thing or person in {images}",
}
"""What a reference's role is called in words, since the model knows no roles."""


@dataclass(frozen=True, slots=True)
class NativeReference:
    """One image that a transformer reads with the picture.

    Attributes:
        image: The image, RGB.
        latents: The same as latents, (1, channels, height, width).
        weight: Factor above 0 on its share of attention; 1 is the model's own.
    """

    image: Image.Image
    latents: Tensor
    weight: float = 1.0


@dataclass(slots=True)
class NativeReferences(ImageReader[NativeReference]):
    """What one model read of images.

    Attributes:
        encode: From an image to its latents.
        memory: What was read, by SHA-256 of the image.
    """

    encode: Callable[[Image.Image], Tensor]
    memory: ImageCache[str, NativeReference] = field(default_factory=lambda: ImageCache(KEPT))

    @torch.inference_mode()
    def look(self, image: Image.Image) -> NativeReference:
        """An image's latents, and what was encoded of it."""
        # Kept without a weight, so that recipes of any weight share the latents.
        shown = crop_to_ratio(image.convert("RGB"))
        return NativeReference(shown, self.encode(shown))

    def list_references(self, recipe: Recipe) -> tuple[NativeReference, ...]:
        """A recipe's images in the order of their numbers; ``learn`` has read them."""
        known = self.memory
        return tuple(
            NativeReference(known[sha256].image, known[sha256].latents, weight)
            for sha256, weight in weigh_images(recipe).items()
        )


def crop_to_ratio(image: Image.Image) -> Image.Image:
    """The middle of an image that is longer than models take, else the image."""
    side = LONGEST_RATIO * min(image.size)
    if max(image.size) <= side:
        return image
    return ImageOps.fit(image, (min(image.width, side), min(image.height, side)))


def fit_reference(image: Image.Image, grain: int) -> Image.Image:
    """An image in its own size if that can be, cut to whole latents.

    Args:
        image: At most ``LONGEST_RATIO`` times as long as wide.
        grain: Width and height become multiples of this many pixels.
    """
    scale = min(1.0, math.sqrt(AREA / (image.width * image.height)))
    scale = max(scale, SHORTEST / min(image.size))
    if scale != 1:
        # Cut to whole pixels rather than rounded, as diffusers does it.
        wide, high = (max(SHORTEST, int(side * scale)) for side in image.size)
        image = image.resize((wide, high), Image.Resampling.LANCZOS)
    width, height = (side // grain * grain for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def weigh_images(recipe: Recipe) -> dict[str, float]:
    """Weight of each image by its SHA-256, in the order of their numbers.

    Images to edit come first, as the words may name them, then the blend, then the references.
    Within the latter the order is that of the hashes, so the order in which they were given changes
    nothing. An image that is named twice is read once, with the larger weight.
    """
    found: dict[str, float] = {one.image: one.weight for one in recipe.inputs.edit}
    parts = [
        (recipe.inputs.blend, recipe.inputs.blend_scale),
        *((one.images, one.scale) for one in recipe.conditions.references),
    ]
    for images, scale in parts:
        for one in sorted(images, key=lambda one: one.image):
            # Weights of a part average to its scale: more images do not make it count for more.
            share = one.weight * len(images) / sum(each.weight for each in images)
            found[one.image] = max(found.get(one.image, 0), scale * share)
    return {image: min(HEAVIEST_IMAGE, weight) for image, weight in found.items()}


def write_instruction(recipe: Recipe) -> str:
    """What to take from which image, in words for the model; empty if the prompt says it.

    It stands before the prompt, where no text is too long for it.
    """
    numbers = {image: number for number, image in enumerate(weigh_images(recipe), 1)}

    def list_numbers(images: Sequence[Ingredient]) -> str:
        found = sorted(numbers[one.image] for one in images)
        return " and ".join(f"image {number}" for number in dict.fromkeys(found))

    blend, references = recipe.inputs.blend, recipe.conditions.references
    merged = f"Merge {list_numbers(blend)} into one picture. " if blend else ""
    taken = [_TAKEN[one.role].format(images=list_numbers(one.images)) for one in references]
    return merged + (f"Take {' and '.join(taken)}. " if taken else "")


def pool_patches(references: Sequence[NativeReference]) -> list[NativeReference]:
    """The images with one latent for every token, of transformers that read two by two."""
    return [
        NativeReference(one.image, one.latents[:, :, ::2, ::2], one.weight) for one in references
    ]


def compute_attention_bias(
    before: int, references: Sequence[NativeReference], like: Tensor
) -> Tensor | None:
    """What is added to attention's logits for the weights, (1, 1, tokens, tokens).

    Only words and picture weigh the images; images read each other as they always do, so that one
    image's weight does not change what is seen of another.

    Args:
        before: Tokens of words and picture, which come before those of the images.
        references: The images.
        like: A tensor of the same type and device.

    Returns:
        None if every weight is 1: without it, attention is faster.
    """
    if all(one.weight == 1 for one in references):
        return None
    logits = [like.new_zeros(before)]
    logits += [
        like.new_full((one.latents.shape[-2:].numel(),), math.log(one.weight)) for one in references
    ]
    row = torch.cat(logits)
    added = row.repeat(len(row), 1)
    # Row by row this is what each token reads: the images' own rows stay as the model has them.
    added[before:] = 0
    return added[None, None]
