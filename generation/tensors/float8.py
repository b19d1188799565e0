"""Layers whose weights are floating-point numbers of 8 bits, and their products computed in them.

Of the formats for it (Micikevicius et al. 2022, arXiv 2209.05433) the one with the finer steps.
Every row of a matrix has a factor of its own: of weights, so that each uses the format's whole
range, and of what is multiplied with them, so that no picture depends on those beside it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import ScalingType, scaled_mm

FORMAT: Final = torch.float8_e4m3fn

_LARGEST: Final = torch.finfo(FORMAT).max
_GRAIN: Final = 16
"""Sides of matrices that are multiplied in 8 bits are multiples of this (cuBLASLt's manual)."""


@dataclass(slots=True)
class Switch:
    """Whether products are computed in 8 bits now; one for all layers of a network."""

    on: bool = False


class Linear8(nn.Linear):
    """A linear layer with weights of 8 bits.

    Products are computed in 8 bits where its switch is on, its sides allow it, and what comes in is
    a row of tokens. What describes a whole picture, such as the time, has one row alone: there is
    nothing to be gained.

    Args:
        layer: The layer that it takes the place of.
        switch: The network's.
    """

    def __init__(self, layer: nn.Linear, switch: Switch) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.switch = switch
        small, factors = reduce_rows(layer.weight.detach())
        # As plain bytes: whoever asks a network for its number format means what it computes in,
        # which is that of the factors.
        self.small = nn.Parameter(small.view(torch.uint8), requires_grad=False)
        self.factors = nn.Parameter(factors, requires_grad=False)
        self.bias = layer.bias
        self.multiplies = not (self.in_features % _GRAIN or self.out_features % _GRAIN)

    @property
    def weight(self) -> Tensor:  # type: ignore[override]
        """The weights in the number format that the network computes in, made anew each time."""
        return (self.small.view(FORMAT).float() * self.factors).to(self.factors.dtype)

    def forward(self, states: Tensor) -> Tensor:
        """The layer's output (…, out) for an input (…, in)."""
        if not (self.switch.on and self.multiplies and states.dim() > 2):
            return functional.linear(states, self.weight, self.bias)
        small, factors = reduce_rows(states.flatten(0, -2))
        product: Tensor = scaled_mm(
            small,
            self.small.view(FORMAT).T,
            factors.float(),
            ScalingType.RowWise,
            self.factors.float().T,
            ScalingType.RowWise,
            output_dtype=states.dtype,
            use_fast_accum=True,
        ).reshape(*states.shape[:-1], self.out_features)
        return product if self.bias is None else product + self.bias


def reduce_rows(rows: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix (rows, columns) in 8 bits, and the factor (rows, 1) of each row in its own format.

    A number is what stands for it times its row's factor, but for rounding.
    """
    largest = rows.abs().amax(-1, keepdim=True)
    factors = (largest / _LARGEST).clamp_min(torch.finfo(torch.float16).tiny)
    return (rows / factors).to(FORMAT), factors


def reduce_layers(network: nn.Module) -> None:
    """Give a network layers of 8 bits in the place of its linear ones."""
    switch, layers = Switch(), list(network.named_modules())
    # Weights that a layer shares with its embeddings take no memory of their own.
    shared = {id(one.weight) for _, one in layers if isinstance(one, nn.Embedding)}
    for name, layer in layers:
        if type(layer) is nn.Linear and id(layer.weight) not in shared:
            network.set_submodule(name, Linear8(layer, switch))


@contextmanager
def multiply(network: nn.Module, *, eight: bool) -> Iterator[None]:
    """Within it, a network's products are computed in 8 bits or not; then as before."""
    layers = (one for one in network.modules() if isinstance(one, Linear8))
    switch = next((one.switch for one in layers), Switch())
    before, switch.on = switch.on, eight
    try:
        yield
    finally:
        switch.on = before
