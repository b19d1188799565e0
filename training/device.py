"""What differs between a GPU and a CPU."""

import torch
from torch import nn


def prepare(*modules: nn.Module, device: str) -> None:
    """Have modules compiled at their first call on a GPU, where it pays, and lay them out for it.

    Weights keep their names. Whatever cannot be compiled runs as it is.
    """
    if device != "cuda":
        return
    torch._dynamo.config.suppress_errors = True
    torch.set_float32_matmul_precision("high")
    for module in modules:
        module.compile()


def half(device: str) -> torch.autocast:
    """Computes in bfloat16 on a GPU, in float32 elsewhere."""
    return torch.autocast(device, torch.bfloat16, enabled=device == "cuda")
