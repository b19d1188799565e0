"""What metrics cost: one that is off and one that is on, a scrape, and the bot's look at the queue.

Run with ``python -m benchmarks.monitoring``. The baselines, in the same run: a function that does
nothing, a page of the same server that measures nothing, and the look where nothing waits.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import aiohttp
from sqlalchemy import text

from benchmarks.history import fill, settings_in
from cli.start import free_port
from storage import meters
from storage.database.records import Records
from storage.monitoring.gauges import read_load, show_load
from storage.monitoring.server import MonitoringServer
from storage.prepare import migrate
from storage.settings import Settings

CALLS: Final = 200_000
TRIES: Final = 100
HISTORY: Final = 20_000
WAITING: Final = 500


def time_calls(call: Callable[[], object]) -> float:
    """Nanoseconds of each of many calls."""
    began = time.perf_counter()
    for _ in range(CALLS):
        call()
    return 1e9 * (time.perf_counter() - began) / CALLS


async def time_tries(work: Callable[[], Awaitable[object]]) -> str:
    """Milliseconds of a try, the median and the slowest of twenty."""
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        await work()
        took.append(1000 * (time.perf_counter() - began))
    return f"{statistics.median(took):6.2f} ({statistics.quantiles(took, n=20)[-1]:.2f}) ms"


def count_one() -> None:
    """What each finished job does."""
    meters.JOBS.add(model="easel-1", kind="imagine", speed="fast", end="done", reason="")


async def measure(settings: Settings) -> None:
    """Prints all figures."""
    records = Records.open(settings.database)
    await records.write(fill, HISTORY)

    async def look() -> None:
        show_load(await records.read(read_load, settings.dead_after), settings)

    async def ready() -> str:
        return ""

    print(f"nothing           {time_calls(lambda: None):6.0f} ns")
    print(f"a metric, off     {time_calls(count_one):6.0f} ns")
    server, port = MonitoringServer(ready, look), free_port(0)
    await server.start("127.0.0.1", port)
    print(f"a metric, on      {time_calls(count_one):6.0f} ns")
    print(f"a look, none wait {await time_tries(look)}")
    waiting = text(
        "UPDATE jobs SET state = 'queued', delivered_at = NULL WHERE message_id <= :count"
    )
    await records.write(lambda it: it.execute(waiting, {"count": WAITING}))
    print(f"a look, {WAITING} wait  {await time_tries(look)}")
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

        async def fetch(path: str) -> int:
            async with session.get(path) as answer:
                return len(await answer.read())

        print(f"/healthz          {await time_tries(lambda: fetch('/healthz'))}")
        size = await fetch("/metrics")
        print(f"/metrics          {await time_tries(lambda: fetch('/metrics'))}, {size:,} bytes")
    await server.stop()
    await records.close()


def main() -> None:
    """Measures on a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder))
        migrate(settings)
        asyncio.run(measure(settings))


if __name__ == "__main__":
    main()
