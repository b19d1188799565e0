"""Z-Image's ControlNet: layers beside the transformer's, which read the map as latents.

It shares the transformer's own embedders, so it is bound to one loaded pipeline.
"""

from collections.abc import Mapping
from typing import Any, Final

import torch
from diffusers import ZImageControlNetModel
from safetensors.torch import load_file
from torch import Tensor

from generation.catalogue.sources import read_source, split_revision
from generation.conditioning.latent_control import BoundControl, LatentControl
from generation.recipe import StructureKind

_LAYERS: Final = 30
"""Layers of Z-Image's transformer, over which those of the network are spread."""

_REFINER: Final = "control_noise_refiner."


class _BoundZImageControl(BoundControl):
    """With a map that is a film of one frame, (1, channels, 1, height, width)."""

    __slots__ = ()

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        # It computes with parts of the transformer, which may wait off the device until that runs.
        if hook := getattr(self.pipe.transformer, "_hf_hook", None):
            hook.pre_forward(self.pipe.transformer)
        given = inputs["x"]
        rows = self.latents.to(given[0]).expand(len(given), -1, -1, -1, -1)
        samples = self.model(
            given, inputs["t"], inputs["cap_feats"], rows, conditioning_scale=self.scale
        )
        return {"controlnet_block_samples": samples}


class _ZImageControl(LatentControl):
    """Z-Image's, which is not told what a map is of."""

    __slots__ = ()

    def bind_latents(self, read: Tensor, scale: float, kind: StructureKind) -> BoundControl:
        del kind
        # Later versions have further channels, for what is repainted: here nothing is.
        further = self.model.config.control_in_dim - read.shape[1]
        empty = read.new_zeros(1, further, *read.shape[2:])
        latents = torch.cat([read, empty], 1).unsqueeze(2)
        return _BoundZImageControl(self.pipe, self.model, latents, scale)


def load_z_image_control(pipe: Any, source: str) -> LatentControl:  # noqa: ANN401
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
    return _ZImageControl(pipe, model.from_transformer(model, pipe.transformer).eval())


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
