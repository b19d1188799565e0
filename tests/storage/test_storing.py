"""What was drawn is stored while the next is drawn, and nothing is done before it is stored."""

import asyncio
import signal
from pathlib import Path

from storage.queue.jobs import Ended
from tests.storage.conftest import Bot, Hold, Workers, ended, new_job, send


async def begun(workers: Workers, line: str) -> None:
    """Waits until a worker has noted something."""
    async with asyncio.timeout(60):
        while line not in workers.lines():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)


async def state(bot: Bot, job_id: str) -> str:
    job = await bot.jobs.get(job_id)
    assert job is not None
    return job.state


async def test_the_next_is_drawn_while_the_one_before_is_stored(
    bot: Bot, workers: Workers, hold: Hold
) -> None:
    first, second, third = (new_job(name, storing=hold.path) for name in "ABC")
    for job in (first, second, third):
        await bot.jobs.accept(job)
    workers.start()
    await begun(workers, "end B")
    # Drawn and not stored there is one job at most: the device waits, and with it the third.
    assert workers.lines() == ["begin A", "end A", "store A", "begin B", "end B"]
    assert await state(bot, first.id) == await state(bot, second.id) == "running"
    assert await state(bot, third.id) == "queued"
    hold.release()
    for job in (first, second, third):
        await bot.until(Ended, job.id)
        assert await state(bot, job.id) == "done"
    assert [line for line in workers.lines() if line.startswith("stored")] == [
        "stored A",
        "stored B",
        "stored C",
    ]


async def test_a_worker_killed_while_it_stores_and_draws_loses_neither(
    bot: Bot, workers: Workers, hold: Hold, tmp_path: Path
) -> None:
    drawing = Hold(tmp_path / "drawing")
    first, second = new_job("A", storing=hold.path), new_job("B", hold=drawing.path)
    for job in (first, second):
        await bot.jobs.accept(job)
    worker = workers.start()
    await begun(workers, "begin B")
    send(worker, signal.SIGKILL)
    await ended(worker)
    assert await state(bot, first.id) == await state(bot, second.id) == "running"
    hold.release()
    drawing.release()
    workers.start()
    for job in (first, second):
        await bot.until(Ended, job.id)
        found = await bot.jobs.get(job.id)
        assert found
        assert (found.state, found.attempts, len(found.images)) == ("done", 2, 5)
    # Each was made again, as nobody could know how far its pictures had come.
    assert [workers.lines().count(f"begin {name}") for name in "AB"] == [2, 2]


async def test_a_worker_told_to_stop_finishes_storing(
    bot: Bot, workers: Workers, hold: Hold
) -> None:
    job = new_job("A", storing=hold.path)
    await bot.jobs.accept(job)
    worker = workers.start()
    await begun(workers, "store A")
    send(worker, signal.SIGTERM)
    hold.release()
    assert await ended(worker) == 0
    assert await state(bot, job.id) == "done"
