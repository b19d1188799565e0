"""Tiny LoRAs with the tensor names of published ones."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

_LAYERS = ("to_q", "to_v", "q_proj", "v_proj")
_PARTS = ("unet", "transformer", "text_encoder")


def build_lora(file: Path, pipe: Any, seed: int = 0) -> Path:
    """A LoRA of rank 2 on the attentions of whatever a pipeline has, as diffusers writes it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors(pipe, seed), file)
    return file


def tensors(pipe: Any, seed: int = 0) -> dict[str, torch.Tensor]:
    """What such a file holds."""
    torch.manual_seed(seed)
    made = {}
    for part in _PARTS if hasattr(pipe, "unet") else _PARTS[1:2]:
        for name, layer in getattr(pipe, part, nn.Module()).named_modules():
            if isinstance(layer, nn.Linear) and name.endswith(_LAYERS):
                made[f"{part}.{name}.lora_A.weight"] = torch.randn(2, layer.in_features) * 0.5
                made[f"{part}.{name}.lora_B.weight"] = torch.randn(layer.out_features, 2) * 0.5
    return made
