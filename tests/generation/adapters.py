"""Tiny image adapters in the layout and with the tensor names of h94/IP-Adapter."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import FluxPriorReduxPipeline, FluxTransformer2DModel, UNet2DConditionModel
from diffusers.models.embeddings import ImageProjection, IPAdapterPlusImageProjection
from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
from safetensors.torch import save_file
from torch import Tensor
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    SiglipImageProcessorPil,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from generation.conditioning.flux_adapter import ENCODER, FILE
from generation.conditioning.image_adapters import Adapter, Adapters

SIGHT: Final = 16
"""Width of what the encoder says of a patch."""

WHOLE: Final = 24
"""Width of what it says of an image."""

Tensors = dict[str, Tensor]


def build_redux(folder: Path, transformer: Path) -> Path:
    """What reads images as words, laid out as FLUX.1 Redux is, for a checkpoint's transformer."""
    torch.manual_seed(7)
    width = FluxTransformer2DModel.load_config(transformer)["joint_attention_dim"]
    vision = SiglipVisionConfig(
        hidden_size=SIGHT,
        intermediate_size=2 * SIGHT,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
    )
    embedder = ReduxImageEncoder(redux_dim=SIGHT, txt_in_features=width)
    with torch.no_grad():
        for weight in embedder.parameters():
            weight.mul_(8)  # drawn at random, it would say hardly anything
    FluxPriorReduxPipeline(
        image_encoder=SiglipVisionModel(vision),
        feature_extractor=SiglipImageProcessorPil(size={"height": 32, "width": 32}),
        image_embedder=embedder,
    ).save_pretrained(folder)
    return folder


def build_flux_adapter(folder: Path, transformer: Path) -> Path:
    """An image adapter in the layout of XLabs, for a checkpoint's transformer."""
    torch.manual_seed(8)
    config = FluxTransformer2DModel.load_config(transformer)
    width = config["joint_attention_dim"]
    inner = config["num_attention_heads"] * config["attention_head_dim"]
    _build_encoder(folder / ENCODER)
    made = {
        "ip_adapter_proj_model.proj.weight": torch.randn(4 * width, WHOLE),
        "ip_adapter_proj_model.proj.bias": torch.zeros(4 * width),
        "ip_adapter_proj_model.norm.weight": torch.ones(width),
        "ip_adapter_proj_model.norm.bias": torch.zeros(width),
    }
    for block in range(config["num_layers"]):
        for part in "kv":
            name = f"double_blocks.{block}.processor.ip_adapter_double_stream_{part}_proj"
            made[f"{name}.weight"] = torch.randn(inner, width)
            made[f"{name}.bias"] = torch.randn(inner)
    save_file(made, folder / FILE)
    return folder


def build_adapters(folder: Path, known: Adapters, unet: Path) -> Path:
    """Every file that a family's adapters name, for a checkpoint's UNet.

    Args:
        folder: Where to write.
        known: What to write.
        unet: Folder of the UNet.
    """
    torch.manual_seed(7)
    _build_encoder(folder / known.encoder)
    denoiser = UNet2DConditionModel.from_pretrained(unet)
    for row in known.each:
        file = folder / row.file
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file({**_projection(row, denoiser), **_attentions(denoiser)}, file)
    return folder


def _build_encoder(folder: Path) -> None:
    CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=SIGHT,
            intermediate_size=2 * SIGHT,
            num_hidden_layers=3,
            num_attention_heads=2,
            patch_size=16,
            image_size=64,
            projection_dim=WHOLE,
            initializer_factor=3.0,
        )
    ).save_pretrained(folder)


def _projection(row: Adapter, unet: Any) -> Tensors:
    width = unet.config.cross_attention_dim
    if not row.patches:
        layer: Any = ImageProjection(WHOLE, width, num_image_text_embeds=4)
        named = [(name.replace("image_embeds", "proj"), t) for name, t in layer.named_parameters()]
    else:
        layer = IPAdapterPlusImageProjection(SIGHT, width, hidden_dims=64, heads=1, num_queries=4)
        named = [*_published(dict(layer.named_parameters()))]
    return {f"image_proj.{name}": tensor.detach().contiguous() for name, tensor in named}


def _published(tensors: Tensors) -> Iterator[tuple[str, Tensor]]:
    """A resampler's tensors by the names that its authors gave them."""
    names = {
        "ln0": "0.norm1",
        "ln1": "0.norm2",
        "ff.0": "1.0",
        "ff.1.net.0.proj": "1.1",
        "ff.1.net.2": "1.3",
        "attn.to_q": "0.to_q",
        "attn.to_out.0": "0.to_out",
    }
    for name, tensor in tensors.items():
        _, _, part = name.partition(".")
        part = part.partition(".")[2].rpartition(".")[0]
        if not name.startswith("layers."):
            yield name, tensor
        elif part == "attn.to_k":
            values = tensors[name.replace("to_k", "to_v")]
            yield name.replace(part, "0.to_kv"), torch.cat([tensor, values])
        elif part != "attn.to_v":
            yield name.replace(part, names[part]), tensor


def _attentions(unet: Any) -> Tensors:
    made: Tensors = {}
    for number, name in enumerate(unet.attn_processors):
        if "attn2" in name:
            keys = unet.get_submodule(name.removesuffix(".processor")).to_k.weight
            for part in ("to_k_ip", "to_v_ip"):
                made[f"ip_adapter.{number}.{part}.weight"] = torch.randn_like(keys) * 0.3
    return made
