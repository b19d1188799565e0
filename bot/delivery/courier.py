"""One job's message, kept up to date until the job has ended and its end was shown."""

import asyncio
from typing import Final

import discord
import structlog

from bot.delivery.content import compose_apology, compose_ending, compose_progress
from bot.delivery.routes import DeliveryTarget
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
        self._target = DeliveryTarget(client)
        self._jobs, self._files = jobs, files
        self._shown: Event | None = None
        self._news: Event | None = None
        self._ended = asyncio.Event()
        self._changed = asyncio.Event()

    def put(self, event: Event) -> None:
        """Takes news; it replaces news that was not shown yet."""
        self._news = event
        # Only the latest news counts: a percentage that was not shown in time is worth nothing.
        self._changed.set()
        if isinstance(event, Ended):
            self._ended.set()

    @property
    def idle(self) -> bool:
        """Whether nothing was shown and there is nothing to show."""
        return self._shown is None and self._news is None

    def drop(self) -> None:
        """Shows nothing more: the job was taken back."""
        self.done = True
        self._changed.set()

    async def run(self) -> None:
        """Shows news until the job has ended and its end was shown."""
        while not self.done:
            if self._ended.is_set():
                await self._finish()
                self.done = True
                return
            # Woken by the end as well, which is put like any other news.
            await self._changed.wait()
            self._changed.clear()
            event = self._news
            if event is not None and event != self._shown and not self.done:
                await self.show(event)
                await self._pause(event)

    async def show(self, event: Event) -> bool:
        """Shows news that may be missed: an outage costs one update, never the job.

        Returns:
            False if the job has no message, and none can be posted where it belongs.
        """
        self._shown = event
        try:
            return await self._show(event)
        except Exception as error:  # noqa: BLE001 - the end is shown all the same
            log.info("update_missed", job=self.job_id, error=type(error).__name__)
            return True

    async def _show(self, event: Event) -> bool:
        job = await self._load_job()
        with speaking(job.locale):
            content = compose_progress(job, event)
        message = await self._target.attempt(job, content)
        if job.message_id is not None:
            return True
        if message is not None:
            await self._jobs.note_message(job.id, message)
        return message is not None

    async def _pause(self, event: Event) -> None:
        # Far back in the queue a place changes often and matters little; edits are counted by
        # Discord.
        far = isinstance(event, Queued) and event.position > NEAR
        try:
            await asyncio.wait_for(self._ended.wait(), FAR_PACE if far else PACE)
        except TimeoutError:
            return

    async def _finish(self) -> None:
        """Shows how the job ended, then notes in the database that it was shown."""
        job = await self._load_job()
        # Another process may have delivered it, or this one before it was restarted.
        if job.delivered_at is not None:
            return
        with speaking(job.locale):
            message = await self._send_ending(job)
        if message is None:
            log.warning("nowhere_to_deliver", job=job.id)
        await self._jobs.delivered(job.id, message)

    async def _send_ending(self, job: Job) -> int | None:
        try:
            return await self._target.insist(job, await compose_ending(job, self._files))
        except (discord.HTTPException, MissingFileError, RecipeError) as error:
            log.error("result_not_sent", job=job.id, error=repr(error))
            # The pictures cannot be shown, but the person must not wait for them for ever.
            return await self._target.insist(job, compose_apology(job))

    async def _load_job(self) -> Job:
        job = await self._jobs.get(self.job_id)
        if job is None:
            raise LookupError(self.job_id)
        return job
