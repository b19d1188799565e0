"""Z-Image's ControlNet: layers beside the transformer's, which read the map as latents.

It shares the transformer's own embedders, so it is bound to one loaded pipeline.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import torch
from diffusers import ZImageControlNetModel
from safetensors.torch import load_file
from torch import Tensor

from generation.catalogue.sources import read_source, split_revision
from generation.tensors.scaled_latents import read_scaled

_LAYERS: Final = 30
"""Layers of Z-Image's transformer, over which those of the network are spread."""

_REFINER: Final = "control_noise_refiner."


@dataclass(frozen=True, slots=True)
class BoundControl:
    """A network with its map, ready to be asked at every step.

    Attributes:
        pipe: The pipeline.
        model: The network.
        latents: The map's, (1, channels, 1, height, width).
        scale: Conditioning scale.
    """

    pipe: Any
    model: Any
    latents: Tensor
    scale: float

    def __call__(self, given: list[Tensor], times: Tensor, words: list[Tensor]) -> dict[str, Any]:
        """Further inputs of the transformer by name.

        Args:
            given: A step's latents, (channels, 1, height, width) each.
            times: Their times, (rows,).
            words: What each is to show, (tokens, width).
        """
        # It computes with parts of the transformer, which may wait off the device until that runs.
        if hook := getattr(self.pipe.transformer, "_hf_hook", None):
            hook.pre_forward(self.pipe.transformer)
        rows = self.latents.to(given[0]).expand(len(given), -1, -1, -1, -1)
        samples = self.model(given, times, words, rows, conditioning_scale=self.scale)
        return {"controlnet_block_samples": samples}

    def roll(self, places: tuple[int, int]) -> Self:
        """The same of a map that is moved, down and to the right."""
        return replace(self, latents=self.latents.roll(places, (-2, -1)))


@dataclass(frozen=True, slots=True)
class ZImageControl:
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
    def bind(self, shown: Tensor, scale: float) -> BoundControl:
        """What it says of a map (1, 3, height, width) in 0 to 1."""
        read = read_scaled(self.pipe, (shown * 2 - 1).to(self.pipe.vae.dtype).contiguous())
        # Later versions have further channels, for what is repainted: here nothing is.
        further = self.model.config.control_in_dim - read.shape[1]
        empty = read.new_zeros(1, further, *read.shape[2:])
        latents = torch.cat([read, empty], 1).unsqueeze(2)
        return BoundControl(self.pipe, self.model, latents, scale)


def load_z_image_control(pipe: Any, source: str) -> ZImageControl:  # noqa: ANN401
    """Load a ControlNet for a loaded pipeline.

    Args:
        pipe: The pipeline.
        source: A folder or hub id in the layout of diffusers, with ``@`` and a revision behind it
            if wanted, or a file behind ``#``, as it was published.

    Raises:
        OSError: A file is missing.
        ValueError: It is not made for this transformer.
        KeyError: It is none of these networks; likewise RuntimeError.
    """
    model = _read_file(source) if "#" in source else _read_folder(source)
    width, own = model.config.dim, pipe.transformer.config.dim
    if width != own:
        raise ValueError(f"a network of width {width} does not fit a transformer of {own}")
    model.to(pipe.transformer.dtype)
    return ZImageControl(pipe, model.from_transformer(model, pipe.transformer).eval())


def _read_folder(source: str) -> Any:  # noqa: ANN401 - diffusers has no types
    name, options = split_revision(source)
    # Safetensors alone: pickled weights can run code when they are read.
    return ZImageControlNetModel.from_pretrained(name, use_safetensors=True, **options)


def _read_file(source: str) -> Any:  # noqa: ANN401 - diffusers has no types
    weights = load_file(read_source(source).find())
    config = _tell_config(weights)
    if config["add_control_noise_refiner"] == "control_layers":
        # Carried along, and never used.
        weights = {k: v for k, v in weights.items() if not k.startswith(_REFINER)}
    model = ZImageControlNetModel(**config)
    model.load_state_dict(weights)
    return model


def _tell_config(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """The configuration of a published file, which its tensors tell."""
    count = len({key.split(".")[1] for key in weights if key.startswith("control_layers.")})
    query = weights["control_layers.0.attention.to_q.weight"]
    heads = len(query) // len(weights["control_layers.0.attention.norm_q.weight"])
    # The first version's refiners are plain ones; the second's say nothing, the third's do.
    before = weights.get(f"{_REFINER}0.before_proj.weight")
    refines = None if before is None else "control_noise_refiner"
    if before is not None and not before.any():
        refines = "control_layers"
    refiners = len({key.split(".")[1] for key in weights if key.startswith(_REFINER)})
    return {
        "control_layers_places": list(range(0, _LAYERS, _LAYERS // count)),
        "control_refiner_layers_places": list(range(refiners)),
        "control_in_dim": weights["control_all_x_embedder.2-1.weight"].shape[1] // 4,
        "add_control_noise_refiner": refines,
        "dim": len(query),
        "n_heads": heads,
        "n_kv_heads": heads,
        "n_refiner_layers": refiners,
    }
