"""Scaled fp8: floating-point weights of 8 bits beside factors, as ComfyUI keeps transformers.

A factor is of a whole tensor, or of each of its rows. Files of two generations differ in names;
the later ones say in ``comfy_quant`` which format a layer has, and have others besides.
"""

from collections.abc import Iterable
from typing import Final

from generation.catalogue.headers import Header

_FACTORS: Final = (".scale_weight", ".weight_scale")
_BESIDE: Final = (*_FACTORS, ".scale_input", ".input_scale", ".comfy_quant")
"""What stands beside a layer's weight; factors of what it is given are for products in 8 bits."""

_MARK: Final = "scaled_fp8"
_EIGHT: Final = frozenset({"F8_E4M3", "F8_E5M2"})


def stands_beside(name: str) -> bool:
    """Whether a tensor is no weight, but says how one is to be read."""
    return name.endswith((*_BESIDE, _MARK))


def find_factors(names: Iterable[str]) -> dict[str, str]:
    """The name of each weight's factor, by the weight's name."""
    return {
        f"{name.removesuffix(ending)}.weight": name
        for name in names
        for ending in _FACTORS
        if name.endswith(ending)
    }


def can_be_widened(header: Header) -> bool:
    """Whether every factor in a file is one of a weight of 8 bits that this module knows.

    Args:
        header: The file's.
    """
    return all(
        header.formats.get(weight) in _EIGHT
        and header.shapes[factor] in _list_shapes(header.shapes[weight][0])
        for weight, factor in find_factors(header.shapes).items()
    )


def _list_shapes(rows: int) -> tuple[tuple[int, ...], ...]:
    """Shapes that a factor may have, of a weight with so many rows."""
    return (), (1,), (rows,), (rows, 1)
