"""References: what image adapters make of images, for the families with a UNet.

An IP-Adapter (Ye et al. 2023) turns an image into a few tokens, and gives every place where the
denoiser reads text a second attention that reads these tokens. diffusers loads the files. Then the
parts are taken off the UNet again, which is left as plain as it was, and are put on for one job at
a time: no scale can stay behind from the job before, and a recipe without references is drawn by
the very same code with adapters as without. Every image or mean of images has an attention of its
own, so each has its own scale, in the blocks of its role.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final, Literal

import torch
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPImageProcessorPil

from generation.catalogue.sources import split_revision
from generation.conditioning.cache import ImageCache, ImageReader
from generation.conditioning.spherical import spherical_mean
from generation.recipe import Ingredient, Recipe

KEPT: Final = 256
"""Images whose embeddings are kept."""

OWN: Final = "ip_adapter"
"""Folder of a checkpoint that brings its adapters itself."""

Part = Literal["blend", "style", "face", "figure", "object"]
"""What an adapter is used for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One adapter's file and use.

    Attributes:
        file: Where it lies in its repository or folder.
        parts: What it is used for, and the blocks of the UNet that then take part, each by how
            the names of its attentions begin; an empty text stands for all.
        patches: Whether it reads what the encoder says of each patch of an image ("plus") rather
            than of the whole. Patches of several images have no mean.
        mute: Whether the picture to avoid has no image at all, as in the training of the bundled
            model's adapters, rather than an embedding of zeros or of a grey image, as in the
            training of the published ones.
    """

    file: str
    parts: Mapping[Part, str]
    patches: bool = False
    mute: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """The adapters that a family knows.

    Attributes:
        each: The adapters; the first of those for a part is used for it.
        encoder: Folder of the image encoder beside them; empty where the checkpoint has it.
    """

    each: tuple[Adapter, ...]
    encoder: str = ""


@dataclass(frozen=True, slots=True)
class ImageFeatures:
    """What the image encoder says of an image.

    Attributes:
        whole: Of the image, (1, width).
        patches: Of its patches, (1, patches, width), from the encoder's last layer but one.
    """

    whole: Tensor
    patches: Tensor


@dataclass(frozen=True, slots=True)
class Look:
    """One image, or the mean of several, as the UNet reads it.

    Attributes:
        adapter: Number of the adapter that made it.
        tokens: (rows, tokens, width), a row for each side of the guidance.
        scale: How much it counts.
        blocks: Where it counts: how the names of these attentions begin.
    """

    adapter: int
    tokens: Tensor
    scale: float
    blocks: str


@dataclass(slots=True)
class References(ImageReader[ImageFeatures]):
    """Loaded adapters of one UNet.

    Attributes:
        rows: What they are used for, in the order of their files.
        unet: The UNet, without them.
        attentions: The adapters' attentions by the name of the place they belong to.
        projections: From an embedding to tokens, one of each adapter.
        encoder: The image encoder.
        processor: From an image to what the encoder reads.
        memory: What was seen, by SHA-256 of the image.
    """

    rows: tuple[Adapter, ...]
    unet: Any
    attentions: Mapping[str, Any]
    projections: Sequence[nn.Module]
    encoder: Any
    processor: Any
    memory: ImageCache[str, ImageFeatures] = field(default_factory=lambda: ImageCache(KEPT))

    @torch.inference_mode()
    def look(self, image: Image.Image) -> ImageFeatures:
        """What the encoder says of an image."""
        pixels = self.processor(image.convert("RGB"), return_tensors="pt").pixel_values
        return self._encode(pixels)

    def _encode(self, pixels: Tensor) -> ImageFeatures:
        read = self.encoder(
            pixels.to(self.encoder.device, self.encoder.dtype), output_hidden_states=True
        )
        # The "plus" adapters were trained on the patches of the last layer but one.
        return ImageFeatures(read.image_embeds, read.hidden_states[-2])

    def list_looks(self, recipe: Recipe) -> list[Look]:
        """A recipe's images as its UNet reads them; ``learn`` has seen them.

        Args:
            recipe: What is to be drawn.
        """
        wanted: list[tuple[Part, tuple[Ingredient, ...], float]] = []
        if recipe.inputs.blend:
            wanted.append(("blend", recipe.inputs.blend, recipe.inputs.blend_scale))
        wanted += [(one.role, one.images, one.scale) for one in recipe.conditions.references]
        # As many rows as the text has, since both go through the UNet together.
        sides = 1 if recipe.sampling.guidance <= 1 else 2
        return [look for part in wanted for look in self._read_part(*part, sides)]

    def _read_part(
        self, part: Part, images: Sequence[Ingredient], scale: float, sides: int
    ) -> Iterator[Look]:
        number, row = next((k, row) for k, row in enumerate(self.rows) if part in row.parts)
        for embedding, share in self._combine(row, images):
            tokens = self._tokens(number, embedding, sides)
            # Shares add up to the part's scale, however many images it has.
            yield Look(number, tokens, scale * share, row.parts[part])

    def _combine(
        self, row: Adapter, images: Sequence[Ingredient]
    ) -> Iterator[tuple[Tensor, float]]:
        """Embeddings and their shares: one mean of whole images, or each image's patches.

        Images are taken by their hash, so their order changes nothing, not even in rounding.
        """
        ordered = sorted(images, key=lambda one: (one.image, one.weight))
        weights = torch.tensor([one.weight for one in ordered], dtype=torch.float64)
        seen = [self.memory[one.image] for one in ordered]
        if not row.patches:
            whole = torch.cat([one.whole for one in seen])
            yield spherical_mean(whole.float(), weights)[None], 1.0
            return
        for one, share in zip(seen, weights / weights.sum(), strict=True):
            yield one.patches, float(share)

    def _tokens(self, number: int, embedding: Tensor, sides: int) -> Tensor:
        """Tokens (sides, tokens, width): first of what to avoid, if there is guidance."""
        project, row = self.projections[number], self.rows[number]
        shown: Tensor = project(embedding.to(self.unet.dtype))
        if sides == 1:
            return shown
        # Each adapter gets the "no image" of its own training; any other is read as some image.
        if row.mute:
            return torch.cat([torch.zeros_like(shown), shown])
        nothing = self._encode_grey() if row.patches else torch.zeros_like(embedding)
        return torch.cat([project(nothing.to(self.unet.dtype)), shown])

    def _encode_grey(self) -> Tensor:
        """What the encoder says of the patches of a grey image: its pixels are all zero."""
        side = self.encoder.config.image_size
        return self._encode(torch.zeros(1, 3, side, side)).patches

    def move(self, device: torch.device) -> None:
        """Have the adapters on the UNet's device; the encoder is a part of the pipeline."""
        for part in (*self.attentions.values(), *self.projections):
            part.to(device)

    @contextmanager
    def attach(self, looks: Sequence[Look]) -> Iterator[None]:
        """The UNet with attentions for ``looks``, which it then reads after the text's tokens."""
        before = self.unet.attn_processors
        # Only adapters' attentions are replaced; self-attention stays the very same objects.
        extended = {
            name: _build_attention(part, looks, name) for name, part in self.attentions.items()
        }
        self.unet.set_attn_processor({**before, **extended})
        try:
            yield
        finally:
            # After a cancellation as well: the next job may look at nothing.
            self.unet.set_attn_processor(before)


