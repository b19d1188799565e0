"""How long a job waits when nobody is before it, how many a second are taken in, idle cost.

Run with ``python -m benchmarks.queue``. The worker is a process of its own that renders nothing,
the database is SQLite, or whatever ``EASEL_DATABASE_URL`` names. The baseline of the first figure
is the poll interval (a job arrives on average half of one before the next look); that of the second
is a bare insert and commit into a table of the same file or server.
"""

import asyncio
import logging
import multiprocessing
import os
import statistics
import tempfile
import time
from contextlib import aclosing
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import structlog
from sqlalchemy import Connection, Select, select, text

from storage.database.records import Records
from storage.database.tables import JobRow
from storage.prepare import migrate
from storage.queue.client import Jobs
from storage.queue.jobs import Ended, Keep, NewJob, Rendered, Report
from storage.queue.queries import begin_run, list_undelivered
from storage.queue.worker import serve
from storage.settings import Settings, load_settings
from storage.signals import stop_event

WAITS: Final = 60
ACCEPTS: Final = 200
IDLE: Final = 10.0
CROWD: Final = 5_000
BUSY: Final = 6
DRAWN, STORED = 2.3, 0.69
"""Seconds that a grid of FLUX.2 klein takes on an H100, and that its pictures take to encode."""


def settings_in(folder: Path) -> Settings:
    """Settings as they come, with a database of its own unless one is named."""
    return load_settings().model_copy(
        update={"data": folder, "worker": "benchmark", "max_jobs_per_person": 10**6}
    )


def work(settings: Settings) -> None:
    """A worker that makes nothing, and says nothing of it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    serve(settings, render, model="none", device="none", stop=stop_event())


def render(recipe: dict[str, Any], _report: Report) -> Rendered | Keep:
    """Nothing to do, or to sleep for as long as drawing and storing take."""
    if "noted" not in recipe:
        return Rendered(pictures=[])
    began = time.monotonic()
    time.sleep(DRAWN)
    with Path(recipe["noted"]).open("a") as file:
        file.write(f"{began} {time.monotonic()}\n")
    return _store


def _store() -> Rendered:
    time.sleep(STORED)
    return Rendered(pictures=[])


def new_job(person: int = 1) -> NewJob:
    """A job with a recipe of usual size."""
    return NewJob(
        id=uuid4().hex,
        recipe={"version": 1, "phrases": [{"text": "a red apple " * 8, "weight": 1.0}], "seed": 7},
        title="imagine",
        person_id=person,
        channel_id=1,
        application_id=1,
        upload_limit=10_000_000,
    )


async def waits(jobs: Jobs) -> list[float]:
    """Seconds from the acceptance of a job until its work started, each with an empty queue."""
    found = []
    async with aclosing(jobs.events()) as events:
        for _ in range(WAITS):
            # Off the beat of the polls, so that every phase of them is met.
            await asyncio.sleep(0.037)
            job = new_job()
            await jobs.accept(job)
            accepted = time.time()
            async for event in events:
                if isinstance(event, Ended) and event.job_id == job.id:
                    break
            made = await jobs.get(job.id)
            assert made
            assert made.started_at
            found.append(max(0.0, made.started_at.timestamp() - accepted))
            await jobs.delivered(job.id, None)
    return found


async def busy(jobs: Jobs, folder: Path) -> float:
    """Share of the time for which a device draws while jobs wait."""
    noted = folder / "noted"
    for _ in range(BUSY):
        job = new_job()
        await jobs.accept(replace(job, recipe={**job.recipe, "noted": str(noted)}))
    left = BUSY
    async with aclosing(jobs.events()) as events:
        async for event in events:
            left -= isinstance(event, Ended)
            if not left:
                break
    spans = sorted(tuple(map(float, line.split())) for line in noted.read_text().splitlines())
    return sum(end - began for began, end in spans) / (spans[-1][1] - spans[0][0])


async def accepts(jobs: Jobs) -> float:
    """Jobs accepted a second, one after another."""
    began = time.perf_counter()
    for number in range(ACCEPTS):
        await jobs.accept(new_job(person=number % 20))
    return ACCEPTS / (time.perf_counter() - began)


async def inserts(settings: Settings) -> float:
    """Bare inserts a second, each in a transaction of its own: the most one could hope for."""
    records = Records.open(settings.database)

    def create(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE bare (id VARCHAR(32), body TEXT)"))

    def insert(connection: Connection) -> None:
        row = {"id": uuid4().hex, "body": "x" * 200}
        connection.execute(text("INSERT INTO bare VALUES (:id, :body)"), row)

    def drop(connection: Connection) -> None:
        connection.execute(text("DROP TABLE bare"))

    await records.write(create)
    began = time.perf_counter()
    for _ in range(ACCEPTS):
        await records.write(insert)
    rate = ACCEPTS / (time.perf_counter() - began)
    await records.write(drop)
    await records.close()
    return rate


async def idle_events(jobs: Jobs) -> float:
    """Share of a core that a bot's watch costs while nothing happens."""

    async def watch() -> None:
        async for _ in jobs.events():
            pass

    watching = asyncio.create_task(watch())
    await asyncio.sleep(1)
    before = time.process_time()
    await asyncio.sleep(IDLE)
    spent = time.process_time() - before
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return spent / IDLE


