"""FLUX.1's image adapters: an image as a few tokens, which attentions of their own read (XLabs).

They add to what the picture's patches find in the words, in every block that has both. diffusers
loads the file; then the parts are taken off the transformer again, and are put on for one drawing
at a time, so that no scale stays behind and a recipe without images is drawn by the very same code.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from diffusers.models.transformers.transformer_flux import FluxIPAdapterAttnProcessor
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPImageProcessorPil

from generation.conditioning.cache import ImageCache, ImageReader
from generation.conditioning.native_references import KEPT, weigh_images
from generation.recipe import Recipe

FILE: Final = "ip_adapter.safetensors"
"""What the adapter is called in its folder (XLabs-AI/flux-ip-adapter-v2)."""

ENCODER: Final = "image_encoder"
"""Folder beside it with what sees the images (openai/clip-vit-large-patch14)."""


@dataclass(slots=True)
class ImageLooks(ImageReader[Tensor]):
    """A loaded adapter of one transformer.

    Attributes:
        transformer: The transformer, without it.
        keys: The adapter's keys, one layer for each block that has words and patches.
        values: Its values likewise.
        projection: From what the encoder says of an image to tokens.
        encoder: CLIP's vision model.
        processor: From an image to what the encoder reads.
        memory: What was seen, (1, width), by SHA-256 of the image.
    """

    transformer: Any
    keys: Sequence[nn.Module]
    values: Sequence[nn.Module]
    projection: nn.Module
    encoder: Any
    processor: Any
    memory: ImageCache[str, Tensor] = field(default_factory=lambda: ImageCache(KEPT))

    @torch.inference_mode()
    def look(self, image: Image.Image) -> Tensor:
        """What the encoder says of an image, (1, width)."""
        pixels = self.processor(image.convert("RGB"), return_tensors="pt").pixel_values
        seen: Tensor = self.encoder(pixels.to(self.encoder.device, self.encoder.dtype)).image_embeds
        return seen

    @torch.inference_mode()
    def list_tokens(self, recipe: Recipe) -> tuple[Tensor, ...]:
        """The tokens of each of a recipe's images, (1, tokens, width); ``learn`` has seen them."""
        return tuple(self.projection(self.memory[sha256]) for sha256 in weigh_images(recipe))

    @contextmanager
    def attach(self, recipe: Recipe) -> Iterator[None]:
        """The transformer with an attention for each of a recipe's images, at its weight."""
        scales = list(weigh_images(recipe).values())
        attentions = [block.attn for block in self.transformer.transformer_blocks]
        before = [attention.processor for attention in attentions]
        for attention, key, value in zip(attentions, self.keys, self.values, strict=True):
            # Without weights of its own: these are the adapter's, once for each image.
            seeing = FluxIPAdapterAttnProcessor(1, 1, [1] * len(scales), scales, device="meta")
            seeing.to_k_ip = nn.ModuleList([key] * len(scales))
            seeing.to_v_ip = nn.ModuleList([value] * len(scales))
            attention.set_processor(seeing)
        try:
            yield
        finally:
            for attention, plain in zip(attentions, before, strict=True):
                attention.set_processor(plain)

    def move(self, device: torch.device) -> None:
        """Have it on a device."""
        for part in (*self.keys, *self.values, self.projection, self.encoder):
            part.to(device)


def load_image_looks(pipe: Any, folder: Path) -> ImageLooks:  # noqa: ANN401 - diffusers has no types
    """Load an adapter for a loaded pipeline, and leave its transformer as it was.

    Args:
        pipe: The pipeline.
        folder: Where ``FILE`` and ``ENCODER`` are.

    Raises:
        OSError: A file is missing.
        KeyError: It is no such adapter; likewise RuntimeError.
        ValueError: It is not made for this transformer.
    """
    transformer = pipe.transformer
    before = transformer.attn_processors
    # Or diffusers would make one itself, of a class that wants torchvision.
    pipe.register_modules(feature_extractor=CLIPImageProcessorPil())
    pipe.load_ip_adapter(
        str(folder),
        weight_name=FILE,
        image_encoder_pretrained_model_name_or_path=str(folder),
        image_encoder_subfolder=ENCODER,
        image_encoder_dtype=transformer.dtype,
        local_files_only=True,
    )
    parts = [block.attn.processor for block in transformer.transformer_blocks]
    (projection,) = transformer.encoder_hid_proj.image_projection_layers
    encoder = pipe.image_encoder
    # Taken off again: with a projection the transformer would look for images in every job.
    transformer.encoder_hid_proj = None
    transformer.set_attn_processor(before)
    pipe.register_modules(image_encoder=None, feature_extractor=None)
    width, own = parts[0].to_k_ip[0].weight.shape, transformer.config.joint_attention_dim
    if tuple(width) != (transformer.inner_dim, own):
        raise ValueError(f"an adapter of widths {tuple(width)} does not fit the transformer")
    side = encoder.config.image_size
    return ImageLooks(
        transformer=transformer,
        keys=[part.to_k_ip[0].eval() for part in parts],
        values=[part.to_v_ip[0].eval() for part in parts],
        projection=projection.eval(),
        encoder=encoder.eval(),
        processor=CLIPImageProcessorPil(size=side, crop_size=side),
    )
