"""How long jobs are told that they will wait."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from storage.queue.fairness import Clock
from storage.queue.forecast import OVERTAKEN, TOLD_FROM, Forecast, expect_wait
from storage.queue.order import ModelName
from storage.queue.queries import Standing

NOW = datetime(2026, 11, 28, tzinfo=UTC)
JOB = Standing("a", "queued", None, 0, 2, NOW, cost=10.0)


@given(st.floats(0, 1e4), st.integers(1, 10**6), st.floats(0, 100), st.floats(0, 1e5))
def test_a_wait_is_at_least_that_for_the_work_before_and_not_beyond_all_measure(
    reached: float, priority: int, speed: float, least: float
) -> None:
    wait = expect_wait(Clock(reached=reached, speed=speed), priority, least)
    assert least <= wait <= OVERTAKEN * least


def test_who_is_overtaken_is_told_of_the_clocks_speed() -> None:
    slow = Clock(reached=0.0, speed=0.5)
    assert expect_wait(slow, 2 + 100 * 60, 30.0) == 120.0


def test_waits_are_told_once_they_are_long_and_somebody_is_at_work() -> None:
    line = [replace(JOB, id=f"{k}", priority=2 + 1000 * k) for k in range(12)]
    told = Forecast(Clock(), workers=2).tell_all([*line, replace(JOB, id="r", state="running")])
    assert [queued.position for queued in told.values()] == list(range(1, 13))
    waits = [queued.wait for queued in told.values()]
    assert waits[:4] == [None, None, None, TOLD_FROM]
    assert all(waits[3:])
    assert all(one.wait is None for one in Forecast(Clock(), 0).tell_all(line).values())


def test_a_job_that_no_worker_serves_is_told_so_in_place_of_a_wait() -> None:
    lost = replace(JOB, family="flux", model="one")
    forecast = Forecast(Clock(), 1, frozenset({ModelName("flux", "one")}))
    told = forecast.tell(lost, 3, 500.0)
    assert (told.unserved, told.wait) == (True, None)
    assert not forecast.tell(JOB, 3, 500.0).unserved
