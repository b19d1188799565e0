"""A worker's name: one at a time, whatever happened to the last."""

import itertools
import os
import threading
from collections.abc import Iterator
from unittest import mock

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from storage.database.connect import WRITING, open_engine
from storage.queue import overview, presence
from storage.queue.heartbeat import Heartbeat, name_host
from storage.queue.jobs import WorkerNameTakenError
from storage.settings import Settings

NAME = "toy"


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database)
    yield engine.execution_options(**WRITING)
    engine.dispose()


def heartbeat(
    engine: Engine, settings: Settings, stop: threading.Event | None = None, dead_after: float = 4.0
) -> Heartbeat:
    named = settings.model_copy(update={"worker": NAME, "dead_after": dead_after})
    return Heartbeat(engine, named, model="m", device="d", stop=stop or threading.Event())


def leave_behind(engine: Engine, pid: int, host: str) -> None:
    """What a worker leaves that could not sign off."""
    about = {"session": "s", "host": host, "pid": pid, "model": "m", "device": "d"}
    with engine.begin() as connection:
        presence.sign_on(connection, NAME, about)


def live(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return presence.list_workers(connection, 300.0)


def sighting(engine: Engine) -> presence.Sighting:
    with engine.connect() as connection:
        found = presence.read_sighting(connection, NAME)
    assert found
    return found


def test_how_full_its_memory_is_stands_beside_its_signs_of_life(
    engine: Engine, settings: Settings
) -> None:
    told, calls, again = presence.Memory(3, 4), itertools.count(), threading.Event()

    def measure() -> presence.Memory:
        # The second beat begins once the first is written.
        if next(calls):
            again.set()
        return told

    named = settings.model_copy(update={"worker": NAME, "dead_after": 0.5})
    stop = threading.Event()
    with Heartbeat(engine, named, model="m", device="d", stop=stop, measure=measure):
        assert again.wait(60)
        with engine.connect() as connection:
            (standing,) = overview.list_standings(connection)
    assert (standing.name, standing.memory, standing.job) == (NAME, told, None)


def test_a_worker_is_alive_from_its_start_to_its_end(engine: Engine, settings: Settings) -> None:
    with heartbeat(engine, settings):
        assert live(engine) == {NAME}
        assert sighting(engine).pid == os.getpid()
    assert live(engine) == set()


def test_a_living_workers_name_is_refused(engine: Engine, settings: Settings) -> None:
    with (
        heartbeat(engine, settings),
        pytest.raises(WorkerNameTakenError, match="Another worker named toy is alive"),
        heartbeat(engine, settings),
    ):
        pytest.fail("two workers of one name")
    assert live(engine) == set()


def test_the_name_of_a_dead_process_is_free_at_once(engine: Engine, settings: Settings) -> None:
    leave_behind(engine, 2**22 + 1, name_host())
    with (
        mock.patch.object(threading.Event, "wait", side_effect=AssertionError("waited")),
        mock.patch.object(threading.Thread, "start"),
        mock.patch.object(threading.Thread, "join"),
        heartbeat(engine, settings),
    ):
        assert sighting(engine).pid == os.getpid()


def test_the_name_of_a_silent_worker_elsewhere_is_free_after_a_while(
    engine: Engine, settings: Settings
) -> None:
    leave_behind(engine, os.getpid(), "elsewhere")
    with heartbeat(engine, settings, dead_after=0.5):
        assert sighting(engine).host == name_host()


def test_a_worker_whose_name_was_taken_is_stopped(engine: Engine, settings: Settings) -> None:
    stop = threading.Event()
    with heartbeat(engine, settings, stop) as beating:
        leave_behind(engine, 1, "elsewhere")
        assert stop.wait(60)
        assert beating.replaced
    assert sighting(engine).host == "elsewhere"


def test_the_heart_goes_on_when_the_database_stumbles(engine: Engine, settings: Settings) -> None:
    beats = threading.Semaphore(0)
    calls = iter([OperationalError("", {}, ValueError())])

    def stumble(*_: object) -> bool:
        beats.release()
        for error in calls:
            raise error
        return True

    with mock.patch.object(presence, "beat", stumble), heartbeat(engine, settings) as beating:
        assert all(beats.acquire(timeout=60) for _ in range(3))
    assert not beating.replaced
