"""Real processes and real signals: whatever dies, a job ends once, in one visible way."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from storage.database.connect import WRITING, open_engine
from storage.database.tables import WorkerRow
from storage.prepare import migrate
from storage.queue import queries
from storage.queue.client import Jobs
from storage.queue.entries import name_queue
from storage.queue.jobs import Ended, Progress, Queued, Started
from storage.settings import Settings
from tests.processes import spawn
from tests.storage import toy
from tests.storage.conftest import Bot, Hold, Workers, ended, list_entries, new_job, send
from tests.storage.postgres import Server


async def reap_until(bot: Bot, kind: Any, job_id: str, wanted: Callable[[Any], bool]) -> Any:
    """Reaps as a bot does, only faster, until an event comes."""
    waiting = asyncio.create_task(bot.until(kind, job_id, wanted))
    while not waiting.done():
        await bot.jobs.reap()
        await asyncio.wait([waiting], timeout=0.1)
    return await waiting


@contextmanager
def last_seen_long_ago(settings: Settings, name: str) -> Iterator[None]:
    """Within it nobody else can write; from then on a worker has not been seen for a minute."""
    engine = open_engine(settings.database)
    with engine.execution_options(**WRITING).begin() as connection:
        older = update(WorkerRow).where(WorkerRow.executor_id == name)
        connection.execute(older.values(seen=WorkerRow.seen - 60))
        yield
    engine.dispose()


def freeze(process: BaseProcess, settings: Settings, name: str = "toy") -> None:
    """Freezes a worker as if a minute ago, but lest it take SQLite's only lock along."""
    with last_seen_long_ago(settings, name):
        send(process, signal.SIGSTOP)
        # One of its threads may go on for a moment, and take the lock once it is let go of.
        while not is_frozen(process):
            assert process.is_alive()
            time.sleep(0.01)


def is_frozen(process: BaseProcess) -> bool:
    """Whether each of a process's threads has stopped."""
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    try:
        states = [(each / "stat").read_text().rpartition(")")[2].split()[0] for each in threads]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return set(states) == {"T"}


async def bury(process: BaseProcess, settings: Settings, name: str) -> None:
    """Waits until a worker is dead, and goes on as if that were a minute ago."""
    assert await ended(process) == -signal.SIGKILL
    with last_seen_long_ago(settings, name):
        pass


async def test_a_job_passes_through_every_stage_and_leaves_nothing_behind(
    bot: Bot, workers: Workers, hold: Hold
) -> None:
    job = new_job("apple", hold=hold.path)
    assert (await bot.jobs.accept(job)).position == 1
    await bot.until(Queued, job.id, lambda event: event.position == 1)
    workers.start()
    await bot.until(Started, job.id)
    progress = await bot.until(Progress, job.id)
    assert (progress.steps, progress.preview) == (2, b"preview")
    hold.release()
    assert await bot.until(Ended, job.id) == Ended(job.id, "done", None)
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.state, found.attempts, found.worker) == ("done", 1, "toy")
    assert [picture.digest for picture in found.pictures] == [f"apple-{k}" for k in range(4)]
    assert found.grid
    assert found.grid.digest == "apple--1"
    assert await bot.jobs.delivered(job.id, 77)
    assert not await bot.jobs.delivered(job.id, 78)
    delivered = await bot.jobs.get(job.id)
    assert delivered
    assert delivered.delivered_message_id == 77
    await bot.jobs.reap()
    assert await list_entries(bot.jobs) == set()
    assert await bot.jobs.records.read(queries.list_undelivered) == []


async def test_a_killed_worker_makes_the_job_again_after_its_restart(
    bot: Bot, workers: Workers, hold: Hold
) -> None:
    job = new_job("apple", hold=hold.path)
    await bot.jobs.accept(job)
    engine = bot.jobs._engine._client
    await engine.register_queue_async(name_queue("long gone"))
    first = workers.start()
    await bot.until(Progress, job.id)
    send(first, signal.SIGKILL)
    await ended(first)
    hold.release()
    workers.start()
    await bot.until(Ended, job.id)
    assert [queue.name for queue in await engine.list_queues_async()] == [name_queue("toy")]
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.state, found.attempts, len(found.images)) == ("done", 2, 5)
    assert workers.lines() == ["begin apple", "begin apple", "end apple"]
    assert len(bot.of(Ended, job.id)) == 1


