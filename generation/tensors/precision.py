"""Precision: where a network may compute in bfloat16."""

from collections.abc import Mapping
from functools import cache
from typing import Final

import torch

_INSTRUCTIONS: Final = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""What processors call their instructions for it, on x86 and on ARM."""


AMPERE: Final = (8, 0)
"""The first compute capability of NVIDIA's with bfloat16 (CUDA C++ programming guide)."""


ADA: Final = (8, 9)
"""The first compute capability of NVIDIA's that multiplies numbers of 8 bits."""


@cache
def is_float8_quick(device: torch.device | str) -> bool:
    """Whether a device multiplies matrices of floating-point numbers of 8 bits as such.

    AMD's have another such format, and processors none: they would take longer.

    Args:
        device: The very device.
    """
    if torch.device(device).type != "cuda" or torch.version.hip is not None:
        return False
    return torch.cuda.get_device_capability(device) >= ADA


@cache
def is_bfloat16_quick(device: torch.device | str) -> bool:
    """Whether a device computes bfloat16 no slower than float32.

    A processor without instructions for it takes six times as long for a picture
    (docs/photographs.md), so where nothing is known the answer is no.

    Args:
        device: The very device: of two cards in a machine one may, and the other not.
    """
    kind = torch.device(device).type
    if kind == "cuda" and torch.version.hip is None:
        # Cards before Ampere have no such instructions, and would emulate them.
        return torch.cuda.get_device_capability(device) >= AMPERE
    if kind == "cuda":
        # AMD's count otherwise, and all that PyTorch runs on have them.
        return bool(torch.cuda.is_bf16_supported())
    if kind != "cpu":
        return False
    # Older releases of PyTorch do not tell.
    able: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(able.get(name) for name in _INSTRUCTIONS)


def lower_precision(device: torch.device | str) -> torch.autocast:
    """A context in which networks compute in bfloat16 where that is quick, else in float32."""
    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16, enabled=is_bfloat16_quick(device))
