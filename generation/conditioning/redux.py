"""FLUX.1 Redux: an image as further words, which SigLIP sees and a small network translates.

The transformer reads them behind the prompt's. A weight is, as for native references, its logarithm
on the logits of attention to the image: the layers norm their inputs, so that a factor on the words
themselves would do little.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
from PIL import Image
from torch import Tensor
from transformers import SiglipImageProcessorPil, SiglipVisionModel

from generation.catalogue.sources import split_revision
from generation.conditioning.cache import ImageCache, ImageReader
from generation.conditioning.native_references import KEPT, weigh_images
from generation.recipe import Recipe

PARTS: Final = ("image_encoder", "image_embedder", "feature_extractor")
"""Folders of its repository (black-forest-labs/FLUX.1-Redux-dev) that are read."""


@dataclass(slots=True)
class ImageWords(ImageReader[Tensor]):
    """What one pipeline reads of images as further words.

    Attributes:
        encoder: SigLIP.
        embedder: From what it sees to the width of words.
        processor: From an image to what the encoder reads.
        memory: What was read, (1, words, width), by SHA-256 of the image.
    """

    encoder: Any
    embedder: Any
    processor: Any
    memory: ImageCache[str, Tensor] = field(default_factory=lambda: ImageCache(KEPT))

    @torch.inference_mode()
    def look(self, image: Image.Image) -> Tensor:
        """An image's words, (1, words, width)."""
        pixels = self.processor(image.convert("RGB"), return_tensors="pt").pixel_values
        seen = self.encoder(pixels.to(self.encoder.device, self.encoder.dtype)).last_hidden_state
        read: Tensor = self.embedder(seen).image_embeds
        return read

    def append(self, tokens: Tensor, recipe: Recipe) -> tuple[Tensor, Tensor | None]:
        """Words with those of a recipe's images behind them; ``learn`` has seen them.

        Returns:
            The words, and what is added to attention's logits for each of them; None for nothing.
        """
        images = [(self.memory[sha256], weight) for sha256, weight in weigh_images(recipe).items()]
        whole = torch.cat([tokens, *(one.to(tokens) for one, _ in images)], 1)
        if all(weight == 1 for _, weight in images):
            return whole, None
        added = [tokens.new_zeros(tokens.shape[1])]
        added += [tokens.new_full((one.shape[1],), math.log(weight)) for one, weight in images]
        return whole, torch.cat(added)

    def move(self, device: torch.device) -> None:
        """Have it on a device."""
        self.encoder.to(device)
        self.embedder.to(device)


def load_image_words(pipe: Any, source: str) -> ImageWords:  # noqa: ANN401 - diffusers has no types
    """Load what reads images as words for a loaded pipeline.

    Args:
        pipe: The pipeline.
        source: Folder or hub id, with ``@`` and a revision behind it if wanted.

    Raises:
        OSError: A file is missing.
        ValueError: It is not made for this transformer.
    """
    name, options = split_revision(source)
    kind = {"dtype": pipe.transformer.dtype, "use_safetensors": True, **options}
    encoder = SiglipVisionModel.from_pretrained(name, subfolder=PARTS[0], **kind)
    embedder = ReduxImageEncoder.from_pretrained(name, subfolder=PARTS[1], **kind)
    processor = SiglipImageProcessorPil.from_pretrained(name, subfolder=PARTS[2], **options)
    width = pipe.transformer.config.joint_attention_dim
    if embedder.config.txt_in_features != width:
        raise ValueError(f"words of {embedder.config.txt_in_features} do not fit {width}")
    return ImageWords(encoder.eval(), embedder.eval(), processor)
