"""Widening: weights of 8 bits as numbers that every layer computes with."""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from generation.catalogue.scaled_fp8 import find_factors, stands_beside

_EIGHT: Final = frozenset({torch.float8_e4m3fn, torch.float8_e5m2})


def widen(weights: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Weights without their factors, those of 8 bits in a wider format.

    Args:
        weights: By the names that they have in a file.
        dtype: The wider format.
    """
    factors = find_factors(weights)
    wide = {}
    for name, one in weights.items():
        if stands_beside(name):
            continue
        if name in factors:
            factor = weights[factors[name]].float()
            # In float32, as two roundings could differ from one in the last bit.
            wide[name] = (one.float() * factor.reshape(-1, *[1] * (one.ndim - 1))).to(dtype)
        else:
            wide[name] = one.to(dtype) if one.dtype in _EIGHT else one
    return wide
