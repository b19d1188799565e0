"""Precision: where a network may compute in bfloat16."""

from collections.abc import Mapping
from functools import cache
from typing import Final

import torch

_INSTRUCTIONS: Final = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""What processors call their instructions for it, on x86 and on ARM."""


@cache
def is_bfloat16_quick(device: str) -> bool:
    """Whether a type of device computes bfloat16 no slower than float32.

    A processor without instructions for it takes six times as long for a picture
    (docs/photographs.md), so where nothing is known the answer is no.

    Args:
        device: As of ``torch.device.type``.
    """
    if device == "cuda":
        # Cards before Ampere have no such instructions, and would emulate them.
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device != "cpu":
        return False
    # Older releases of PyTorch do not tell.
    able: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(able.get(name) for name in _INSTRUCTIONS)


def lower_precision(device: str) -> torch.autocast:
    """A context in which networks compute in bfloat16 where that is quick, else in float32."""
    return torch.autocast(device, torch.bfloat16, enabled=is_bfloat16_quick(device))
