"""How long members wait for their turn, by rule, in simulated days of a busy server.

Run with ``python -m benchmarks.turns``. Nothing is drawn: a discrete-event simulation has 300
members ask for jobs that two GPUs make, and takes the turns from the product's own functions. The
baselines are to serve whoever came first, and the rounds of version 0.1.0, in which everybody has
one job a round and relaxed jobs come after all others. What a job takes is known to within a
quarter when it is accepted.
"""

import heapq
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final, Protocol

from storage.queue import fairness
from storage.queue.fairness import Clock, Flow, Lane, Rule
from storage.queue.forecast import SPREAD, TOLD_FROM, expect_wait

HOURS: Final = 8.0
SEEDS: Final = (1, 2, 3)
GPUS: Final = 2
USUAL: Final = 11.0
"""Seconds that a usual job takes, within a quarter."""

LONG: Final = 60.0
SHORT: Final = 1.5
SHARE: Final = 3
"""Share of every eighth light and regular member."""

ALWAYS: Final[Mapping[str, tuple[int, float]]] = {"ten": (10, USUAL), "long": (2, LONG)}
"""Members who have jobs waiting at all times: how many, and how many seconds each takes."""

PAUSES: Final[Mapping[str, float]] = {"light": 5400.0, "relaxed": 2400.0, "regular": 1800.0}
"""Mean seconds until others ask again; regular ones after all that they asked for was made."""

BURST: Final = 8
"""Most jobs that a regular member asks for at a time."""

ENLARGED: Final = 0.4
"""Share of light members' pictures that are enlarged, a while after they were made."""

LOOK: Final = 20.0
"""How many seconds that while is."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who asks for jobs.

    Attributes:
        id: Their number.
        kind: Light, regular, ten (jobs always waiting), long (jobs always waiting) or relaxed.
        share: How large their share is.
    """

    id: int
    kind: str
    share: int = 1


@dataclass(slots=True)
class Job:
    """A job in the simulation; times are in seconds."""

    member: Member
    lane: Lane
    takes: float
    expected: float
    asked: float
    begun: float | None = None
    told: float = 0.0
    priority: int = 0
    charge: float = 0.0


class Order(Protocol):
    """A rule that gives jobs their priorities; smaller is sooner, and equal ones go by age."""

    def accept(self, job: Job) -> int:
        """The priority of a new job."""
        ...

    def begin(self, job: Job, now: float) -> None:
        """Notes that a job is begun."""
        ...

    def end(self, job: Job) -> None:
        """Notes that a job was made."""
        ...

    def expect(self, job: Job, ahead: float) -> float:
        """The expected wait in seconds, by the GPU seconds of work before it."""
        ...


class FirstCome:
    """Whoever came first."""

    def accept(self, _job: Job) -> int:
        """All are equal."""
        return 0

    def begin(self, job: Job, now: float) -> None:
        """Nothing to note."""

    def end(self, job: Job) -> None:
        """Nothing to note."""

    def expect(self, _job: Job, ahead: float) -> float:
        """As long as the work before it takes."""
        return ahead / GPUS


class Rounds(FirstCome):
    """Version 0.1.0: a person's next job belongs to the round after their last, in three bands."""

    _BANDS: Final[Mapping[Lane, int]] = {"quick": 0, "fast": 1, "relax": 2}

    def __init__(self) -> None:
        self._rounds: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def accept(self, job: Job) -> int:
        """The round after the person's last, but none that is over."""
        jobs = self._rounds[self._BANDS[job.lane]]
        own = [round_ for round_, person in jobs if person == job.member.id]
        round_ = max(min(jobs, default=(0, 0))[0], max(own, default=-1) + 1)
        jobs.append((round_, job.member.id))
        return self._BANDS[job.lane] * 10**6 + round_

    def end(self, job: Job) -> None:
        """Unfinished jobs alone count."""
        band, round_ = divmod(job.priority, 10**6)
        self._rounds[band].remove((round_, job.member.id))


