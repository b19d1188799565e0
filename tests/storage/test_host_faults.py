"""A worker whose GPU or picture store fails: real processes, and the errors as PyTorch has them."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from cli import doctor
from cli.findings import State
from cli.workers import troubled_workers
from storage.database.connect import open_engine
from storage.queue import presence
from storage.queue.heartbeat import name_host
from storage.queue.jobs import Ended, Job
from storage.queue.worker import FAULTS
from storage.settings import Settings
from storage.signals import RESTART
from tests.generation.samples import APPLE
from tests.processes import preload, spawn
from tests.storage import faulty
from tests.storage.conftest import Bot, ended, new_job, patient, send

Start = Callable[..., BaseProcess]


@pytest.fixture
def settings(sqlite_settings: Settings) -> Settings:
    """Settings with a worker's name, which stays the same from start to start."""
    return patient(sqlite_settings).model_copy(update={"worker": "w", "images": ""})


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Starts the worker, which waits for a second for its store, or longer."""
    running: list[BaseProcess] = []

    preload("tests.journeys.preloaded")

    def started(patience: float = 1.0) -> BaseProcess:
        running.append(spawn(faulty.work, settings, tmp_path, patience))
        return running[-1]

    yield started
    for process in running:
        process.kill()
        process.join(30)


async def accepted(bot: Bot) -> str:
    job = replace(new_job(), recipe=APPLE.to_json())
    await bot.jobs.accept(job)
    return job.id


async def read(bot: Bot, job_id: str) -> Job:
    found = await bot.jobs.get(job_id)
    assert found
    return found


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - nothing tells of files
            await asyncio.sleep(0.05)


def leave_behind(settings: Settings, faults: int) -> None:
    """What a worker leaves whose GPU has failed so often in a row."""
    # No process has a number beyond what Linux gives out.
    gone = {"session": "s", "host": name_host(), "pid": 2**30}
    engine = open_engine(settings.database)
    with engine.begin() as connection:
        about = {**gone, "device": "cpu", "model": "m", "faults": faults}
        presence.sign_on(connection, "w", about)
    engine.dispose()


def count_faults(settings: Settings) -> int:
    engine = open_engine(settings.database)
    with engine.connect() as connection:
        past = presence.read_sighting(connection, "w")
    engine.dispose()
    return past.faults if past else 0


async def test_a_gpu_that_fails_costs_no_job_and_after_some_restarts_takes_none(
    settings: Settings, bot: Bot, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "gpu").touch()
    leave_behind(settings, FAULTS - 1)
    job_id = await accepted(bot)
    assert await ended(start()) == RESTART
    job = await read(bot, job_id)
    assert (job.state, job.attempts, count_faults(settings)) == ("queued", 0, FAULTS)
    resting = start()
    await until(lambda: troubled_workers(settings) == {"w": "device"})
    assert dict((await bot.jobs.queue_info()).troubles) == {"device": 1}
    finding = await asyncio.to_thread(doctor.workers, settings)
    assert finding.state is State.FAULT
    assert "nvidia-smi" in finding.mend
    assert (await read(bot, job_id)).attempts == 0
    # Whoever stops it may have mended the GPU, so it begins anew.
    send(resting, signal.SIGTERM)
    assert await ended(resting) == 0
    (tmp_path / "gpu").unlink()
    start()
    assert (await bot.until(Ended, job_id)).state == "done"
    assert (await read(bot, job_id)).attempts == 1


async def test_one_job_that_is_made_forgives_what_failed_before(
    settings: Settings, bot: Bot, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "gpu").touch()
    job_id = await accepted(bot)
    await ended(start())
    (tmp_path / "gpu").unlink()
    start()
    await bot.until(Ended, job_id)
    assert count_faults(settings) == 0


async def fill(bot: Bot, start: Start, folder: Path) -> None:
    """Starts a worker, whose store is full once it has made a job."""
    start()
    await bot.until(Ended, await accepted(bot))
    (folder / "drawn").unlink()
    # What is kept need not be stored again.
    for picture in (folder / "images").rglob("*"):
        if picture.is_file():
            picture.unlink()
    (folder / "disk").touch()


async def test_a_store_that_is_full_for_a_moment_costs_no_drawing(
    bot: Bot, start: Start, tmp_path: Path
) -> None:
    await fill(bot, partial(start, 30.0), tmp_path)
    job_id = await accepted(bot)
    await until((tmp_path / "drawn").exists)
    (tmp_path / "disk").unlink()
    assert (await bot.until(Ended, job_id)).state == "done"
    assert (tmp_path / "drawn").read_text() == "once\n"


@pytest.mark.parametrize("from_the_start", [False, True])
async def test_a_store_that_stays_full_stops_the_worker_until_it_has_room(
    settings: Settings, bot: Bot, start: Start, tmp_path: Path, from_the_start: bool
) -> None:
    if from_the_start:
        (tmp_path / "disk").touch()
        start()
    else:
        await fill(bot, start, tmp_path)
    job_id = await accepted(bot)
    await until(lambda: troubled_workers(settings) == {"w": "store"})
    assert dict((await bot.jobs.queue_info()).troubles) == {"store": 1}
    job = await read(bot, job_id)
    assert (job.state, job.attempts) == ("queued", 0)
    (tmp_path / "disk").unlink()
    assert (await bot.until(Ended, job_id)).state == "done"
    assert (await read(bot, job_id)).attempts == 1
    await until(lambda: not troubled_workers(settings))
