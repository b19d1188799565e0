"""One job at the worker's: what is told, what is noticed, and whose end counts."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import stamina
from sqlalchemy import Engine, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from storage.database.connect import WRITING, open_engine
from storage.database.tables import JobRow
from storage.files import FileStoreError
from storage.queue import presence, queries, shares
from storage.queue.acceptance import accept
from storage.queue.attempt import Maker
from storage.queue.fairness import Rule
from storage.queue.jobs import (
    NO_MODEL,
    TRIPPED,
    UNSTORED,
    DeviceFaultError,
    Job,
    Render,
    Rendered,
    RenderError,
    RenderInterruptedError,
    Report,
    UnknownJobError,
)
from storage.queue.limits import Allowance
from storage.queue.order import ModelName
from storage.settings import Settings
from tests.storage.conftest import new_job
from tests.storage.toy import made

JOB = "a" * 32
AGO = timedelta(hours=1)


@pytest.fixture
def engine(sqlite_settings: Settings) -> Iterator[Engine]:
    """A database with one job that waits."""
    engine = open_engine(sqlite_settings.database).execution_options(**WRITING)
    with engine.begin() as connection:
        accept(connection, [new_job(id=JOB)], Allowance(unfinished=1), Rule(), lambda *_: None)
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


def stay(*_: Any) -> None:
    """For a queue that has no job engine."""


def maker(engine: Engine, render: Render, told: list[Any] | None = None) -> Maker:
    publish = (told if told is not None else []).append
    return Maker(engine, render, publish, stay, worker="w", stop=threading.Event(), dead_after=30.0)


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


@pytest.mark.parametrize(
    ("other", "trouble"), [(True, None), (True, "store"), (True, "device"), (False, None)]
)
def test_a_job_whose_model_cannot_be_had_here_is_left_to_who_serves_it(
    engine: Engine, trouble: str | None, *, other: bool
) -> None:
    red = ModelName("sdxl", "red")
    with engine.begin() as connection:
        connection.execute(update(JobRow).values(family=red.family, model=red.name))
        about = {"session": "", "host": "", "pid": 0, "device": "", "model": ""}
        for name, served in (("w", red), ("other", red if other else ModelName("flux", "x"))):
            serves = presence.write_served(frozenset({served}))
            troubled = {"trouble": trouble if name == "other" else None}
            presence.sign_on(connection, name, {**about, **troubled, "serves": serves})
    # One that rests takes nothing, whatever it is able to draw.
    other &= trouble != "device"

    def render(_: dict[str, Any], _report: Report) -> Rendered:
        raise RenderError(NO_MODEL)

    making = maker(engine, render)
    making.make(JOB)
    assert making.left == ((JOB,) if other else ())
    # Where none of them can make it, it does not go round for ever.
    for _ in range(2):
        making.make(JOB)
    found = job(engine)
    assert (found.state, found.failure) == ("failed", NO_MODEL)
    assert found.attempts == (3 if other else 1)


def test_a_job_that_was_withdrawn_as_its_model_was_looked_for_is_let_go(engine: Engine) -> None:
    def render(_: dict[str, Any], _report: Report) -> Rendered:
        with engine.begin() as connection:
            queries.delete_jobs(connection, [JOB])
        raise RenderError(NO_MODEL)

    making = maker(engine, render)
    making.make(JOB)
    assert (making.left, making.fault) == ((), None)


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

    stopping = Maker(engine, render, lambda _: None, stay, worker="w", stop=stop, dead_after=30.0)
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


AWAY = [
    OperationalError("", {}, ValueError("database is locked")),
    InterfaceError("", {}, ValueError("connection already closed")),
    NoConnectionError("QueuePool limit reached"),
]


@pytest.mark.parametrize("error", AWAY)
def test_a_database_that_is_away_while_drawing_is_no_fault_of_the_drawing(
    engine: Engine, clock: Clock, error: Exception
) -> None:
    looks, told = 0, 0

    def away(*_: Any) -> bool:
        nonlocal looks
        looks += 1
        raise error

    def publish(_: dict[str, Any]) -> None:
        nonlocal told
        told += 1
        raise error

    def render(_: dict[str, Any], report: Report) -> Rendered:
        for step in range(750):
            clock.now += 0.1
            report(step, 750, None)
        return Rendered(pictures=[made("x", 0)])

    with mock.patch.object(queries, "is_current", away):
        Maker(
            engine, render, publish, stay, worker="w", stop=threading.Event(), dead_after=30.0
        ).make(JOB)
    assert (job(engine).state, job(engine).attempts) == ("done", 1)
    # After 75 seconds: asked now and then, as each time may take long.
    assert (looks, told) == (15, 0)


def test_an_end_is_written_down_however_long_the_database_is_away(engine: Engine) -> None:
    finish, tries = queries.finish_run, 0

    def away(*arguments: Any) -> bool:
        nonlocal tries
        tries += 1
        if tries <= 60:
            raise AWAY[0]
        return finish(*arguments)

    with mock.patch.object(queries, "finish_run", away), stamina.set_testing(True, attempts=100):
        maker(engine, lambda *_: Rendered(pictures=[made("x", 0)])).make(JOB)
    assert (job(engine).state, tries) == ("done", 61)


def test_a_worker_told_to_stop_does_not_wait_for_the_database(engine: Engine) -> None:
    stop = threading.Event()

    def away(*_: Any) -> bool:
        stop.set()
        raise AWAY[0]

    stopping = Maker(
        engine,
        lambda *_: Rendered(pictures=[]),
        print,
        stay,
        worker="w",
        stop=stop,
        dead_after=30.0,
    )
    with mock.patch.object(queries, "finish_run", away), pytest.raises(RenderInterruptedError):
        stopping.make(JOB)
    assert job(engine).state == "running"


def test_a_look_whether_a_run_counts_takes_no_lock(engine: Engine, clock: Clock) -> None:
    def render(_: dict[str, Any], report: Report) -> Rendered:
        # Somebody else writes, and goes on doing so: what waits for the lock would stand still.
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET locale = 'de'")
            for step in range(9):
                clock.now += 0.2
                report(step, 9, None)
        return Rendered(pictures=[])

    maker(engine, render).make(JOB)
    assert (job(engine).state, job(engine).locale) == ("done", "de")


@pytest.mark.parametrize("fault", [DeviceFaultError("cuda"), FileStoreError("full (ENOSPC)")])
def test_what_is_no_fault_of_a_job_hands_it_back_uncounted(
    engine: Engine, fault: Exception
) -> None:
    def render(*_: object) -> Rendered:
        raise fault

    faulty = maker(engine, render)
    for _ in range(2):
        # The second time it begins nothing: it cannot go on.
        with pytest.raises(RenderInterruptedError):
            faulty.make(JOB)
        assert faulty.fault is fault
        assert (job(engine).state, job(engine).attempts) == ("queued", 0)


def test_a_job_of_a_newer_release_is_left_to_other_workers(engine: Engine) -> None:
    def render(*_: object) -> Rendered:
        raise UnknownJobError

    older = maker(engine, render)
    older.make(JOB)
    assert (job(engine).state, job(engine).attempts) == ("queued", 0)
    assert (older.left, older.fault) == ((JOB,), None)


def test_a_job_at_which_a_device_in_order_fails_again_and_again_ends(engine: Engine) -> None:
    """It goes behind the next each time, and its tries count once another was drawn in between."""
    others = [f"{number:032}" for number in range(6)]
    moved: dict[str, int] = {}
    worker = {"session": "", "host": "", "pid": 1, "device": "cuda", "model": ""}
    with engine.begin() as connection:
        for other in others:
            new = new_job(id=other, person=2)
            accept(connection, [new], Allowance(unfinished=6), Rule(), lambda *_: None)
        presence.sign_on(connection, "w", worker)
    seen: list[str] = []

    def render(*_: object) -> Rendered:
        if seen[-1] == JOB:
            raise DeviceFaultError("cuda")
        return Rendered(pictures=[])

    for _ in range(11):
        with engine.connect() as connection:
            waiting = [it for it in queries.list_undelivered(connection) if it.state == "queued"]
        waiting.sort(key=lambda it: (it.priority, it.created_at))
        if not waiting:
            break
        seen.append(waiting[0].id)
        # As after each fault, a new process.
        fresh = Maker(
            engine,
            render,
            print,
            lambda _, *it: moved.update([it]),
            worker="w",
            stop=threading.Event(),
            dead_after=30.0,
        )
        with suppress(RenderInterruptedError):
            fresh.make(waiting[0].id)
        if fresh.fault:
            with engine.begin() as connection:
                presence.set_faults(connection, "w", 1)
    assert seen == [JOB, others[0], JOB, others[1], JOB, others[2], JOB, *others[3:]]
    assert (job(engine).state, job(engine).failure) == ("failed", TRIPPED)
    with engine.connect() as connection:
        # The job engine was told each of its places.
        assert moved == {JOB: queries.read_standings(connection, [JOB])[JOB].priority}


def test_what_a_store_in_order_refuses_thrice_is_the_jobs_own(engine: Engine) -> None:
    def render(*_: object) -> Rendered:
        raise FileStoreError("image 0123456789ab could not be read (EACCES)")

    refused = maker(engine, render)
    for _ in range(2):
        with pytest.raises(RenderInterruptedError):
            refused.make(JOB)
        refused.begin_anew()
    refused.make(JOB)
    assert (job(engine).state, job(engine).failure, refused.fault) == ("failed", UNSTORED, None)


@pytest.mark.parametrize(
    ("error", "drawn", "charged"),
    [
        (RenderError("out_of_memory"), True, 7.0),
        (RenderError("model"), False, 0.0),
        (ValueError("a mistake of ours"), True, 0.0),
    ],
)
def test_a_drawing_that_fails_is_charged_from_when_its_model_was_there(
    engine: Engine, clock: Clock, error: Exception, drawn: bool, charged: float
) -> None:
    def render(_: dict[str, Any], report: Report) -> Rendered:
        report(0, 0, None)
        clock.now += 30.0
        if drawn:
            report(1, 9, None)
            clock.now += 7.0
        raise error

    maker(engine, render).make(JOB)
    assert job(engine).state == "failed"
    with engine.connect() as connection:
        assert shares.read_finish(connection, job(engine).person_id, "fast") == pytest.approx(
            charged
        )


@pytest.mark.parametrize("drawn", [True, False])
def test_what_is_cancelled_is_charged_from_when_its_model_was_there(
    engine: Engine, *, drawn: bool
) -> None:
    def render(_: dict[str, Any], report: Report) -> Rendered:
        # As where the job was begun a while ago.
        began = job(engine).created_at - AGO
        with engine.begin() as connection:
            connection.execute(update(JobRow).values(started_at=began))
        report(0, 0, None)
        if drawn:
            report(0, 9, None)
        cancel(engine)
        raise RenderInterruptedError

    maker(engine, render).make(JOB)
    assert job(engine).state == "cancelled"
    assert (job(engine).started_at is not None) == drawn
    with engine.connect() as connection:
        charged = shares.read_finish(connection, job(engine).person_id, "fast")
    assert charged is not None
    assert charged < AGO.total_seconds()


def test_a_picture_is_found_again_by_its_digest(engine: Engine) -> None:
    maker(engine, lambda *_: Rendered(pictures=[made("x", 0)], grid=made("x", -1))).make(JOB)
    with engine.connect() as connection:
        found = queries.find_picture(connection, "x-0")
        assert found
        assert (found.kind, found.position) == ("picture", 0)
        assert queries.find_picture(connection, "x--1") is None
