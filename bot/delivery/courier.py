"""One job's message, kept up to date until the job has ended and its end was shown."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Final

import discord
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.delivery.content import (
    MessageContent,
    compose_apology,
    compose_ending,
    compose_progress,
)
from bot.delivery.host_notice import tell_host
from bot.delivery.marking import PictureMarks
from bot.delivery.questions import compose_answered, compose_asked
from bot.delivery.routes import is_over
from bot.delivery.sheet_messages import compose_sheet_ending, compose_sheet_progress
from bot.delivery.target import DeliveryTarget
from bot.errors import UnsentError
from bot.text.languages import speaking
from generation.recipe.sheet import is_sheet
from storage import meters
from storage.database.records import insert_new
from storage.database.tables import WithdrawalRow
from storage.files import Files, FileStoreError, MissingFileError
from storage.queue.client import Jobs
from storage.queue.jobs import Ended, Event, Job, Queued
from storage.queue.verdicts import SUSPECTED
from storage.queue.watch import NEAR

log: Final = structlog.get_logger(__name__)

PACE: Final = 1.0
"""Seconds between edits of one message; Discord allows five edits in two seconds."""

GRACE: Final = 3.0
"""Seconds for news on their way to be answered once the end is known; then they are given up."""

SETTLE: Final = 15.0
"""Seconds after which the end is shown once more where news was given up: it may arrive late."""

EDITABLE: Final = timedelta(hours=1)
"""Age from which Discord counts the edits of a message: they are kept for its end."""

STORE_PAUSE: Final = 2.0
"""Seconds between tries to read pictures from a store that does not answer..."""

STORE_PATIENCE: Final = 1800.0
"""for at most so many seconds."""


class JobMessage:
    """Keeps one job's message up to date: the latest news at a steady pace, the end at once."""

    def __init__(
        self,
        job_id: str,
        target: DeliveryTarget,
        jobs: Jobs,
        files: Files,
        marking: PictureMarks,
    ) -> None:
        self.job_id = job_id
        self.following = self.done = False
        self._target = target
        self._jobs, self._files, self._marking = jobs, files, marking
        self._shown: Event | None = None
        self._news: Event | None = None
        self._rest = 0.0
        self._overtaken = False
        self._sent: tuple[int | None] | None = None
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
            if self._ended.is_set() or self.done:
                continue
            if event is not None and event != self._shown:
                await self._update(event)
                await self._pause()

    async def _update(self, event: Event) -> None:
        """Shows news, unless the end comes first and Discord takes its time over them."""
        update = asyncio.create_task(self.show(event))
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({update, ended}, return_when=asyncio.FIRST_COMPLETED)
            # News that arrived after the end would stand in its place.
            await asyncio.wait({update}, timeout=GRACE)
        except asyncio.CancelledError:
            update.cancel()
            raise
        finally:
            ended.cancel()
        # One that was answered may hold a lock of discord.py's, which it has to give back itself.
        if not update.done() and not self._target.exchange.answered:
            update.cancel()
            self._overtaken = True

    async def show(self, event: Event, job: Job | None = None) -> bool:
        """Shows news that may be missed: an outage costs one update, never the job.

        Args:
            event: The news.
            job: The job as it stands, where that is known; else it is read.

        Returns:
            False if the job has no message, and none can be posted where it belongs.
        """
        self._shown = event
        try:
            return await self._show(event, job or await self._load_job())
        except Exception as error:  # noqa: BLE001 - the end is shown all the same
            self._rest = float(getattr(error, "retry_after", 0.0))
            log.info("update_missed", job=self.job_id, error=type(error).__name__)
            return True

    async def _show(self, event: Event, job: Job | None) -> bool:
        if job is None or (job.message_id is not None and _is_old(job.message_id)):
            return True
        # Without a token each edit is one less for the ends of others.
        if isinstance(event, Queued) and event.position > NEAR and job.message_id and is_over(job):
            return True
        with speaking(job.locale):
            content = _compose_news(job, event)
        message = await self._target.attempt(job, content)
        if job.message_id is not None:
            return True
        if message is not None:
            await self._jobs.note_message(job.id, message)
        return message is not None

    async def _pause(self) -> None:
        rest, self._rest = max(PACE, self._rest), 0.0
        try:
            await asyncio.wait_for(self._ended.wait(), rest)
        except TimeoutError:
            return

    async def _finish(self) -> None:
        """Shows how the job ended, then notes in the database that it was shown."""
        job = await self._load_job()
        # Another process may have delivered it, or this one before it was restarted; or it was
        # taken back.
        if job is None or job.delivered_at is not None:
            return
        # Kept for the case that it cannot be noted: nothing is uploaded twice for that.
        if self._sent is None:
            with speaking(job.locale):
                self._sent = (await self._send_ending(job),)
                if self._overtaken and self._sent == (job.message_id,):
                    await asyncio.sleep(SETTLE)
                    await self._send_ending(job)
        if await self._jobs.delivered(job.id, *self._sent):
            _measure(job)
            if job.failure == SUSPECTED:
                await tell_host(self._target.client, job.id)
        elif self._sent[0] is not None and await self._load_job() is None:
            # Its owner was forgotten while it was on its way.
            shown = {"message_id": self._sent[0], "channel_id": job.channel_id}
            await self._jobs.records.write(insert_new, WithdrawalRow, [shown])

    async def _send_ending(self, job: Job) -> int | None:
        """Shows the end, or why it cannot be shown; None if not even that can."""
        started = time.monotonic()

        async def compose(limit: int) -> MessageContent:
            return await self._compose(job, limit, started)

        try:
            return await self._target.insist(job, compose)
        except UnsentError as unsent:
            log.error("result_not_sent", job=job.id, reason=unsent.reason)
            return await self._apologise(job, unsent.reason)

    async def _apologise(self, job: Job, reason: str) -> int | None:
        # The pictures cannot be shown, but the person must not wait for them for ever.
        apology = compose_apology(job, reason)

        async def compose(_limit: int) -> MessageContent:
            return apology

        try:
            return await self._target.insist(job, compose, plain=True)
        except UnsentError:
            log.warning("nowhere_to_deliver", job=job.id)
            return None

    async def _compose(self, job: Job, limit: int, started: float) -> MessageContent:
        """The end with files of at most ``limit`` bytes, once they can be read.

        Args:
            job: The job.
            limit: Largest file, in bytes.
            started: When its pictures were first asked for, as ``time.monotonic()`` tells it.

        Raises:
            UnsentError: They cannot be read, whatever the reason.
        """
        while True:
            try:
                if job.question:
                    return compose_answered(job)
                compose = compose_sheet_ending if is_sheet(job.recipe) else compose_ending
                return await compose(job, self._files, limit, self._marking)
            except UnsentError:
                raise
            except FileStoreError as error:
                log.warning("pictures_not_read", job=job.id, error=str(error))
                if time.monotonic() - started > STORE_PATIENCE:
                    raise UnsentError("damaged") from error
                await asyncio.sleep(STORE_PAUSE)
            except MissingFileError as error:
                raise UnsentError("damaged") from error
            except SQLAlchemyError:
                # It is tried again once the database answers.
                raise
            except Exception as error:
                log.exception("end_not_composed", job=job.id)
                raise UnsentError("refused") from error

    async def _load_job(self) -> Job | None:
        return await self._jobs.get(self.job_id)


def _measure(job: Job) -> None:
    """Counts a job whose end was shown, and notes how long each part of it took."""
    # Who cancelled it, or which picture it is about, is nobody's business here.
    reason = "" if job.cancelled_by else job.failure or ""
    kind, speed = job.title.partition(":")[0], job.speed
    meters.JOBS.add(model=job.model, kind=kind, speed=speed, end=job.state, reason=reason)
    if job.finished_at is None:
        return
    meters.SHOW_SECONDS.observe((datetime.now(UTC) - job.finished_at).total_seconds())
    if job.state == "done" and job.started_at is not None:
        waited, took = job.started_at - job.created_at, job.finished_at - job.started_at
        meters.WAIT_SECONDS.observe(waited.total_seconds(), speed=speed)
        meters.DRAW_SECONDS.observe(took.total_seconds(), model=job.model)


def _is_old(message_id: int) -> bool:
    return datetime.now(UTC) - discord.utils.snowflake_time(message_id) > EDITABLE


def _compose_news(job: Job, event: Event) -> MessageContent:
    if job.question:
        return compose_asked(job, event)
    return (compose_sheet_progress if is_sheet(job.recipe) else compose_progress)(job, event)
