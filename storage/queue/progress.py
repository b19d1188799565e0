"""The progress of the jobs being made, on its way from their workers to whoever shows it."""

import asyncio
import base64
from collections.abc import Iterable
from contextlib import aclosing
from typing import Any

from storage.queue.engine import JobEngine
from storage.queue.jobs import Progress
from storage.queue.queries import Standing
from storage.queue.watch import Feed


class ProgressReaders:
    """Reads the progress of the jobs being made, one task each.

    Attributes:
        wake: Set whenever there is something new in the feed.
    """

    def __init__(self, engine: JobEngine, poll: float, feed: Feed) -> None:
        self.wake = asyncio.Event()
        self._engine = engine
        self._poll = poll
        self._feed = feed
        # By run and not by job: one that is begun again has a reader of its own.
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}

    def follow(self, standings: Iterable[Standing]) -> None:
        """Follows the runs going on, and no others."""
        running = {(job.id, job.attempts) for job in standings if job.state == "running"}
        for gone in self._tasks.keys() - running:
            self._tasks.pop(gone).cancel()
        for job_id, attempt in running - self._tasks.keys():
            task = asyncio.create_task(self._read(job_id, attempt))
            self._tasks[job_id, attempt] = task

    async def close(self) -> None:
        """Follows nothing any more."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, job_id: str, attempt: int) -> None:
        async with aclosing(self._engine.read_progress(job_id, self._poll)) as values:
            async for value in values:
                # A run that was given up may still have published something.
                if value["attempt"] == attempt:
                    self._feed.put(_decode(job_id, value))
                    self.wake.set()


def _decode(job_id: str, value: dict[str, Any]) -> Progress:
    preview = value["preview"]
    picture = None if preview is None else base64.b64decode(preview)
    return Progress(job_id, value["step"], value["steps"], picture)
