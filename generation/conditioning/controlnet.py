"""Structure: networks that keep pictures to what an image shows where.

A ControlNet (Zhang et al. 2023) is run before the UNet at every step, and its residuals are added
to the UNet's skip connections. A union of ControlNets does the same for several kinds of map. A
T2I-Adapter (Mou et al. 2023) is run once, and its features are added at every step. All three lie
in the layout of diffusers, and their configuration tells which they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Protocol

import torch
from diffusers import ControlNetModel, ControlNetUnionModel, T2IAdapter
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from torch import Tensor
from torch.nn import functional

from generation.catalogue.sources import split_revision
from generation.conditioning.cache import ImageCache
from generation.conditioning.estimators import Estimator, load_estimator, load_network
from generation.conditioning.flux_control import load_flux_control
from generation.conditioning.latent_control import LatentControl
from generation.conditioning.line_maps import LINES, draw_line_map
from generation.conditioning.z_image_control import load_z_image_control
from generation.recipe import Recipe, Structure, StructureKind

OWN: Final = "structure"
"""Folder of a checkpoint that brings its network itself."""

KEPT: Final = 64
"""Maps that are kept."""

_UNION_PLACES: Final[Mapping[StructureKind, int]] = {
    "pose": 0,
    "depth": 1,
    "scribble": 2,
    "lineart": 3,
    "canny": 3,
    "normal": 4,
}
"""A kind's place among those of ControlNet++'s union (xinsir/controlnet-union-sdxl-1.0)."""

Added = dict[str, Any]
"""Further inputs of the UNet by name."""


class Words(Protocol):
    """What the UNet reads at every step, in rows."""

    @property
    def tokens(self) -> Tensor:
        """Text embeddings, (rows, tokens, width)."""

    @property
    def extra(self) -> Mapping[str, Tensor]:
        """Further inputs by name, (rows, …) each."""


Residuals = Callable[..., Added]
"""What is added at a step: to a UNet, from its latents (rows, channels, height, width), timestep
and words; to a transformer as ``latent_control`` says."""


@dataclass(frozen=True, slots=True)
class Steer:
    """What keeps one recipe's pictures to a map.

    Attributes:
        residuals: What is added inside the UNet at a step.
        end: Share of the steps that it takes part in, from the first one on.
    """

    residuals: Residuals
    end: float


@dataclass(frozen=True, slots=True)
class _BoundControlNet:
    """A ControlNet with its map (1, 3, height, width) in 0 to 1 and conditioning scale."""

    model: Any
    shown: Tensor
    scale: float

    def __call__(self, scaled: Tensor, timestep: Tensor, words: Words) -> Added:
        # The rows to avoid see the map as well, as in diffusers without its guess mode.
        said = self.model(
            scaled.to(self.model.dtype),
            timestep,
            encoder_hidden_states=words.tokens,
            controlnet_cond=self.shown.expand(len(scaled), -1, -1, -1),
            conditioning_scale=self.scale,
            added_cond_kwargs=dict(words.extra),
            return_dict=False,
        )
        return _name_residuals(*said)


@dataclass(frozen=True, slots=True)
class _BoundUnion:
    """A union of ControlNets likewise, with the place of the kind that the map is of."""

    model: Any
    shown: Tensor
    scale: float
    place: int

    def __call__(self, scaled: Tensor, timestep: Tensor, words: Words) -> Added:
        # A union is told its kind twice: as a vector beside the time, and by its place in a table.
        kinds = torch.zeros(len(scaled), self.model.config.num_control_type)
        kinds[:, self.place] = 1
        said = self.model(
            scaled.to(self.model.dtype),
            timestep,
            encoder_hidden_states=words.tokens,
            controlnet_cond=[self.shown.expand(len(scaled), -1, -1, -1)],
            control_type=kinds.to(self.shown.device, self.shown.dtype),
            control_type_idx=[self.place],
            conditioning_scale=[self.scale],
            added_cond_kwargs=dict(words.extra),
            return_dict=False,
        )
        return _name_residuals(*said)


def _name_residuals(down: Any, middle: Tensor) -> Added:  # noqa: ANN401 - tensors, however they are listed
    return {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}


@dataclass(frozen=True, slots=True)
class _BoundAdapter:
    """What a T2I-Adapter made of a map, once for all steps."""

    features: Sequence[Tensor]

    def __call__(self, scaled: Tensor, timestep: Tensor, words: Words) -> Added:
        del timestep, words
        rows = [one.expand(len(scaled), -1, -1, -1) for one in self.features]
        # Features are of the map alone: every step and row has the same, as views, not as copies.
        return {"down_intrablock_additional_residuals": rows}


def bind_map(model: Any, kind: StructureKind, shown: Tensor, scale: float) -> Residuals:  # noqa: ANN401
    """What a network says of a map, ready to be asked at every step.

    Args:
        model: A ControlNet, a union of several, a T2I-Adapter or a transformer's.
        kind: What the map is of.
        shown: The map, (1, 3, height, width) in 0 to 1.
        scale: Conditioning scale.
    """
    if isinstance(model, LatentControl):
        return model.bind(shown, scale, kind)
    if isinstance(model, T2IAdapter):
        # Some adapters for lines read one channel; the three of a line map are equal.
        whole = _pad_to_grain(shown[:, : model.config.in_channels], model.downscale_factor)
        return _BoundAdapter([one * scale for one in model(whole)])
    if isinstance(model, ControlNetUnionModel):
        return _BoundUnion(model, shown, scale, _UNION_PLACES[kind])
    return _BoundControlNet(model, shown, scale)


def _pad_to_grain(shown: Tensor, grain: int) -> Tensor:
    """A map with an empty rim on the right and below, so that sides are multiples of the grain."""
    # Added to, not cut: a UNet rounds odd sides up when it halves them, and sizes have to agree.
    right, below = (-shown.shape[side] % grain for side in (3, 2))
    return functional.pad(shown, (0, right, 0, below))


@dataclass(slots=True)
class Structures:
    """Loaded networks of one denoiser.

    Attributes:
        networks: By the kind of structure that each keeps to.
        estimators: What sees depth, normals and poses, by kind.
        device: Where the networks are.
        dtype: What they compute in.
        processor: From an image to a tensor.
        memory: Maps by kind, SHA-256 of the image and size.
    """

    networks: Mapping[StructureKind, Any]
    estimators: Mapping[StructureKind, Estimator]
    device: torch.device
    dtype: torch.dtype
    processor: Any = field(
        default_factory=lambda: VaeImageProcessor(do_convert_rgb=True, do_normalize=False)
    )
    memory: ImageCache[tuple[object, ...], Image.Image] = field(
        default_factory=lambda: ImageCache(KEPT)
    )

    def learn(self, recipe: Recipe, find: Callable[[str], Image.Image]) -> None:
        """Make the map of a recipe's image if it is not remembered.

        Args:
            recipe: What is to be drawn; it has a structure.
            find: The image with a SHA-256.
        """
        kept, size = self._kept(recipe), (recipe.size.width, recipe.size.height)

        def make(_: object) -> Image.Image:
            # Made at the size that is drawn: scaled later, thin lines would fade.
            picture = find(kept.image)
            if kept.kind in LINES:
                return draw_line_map(kept.kind, picture, size).convert("RGB")
            return self.estimators[kept.kind](picture, size)

        self.memory.learn([self._key(recipe)], make)

    def find_map(self, recipe: Recipe) -> Image.Image:
        """The map that a recipe's pictures keep to; ``learn`` has made it."""
        return self.memory[self._key(recipe)]

    def steer(self, recipe: Recipe) -> Steer:
        """What keeps a recipe's pictures to its map; ``learn`` has made it."""
        kept = self._kept(recipe)
        # Maps are kept as bytes, half of what a tensor takes at most, and go to the device by job.
        shown = self.processor.preprocess(self.find_map(recipe)).to(self.device, self.dtype)
        return Steer(bind_map(self.networks[kept.kind], kept.kind, shown, kept.scale), kept.end)

    @staticmethod
    def _kept(recipe: Recipe) -> Structure:
        structure = recipe.conditions.structure
        if structure is None:
            raise ValueError("the recipe keeps to no structure")
        return structure

    def _key(self, recipe: Recipe) -> tuple[object, ...]:
        kept = self._kept(recipe)
        return kept.kind, kept.image, recipe.size.width, recipe.size.height


