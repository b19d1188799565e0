"""One job at the worker's: what is told, what is noticed, and whose end counts."""

import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from storage.database.connect import WRITING, open_engine
from storage.queue import queries
from storage.queue.acceptance import accept
from storage.queue.attempt import Maker
from storage.queue.jobs import Job, Render, Rendered, RenderInterruptedError, Report
from storage.queue.limits import Allowance
from storage.settings import Settings
from tests.storage.conftest import new_job
from tests.storage.toy import made

JOB = "a" * 32


@pytest.fixture
def engine(sqlite_settings: Settings) -> Iterator[Engine]:
    """A database with one job that waits."""
    engine = open_engine(sqlite_settings.database).execution_options(**WRITING)
    with engine.begin() as connection:
        accept(connection, [new_job(id=JOB)], Allowance(unfinished=1), lambda *_: None)
    yield engine
    engine.dispose()


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    with mock.patch("storage.queue.attempt.time.monotonic", clock):
        yield clock


def maker(engine: Engine, render: Render, told: list[Any] | None = None) -> Maker:
    publish = (told if told is not None else []).append
    return Maker(engine, render, publish, worker="w", stop=threading.Event())


def job(engine: Engine) -> Job:
    with engine.connect() as connection:
        found = queries.read_job(connection, JOB)
    assert found
    return found


def cancel(engine: Engine) -> None:
    with engine.begin() as connection:
        assert queries.cancel_job(connection, JOB)


def test_progress_is_told_twice_a_second_at_most(engine: Engine, clock: Clock) -> None:
    def render(_: dict[str, Any], report: Report) -> Rendered:
        for step in range(1, 11):
            clock.now += 0.2
            report(step, 10, None)
        return Rendered(pictures=[])

    told: list[Any] = []
    maker(engine, render, told).make(JOB)
    assert [event["step"] for event in told] == [1, 4, 7, 10]
    assert job(engine).state == "done"


def test_a_cancellation_is_noticed_at_the_next_look(engine: Engine, clock: Clock) -> None:
    reports = 0

    def render(_: dict[str, Any], report: Report) -> Rendered:
        nonlocal reports
        while reports < 9:
            report(reports, 9, None)
            reports += 1
            clock.now += 0.06
            if reports == 2:
                cancel(engine)
        return Rendered(pictures=[made("x", 0)])

    maker(engine, render).make(JOB)
    assert reports == 2
    assert (job(engine).state, job(engine).images) == ("cancelled", ())


def test_only_the_last_run_may_end_a_job(engine: Engine) -> None:
    first = maker(engine, lambda *_: taken_over()).make

    def taken_over() -> Rendered:
        with engine.begin() as connection:
            assert queries.begin_run(connection, JOB, "other", 3)
        return Rendered(pictures=[made("stale", 0)])

    first(JOB)
    assert (job(engine).state, job(engine).worker, job(engine).images) == ("running", "other", ())


def test_a_stopping_worker_hands_back_and_begins_nothing(engine: Engine) -> None:
    stop = threading.Event()

    def render(_: dict[str, Any], report: Report) -> Rendered:
        stop.set()
        report(1, 2, None)
        raise AssertionError("went on")

    stopping = Maker(engine, render, lambda _: None, worker="w", stop=stop)
    for _ in range(2):
        with pytest.raises(RenderInterruptedError):
            stopping.make(JOB)
        assert (job(engine).state, job(engine).attempts) == ("queued", 0)
    assert stopping.finished(0)


def test_a_database_that_stumbles_does_not_cost_the_job(engine: Engine) -> None:
    stumbles = iter([OperationalError("", {}, ValueError())])
    finish = queries.finish_run

    def stumble(*arguments: Any) -> bool:
        for error in stumbles:
            raise error
        return finish(*arguments)

    with mock.patch.object(queries, "finish_run", stumble):
        maker(engine, lambda *_: Rendered(pictures=[made("x", 0)], grid=made("x", -1))).make(JOB)
    assert (job(engine).state, job(engine).attempts, len(job(engine).images)) == ("done", 1, 2)


def test_a_picture_is_found_again_by_its_digest(engine: Engine) -> None:
    maker(engine, lambda *_: Rendered(pictures=[made("x", 0)], grid=made("x", -1))).make(JOB)
    with engine.connect() as connection:
        found = queries.find_picture(connection, "x-0")
        assert found
        assert (found.kind, found.position) == ("picture", 0)
        assert queries.find_picture(connection, "x--1") is None
