"""Which job a worker takes next: the one place that decides it, as a pure function.

Turns (:mod:`storage.queue.fairness`) put all jobs in one line. A worker passes over those of models
that it does not serve, and departs from the line for two things only, both bounded: a job whose
model it has loaded goes before jobs that would have it load another, and a question, which draws
nothing and is over soon, goes before the drawing that is first.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from storage.queue.fairness import Lane

LOOK: Final = 100
"""Jobs at the front of the line among which one of a loaded model is looked for."""


@dataclass(frozen=True, slots=True, order=True)
class ModelName:
    """A model, as recipes name it.

    Attributes:
        family: What kind of model; empty for a job of an older release, which did not say.
        name: Which of the kind.
    """

    family: str
    name: str


Served = frozenset[ModelName] | None
"""What a worker serves; None where it takes whatever there is."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How far jobs whose model is loaded may overtake another, by all workers together.

    Attributes:
        jobs: How many; 0 for none.
        seconds: How many GPU seconds they may be expected to take.
    """

    jobs: int = 8
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job in the line.

    Attributes:
        id: The job.
        priority: Its turn; smaller is sooner.
        created_at: When it was accepted; of equal turns the older goes first.
        model: What draws it.
        lane: As from :func:`storage.queue.fairness.lane_of`.
        cost: What it is expected to take, in GPU seconds.
        overtaken: How many jobs of loaded models have overtaken it.
        overtaken_for: What these were expected to take, in GPU seconds.
        gave_way: Whether a question has overtaken it while it was first.
        worker: Which worker has taken it, though it is not begun; None if none has.
    """

    id: str
    priority: int
    created_at: datetime
    model: ModelName
    lane: Lane
    cost: float
    overtaken: int = 0
    overtaken_for: float = 0.0
    gave_way: bool = False
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What a worker takes.

    Attributes:
        job: The job.
        reaches: The turn that is first in the line, which the queue has reached by that: whoever is
            overtaken keeps what is theirs.
        overtakes: Jobs that it could take instead and that stand before it, for whom that counts.
    """

    job: Waiting
    reaches: int
    overtakes: tuple[Waiting, ...] = ()


def serves(model: ModelName, mine: Served, others: Iterable[Served] = ()) -> bool:
    """Whether a worker takes jobs of a model.

    The only one of its family counts as it, since its files may have another name or revision by
    now; but not where another worker serves the very one.

    Args:
        model: What a job is drawn by.
        mine: What the worker serves.
        others: What other workers serve.
    """
    if mine is None or not model.family or model in mine:
        return True
    alone = sum(each.family == model.family for each in mine) == 1
    return alone and not any(other is not None and model in other for other in others)


def choose(waiting: Iterable[Waiting], holds: Collection[ModelName], bound: Bound) -> Next | None:
    """The job that a worker takes next.

    A question overtakes the drawing that is first, and no further one does; what it stands before
    besides it has not overtaken, as it would have had to wait for that drawing all the same.
    Relaxed jobs overtake no others for a loaded model.

    Args:
        waiting: Jobs that the worker serves, in any order.
        holds: Models that it has loaded.
        bound: How far a loaded model lets others be overtaken.
    """
    line = sorted(waiting, key=lambda job: (job.priority, job.created_at, job.id))[:LOOK]
    if not line:
        return None
    first, reaches = line[0], line[0].priority
    question = next((job for job in line if job.lane == "ask"), None)
    if first is question:
        return Next(first, reaches)
    if question is not None and not first.gave_way:
        return Next(question, reaches, (first,))
    drawings = [job for job in line if job.lane != "ask"]
    place = next(
        (k for k, job in enumerate(drawings) if job.model in holds and _may(job, drawings[:k])), 0
    )
    job, ahead = drawings[place], drawings[:place]
    in_bound = all(
        one.overtaken < bound.jobs and one.overtaken_for + job.cost <= bound.seconds
        for one in ahead
    )
    return Next(job, reaches, tuple(ahead)) if in_bound else Next(first, reaches)


def _may(job: Waiting, ahead: Sequence[Waiting]) -> bool:
    return job.lane != "relax" or all(one.lane == "relax" for one in ahead)
