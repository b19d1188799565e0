"""What it saves that a worker prefers jobs whose model it has loaded, and what that costs others.

Run with ``python -m benchmarks.loads``. The members of :mod:`benchmarks.turns` draw with three
models, half of them with the usual one, on GPUs that hold one at a time and take a quarter of a
minute to load another. Jobs are chosen by the product's own function, for several bounds of
overtaking; the baseline is none at all.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from benchmarks.turns import (
    GPUS,
    HOURS,
    SEEDS,
    Asking,
    Job,
    Member,
    Order,
    Shares,
    Simulation,
    cut,
    gather_members,
    list_waits,
)
from storage.queue import order
from storage.queue.fairness import Rule
from storage.queue.order import LOOK, Bound, ModelName, Waiting

LOAD: Final = 15.0
"""Seconds to load another model."""

MODELS: Final = [ModelName("sdxl", name) for name in ("usual", "usual", "second", "third")]
"""What members draw with, by turns."""

BOUNDS: Final = (
    Bound(jobs=0),
    *(Bound(jobs, seconds) for jobs in (2, 4, 8, 16, 32) for seconds in (60.0, 120.0, 240.0)),
)
_BEGINNING: Final = datetime(2026, 1, 1, tzinfo=UTC)


def model_of(member: Member) -> ModelName:
    """What a member draws with."""
    return MODELS[member.id % len(MODELS)]


class LoadingSimulation(Simulation):
    """A simulation whose GPUs hold a model each.

    Attributes:
        loads: How often one had to load another.
    """

    def __init__(self, rule: Order, bound: Bound) -> None:
        super().__init__(rule)
        self.loads = 0
        self._bound = bound
        self._held: dict[int, ModelName | None] = dict.fromkeys(range(GPUS))
        self._free = list(self._held)
        self._overtaken: dict[int, Waiting] = {}

    def _serve(self) -> None:
        while self._free and self._queue:
            gpu = self._free.pop()
            found, reaches = self._choose(gpu)
            self._queue.remove(found)
            heapq.heapify(self._queue)
            _, number, job = found
            model = model_of(job.member)
            load = 0.0 if model == self._held[gpu] else LOAD
            self.loads += bool(load)
            self._held[gpu] = model
            job.begun, job.priority = self.now, reaches
            self._order.begin(job, self.now)
            self.after(job.takes + load, partial(self._give_back, gpu, job, self._then.pop(number)))

    def _choose(self, gpu: int) -> tuple[tuple[int, int, Job], int]:
        front = {entry[1]: entry for entry in heapq.nsmallest(LOOK, self._queue)}
        held = self._held[gpu]
        line = [self._overtaken.get(number) or _describe(*entry) for number, entry in front.items()]
        found = order.choose(line, {held} if held else set(), self._bound)
        if found is None:
            raise AssertionError("nothing waits")
        for one in found.overtakes:
            self._overtaken[int(one.id)] = replace(
                one, overtaken=one.overtaken + 1, overtaken_for=one.overtaken_for + found.job.cost
            )
        self._overtaken.pop(int(found.job.id), None)
        return front[int(found.job.id)], found.reaches

    def _give_back(self, gpu: int, job: Job, then: Callable[[], None]) -> None:
        self._free.append(gpu)
        self._end(job, then)


def _describe(priority: int, number: int, job: Job) -> Waiting:
    # Numbers are in the order in which jobs were accepted.
    accepted = _BEGINNING + timedelta(seconds=number)
    model = model_of(job.member)
    return Waiting(f"{number:09}", priority, accepted, model, job.lane, job.expected)


def simulate(bound: Bound, seed: int, hours: float) -> tuple[Sequence[Job], int]:
    """Every job that members asked for in so many hours, and how many loads they took."""
    simulation, chance = LoadingSimulation(Shares(Rule()), bound), random.Random(seed)
    for member in gather_members():
        Asking(simulation, member, random.Random(chance.random())).start()
    simulation.run(3600 * hours)
    return simulation.jobs, simulation.loads


def main() -> None:
    """Prints all figures."""
    for bound in BOUNDS:
        waits: dict[str, list[float]] = defaultdict(list)
        jobs: list[Job] = []
        loads = 0
        for seed in SEEDS:
            made, loaded = simulate(bound, seed, HOURS)
            jobs += made
            loads += loaded
            for kind, seconds in list_waits(made, 3600 * HOURS).items():
                waits[kind] += seconds
        served = sum(job.begun is not None for job in jobs)
        lost = loads * LOAD / (len(SEEDS) * HOURS * 3600 * GPUS)
        told = ", ".join(
            f"{kind} {cut(waits[kind], 0.5):.0f}/{cut(waits[kind], 0.95):.0f}"
            for kind in ("light", "regular", "ten", "long", "relaxed")
        )
        print(
            f"{bound.jobs:3} jobs, {bound.seconds:4.0f} s: {served:6} served, {lost:4.0%} loading,"
            f" p50/p95 {told}"
        )


if __name__ == "__main__":
    main()