def _build_attention(part: Any, looks: Sequence[Look], name: str) -> Any:  # noqa: ANN401
    """An attention for each look, at one place, with the weights of its adapter."""
    # With 0 diffusers skips a look; left out, it would shift which tokens belong to which weights.
    scales = [look.scale if name.startswith(look.blocks) else 0.0 for look in looks]
    # On the meta device no weights are made, since the adapter's own replace them right away.
    with torch.device("meta"):
        made = IPAdapterAttnProcessor2_0(
            part.hidden_size, part.cross_attention_dim, [1] * len(looks), scales
        )
    # Shared, not copied: two looks of one adapter use the same weights.
    made.to_k_ip = nn.ModuleList([part.to_k_ip[look.adapter] for look in looks])
    made.to_v_ip = nn.ModuleList([part.to_v_ip[look.adapter] for look in looks])
    return made


def load_references(pipe: Any, known: Adapters, source: str) -> References:  # noqa: ANN401
    """Load a family's adapters for a loaded pipeline, and leave its UNet as it was.

    Args:
        pipe: The pipeline, on its device.
        known: The adapters.
        source: Folder or hub id, with ``@`` and a revision behind it if wanted.

    Raises:
        OSError: A file is missing.
        ValueError: A file is no adapter, or a part's blocks are not in the UNet.
    """
    # Taken before anything is loaded, which replaces all attentions.
    unet, before = pipe.unet, pipe.unet.attn_processors
    name, options = split_revision(source)
    files = [PurePosixPath(row.file) for row in known.each]
    # Or diffusers would make one itself, of a class that wants torchvision.
    if pipe.feature_extractor is None:
        pipe.register_modules(feature_extractor=CLIPImageProcessorPil())
    pipe.load_ip_adapter(
        name,
        subfolder=[str(file.parent) for file in files],
        weight_name=[file.name for file in files],
        image_encoder_folder=known.encoder or None,
        **options,
    )
    attentions = {
        name: part
        for name, part in unet.attn_processors.items()
        if isinstance(part, IPAdapterAttnProcessor2_0)
    }
    projections = unet.encoder_hid_proj.image_projection_layers
    # Taken off again: with a projection the UNet would demand images in every job.
    unet.encoder_hid_proj = None
    unet.register_to_config(encoder_hid_dim_type=None)
    unet.set_attn_processor(before)
    _check_blocks(known, attentions)
    return References(
        rows=known.each,
        unet=unet,
        attentions=attentions,
        projections=projections.eval(),
        encoder=pipe.image_encoder.eval(),
        processor=_choose_processor(pipe, own=not known.encoder),
    )


def _check_blocks(known: Adapters, attentions: Mapping[str, Any]) -> None:
    """Refuse blocks without attention, in which an adapter would do nothing in silence."""
    for row in known.each:
        for part, blocks in row.parts.items():
            if not any(name.startswith(blocks) for name in attentions):
                raise ValueError(f"{part} has no attention in {blocks}")


def _choose_processor(pipe: Any, *, own: bool) -> Any:  # noqa: ANN401 - diffusers has no types
    """The checkpoint's own for an encoder of its own; CLIP's for a published encoder."""
    if own:
        return pipe.feature_extractor
    side = pipe.image_encoder.config.image_size
    # The size is the encoder's: CLIP's usual 224 does not hold for every one.
    return CLIPImageProcessorPil(
        size={"shortest_edge": side}, crop_size={"height": side, "width": side}
    )
