"""What jobs are expected to take, learned from what like ones took."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, case, select

from storage.database.records import upsert
from storage.database.tables import CostRow
from storage.queue.jobs import SHOWN

MEMORY: Final = 20
"""Jobs over which a mean moves."""

UNKNOWN: Final = 10.0
"""GPU seconds that a job is taken for while nothing of its kind was made by its model."""

LEAST: Final = 0.05
"""GPU seconds that a job is taken for at least."""


_MEANS: Final = select(CostRow.size, CostRow.length, CostRow.seconds).where(
    CostRow.model == bindparam("model"), CostRow.kind == bindparam("kind")
)

_ALIKE: Final = {"compare": "imagine"}
"""Kinds that take as long as others of as many pixels."""

GRID: Final = 4
"""Pictures for which a job counts once."""


@dataclass(frozen=True, slots=True)
class Work:
    """What decides how long a job takes.

    Attributes:
        model: What draws it.
        kind: What is made, such as ``imagine`` or ``upscale``.
        pixels: Of all its pictures, as they are drawn.
        steps: Denoising steps of each.
    """

    model: str
    kind: str
    pixels: int
    steps: int

    @classmethod
    def of(cls, model: str, title: str, pixels: int, steps: int) -> "Work":
        """The work of a job by its title, such as ``upscale:2``."""
        kind = title.partition(":")[0]
        return cls(model, _ALIKE.get(kind, kind), pixels, steps)

    @property
    def size(self) -> int:
        """Its pixels in half octaves, so that there are few sizes."""
        return _half_octaves(self.pixels)

    @property
    def length(self) -> int:
        """Its steps in half octaves."""
        return _half_octaves(self.steps)


def count_drawings(pictures: int, lane: str) -> int:
    """As how many a job counts: a sheet as the grids it might be, what draws nothing as none.

    Args:
        pictures: How many pictures it makes.
        lane: Its lane.
    """
    return 0 if lane in {"ask", SHOWN} else max(1, math.ceil(pictures / GRID))


def expect(means: Mapping[tuple[int, int], float], work: Work) -> float | None:
    """What a job is expected to take, in GPU seconds; None where nothing like it was made.

    Args:
        means: Mean seconds of jobs of its model and kind, by size and length.
        work: The job's work.
    """
    wanted = (work.size, work.length)
    # The nearest that was made, in proportion to pixels and steps.
    nearest = min(
        means,
        key=lambda known: (abs(sum(known) - sum(wanted)), abs(known[0] - wanted[0])),
        default=None,
    )
    if nearest is None:
        return None
    return max(LEAST, means[nearest] * 2 ** ((sum(wanted) - sum(nearest)) / 2))


def read_cost(connection: Connection, work: Work) -> float:
    """What a job is taken for, in GPU seconds."""
    known = read_known_cost(connection, work)
    return UNKNOWN if known is None else known


def read_known_cost(connection: Connection, work: Work) -> float | None:
    """What a job is expected to take, in GPU seconds; None where nothing like it was made."""
    rows = connection.execute(_MEANS, {"model": work.model, "kind": work.kind})
    return expect({(size, length): seconds for size, length, seconds in rows}, work)


def read_known_costs(connection: Connection, works: Collection[Work]) -> dict[Work, float | None]:
    """The same for each of some works."""
    return {work: read_known_cost(connection, work) for work in works}


def learn_cost(connection: Connection, work: Work, seconds: float) -> None:
    """Takes what a job took into the mean of its like."""
    key = {"model": work.model, "kind": work.kind, "size": work.size, "length": work.length}
    counted = case((CostRow.jobs < MEMORY, CostRow.jobs + 1.0), else_=float(MEMORY))
    upsert(
        connection,
        CostRow,
        key | {"seconds": seconds, "jobs": 1},
        {
            "seconds": CostRow.seconds + (seconds - CostRow.seconds) / counted,
            "jobs": CostRow.jobs + 1,
        },
    )


def _half_octaves(value: int) -> int:
    return round(2 * math.log2(value)) if value > 0 else 0
