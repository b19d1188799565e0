"""Tiny files of every kind of change to weights, under the names that trainers use."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

Make = Callable[[int, tuple[int, ...], Tensor], dict[str, Tensor]]
"""From a layer's outputs, its inputs, and its weights to what a file has of it."""


def _random(*shape: int) -> Tensor:
    return torch.randn(shape) * 0.4


def _lora(out: int, into: tuple[int, ...], _: Tensor) -> dict[str, Tensor]:
    up = [out, 2, *[1] * (len(into) - 1)]
    return {
        "lora_down.weight": _random(2, *into),
        "lora_up.weight": _random(*up),
        "alpha": torch.tensor(1.0),
    }


def _peft(out: int, into: tuple[int, ...], _: Tensor) -> dict[str, Tensor]:
    return {"lora_A.weight": _random(2, *into), "lora_B.weight": _random(out, 2)}


def _loha(out: int, into: tuple[int, ...], _: Tensor) -> dict[str, Tensor]:
    flat = torch.Size(into).numel()
    both = {f"hada_w{k}_a": _random(out, 2) * 2 for k in (1, 2)}
    both |= {f"hada_w{k}_b": _random(2, flat) * 2 for k in (1, 2)}
    return {**both, "alpha": torch.tensor(2.0)}


def _lokr(out: int, into: tuple[int, ...], _: Tensor) -> dict[str, Tensor]:
    first, *core = into
    return {"lokr_w1": _random(4, 4), "lokr_w2": _random(out // 4, first // 4, *core)}


def _thin_lokr(out: int, into: tuple[int, ...], _: Tensor) -> dict[str, Tensor]:
    return {
        "lokr_w1": _random(2, 2),
        "lokr_w2_a": _random(out // 2, 2),
        "lokr_w2_b": _random(2, into[0] // 2),
        "alpha": torch.tensor(2.0),
    }


def _dora(out: int, into: tuple[int, ...], weight: Tensor) -> dict[str, Tensor]:
    made = _lora(out, into, weight)
    norms = weight.flatten(1).norm(dim=1).reshape(out, *[1] * len(into)) * 1.5
    return {**made, "dora_scale": norms}


def _diff(out: int, into: tuple[int, ...], _: Tensor) -> dict[str, Tensor]:
    return {"diff": _random(out, *into), "diff_b": _random(out)}


def _ia3(_out: int, into: tuple[int, ...], _: Tensor) -> dict[str, Tensor]:
    return {"weight": _random(into[0]), "on_input": torch.tensor(1)}


KINDS: Final[dict[str, Make]] = {
    "LoRA": _lora,
    "peft": _peft,
    "LoHa": _loha,
    "LoKr": _lokr,
    "thin LoKr": _thin_lokr,
    "DoRA": _dora,
    "diff": _diff,
    "IA3": _ia3,
}


def _flat(lead: str) -> Callable[[str], str]:
    return lambda path: lead + path.replace(".", "_")


def _first_names(path: str) -> str:
    """Of the tiny XL, as Stability's code calls them: the second level has attention."""
    flat = path.replace("down_blocks.1.attentions.0", "input_blocks.3.1")
    return "lora_unet_" + flat.replace(".", "_")


NAMES: Final[dict[str, Callable[[str], str]]] = {
    "kohya": _flat("lora_unet_"),
    "first": _first_names,
    "onetrainer": _flat("lora_transformer_"),
    "lycoris": _flat("lycoris_"),
    "peft": lambda path: f"base_model.model.{path}",
    "comfy": lambda path: f"diffusion_model.{path}",
    "diffusers": lambda path: f"transformer.{path}",
}

_LAYERS: Final = re.compile(r"(to_q|to_out\.0|q_proj)$")


def build_kind(file: Path, pipe: Any, kind: str, names: str, layers: str = "") -> Path:
    """A file of a kind on some attentions of a pipeline's denoiser, or those that are named."""
    torch.manual_seed(3)
    denoiser = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
    made: dict[str, Tensor] = {}
    for path, layer in _list_layers(denoiser, layers):
        if names == "first" and not path.startswith("down_blocks.1"):
            continue
        out, *into = layer.weight.shape
        parts = KINDS[kind](out, tuple(into), layer.weight.detach())
        if layer.bias is None:
            parts.pop("diff_b", None)
        made |= {f"{NAMES[names](path)}.{name}": one.contiguous() for name, one in parts.items()}
    save_file(made, file)
    return file


def build_fused(file: Path, lead: str, kind: str = "peft") -> Path:
    """A file on the first block of a tiny FLUX, whose queries, keys and values are one layer."""
    torch.manual_seed(3)
    width = 32
    layers = {
        "double_blocks.0.img_attn.qkv": 3 * width,
        "double_blocks.0.img_attn.proj": width,
        "double_blocks.0.txt_attn.qkv": 3 * width,
    }
    save_file(
        {
            f"{lead}{path}.{name}": one.contiguous()
            for path, out in layers.items()
            for name, one in KINDS[kind](out, (width,), torch.ones(out, width)).items()
        },
        file,
    )
    return file


def _list_layers(denoiser: nn.Module, wanted: str) -> Iterator[tuple[str, Any]]:
    told = re.compile(wanted) if wanted else _LAYERS
    for path, layer in denoiser.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d) and told.search(path):
            yield path, layer
