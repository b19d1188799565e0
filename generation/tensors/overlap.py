"""Large tensors in overlapping squares, so that memory is bounded by the square.

Squares meet in a ramp: each counts less towards its inner edges, and what several say of a place is
their weighted mean (as in MultiDiffusion, Bar-Tal et al. 2023, arXiv 2302.08113).
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Final

import torch
from torch import Tensor

_FAINT: Final = 1e-3
"""Least weight of a place within a square, so that every place counts somewhere."""

Done = Callable[[int, int], None]
"""Called after each tile: tiles done, tiles in all; what it raises ends the work."""


def place_tiles(length: int, side: int, overlap: int) -> list[int]:
    """Where squares begin along one side: as few as cover it, evenly, ``overlap`` or more shared.

    Args:
        length: What to cover.
        side: Of a square.
        overlap: Shared by neighbours at least, below ``side``.
    """
    if length <= side:
        return [0]
    count = -(-(length - overlap) // (side - overlap))
    return [round(k * (length - side) / (count - 1)) for k in range(count)]


def apply_in_tiles(
    work: Callable[[Tensor], Tensor],
    whole: Tensor,
    side: int,
    *,
    overlap: int,
    margin: int = 0,
    done: Done = lambda *_: None,
) -> Tensor:
    """``work(whole)``, square by square.

    Args:
        work: From (…, height, width) to the same ``n`` times as large, for a whole ``n``.
        whole: (…, height, width).
        side: Of a square.
        overlap: Shared by neighbours at least.
        margin: How far from an inner edge a square says nothing at all; under half the overlap.
        done: Called after each tile.

    Returns:
        The result on the device of ``whole``, in float32.
    """
    height, width = whole.shape[-2:]
    places = list(product(place_tiles(height, side, overlap), place_tiles(width, side, overlap)))
    total = weights = torch.zeros(0)
    for number, (top, left) in enumerate(places, 1):
        # Summed where the whole lies: a device on which only a square fits never holds the result.
        made = work(whole[..., top : top + side, left : left + side]).float().to(whole.device)
        times = made.shape[-1] // min(side, width)
        # How large results are, and of how many channels, only the first one tells.
        if number == 1:
            total = made.new_zeros(*made.shape[:-2], times * height, times * width)
            weights = made.new_zeros(times * height, times * width)
        ramp = partial(_ramp, overlap=overlap, margin=margin, times=times)
        down = ramp(top, min(side, height), height).to(made.device)
        across = ramp(left, min(side, width), width).to(made.device)
        weight = down[:, None] * across
        rows = slice(times * top, times * top + len(down))
        columns = slice(times * left, times * left + len(across))
        total[..., rows, columns] += weight * made
        weights[rows, columns] += weight
        done(number, len(places))
    return total / weights


def _ramp(begin: int, side: int, length: int, *, overlap: int, margin: int, times: int) -> Tensor:
    """How much each place along a side of a square counts, (side × times,); full at outer edges."""
    # Measured at the middles of places, so that two ramps that meet are mirror images.
    places = torch.arange(side * times, dtype=torch.float32) / times + 0.5 / times
    counts = torch.ones_like(places)
    if begin:
        counts = torch.minimum(counts, (places - margin) / (overlap - 2 * margin))
    if begin + side < length:
        counts = torch.minimum(counts, (side - places - margin) / (overlap - 2 * margin))
    return counts.clamp(min=_FAINT)


def halve_down(side: int, least: int) -> Iterator[int]:
    """A side, then half of it, and so on down to ``least``."""
    while side >= least:
        yield side
        side //= 2
