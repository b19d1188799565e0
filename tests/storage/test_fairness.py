"""The order of the queue, as numbers."""

import heapq
from collections import defaultdict
from dataclasses import replace

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storage.queue import fairness
from storage.queue.fairness import Clock, Flow, Rule, Turn

COSTS = st.floats(0.1, 60)
SHARES = st.sampled_from([1, 2, 3])


class Queue:
    """One GPU and flows that take turns, without a database."""

    def __init__(self, rule: Rule | None = None) -> None:
        self.rule, self.clock, self.now = rule or Rule(), Clock(), 0.0
        self._finishes: dict[Flow, float] = {}
        self._waiting: list[tuple[int, int, Flow, float]] = []
        self._count = 0

    def accept(self, flow: Flow, cost: float) -> Turn:
        known = replace(flow, finish=self._finishes.get(flow))
        turn = fairness.take_turn(self.rule, self.clock, known, cost)
        self._finishes[flow] = turn.finish
        self._count += 1
        heapq.heappush(self._waiting, (turn.priority, self._count, flow, cost))
        return turn

    def serve(self) -> tuple[Flow, float]:
        priority, _, flow, cost = heapq.heappop(self._waiting)
        self.now += cost
        self.clock = fairness.begin_job(self.clock, priority, self.now)
        return flow, cost


@given(
    st.lists(st.tuples(SHARES, COSTS), min_size=2, max_size=5),
    st.lists(st.floats(0.5, 1.0), min_size=20, max_size=40),
)
@hypothesis_settings(max_examples=25)
def test_no_flow_that_waits_is_behind_another_by_more_than_a_job_of_each(
    members: list[tuple[int, float]], sizes: list[float]
) -> None:
    queue = Queue()
    # Told apart by their share, which a hair does not change.
    flows = {Flow("fast", share + k / 1e6): cost for k, (share, cost) in enumerate(members)}
    for flow, cost in flows.items():
        queue.accept(flow, cost)
        queue.accept(flow, cost)
    served: dict[Flow, float] = defaultdict(float)
    for size in sizes:
        flow, cost = queue.serve()
        served[flow] += cost / flow.share
        queue.accept(flow, size * flows[flow])
        for one, first in flows.items():
            for other, second in flows.items():
                bound = first / one.share + second / other.share
                assert abs(served[one] - served[other]) <= bound + 1


@hypothesis_settings(max_examples=50)
@given(COSTS, st.lists(COSTS, min_size=1, max_size=6), st.floats(0, 600), st.integers(1, 3))
def test_relaxed_work_is_served_however_much_fast_work_comes(
    cost: float, others: list[float], wait: float, share: int
) -> None:
    queue = Queue(Rule(relax_wait=wait))
    relaxed = Flow("relax", share)
    flows = [Flow("fast", 1 + k / 1e6) for k in range(len(others))]
    for flow, size in zip(flows, others, strict=True):
        queue.accept(flow, size)
        queue.accept(flow, size)
    turn = queue.accept(relaxed, cost)
    least = max(cost / share, fairness.LEAST_CHARGE)
    assert least - 1e-6 <= turn.charge <= max(least, cost / share / queue.rule.relax_share) + 1e-6
    before: dict[Flow, float] = defaultdict(float)
    while (found := queue.serve())[0] != relaxed:
        flow, size = found
        before[flow] += size
        queue.accept(flow, others[flows.index(flow)])
    # Everybody else gets ahead by what the relaxed job moved its flow, and by a job.
    for flow, size in zip(flows, others, strict=True):
        assert before[flow] <= turn.charge + 2 * size + 1


