"""What ControlNets of transformers share: each reads its map as latents, and is told of a step."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from generation.recipe import StructureKind
from generation.tensors.scaled_latents import read_scaled


@dataclass(frozen=True, slots=True)
class BoundControl(ABC):
    """A network with its map, ready to be asked at every step.

    Attributes:
        pipe: The pipeline.
        model: The network.
        latents: The map's, (1, channels, …, height, width).
        scale: Conditioning scale.
    """

    pipe: Any
    model: Any
    latents: Tensor
    scale: float

    @abstractmethod
    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Further inputs of the transformer by name, from those that it has at a step."""

    def roll(self, places: tuple[int, int]) -> Self:
        """The same of a map that is moved, down and to the right."""
        return replace(self, latents=self.latents.roll(places, (-2, -1)))


@dataclass(frozen=True, slots=True)
class LatentControl(ABC):
    """A ControlNet of one pipeline.

    Attributes:
        pipe: The pipeline.
        model: The network.
    """

    pipe: Any
    model: Any

    def to(self, device: torch.device) -> Self:
        """The same, computing on a device."""
        self.model.to(device)
        return self

    @torch.inference_mode()
    def bind(self, shown: Tensor, scale: float, kind: StructureKind) -> BoundControl:
        """What it says of a map.

        Args:
            shown: The map, (1, 3, height, width) in 0 to 1.
            scale: Conditioning scale.
            kind: What the map is of.
        """
        pixels = (shown * 2 - 1).to(self.pipe.vae.dtype).contiguous()
        return self.bind_latents(read_scaled(self.pipe, pixels), scale, kind)

    @abstractmethod
    def bind_latents(self, read: Tensor, scale: float, kind: StructureKind) -> BoundControl:
        """The same of a map's scaled latents, (1, channels, height, width)."""
