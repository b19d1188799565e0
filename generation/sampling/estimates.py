"""Estimates: where a model would take the same noise by several texts, after one prediction each.

Two noise levels are looked at: at the first a model decides what is where, at the second how it
looks. The latents of the second are the first text's estimate under the same noise, so that all
texts are asked about the same picture.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from torch import Tensor

from generation.sampling.engine import Engine
from generation.sampling.parallel import open_map

GRID_OF_ESTIMATES: Final = 4
"""Steps of the schedule of which two are looked at, the first and..."""

SECOND: Final = 2
"""this one, counted from 0."""

Estimates = tuple[Tensor, Tensor]
"""Clean latents (channels, height, width) as they seem to become, at either level."""

Condition = TypeVar("Condition")


def estimate_in_portions(
    engine: Engine,
    conditions: Sequence[Condition],
    look: Callable[[Tensor | None, int, Sequence[Condition]], Tensor],
    told: Callable[[int], None],
) -> list[Estimates]:
    """Each condition's estimates, as many at a time as the engine draws pictures.

    Args:
        engine: What is asked.
        conditions: What it is asked with, the text itself first.
        look: Clean latents to be put under noise, None for noise alone, the step, and conditions to
            their estimates in rows.
        told: Called with how many conditions were looked at; whatever it raises ends it.
    """
    size, parallel = engine.batching.size, engine.batching.parallel
    portions = [conditions[at : at + size] for at in range(1, len(conditions), size)]
    # Alone, since all others start from it.
    base = look(None, 0, conditions[:1])
    found = [(base[0], look(base, SECOND, conditions[:1])[0])]

    def ask(portion: Sequence[Condition]) -> list[Estimates]:
        first, second = look(None, 0, portion), look(base, SECOND, portion)
        return list(zip(first, second, strict=True))

    with open_map(parallel) as each:
        for at in range(0, len(portions), parallel):
            told(len(found))
            for rows in each(ask, portions[at : at + parallel]):
                found += rows
    told(len(found))
    return found