async def crowded_events(jobs: Jobs) -> tuple[float, float, float]:
    """What a bot's watch costs while thousands wait and one of them begins each second.

    Returns:
        The share of a core, how much it has to tell each second (at most one request to Discord
        each), and the seconds that one look for lost jobs takes.
    """
    for _ in range(CROWD // 500):
        await jobs.accept_many([new_job(person=1) for _ in range(500)])
    told = 0

    async def watch() -> None:
        nonlocal told
        async for _ in jobs.events():
            told += 1

    watching = asyncio.create_task(watch())
    # Its first look tells of all of them.
    await asyncio.sleep(5)
    first, before = told, time.process_time()
    for _ in range(int(IDLE)):
        waiting = select(JobRow.id).where(JobRow.state == "queued").order_by(JobRow.priority)
        (job_id,) = await jobs.records.read(_list_some, waiting.limit(1))
        await jobs.records.write(begin_run, job_id, "benchmark", 3)
        await asyncio.sleep(1)
    spent, rate = (time.process_time() - before) / IDLE, (told - first) / IDLE
    began = time.perf_counter()
    await jobs.reap()
    reaped = time.perf_counter() - began
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return spent, rate, reaped


def _list_some(connection: Connection, wanted: Select[str]) -> list[str]:
    return list(connection.execute(wanted).scalars())


async def idle_worker(worker: BaseProcess) -> float:
    """Share of a core that a worker costs while nothing happens (Linux only)."""
    before = _processor_seconds(worker)
    await asyncio.sleep(IDLE)
    return (_processor_seconds(worker) - before) / IDLE


def _processor_seconds(process: BaseProcess) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(settings: Settings) -> None:
    """Prints all figures."""
    jobs = await Jobs.open(settings)
    print(f"bot, idle           {await idle_events(jobs):7.2%} of a core")
    rate, bare = await accepts(jobs), await inserts(settings)
    print(f"accepts             {rate:7.0f} /s, {rate / bare:.2f} of bare inserts ({bare:.0f} /s)")
    share, told, reaped = await crowded_events(jobs)
    print(f"bot, {CROWD:,} waiting   {share:6.2%} of a core, {told:.1f} told /s")
    print(f"look for lost jobs  {reaped * 1000:7.0f} ms, at most a fiftieth of the time")
    for job in await jobs.records.read(list_undelivered):
        await jobs.cancel(job.id)
        await jobs.delivered(job.id, None)
    worker = multiprocessing.get_context("spawn").Process(target=work, args=[settings])
    worker.start()
    try:
        found = sorted(await waits(jobs))
        median, late = statistics.median(found), found[int(len(found) * 0.95)]
        print(f"accept -> start     {median * 1000:7.0f} ms median, {late * 1000:.0f} ms p95")
        print(f"                    {median / settings.poll:7.2f} of the {settings.poll} s poll")
        print(f"worker, idle        {await idle_worker(worker):7.2%} of a core")
        share = await busy(jobs, settings.data)
        print(f"device, busy        {share:7.2%} of the time, {DRAWN} s a drawing")
    finally:
        worker.terminate()
        worker.join(20)
        await jobs.close()


def main() -> None:
    """Prepares a database and measures on it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder))
        migrate(settings)
        print(f"on {settings.database.partition(':')[0]}, {os.cpu_count()} cores")
        asyncio.run(measure(settings))


if __name__ == "__main__":
    main()