@given(st.lists(COSTS, min_size=1, max_size=40), COSTS)
def test_many_relaxed_jobs_at_once_are_no_way_to_overtake_fast_ones(
    costs: list[float], cost: float
) -> None:
    rule, clock = Rule(relax_wait=0.0), Clock(reached=50.0, speed=0.01)
    slow, quick = Flow("relax"), Flow("fast")
    for size in costs:
        relaxed = fairness.take_turn(rule, clock, slow, size)
        usual = fairness.take_turn(rule, clock, quick, size)
        assert relaxed.priority >= usual.priority
        slow, quick = replace(slow, finish=relaxed.finish), replace(quick, finish=usual.finish)
    newcomer = fairness.take_turn(rule, clock, Flow("fast"), cost)
    assert newcomer.priority < relaxed.priority


@given(
    st.sampled_from(["quick", "fast", "relax"]),
    st.floats(0, 1e9),
    st.floats(0, 1e9),
    st.floats(0, 1e6),
    st.floats(0.001, 1e5),
)
def test_priorities_are_those_that_the_job_engine_takes(
    lane: fairness.Lane, reached: float, ahead: float, base: float, cost: float
) -> None:
    clock = Clock(reached=reached, base=min(base, reached))
    flow = Flow(lane, 3, reached + ahead)
    first = fairness.take_turn(Rule(), clock, flow, cost)
    second = fairness.take_turn(Rule(), clock, replace(flow, finish=first.finish), cost)
    assert 1 <= first.priority <= second.priority < 2**31
    # Jobs of one flow tie in no case, as long as there are numbers.
    assert first.priority < second.priority or second.priority == 2**31 - 1 or reached > 1e8


def test_nobody_saves_up_credit_and_a_debt_stays() -> None:
    clock = Clock(reached=100.0)
    idle = fairness.take_turn(Rule(), clock, Flow("fast", finish=3.0), 10)
    new = fairness.take_turn(Rule(), clock, Flow("fast"), 10)
    owing = fairness.take_turn(Rule(), clock, Flow("fast", finish=130.0), 10)
    assert idle == new
    assert (new.finish, owing.finish) == (110.0, 140.0)
    assert owing.priority - new.priority == 30 * fairness.RESOLUTION


def test_a_larger_share_moves_its_flow_less() -> None:
    turns = [fairness.take_turn(Rule(), Clock(), Flow("fast", share), 12) for share in (1, 3)]
    assert [turn.charge for turn in turns] == [12, 4]


def test_enlargements_go_first_among_equals() -> None:
    assert fairness.lane_of("upscale:3", "relax") == "quick"
    assert fairness.lane_of("larger", "fast") == "quick"
    assert fairness.lane_of("imagine", "fast") == "fast"
    assert fairness.lane_of("vary:1", "relax") == "relax"
    quick, fast, slow = (
        fairness.take_turn(Rule(), Clock(), Flow(lane), 10).priority
        for lane in ("quick", "fast", "relax")
    )
    assert quick < fast < slow


@given(st.floats(0, 100), st.floats(0.1, 100), st.floats(0, 300))
def test_what_nobody_is_charged_for_moves_nothing_and_the_rest_by_what_it_took(
    finish: float, cost: float, seconds: float
) -> None:
    turn = fairness.take_turn(Rule(), Clock(), Flow("fast", finish=finish), cost)
    free = turn.finish + fairness.correct(turn.charge, cost, 0)
    paid = turn.finish + fairness.correct(turn.charge, cost, seconds)
    assert abs(free - finish) < 1e-6
    assert abs(paid - finish - seconds) < 1e-6


def test_the_clock_never_goes_back_and_idle_time_does_not_slow_it() -> None:
    clock = Clock(reached=100.0, base=40.0, speed=2.0, at=1000.0)
    assert fairness.begin_job(clock, 2, 1001.0).reached == 100.0
    started = fairness.start_over(clock, 9000.0)
    assert (started.base, started.speed, started.at) == (100.0, 2.0, 9000.0)
    faster = fairness.begin_job(started, 2 + 100 * 10, 9001.0)
    assert faster.reached == 110.0
    assert 2.0 < faster.speed < 10.0
