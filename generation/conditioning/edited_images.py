"""Images that a UNet sees beside its noise, in channels of their own (InstructPix2Pix)."""

from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from generation.conditioning.cache import ImageCache, ImageReader
from generation.conditioning.native_references import KEPT
from generation.recipe import Recipe

_PULL: Final = 0.5
"""What a weight of 1 adds to the image's guidance, which is then 1.5, as its authors have it."""


@dataclass(slots=True)
class EditedImages(ImageReader[Image.Image]):
    """What one model was given to change.

    Attributes:
        memory: Images, RGB, by SHA-256.
    """

    memory: ImageCache[str, Image.Image] = field(default_factory=lambda: ImageCache(KEPT))

    def look(self, image: Image.Image) -> Image.Image:
        """The image itself, RGB."""
        return image.convert("RGB")

    def find(self, recipe: Recipe) -> tuple[Image.Image, float] | None:
        """The image that a recipe changes, and its guidance; None if it changes none.

        Such a model sees one image, and takes the first.
        """
        if not recipe.inputs.edit:
            return None
        first = recipe.inputs.edit[0]
        return self.memory[first.image], 1 + _PULL * first.weight
