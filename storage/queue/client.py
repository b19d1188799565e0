"""The bot's side of the queue: it hands jobs in, watches them, and notes that they were shown."""

import asyncio
import time
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Self

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage import meters
from storage.database.records import Records
from storage.queue import acceptance, answers, presence, queries, recovery, tokens
from storage.queue.engine import JobEngine
from storage.queue.fairness import Rule
from storage.queue.forecast import read_forecast, read_queue_info
from storage.queue.jobs import Event, Job, NewJob, Queued, QueueInfo, StoredImage
from storage.queue.limits import Allowance, Asked, HostLimits, Usage, require
from storage.queue.progress import ProgressReaders
from storage.queue.queries import Standing
from storage.queue.watch import Feed, Watch
from storage.quotas import parse_quotas
from storage.settings import Settings
from storage.space import has_space, require_space

# What is accepted here wakes the watch at once; only jobs of another bot wait this long.
QUIET_POLL: Final = 1.0
"""Seconds between looks while no job is undelivered."""

LOOK_REST: Final = 30.0
"""How many times as long as a look took it is rested before the next, so that thousands of waiting
jobs cost some hundredths of a core at most..."""

LONGEST_REST: Final = 3.0
"""and no more than so many seconds of everybody's time."""

# After an upgrade there may be one for each job there ever was.
_TOKENS: Final = 500
"""Dead tokens that are blanked at a time."""

_STUCK: Final = 1.0
"""Seconds for an empty transaction after which the database counts as having been away."""

_log = structlog.get_logger(__name__)


