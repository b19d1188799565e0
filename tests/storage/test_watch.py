"""From how jobs stand to what happened."""

from dataclasses import replace
from datetime import UTC, datetime

from storage.queue.jobs import Ended, Progress, Queued, Started
from storage.queue.queries import Standing
from storage.queue.watch import Feed, Watch

NOW = datetime(2026, 11, 23, tzinfo=UTC)
A = Standing("a", "queued", None, 0, 10, NOW)
B = Standing("b", "queued", None, 0, 20, NOW)


def test_a_change_is_told_once() -> None:
    watch = Watch()
    assert watch.changes([B, A]) == [Queued("b", 2), Queued("a", 1)]
    assert watch.changes([A, B]) == []
    running = replace(A, state="running", attempts=1)
    assert watch.changes([running, B]) == [Started("a"), Queued("b", 1)]
    assert watch.changes([running, B]) == []
    assert watch.changes([replace(running, attempts=2), B]) == [Started("a")]
    failed = replace(running, state="failed", failure="internal")
    assert watch.changes([failed, B]) == [Ended("a", "failed", "internal")]
    assert watch.changes([B]) == []


def test_a_job_put_back_is_queued_again() -> None:
    watch = Watch()
    watch.changes([replace(A, state="running", attempts=1)])
    assert watch.changes([replace(A, attempts=1)]) == [Queued("a", 1)]


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
