"""Reads and writes the model: a folder of safetensors beside one ``config.json``, no pickles.

======================  =======================================================================
``config.json``         format, sizes of the networks, the words of the looks, and licence
``latents.safetensors`` the linear map: ``basis``, ``mean``, ``scale``, ``spread`` (float32)
``decoder.safetensors``, ``planner.safetensors``, ``denoiser.safetensors``   networks (float16)
``upscaler.safetensors`` shows what is drawn larger (``generation.upscaling.bundled``, float16)
``text_encoder/``       the CLIP text model that the planner reads, in the layout of transformers
``image_encoder/``      a CLIP vision model with projection, in the same layout
``tokenizer/``          its tokenizer
======================  =======================================================================

A model of photographs alone has no planner, and none of what follows it; one beside a diffusion
model reads that model's text encoder.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from generation.guided.denoiser import Denoiser
from generation.guided.latents import Decoder, Latents
from generation.guided.planner import Planner
from generation.tensors.precision import is_bfloat16_quick

CONFIG: Final = "config.json"
FORMAT: Final = "easel-guided-1"


@dataclass(frozen=True, slots=True)
class Networks:
    """The model's own networks.

    Attributes:
        latents: The linear map.
        decoder: Adds the detail that the linear map loses.
        denoiser: From a guide to a picture.
        planner: From words to a guide; None for a model of photographs alone.
        looks: Words of the looks, in the order of the denoiser's table.
        guidance: How far the denoiser, asked for a look, goes by itself, beside an image: above 1
            it was distilled, and takes one pass for what would take two.
    """

    latents: Latents
    decoder: Decoder
    denoiser: Denoiser
    looks: tuple[str, ...]
    planner: Planner | None = None
    guidance: float = 1.0


def write_networks(folder: Path, networks: Networks, facts: Mapping[str, Any]) -> None:
    """Write the networks and their configuration; text and image models are not written here.

    Args:
        folder: Made if it is not there.
        networks: What to write.
        facts: What else to tell in the configuration, such as a licence.
    """
    folder.mkdir(parents=True, exist_ok=True)
    planner, denoiser = networks.planner, networks.denoiser
    # Sizes are read off the networks, so that the file cannot state others than its weights have.
    config: dict[str, Any] = {
        "format": FORMAT,
        **facts,
        "looks": list(networks.looks),
        "latents": {"channels": networks.latents.channels},
        "decoder": {"widths": [networks.decoder.enter.out_channels, *_inner(networks.decoder)]},
        "denoiser": {
            "widths": list(denoiser.widths),
            "depth": list(denoiser.depth),
            "told": denoiser.looks.embedding_dim,
            "words": denoiser.words.in_features,
        },
        "guidance": networks.guidance,
    }
    if planner is not None:
        config["planner"] = measure_planner(planner)
        save_weights(planner, folder / "planner.safetensors", torch.float16)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
    # Every latent goes through the linear map, and it is small: it keeps its precision.
    save_weights(networks.latents, folder / "latents.safetensors", torch.float32)
    save_weights(networks.decoder, folder / "decoder.safetensors", torch.float16)
    save_weights(networks.denoiser, folder / "denoiser.safetensors", torch.float16)


def _inner(decoder: Decoder) -> tuple[int, int]:
    return decoder.to_middle.out_channels // 4, decoder.to_fine.out_channels // 4


def measure_planner(planner: Planner) -> dict[str, int]:
    """The sizes that a planner is made again by."""
    return {
        "side": planner.side,
        "width": planner.queries.shape[1],
        "hidden": planner.enter.out_features,
        "depth": len(planner.layers),
        "queries": len(planner.queries),
    }


def save_weights(module: nn.Module, path: Path, dtype: torch.dtype) -> None:
    """Write a network's weights as safetensors."""
    # Networks may be in channels-last layout, which safetensors refuses as not contiguous.
    weights = {name: w.detach().to(dtype).contiguous() for name, w in module.state_dict().items()}
    save_file(weights, path)


def quicken(networks: Networks, device: torch.device | str = "cpu") -> Networks:
    """Have the layers that draw hold their weights as they compute with them.

    Otherwise autocast would convert every weight at every step, a quarter of the time.

    Args:
        networks: As they were read.
        device: What they will compute on.
    """
    if not is_bfloat16_quick(device):
        return networks
    for network in (networks.decoder, networks.denoiser):
        for layer in network.modules():
            # Not the embeddings: looks are averaged in float32 before any layer reads them.
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.bfloat16()
    return networks


def read_networks(folder: Path) -> Networks:
    """Read what :func:`write_networks` wrote, in float32 and ready to draw.

    Raises:
        ValueError: It is another format.
    """
    config = json.loads((folder / CONFIG).read_text())
    if config.get("format") != FORMAT:
        message = f"{folder} is no {FORMAT} model"
        raise ValueError(message)
    channels = config["latents"]["channels"]
    looks = tuple(config["looks"])
    denoiser = {**config["denoiser"]}
    for name in ("widths", "depth"):
        # JSON has lists alone, and the networks compare and unpack tuples.
        denoiser[name] = tuple(denoiser[name])
    networks = Networks(
        latents=Latents(channels),
        decoder=Decoder(channels, tuple(config["decoder"]["widths"])),
        denoiser=Denoiser(channels, len(looks), **denoiser),
        looks=looks,
        planner=Planner(channels, **config["planner"]) if "planner" in config else None,
        guidance=config.get("guidance", 1.0),
    )
    for name in ("latents", "decoder", "planner", "denoiser"):
        module: nn.Module | None = getattr(networks, name)
        if module is None:
            continue
        load_weights(module, folder / f"{name}.safetensors")
        # The quicker layout for convolutions: docs/measurements.md has it for the bundled model.
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return networks


def load_weights(module: nn.Module, path: Path) -> None:
    """Give a network the weights of a file, in float32, ready to draw.

    Raises:
        OSError: The file is missing.
        RuntimeError: They are not of its sizes.
    """
    weights = load_file(path)
    # Assigned, not copied: what the constructor made is thrown away, and memory with it.
    module.load_state_dict({key: w.float() for key, w in weights.items()}, assign=True)
    module.requires_grad_(requires_grad=False).eval()