_LOADERS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "ZImagePipeline": load_z_image_control,
    "FluxPipeline": load_flux_control,
}
"""Loads a network for pipelines without a UNet."""


def load_structures(
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    named: Mapping[StructureKind, str],
    estimators: Mapping[StructureKind, str],
    device: torch.device,
) -> Structures:
    """Load a family's networks for a loaded pipeline, each source once.

    Args:
        pipe: The pipeline.
        named: Folder or hub id by kind, with ``@`` and a revision behind it if wanted.
        estimators: The same of depth and pose networks.
        device: Where to compute.

    Raises:
        OSError: A file is missing.
        ValueError: A network is not made for this UNet.
    """
    sources = dict.fromkeys(named.values())
    load = _LOADERS.get(type(pipe).__name__, _load_network)
    loaded = {source: load(pipe, source).to(device) for source in sources}
    # Each network is a model of its own in memory: none is loaded twice, or for no ControlNet.
    read = cache(load_network)
    seeing = {kind: estimators[kind] for kind in named if kind not in LINES}
    return Structures(
        networks={kind: loaded[source] for kind, source in named.items()},
        estimators={kind: load_estimator(kind, at, device, read) for kind, at in seeing.items()},
        device=device,
        dtype=pipe.unet.dtype if hasattr(pipe, "unet") else pipe.vae.dtype,
    )


def _load_network(pipe: Any, source: str) -> Any:  # noqa: ANN401 - diffusers has no types
    name, options = split_revision(source)
    config = ControlNetModel.load_config(name, **options)
    adapter = config.get("_class_name") == "T2IAdapter"
    kind = ControlNetUnionModel if "num_control_type" in config else ControlNetModel
    # Safetensors alone: pickled weights can run code when they are read.
    model = (T2IAdapter if adapter else kind).from_pretrained(
        name, dtype=pipe.unet.dtype, use_safetensors=True, **options
    )
    _check_width(pipe.unet, config)
    return model.eval()


def _check_width(unet: Any, config: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Refuse a network for other UNets, whose words would not fit at the first step."""
    # T2I-Adapters call their widths otherwise, and read no words.
    widths = tuple(config.get("block_out_channels") or config["channels"])
    reads = config.get("cross_attention_dim", unet.config.cross_attention_dim)
    fits = widths[: len(unet.config.block_out_channels)] == tuple(unet.config.block_out_channels)
    if not fits or reads != unet.config.cross_attention_dim:
        raise ValueError(f"a network for {widths} and {reads} does not fit the UNet")