class Shares:
    """This version, by the product's own functions."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._clock = Clock()
        self._finishes: dict[tuple[int, Lane], float] = {}

    def accept(self, job: Job) -> int:
        """As acceptance does."""
        key = job.member.id, job.lane
        flow = Flow(job.lane, job.member.share, self._finishes.get(key))
        turn = fairness.take_turn(self._rule, self._clock, flow, job.expected)
        self._finishes[key], job.charge = turn.finish, turn.charge
        return turn.priority

    def begin(self, job: Job, now: float) -> None:
        """As a worker does when it begins one."""
        self._clock = fairness.begin_job(self._clock, job.priority, now)

    def end(self, job: Job) -> None:
        """As a worker does when it has made one."""
        by = fairness.correct(job.charge, job.expected, job.takes)
        self._finishes[job.member.id, job.lane] += by

    def expect(self, job: Job, ahead: float) -> float:
        """As acceptance does."""
        return expect_wait(self._clock, job.priority, ahead / GPUS)


def gather_members() -> list[Member]:
    """Three hundred people, of whom few ask for most."""
    kinds = ["ten"] * 5 + ["long"] * 6 + ["regular"] * 34 + ["relaxed"] * 20 + ["light"] * 235
    shared = {"regular", "light"}
    return [
        Member(id_, kind, SHARE if kind in shared and id_ % 8 == 0 else 1)
        for id_, kind in enumerate(kinds)
    ]


class Simulation:
    """One run: members who ask, a queue, and GPUs that take what is first.

    Attributes:
        jobs: Every job that was asked for.
        now: Seconds since the beginning.
    """

    def __init__(self, order: Order) -> None:
        self.jobs: list[Job] = []
        self.now = 0.0
        self._order = order
        self._idle = GPUS
        self._numbers = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._queue: list[tuple[int, int, Job]] = []
        self._then: dict[int, Callable[[], None]] = {}

    def run(self, seconds: float) -> None:
        """Lets all happen that does until then."""
        while self._events and self._events[0][0] <= seconds:
            self.now, _, happen = heapq.heappop(self._events)
            happen()

    def after(self, seconds: float, happen: Callable[[], None]) -> None:
        """Has something happen after so many seconds."""
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), happen))

    def ask(self, job: Job, then: Callable[[], None]) -> None:
        """Puts a job into the queue; ``then`` is called when it is made."""
        job.priority = self._order.accept(job)
        # Its number is larger than that of any other, so equal ones are before it.
        ahead = sum(other.expected for rank, _, other in self._queue if rank <= job.priority)
        job.told = self._order.expect(job, ahead)
        number = next(self._numbers)
        self._then[number] = then
        self.jobs.append(job)
        heapq.heappush(self._queue, (job.priority, number, job))
        self._serve()

    def _serve(self) -> None:
        while self._idle and self._queue:
            _, number, job = heapq.heappop(self._queue)
            self._idle -= 1
            job.begun = self.now
            self._order.begin(job, self.now)
            self.after(job.takes, partial(self._end, job, self._then.pop(number)))

    def _end(self, job: Job, then: Callable[[], None]) -> None:
        self._idle += 1
        self._order.end(job)
        # Whoever keeps jobs waiting asks for the next before a GPU takes another.
        then()
        self._serve()


class Asking:
    """What a member asks for, and when."""

    def __init__(self, simulation: Simulation, member: Member, chance: random.Random) -> None:
        self._simulation = simulation
        self._member = member
        self._chance = chance
        self._unmade = 0

    def start(self) -> None:
        """Begins to ask, for as long as the simulation runs."""
        kept = ALWAYS.get(self._member.kind)
        if kept is None:
            self._pause()
            return
        jobs, seconds = kept
        for _ in range(jobs):
            self._keep_asking(seconds)

    def _keep_asking(self, seconds: float) -> None:
        self._ask("fast", seconds, partial(self._keep_asking, seconds))

    def _pause(self) -> None:
        self._simulation.after(self._chance.expovariate(1 / PAUSES[self._member.kind]), self._wake)

    def _wake(self) -> None:
        if self._member.kind == "regular":
            self._unmade = self._chance.randint(1, BURST)
            for _ in range(self._unmade):
                self._ask("fast", USUAL, self._go_on)
            return
        self._pause()
        if self._member.kind == "relaxed":
            self._ask("relax", USUAL, _rest)
        else:
            self._ask("fast", USUAL, self._look)

    def _go_on(self) -> None:
        self._unmade -= 1
        if not self._unmade:
            self._pause()

    def _look(self) -> None:
        if self._chance.random() < ENLARGED:
            self._simulation.after(LOOK, partial(self._ask, "quick", SHORT, _rest))

    def _ask(self, lane: Lane, seconds: float, then: Callable[[], None]) -> None:
        takes = seconds * self._chance.uniform(0.75, 1.25)
        expected = takes * self._chance.uniform(0.75, 1.25)
        job = Job(self._member, lane, takes, expected, self._simulation.now)
        self._simulation.ask(job, then)


def _rest() -> None:
    """Asks for nothing more."""


def simulate(order: Order, seed: int, hours: float) -> list[Job]:
    """Every job that members asked for in so many hours, by a rule."""
    simulation, chance = Simulation(order), random.Random(seed)
    for member in gather_members():
        # Each by chances of their own, so that all rules meet the same wishes.
        Asking(simulation, member, random.Random(chance.random())).start()
    simulation.run(3600 * hours)
    return simulation.jobs


def class_of(job: Job) -> str:
    """The row of the table that a job belongs to."""
    if job.lane == "quick":
        return "enlarging"
    kind = job.member.kind
    return f"{kind}, share {SHARE}" if job.member.share > 1 else kind


def list_waits(jobs: Sequence[Job], until: float) -> dict[str, list[float]]:
    """Seconds that jobs waited, by class; those that still wait count as if they were begun then.

    Args:
        jobs: All that were asked for.
        until: When the simulation ended, in seconds.
    """
    waits: dict[str, list[float]] = defaultdict(list)
    for job in jobs:
        waits[class_of(job)].append((until if job.begun is None else job.begun) - job.asked)
    return waits


def compare_shares(jobs: Sequence[Job]) -> float:
    """GPU time of a member who always had long jobs waiting, beside one who had usual ones."""
    used: Counter[str] = Counter()
    for job in jobs:
        if job.begun is not None and job.member.kind in ALWAYS:
            used[job.member.kind] += job.takes  # type: ignore[assignment] # seconds, not a count
    members = Counter(member.kind for member in gather_members())
    return (used["long"] / members["long"]) / (used["ten"] / members["ten"])


def rate_told(jobs: Sequence[Job]) -> dict[str, float]:
    """The share of waits that were told and came true within a half, by class and of all."""
    right: dict[str, list[bool]] = defaultdict(list)
    for job in jobs:
        if job.begun is not None and job.told >= TOLD_FROM:
            near = abs((job.begun - job.asked) / job.told - 1) <= SPREAD
            right[class_of(job)].append(near)
            right["all"].append(near)
    return {name: statistics.mean(found) for name, found in right.items()}


def cut(waits: Sequence[float], share: float) -> float:
    """The wait that this share of all is below, in seconds."""
    return sorted(waits)[min(int(share * len(waits)), len(waits) - 1)]


def main() -> None:
    """Prints all figures."""
    orders: Mapping[str, Callable[[], Order]] = {
        "first come": FirstCome,
        "rounds (0.1.0)": Rounds,
        "shares": lambda: Shares(Rule()),
        "shares, no cap": lambda: Shares(Rule(relax_wait=float("inf"))),
    }
    for name, make in orders.items():
        waits: dict[str, list[float]] = defaultdict(list)
        jobs: list[Job] = []
        for seed in SEEDS:
            made = simulate(make(), seed, HOURS)
            jobs += made
            for kind, seconds in list_waits(made, 3600 * HOURS).items():
                waits[kind] += seconds
        used = sum(job.takes for job in jobs if job.begun is not None)
        print(f"\n{name}: {used / len(SEEDS) / HOURS / 3600 / GPUS:.0%} of the GPU time")
        told = rate_told(jobs)
        for kind, seconds in sorted(waits.items()):
            right = f"{told[kind]:6.0%}" if kind in told else "     -"
            print(
                f"  {kind:<18}{len(seconds):6} jobs  p50 {cut(seconds, 0.5):6.0f}  p95"
                f" {cut(seconds, 0.95):6.0f}  longest {max(seconds):6.0f}  told right {right}"
            )
        relaxed = [job for job in jobs if job.lane == "relax"]
        print(f"  relaxed served {sum(job.begun is not None for job in relaxed)} of {len(relaxed)}")
        print(
            f"  GPU time, long : ten {compare_shares(jobs):.2f} : 1, told right {told['all']:.0%}"
        )


if __name__ == "__main__":
    main()
