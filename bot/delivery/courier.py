"""One job's message, kept up to date until the job has ended and its end was shown."""

import asyncio
from typing import Final

import discord
import structlog

from bot.delivery import content
from bot.delivery.routes import Address
from bot.text.languages import speaking
from generation.recipe import RecipeError
from storage.files import Files, MissingFileError
from storage.queue.client import Jobs
from storage.queue.jobs import Ended, Event, Job, Queued

log: Final = structlog.get_logger(__name__)

PACE: Final = 1.0
"""Seconds between edits of one message; Discord allows five edits in two seconds."""

FAR_PACE: Final = 10.0
"""Seconds between edits that only move a place far back in the queue."""

NEAR: Final = 5
"""Places in the queue that are kept up to date at the ordinary pace."""


class JobMessage:
    """Keeps one job's message up to date: the latest news at a steady pace, the end at once."""

    def __init__(self, job_id: str, client: discord.Client, jobs: Jobs, files: Files) -> None:
        self.job_id = job_id
        self.following = self.done = False
        self._address = Address(client)
        self._jobs, self._files = jobs, files
        self._shown: Event | None = None
        self._news: Event | None = None
        self._ended = asyncio.Event()
        self._changed = asyncio.Event()

    def put(self, event: Event) -> None:
        """Takes news; it replaces news that was not shown yet."""
        self._news = event
        self._changed.set()
        if isinstance(event, Ended):
            self._ended.set()

    async def run(self) -> None:
        """Shows news until the job has ended and its end was shown."""
        while not self.done:
            if self._ended.is_set():
                await self._finish()
                self.done = True
                return
            await self._changed.wait()
            self._changed.clear()
            event = self._news
            if event is not None and event != self._shown:
                await self.show(event)
                await self._rest(event)

    async def show(self, event: Event) -> None:
        """Shows news that may be missed: an outage costs one update, never the job."""
        self._shown = event
        try:
            job = await self._job()
            with speaking(job.locale):
                letter = content.news(job, event)
            await self._address.attempt(job, letter)
        except Exception as error:  # noqa: BLE001 - the end is shown all the same
            log.info("update_missed", job=self.job_id, error=type(error).__name__)

    async def _rest(self, event: Event) -> None:
        far = isinstance(event, Queued) and event.position > NEAR
        try:
            await asyncio.wait_for(self._ended.wait(), FAR_PACE if far else PACE)
        except TimeoutError:
            return

    async def _finish(self) -> None:
        """Shows how the job ended, then notes in the database that it was shown."""
        job = await self._job()
        if job.delivered_at is not None:
            return
        with speaking(job.locale):
            message = await self._sent(job)
        if message is None:
            log.warning("nowhere_to_deliver", job=job.id)
        await self._jobs.delivered(job.id, message)

    async def _sent(self, job: Job) -> int | None:
        try:
            return await self._address.insist(job, await content.last(job, self._files))
        except (discord.HTTPException, MissingFileError, RecipeError) as error:
            log.error("result_not_sent", job=job.id, error=repr(error))
            return await self._address.insist(job, content.apology(job))

    async def _job(self) -> Job:
        job = await self._jobs.get(self.job_id)
        if job is None:
            raise LookupError(self.job_id)
        return job