class Jobs:
    """The bot's side of the queue. Everything here may be called from one event loop only.

    Attributes:
        records: What is kept beside jobs, in the same database.
    """

    def __init__(self, settings: Settings, records: Records, engine: JobEngine) -> None:
        self._settings = settings
        self.records = records
        self._engine = engine
        self._readers: set[ProgressReaders] = set()
        # Held during a look, lest `close` take away the connection under it.
        self._looking = asyncio.Lock()
        # Whoever waits for its turn in the database would keep a connection from others meanwhile.
        self._accepting = asyncio.Lock()
        self._closed = False
        self._trusted_from = float("-inf")

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Connects to a database that :func:`storage.prepare.migrate` has prepared.

        Raises:
            DatabaseNotReadyError: It is not prepared or not reachable.
        """
        engine = await JobEngine.open(settings.database)
        return cls(settings, Records.open(settings.database), engine)

    async def close(self) -> None:
        """Ends :meth:`events` and disconnects."""
        async with self._looking:
            self._closed = True
        self.wake()
        # Before the job engine, which they read; a copy, since `events` empties the set.
        for reader in list(self._readers):
            await reader.close()
        await self.records.close()
        await self._engine.close()

    @property
    def host_limits(self) -> HostLimits:
        """How much anybody may ask for, whatever a server allows."""
        settings = self._settings
        return HostLimits(
            settings.max_jobs_per_person,
            settings.max_jobs_per_day,
            settings.most_share,
            parse_quotas(settings.quotas),
        )

    async def accept(self, job: NewJob, allowance: Allowance | None = None) -> Queued:
        """Takes one job in, as :meth:`accept_many` does; how it waits."""
        return (await self.accept_many([job], allowance))[0]

    async def accept_many(
        self, jobs: Sequence[NewJob], allowance: Allowance | None = None
    ) -> list[Queued]:
        """Takes all of some jobs in, or none, in one transaction.

        Once this returns, each ends in some visible way whatever dies.

        Args:
            jobs: Jobs of one person, asked for together.
            allowance: How much they may ask for; None for as much as the settings let anybody.

        Returns:
            For each how it waits. A job whose id was accepted before is not taken again; its place
            now is told, 0 if it no longer waits.

        Raises:
            BlockedError: The person may ask for nothing.
            LimitReachedError: They do not all fit into what the person may ask for.
            NoSpaceError: What they would make could not be kept.
        """
        require_space(self._settings)
        host = self.host_limits
        allowed = allowance or Allowance(unfinished=host.unfinished, host_daily=host.daily)
        began = time.monotonic()
        async with self._accepting:
            queued = await self.records.write(self._accept, jobs, allowed)
        meters.ACCEPT_SECONDS.observe(time.monotonic() - began)
        self.wake()
        return queued

    async def keep_answered(self, job: NewJob, answer: Mapping[str, Any]) -> None:
        """Takes in a question whose answer is known; what is left to do is to show it."""
        await self.records.write(acceptance.keep_answered, job, answer)
        self.wake()

    async def keep_shown(self, job: NewJob, image: StoredImage, allowance: Allowance) -> None:
        """Takes in a picture that another job has made; what is left to do is to show it alone.

        Raises:
            BlockedError: The person may ask for nothing.
            LimitReachedError: As many pictures of theirs wait to be shown as jobs may wait.
        """
        async with self._accepting:
            await self.records.write(acceptance.keep_shown, job, image, allowance.unfinished)
        self.wake()

    async def find_answer(self, digest: str) -> dict[str, Any] | None:
        """What a question with this digest was answered with before, if it was."""
        return await self.records.read(answers.find_answer, digest)

    async def find_served(self, family: str) -> str:
        """The first model of a family that workers at work serve; empty where none does."""
        dead_after = self._settings.dead_after
        served = (await self.records.read(presence.list_served, dead_after)).values()
        named = {one.name for each in served for one in each or () if one.family == family}
        return min(named, default="")

    async def require_room(self, person_id: int, asked: Asked, allowance: Allowance) -> None:
        """Refuses what would not be accepted now, before anything slow is done for it.

        What counts is decided again, by the same rule, in :meth:`accept_many`.

        Raises:
            BlockedError: They may ask for nothing.
            LimitReachedError: So many jobs do not fit into what the person may ask for.
            NoSpaceError: What they would make could not be kept.
        """
        require_space(self._settings)
        require(allowance, await self.records.read(_read_room, person_id, allowance), asked)

    async def read_usage(self, person_id: int, allowance: Allowance) -> Usage:
        """How much of what they may ask for a person uses now."""
        return await self.records.read(acceptance.read_usage, person_id, allowance)

    async def note_message(self, job_id: str, message_id: int) -> None:
        """Notes in which message a job is shown that was accepted before there was one."""
        await self.records.write(queries.note_message, job_id, message_id)

    async def withdraw(self, job_ids: Collection[str]) -> None:
        """Takes jobs back as if they had never been asked for: they cannot be shown anywhere."""
        # Our rows first: without its row no job can be begun, whatever becomes of its entry.
        await self.records.write(queries.delete_jobs, job_ids)
        self.wake()
        for job_id in job_ids:
            await self._engine.cancel(job_id)
        await self._engine.delete(job_ids)

    async def drop_entries(self, job_ids: Collection[str]) -> None:
        """Has the job engine forget jobs whose rows were deleted."""
        self.wake()
        await self._engine.delete(job_ids)

    async def events(self) -> AsyncGenerator[Event, None]:
        """How every undelivered job stands, then all that happens, until :meth:`close`.

        A slow reader misses nothing but outdated progress.
        """
        watch, feed = Watch(), Feed()
        readers = ProgressReaders(self._engine, self._settings.poll, feed)
        self._readers.add(readers)
        earliest = 0.0
        try:
            while not self._closed:
                # Before the look: what wakes during it causes another one instead of getting lost.
                readers.wake.clear()
                began = time.monotonic()
                pause = earliest - began
                if pause <= 0:
                    found = await self._look()
                    if found is not None:
                        readers.follow(found[0])
                        for event in watch.changes(*found):
                            feed.put(event)
                    # None may mean that the database is away: then once a second is enough.
                    pause = self._settings.poll if found and found[0] else QUIET_POLL
                    ended = time.monotonic()
                    earliest = ended + min(LOOK_REST * (ended - began), LONGEST_REST)
                    pause = max(pause, earliest - ended)
                for event in feed.take():
                    yield event
                await _wait(readers.wake, pause)
        finally:
            self._readers.discard(readers)
            await readers.close()

    async def get(self, job_id: str) -> Job | None:
        """A job with its images, or None if there is no such job."""
        return await self.records.read(queries.read_job, job_id)

    async def queue_info(self) -> QueueInfo:
        """How many jobs wait and run, how many workers live, and what keeps them from it."""
        info = await self.records.read(read_queue_info, self._settings.dead_after)
        return replace(info, full=not has_space(self._settings))

    async def cancel(self, job_id: str, by: int | None = None) -> bool:
        """Cancels a job that waits or runs; False if it had ended.

        Args:
            job_id: Which one.
            by: Who cancels it, so that its message can say so.
        """
        # Our row first: it alone decides; the engine only frees the worker sooner.
        cancelled = await self.records.write(queries.cancel_job, job_id, by)
        if cancelled:
            self.wake()
            await self._engine.cancel(job_id)
        return cancelled

    async def delivered(self, job_id: str, message_id: int | None) -> bool:
        """Notes that the end of a job was shown, and in which message; only the first time counts.

        Returns:
            False if it was noted before, or the job has not ended.
        """
        first = await self.records.write(queries.mark_delivered, job_id, message_id)
        if first:
            # Only now, since it carried the progress; recovery sweeps up after a crash here.
            await self._engine.delete([job_id])
        return first

    async def reap(self) -> None:
        """Finds jobs that nobody works on and lets them be made again; call it every few seconds.

        A job lost with its worker for the third time fails. Any number of bots may do this. Tokens
        that have died are forgotten, some at a time.
        """
        # Where nobody could write for a while nobody gave signs of life, which is no death.
        asked = time.monotonic()
        try:
            await self.records.write(lambda _: None)
        except SQLAlchemyError:
            self._trusted_from = time.monotonic() + self._settings.dead_after
            raise
        if time.monotonic() - asked > _STUCK:
            self._trusted_from = time.monotonic() + self._settings.dead_after
        if time.monotonic() < self._trusted_from:
            return
        if await recovery.recover(self.records, self._engine, self._settings.dead_after):
            self.wake()
        dead = await self.records.read(tokens.list_dead_tokens, _TOKENS)
        if dead:
            await self.records.write_apart(tokens.blank_tokens, dead)

    def _accept(
        self, connection: Connection, jobs: Sequence[NewJob], allowance: Allowance
    ) -> list[Queued]:
        settings = self._settings
        rule = Rule(settings.relax_share, 60 * settings.relax_wait_minutes)
        accepted = acceptance.accept(connection, jobs, allowance, rule, self._engine.enter)
        forecast = read_forecast(connection, settings.dead_after, accepted)
        return [forecast.tell(job, *queries.read_place(connection, job)) for job in accepted]

    async def _look(self) -> tuple[list[Standing], dict[str, Queued]] | None:
        # None: it cannot be known now. An empty list would mean that all jobs were delivered.
        async with self._looking:
            if self._closed:
                return None
            try:
                return await self.records.read(_look, self._settings.dead_after)
            except SQLAlchemyError as error:
                _log.warning("cannot look at the jobs", error=type(error).__name__)
                return None

    def wake(self) -> None:
        """Has whoever hears events look at once, after a change that was made beside this."""
        for reader in list(self._readers):
            reader.wake.set()


def _read_room(connection: Connection, person_id: int, allowance: Allowance) -> Usage:
    acceptance.require_unblocked(connection, person_id, allowance.server_id)
    return acceptance.read_usage(connection, person_id, allowance, whole=False)


def _look(connection: Connection, dead_after: float) -> tuple[list[Standing], dict[str, Queued]]:
    """How undelivered jobs stand, and what is told of those that wait."""
    standings = queries.list_undelivered(connection)
    waiting = [job for job in standings if job.state == "queued"]
    if not waiting:
        return standings, {}
    return standings, read_forecast(connection, dead_after, waiting).tell_all(waiting)


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
