"""What differs between a GPU and a CPU."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch

_T = TypeVar("_T", bound=Callable[..., Any])


def compiled(function: _T, device: str) -> _T:
    """The function compiled on a GPU, where it pays; whatever cannot be compiled runs as it is."""
    if device != "cuda":
        return function
    torch._dynamo.config.suppress_errors = True
    torch.set_float32_matmul_precision("high")
    return torch.compile(function)  # type: ignore[return-value]


def half(device: str) -> torch.autocast:
    """Computes in bfloat16 on a GPU, in float32 elsewhere."""
    return torch.autocast(device, torch.bfloat16, enabled=device == "cuda")