async def test_another_worker_makes_the_job_of_a_dead_one(
    settings: Settings, bot: Bot, workers: Workers, hold: Hold
) -> None:
    job = new_job("apple", hold=hold.path)
    await bot.jobs.accept(job)
    first = workers.start("first")
    await bot.until(Started, job.id)
    send(first, signal.SIGKILL)
    workers.start("second")
    await bury(first, settings, "first")
    hold.release()
    await reap_until(bot, Ended, job.id, lambda _: True)
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.state, found.attempts, found.worker) == ("done", 2, "second")


async def test_a_frozen_worker_that_wakes_up_ends_nothing(
    settings: Settings, bot: Bot, workers: Workers, hold: Hold
) -> None:
    job = new_job("apple", hold=hold.path)
    await bot.jobs.accept(job)
    first = workers.start("first")
    await bot.until(Started, job.id)
    freeze(first, settings, "first")
    workers.start("second")
    await reap_until(bot, Started, job.id, lambda _: len(bot.of(Started, job.id)) == 2)
    send(first, signal.SIGCONT)
    after = new_job("pear")
    await bot.jobs.accept(after)
    await bot.until(Ended, after.id)
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.state, found.attempts, found.worker) == ("running", 2, "second")
    hold.release()
    await bot.until(Ended, job.id)
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.state, found.worker, len(found.images)) == ("done", "second", 5)
    assert workers.lines().count("end apple") == 1


async def test_a_frozen_worker_past_its_last_report_ends_nothing_either(
    settings: Settings, bot: Bot, workers: Workers, hold: Hold
) -> None:
    job = new_job("apple", steps=1, silent=hold.path)
    await bot.jobs.accept(job)
    first = workers.start("first")
    await bot.until(Progress, job.id)
    freeze(first, settings, "first")
    workers.start("second")
    await reap_until(bot, Started, job.id, lambda _: len(bot.of(Started, job.id)) == 2)
    hold.release()
    await bot.until(Ended, job.id)
    assert await bot.jobs.delivered(job.id, 1)
    send(first, signal.SIGCONT)
    after = new_job("pear")
    await bot.jobs.accept(after)
    await bot.until(Ended, after.id)
    first.terminate()
    assert await ended(first) == 0
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.attempts, found.worker, found.delivered_message_id) == (2, "second", 1)
    assert workers.lines().count("end apple") == 2


async def test_a_job_that_kills_its_worker_three_times_fails_and_the_queue_goes_on(
    bot: Bot, workers: Workers
) -> None:
    poison, after = new_job("poison", kill=True), new_job("pear")
    await bot.jobs.accept(poison)
    await bot.jobs.accept(after)
    for _ in range(3):
        assert await ended(workers.start()) == -signal.SIGKILL
    workers.start()
    assert await bot.until(Ended, poison.id) == Ended(poison.id, "failed", "worker_lost")
    assert await bot.until(Ended, after.id) == Ended(after.id, "done", None)
    assert workers.lines() == ["begin poison"] * 3 + ["begin pear", "end pear"]


async def test_the_reaper_gives_up_a_job_lost_for_the_third_time(
    settings: Settings, bot: Bot, workers: Workers
) -> None:
    poison = new_job("poison", kill=True)
    await bot.jobs.accept(poison)
    for name in "abc":
        worker = workers.start(name)
        while worker.is_alive():
            await bot.jobs.reap()
            await asyncio.sleep(0.05)
        await bury(worker, settings, name)
    over = await reap_until(bot, Ended, poison.id, lambda _: True)
    assert over == Ended(poison.id, "failed", "worker_lost")


async def test_a_stopping_worker_hands_its_job_back_uncounted(
    bot: Bot, workers: Workers, hold: Hold
) -> None:
    job = new_job("apple", hold=hold.path)
    await bot.jobs.accept(job)
    first = workers.start("first")
    await bot.until(Started, job.id)
    first.terminate()
    assert await ended(first) == 0
    await bot.until(Queued, job.id, lambda event: event is bot.events[-1])
    hold.release()
    second = workers.start("second")
    await bot.until(Ended, job.id)
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.state, found.attempts, found.worker) == ("done", 1, "second")
    second.terminate()
    assert await ended(second) == 0
    assert (await bot.jobs.queue_info()).workers == 0


