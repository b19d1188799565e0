"""FLUX.1's ControlNets: a smaller transformer beside the model's, reading the map as latents."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from diffusers import FluxControlNetModel
from torch import Tensor

from generation.catalogue.sources import split_revision
from generation.conditioning.latent_control import BoundControl, LatentControl
from generation.recipe import StructureKind

_MODES: Final[Mapping[StructureKind, int]] = {
    "scribble": 0,
    "lineart": 0,
    "canny": 0,
    "depth": 2,
    "pose": 4,
}
"""A kind's number in a union that is told it (InstantX/FLUX.1-dev-Controlnet-Union)."""

_READ: Final = (
    "hidden_states",
    "encoder_hidden_states",
    "timestep",
    "pooled_projections",
    "txt_ids",
    "img_ids",
)
"""What it reads of what the transformer reads."""


@dataclass(frozen=True, slots=True)
class _BoundFluxControl(BoundControl):
    """With what the map is of; None for a network that is not told."""

    mode: int | None

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        rows = inputs["hidden_states"]
        _, channels, height, width = self.latents.shape
        packed = self.pipe._pack_latents(self.latents, 1, channels, height, width)
        modes = None
        if self.mode is not None:
            modes = torch.full((len(rows), 1), self.mode, device=rows.device)
        blocks, singles = self.model(
            **{name: inputs[name] for name in _READ},
            guidance=inputs["guidance"] if self.model.config.guidance_embeds else None,
            controlnet_cond=packed.to(rows).expand(len(rows), -1, -1),
            controlnet_mode=modes,
            conditioning_scale=self.scale,
            return_dict=False,
        )
        return {"controlnet_block_samples": blocks, "controlnet_single_block_samples": singles}


class _FluxControl(LatentControl):
    """FLUX.1's, which may be a union of several."""

    __slots__ = ()

    def bind_latents(self, read: Tensor, scale: float, kind: StructureKind) -> BoundControl:
        mode = _MODES[kind] if self.model.union else None
        return _BoundFluxControl(self.pipe, self.model, read, scale, mode)


def load_flux_control(pipe: Any, source: str) -> LatentControl:  # noqa: ANN401 - diffusers has no types
    """Load a ControlNet for a loaded pipeline.

    Args:
        pipe: The pipeline.
        source: Folder or hub id in the layout of diffusers, with ``@`` and a revision if wanted.

    Raises:
        OSError: A file is missing.
        ValueError: It is not made for this transformer.
    """
    name, options = split_revision(source)
    # Safetensors alone: pickled weights can run code when they are read.
    # diffusers warns of a name that it uses itself.
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        model = FluxControlNetModel.from_pretrained(
            name, dtype=pipe.transformer.dtype, use_safetensors=True, **options
        )
    fits = ("joint_attention_dim", "num_attention_heads", "attention_head_dim", "in_channels")
    if any(model.config[key] != pipe.transformer.config[key] for key in fits):
        raise ValueError("a network of other widths does not fit the transformer")
    if model.input_hint_block is not None:
        raise ValueError("a network that reads maps as pixels is not read")
    return _FluxControl(pipe, model.eval())
