"""From how jobs stand to what happened."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from storage.queue import fairness
from storage.queue.forecast import Forecast
from storage.queue.jobs import Ended, Event, Progress, Queued, Started
from storage.queue.order import ModelName
from storage.queue.queries import Standing
from storage.queue.watch import FAR_PAUSE, NEAR, Feed, Watch

NOW = datetime(2026, 11, 23, tzinfo=UTC)
A = Standing("a", "queued", None, 0, 10, NOW)
B = Standing("b", "queued", None, 0, 20, NOW)


def look(watch: Watch, jobs: list[Standing]) -> list[Event]:
    """What is told of jobs where nobody is at work."""
    return watch.changes(jobs, Forecast(fairness.Clock(), 0).tell_all(jobs))


def test_a_change_is_told_once() -> None:
    watch = Watch()
    assert look(watch, [B, A]) == [Queued("b", 2), Queued("a", 1)]
    assert look(watch, [A, B]) == []
    running = replace(A, state="running", attempts=1)
    assert look(watch, [running, B]) == [Started("a"), Queued("b", 1)]
    assert look(watch, [running, B]) == []
    assert look(watch, [replace(running, attempts=2), B]) == [Started("a")]
    failed = replace(running, state="failed", failure="internal")
    assert look(watch, [failed, B]) == [Ended("a", "failed", "internal")]
    assert look(watch, [B]) == []


class Clock:
    """A time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def line(length: int, message: int | None = 7) -> list[Standing]:
    return [
        Standing(f"j{place}", "queued", None, 0, place, NOW, message)
        for place in range(1, length + 1)
    ]


def test_far_places_are_told_one_at_a_time_and_each_in_its_turn() -> None:
    clock, jobs = Clock(), line(40, None)
    watch = Watch(clock)
    assert len(look(watch, jobs)) == 40
    heard = []
    for gone in range(1, 30):
        clock.now += 1
        (*near, far) = look(watch, jobs[gone:])
        assert near == [Queued(f"j{gone + k}", k) for k in range(1, NEAR + 1)]
        assert isinstance(far, Queued)
        assert far.position > NEAR
        heard.append(far.job_id)
    # Nobody hears twice before all others did who are still far.
    assert len(set(heard)) == len(heard)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 2)), max_size=40), st.integers(6, 60))
def test_far_places_cost_little_however_long_the_line_and_how_fast_it_moves(
    moves: list[tuple[int, float]], length: int
) -> None:
    clock, jobs, told, shown = Clock(), line(length), 0, dict[str, int]()
    watch = Watch(clock)
    for gone, seconds in [(0, 0.0), *moves]:
        clock.now += seconds
        jobs = jobs[gone:]
        for event in look(watch, jobs):
            assert isinstance(event, Queued)
            shown[event.job_id] = event.position
            told += event.position > NEAR
        # What is near is always right.
        assert all(shown[job.id] == place for place, job in enumerate(jobs[:NEAR], 1))
    assert told <= 1 + sum(seconds for _, seconds in moves) / FAR_PAUSE


def test_after_a_restart_only_those_are_told_whose_message_shows_nothing() -> None:
    lost = replace(line(30)[19], id="lost", priority=99, message_id=None)
    told = [event.job_id for event in look(Watch(Clock()), [*line(30), lost])]
    assert sorted({*told} - {"lost"})[: NEAR + 1][:NEAR] == [f"j{k}" for k in range(1, NEAR + 1)]
    assert "lost" in told
    assert len(told) <= NEAR + 2


def test_a_job_put_back_is_queued_again() -> None:
    watch = Watch()
    look(watch, [replace(A, state="running", attempts=1)])
    assert look(watch, [replace(A, attempts=1)]) == [Queued("a", 1)]


def test_a_slow_reader_gets_only_the_newest_progress() -> None:
    feed = Feed()
    for event in (Started("a"), Progress("a", 1, 9, None), Started("b"), Progress("a", 2, 9, None)):
        feed.put(event)
    assert feed.take() == [Started("a"), Started("b"), Progress("a", 2, 9, None)]
    assert feed.take() == []


def test_progress_of_what_is_over_is_dropped() -> None:
    feed = Feed()
    feed.put(Progress("a", 1, 9, None))
    feed.put(Ended("a", "cancelled", None))
    assert feed.take() == [Ended("a", "cancelled", None)]


def test_the_order_of_states_is_kept() -> None:
    feed = Feed()
    for event in (Queued("a", 1), Started("a"), Queued("a", 2)):
        feed.put(event)
    assert feed.take() == [Started("a"), Queued("a", 2)]


def test_a_job_without_a_worker_for_it_says_so_and_what_is_far_keeps_its_turn() -> None:
    clock, jobs = Clock(), [replace(job, family="flux", model="one") for job in line(40)]
    watch, model = Watch(clock), ModelName("flux", "one")
    served = Forecast(fairness.Clock(), 1)
    lost = replace(served, unserved=frozenset({model}))
    watch.changes(jobs, served.tell_all(jobs))
    clock.now += 1
    told = watch.changes(jobs, lost.tell_all(jobs))
    assert [event.job_id for event in told][:NEAR] == [f"j{k}" for k in range(1, NEAR + 1)]
    assert all(isinstance(event, Queued) and event.unserved for event in told)
    assert len(told) == NEAR + 1