async def test_a_second_worker_of_the_same_name_refuses_to_start(
    settings: Settings, bot: Bot, tmp_path: Path
) -> None:
    job = new_job("apple")
    await bot.jobs.accept(job)
    # A sign of life that is late would else be taken for none.
    with closing(Workers(settings.model_copy(update={"dead_after": 10.0}), tmp_path)) as workers:
        workers.start()
        await bot.until(Ended, job.id)
        assert await ended(workers.start()) == toy.NAME_TAKEN


async def test_a_frozen_worker_whose_name_was_taken_leaves_the_other_its_job_and_its_queue(
    settings: Settings, bot: Bot, workers: Workers, hold: Hold
) -> None:
    job, after = new_job("apple", hold=hold.path), new_job("pear")
    await bot.jobs.accept(job)
    first = workers.start()
    await bot.until(Started, job.id)
    freeze(first, settings)
    workers.start()
    await bot.until(Started, job.id, lambda _: len(bot.of(Started, job.id)) == 2)
    send(first, signal.SIGCONT)
    hold.release()
    assert await ended(first) == toy.NAME_TAKEN
    await bot.jobs.accept(after)
    await bot.until(Ended, after.id)
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.state, found.attempts) == ("done", 2)
    # Perhaps the first was done with it before it heard: what it made counts for nothing.
    assert len(bot.of(Ended, job.id)) == 1


async def test_a_bot_killed_after_accepting_leaves_the_job_to_the_next_one(
    settings: Settings, workers: Workers, open_bot: Callable[[Settings], Any]
) -> None:
    job = new_job("apple")
    assert await ended(spawn(toy.accept_and_die, settings, job)) == -signal.SIGKILL
    bot: Bot = await open_bot(settings)
    await bot.until(Queued, job.id, lambda event: event.position == 1)
    workers.start()
    assert await bot.until(Ended, job.id) == Ended(job.id, "done", None)


async def test_a_bot_killed_while_accepting_leaves_neither_job_nor_queue_entry(
    settings: Settings, open_bot: Callable[[Settings], Any]
) -> None:
    job = new_job("apple")
    assert await ended(spawn(toy.die_accepting, settings, job)) == -signal.SIGKILL
    jobs: Jobs = (await open_bot(settings)).jobs
    assert await jobs.get(job.id) is None
    assert await list_entries(jobs) == set()


@pytest.mark.postgres
async def test_a_job_outlives_a_restart_of_the_database(
    postgres_running: Server,
    postgres_settings: Settings,
    tmp_path: Path,
    hold: Hold,
    open_bot: Callable[[Settings], Any],
) -> None:
    bot: Bot = await open_bot(postgres_settings)
    workers = Workers(postgres_settings, tmp_path)
    try:
        job, after = new_job("apple", hold=hold.path), new_job("pear")
        await bot.jobs.accept(job)
        workers.start()
        await bot.until(Progress, job.id)
        await asyncio.to_thread(postgres_running.restart)
        hold.release()
        assert (await bot.until(Ended, job.id)).state == "done"
        await bot.jobs.accept(after)
        assert (await bot.until(Ended, after.id)).state == "done"
    finally:
        workers.close()
    assert workers.lines() == ["begin apple", "end apple", "begin pear", "end pear"]


@pytest.mark.postgres
async def test_a_bot_that_starts_while_the_database_does_waits_for_it(
    postgres_running: Server, postgres_settings: Settings
) -> None:
    postgres_running.stop()
    try:
        opening = asyncio.create_task(Jobs.open(postgres_settings))
        migrating = asyncio.create_task(asyncio.to_thread(migrate, postgres_settings))
        done, _ = await asyncio.wait({opening, migrating}, timeout=0.5)
        assert not done
    finally:
        await asyncio.to_thread(postgres_running.start)
    jobs = await opening
    await migrating
    await jobs.accept(new_job())
    await jobs.close()
