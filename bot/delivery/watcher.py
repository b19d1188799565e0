"""Watching job events: every accepted job is shown until it has visibly ended."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import discord
import structlog

from bot.delivery.budget import EditBudget
from bot.delivery.courier import JobMessage
from bot.delivery.markers import ButtonMarker, MessageRef
from bot.delivery.marking import PictureMarks
from bot.delivery.target import DeliveryTarget, Probe
from storage.files import Files
from storage.queue.client import Jobs
from storage.queue.jobs import Event, Job, NewJob, Queued

log: Final = structlog.get_logger(__name__)

FAULT_PAUSE: Final = 2.0
"""Seconds before going on after a fault of our own, such as a database that is away..."""

LONGEST_FAULT_PAUSE: Final = 20.0
"""doubled for one job up to this."""

REAP: Final = 5.0
"""Seconds between looks for jobs whose worker has died, or..."""

REAP_REST: Final = 50.0
"""so many times as long as a look took, ..."""

LONGEST_REAP: Final = 60.0
"""but no longer than this."""


class DeliveryWatcher:
    """Reads the events of all undelivered jobs and keeps the message of each up to date."""

    def __init__(
        self, client: discord.Client, jobs: Jobs, files: Files, marking: PictureMarks
    ) -> None:
        self._client, self._jobs, self._files = client, jobs, files
        self._picture_marks = marking
        self._probe, self._budget = Probe(client), EditBudget()
        self._marker = ButtonMarker(client, jobs)
        self._messages: dict[str, JobMessage] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Goes to work in the background, first on what an earlier process left undelivered."""
        self._spawn(self._read_events())
        self._spawn(self._reap())

    async def stop(self) -> None:
        """Puts everything down where it is; the next process goes on from the database."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextmanager
    def expect(self, job_ids: Sequence[str]) -> Iterator[None]:
        """Holds back what happens to jobs about to be accepted, until each was shown in its turn.

        Otherwise the first event of each would post its message, in any order.
        """
        for job_id in job_ids:
            self._find_message(job_id)
        try:
            yield
        finally:
            for job_id in job_ids:
                message = self._messages.get(job_id)
                if message and message.idle:
                    del self._messages[job_id]
                elif message:
                    self._follow(message)

    async def begin(self, queued: Queued, job: NewJob) -> bool:
        """Shows a job that was just accepted as queued.

        Returns:
            False if it has no message and none can be posted where it belongs.
        """
        # One that has no message yet may have got one, where it was accepted before.
        known = Job.accepted(job) if job.message_id is not None and queued.position else None
        return await self._find_message(queued.job_id).show(queued, known)

    def drop(self, job_ids: Sequence[str]) -> None:
        """Shows nothing of jobs that were taken back."""
        for job_id in job_ids:
            message = self._messages.pop(job_id, None)
            if message:
                message.drop()

    def mark_buttons(
        self, job_id: str, message: MessageRef, webhook: discord.Webhook | None = None
    ) -> None:
        """Has the buttons under a job's pictures show what was pressed; see `ButtonMarker`."""
        self._spawn(self._marker.mark(job_id, message, webhook))

    def _find_message(self, job_id: str) -> JobMessage:
        if job_id not in self._messages:
            target = DeliveryTarget(self._client, self._probe, self._budget)
            self._messages[job_id] = JobMessage(
                job_id, target, self._jobs, self._files, self._picture_marks
            )
        return self._messages[job_id]

    def _follow(self, message: JobMessage) -> None:
        if not message.following:
            message.following = True
            self._spawn(self._run(message))

    async def _run(self, message: JobMessage) -> None:
        """Keeps a message up to date until its job is delivered, through faults of ours."""
        pause = FAULT_PAUSE
        try:
            while not message.done:
                try:
                    await message.run()
                except Exception:
                    log.exception("delivery_failed", job=message.job_id)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_FAULT_PAUSE)
        finally:
            self._messages.pop(message.job_id, None)

    async def _read_events(self) -> None:
        """Reads on after any fault: a new read starts with the state of all undelivered jobs."""
        while True:
            try:
                async for event in self._jobs.events():
                    self._pass_on(event)
            except Exception:
                log.exception("reading_events_failed")
            await asyncio.sleep(FAULT_PAUSE)

    def _pass_on(self, event: Event) -> None:
        # One that is known is followed already, or about to be by whoever accepted it.
        known = event.job_id in self._messages
        message = self._find_message(event.job_id)
        message.put(event)
        if not known:
            self._follow(message)

    async def _reap(self) -> None:
        pause = REAP
        while True:
            await asyncio.sleep(pause)
            began = time.monotonic()
            try:
                await self._jobs.reap()
            except Exception:
                log.exception("reaping_failed")
            # It reads every job that waits: of thousands it takes its time, and so rests longer.
            pause = min(max(REAP, REAP_REST * (time.monotonic() - began)), LONGEST_REAP)

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
