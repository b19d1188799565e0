"""The queue: the bot hands jobs in and watches them, workers make them.

Where a job stands is written in the ``jobs`` table and nowhere else. The job engine (DBOS, which
only this module knows) decides which worker gets a job next, carries progress, fences off workers
that lost a job, and finds again what a dead worker held.
"""

import asyncio
import base64
import logging
import threading
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Any, Final, Self

import structlog
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowStatus
from dbos import error as dbos_errors
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database.connect import (
    FROZEN_AFTER,
    WRITING,
    DatabaseNotReadyError,
    open_async_engine,
    open_engine,
    open_queue_engine,
    require_current,
)
from storage.decisions import choice_queries
from storage.decisions.choices import Limits
from storage.decisions.records import Records
from storage.queue import queries
from storage.queue.attempt import ATTEMPTS, Maker
from storage.queue.heartbeat import Heartbeat
from storage.queue.jobs import (
    DAY,
    WORKER_LOST,
    DailyLimitError,
    Ended,
    Event,
    Job,
    Made,
    NewJob,
    Progress,
    Queued,
    QueueInfo,
    Render,
    Rendered,
    RenderError,
    RenderInterruptedError,
    Started,
    StoredImage,
    TooManyJobsError,
    WorkerNameTakenError,
)
from storage.queue.queries import Standing
from storage.queue.watch import Feed, Watch
from storage.settings import Settings

__all__ = [
    "DatabaseNotReadyError",
    "Ended",
    "Event",
    "Job",
    "Jobs",
    "Made",
    "NewJob",
    "Progress",
    "QueueInfo",
    "Queued",
    "Render",
    "RenderError",
    "RenderInterruptedError",
    "Rendered",
    "Started",
    "StoredImage",
    "TooManyJobsError",
    "WorkerNameTakenError",
    "create_queue_tables",
    "serve",
]

PROTOCOL: Final = "1"
"""Raised by hand when old workers cannot make new jobs; a worker takes jobs of its own only."""

QUIET_POLL: Final = 1.0
"""Seconds between looks while no job is undelivered."""

_APPLICATION: Final = "easel"
_QUEUE: Final = "gpu"
_WORKFLOW: Final = "generate"
_PROGRESS: Final = "progress"
_PATIENCE: Final = 20.0
_NO_NEWS: Final = (
    dbos_errors.DBOSAwaitedWorkflowCancelledError,
    dbos_errors.DBOSInitializationError,
    dbos_errors.DBOSNonExistentWorkflowError,
)
_ACTIVE: Final = frozenset({"ENQUEUED", "PENDING", "DELAYED"})

_log = structlog.get_logger(__name__)


def create_queue_tables(url: str) -> None:
    """Creates or updates the job engine's own tables."""
    own_log = logging.getLogger("dbos")
    level = own_log.level
    # What it warns of here, the error that follows says once more.
    own_log.setLevel(logging.ERROR)
    try:
        DBOS.migrate(url)
    finally:
        own_log.setLevel(level)


class Jobs:
    """The bot's side of the queue. Everything here may be called from one event loop only.

    Attributes:
        records: What is kept beside jobs, in the same database.
    """

    def __init__(self, settings: Settings, engine: AsyncEngine, client: DBOSClient) -> None:
        self._settings = settings
        self.records = Records(engine)
        self._client = client
        self._readers: set[_Followers] = set()
        self._looking = asyncio.Lock()
        self._closed = False

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Connects to a database that :func:`storage.database.prepare.migrate` has prepared.

        Raises:
            DatabaseNotReadyError: It is not prepared or not reachable.
        """
        await asyncio.to_thread(require_current, settings.database)
        client = await asyncio.to_thread(_client, settings.database)
        return cls(settings, open_async_engine(settings.database), client)

    async def close(self) -> None:
        """Ends :meth:`events` and disconnects."""
        async with self._looking:
            self._closed = True
        self._wake()
        for reader in list(self._readers):
            await reader.close()
        await self.records.close()
        await asyncio.to_thread(self._client.destroy)

    @property
    def most(self) -> int:
        """Most unfinished jobs that anybody may have, whatever a server allows."""
        return self._settings.max_jobs_per_person

    async def accept(self, job: NewJob, limits: Limits | None = None) -> int:
        """Takes a job in: once this returns, the job ends in some visible way whatever dies.

        Args:
            job: The job.
            limits: What its server allows its owner; None for as much as the settings do.

        Returns:
            Its place in the queue, 1 is next. A job whose id was accepted before is not taken
            again; its place now is returned, 0 if it no longer waits.

        Raises:
            TooManyJobsError: The person has as many unfinished jobs as they may.
            DailyLimitError: They asked for as many within a day as they may on this server.
        """
        position = await self.records.write(self._accept, job, limits)
        self._wake()
        return position

    async def events(self) -> AsyncGenerator[Event, None]:
        """How every undelivered job stands, then all that happens, until :meth:`close`.

        A slow reader misses nothing but outdated progress.
        """
        watch, feed = Watch(), Feed()
        followers = _Followers(self._client, self._settings.poll, feed)
        self._readers.add(followers)
        try:
            while not self._closed:
                followers.wake.clear()
                standings = await self._look()
                if standings is not None:
                    followers.follow(standings)
                    for event in watch.changes(standings):
                        feed.put(event)
                for event in feed.take():
                    yield event
                await _wait(followers.wake, self._settings.poll if standings else QUIET_POLL)
        finally:
            self._readers.discard(followers)
            await followers.close()

    async def get(self, job_id: str) -> Job | None:
        """A job with its images, or None if there is no such job."""
        return await self.records.read(queries.read_job, job_id)

    async def undelivered(self) -> list[Job]:
        """All jobs whose end was not shown yet, oldest first."""
        return await self.records.read(queries.read_undelivered)

    async def queue_info(self) -> QueueInfo:
        """How many jobs wait and run, and how many workers live."""
        return await self.records.read(queries.queue_info, self._settings.dead_after)

    async def cancel(self, job_id: str) -> bool:
        """Cancels a job that waits or runs; False if it had ended."""
        cancelled = await self.records.write(queries.cancel_job, job_id)
        if cancelled:
            self._wake()
            await self._client.cancel_workflow_async(job_id)
        return cancelled

    async def delivered(self, job_id: str, message_id: int | None) -> bool:
        """Notes that the end of a job was shown, and in which message; only the first time counts.

        Returns:
            False if it was noted before, or the job has not ended.
        """
        first = await self.records.write(queries.mark_delivered, job_id, message_id)
        if first:
            await self._client.delete_workflows_async([job_id])
        return first

    async def moved(self, job_id: str, message_id: int, channel_id: int | None = None) -> None:
        """Notes that delivery goes on in another message, perhaps in another channel."""
        await self.records.write(queries.move_job, job_id, message_id, channel_id)

    async def reap(self) -> None:
        """Finds jobs that nobody works on and lets them be made again; call it every few seconds.

        A job lost with its worker for the third time fails. Any number of bots may do this.
        """
        # Who lives is read last: a worker that came later cannot then look dead.
        jobs = await self.records.read(queries.unfinished_standings)
        flows = await self._flows()
        alive = await self.records.read(queries.live_workers, self._settings.dead_after)
        for job in jobs:
            flow = flows.get(job.id)
            if _is_lost(flow, alive):
                await self._recover(job, flow)
        shown = set(flows) - await self.records.read(queries.undelivered_among, list(flows))
        if shown:
            await self._client.delete_workflows_async(list(shown))

    def _accept(self, connection: Connection, job: NewJob, limits: Limits | None) -> int:
        queries.lock_accepting(connection)
        known = queries.standing_of(connection, job.id)
        if known:
            return queries.position_of(connection, known)
        unfinished, round_ = queries.turn_of(connection, job)
        most = min(self.most, limits.unfinished) if limits else self.most
        if unfinished >= most:
            raise TooManyJobsError(most)
        if limits and limits.daily:
            _require_daily(connection, job, limits.daily)
        priority = queries.priority_of(connection, job, round_)
        new = queries.insert_job(connection, job, round_, priority)
        self._client.enqueue_in_transaction(connection, _options(new), job.id)
        return queries.position_of(connection, new)

    async def _flows(self) -> dict[str, WorkflowStatus]:
        flows = await self._client.list_workflows_async(
            name=_WORKFLOW, load_input=False, load_output=False
        )
        return {flow.workflow_id: flow for flow in flows}

    async def _recover(self, job: Standing, flow: WorkflowStatus | None) -> None:
        if job.attempts >= ATTEMPTS:
            if await self.records.write(queries.give_up, job, WORKER_LOST):
                await self._client.cancel_workflow_async(job.id)
        elif await self.records.write(queries.requeue, job):
            _log.warning("job lost its worker", job=job.id, attempts=job.attempts)
            if flow and flow.status in _ACTIVE:
                await self._client.resume_workflow_async(job.id, queue_name=_QUEUE)
            else:
                await self._client.delete_workflows_async([job.id])
                await self._client.enqueue_async(_options(job), job.id)
        self._wake()

    async def _look(self) -> list[Standing] | None:
        # None: it cannot be known now. An empty list would mean that all jobs were delivered.
        async with self._looking:
            if self._closed:
                return None
            try:
                return await self.records.read(queries.undelivered_standings)
            except SQLAlchemyError as error:
                _log.warning("cannot look at the jobs", error=type(error).__name__)
                return None

    def _wake(self) -> None:
        for reader in list(self._readers):
            reader.wake.set()


def _require_daily(connection: Connection, job: NewJob, limit: int) -> None:
    since = datetime.now(UTC) - DAY
    asked = choice_queries.asked_since(connection, job.person_id, since, job.server_id)
    if asked >= limit:
        raise DailyLimitError(limit, asked)


class _Followers:
    """Reads the progress of the jobs being made, one task each."""

    def __init__(self, client: DBOSClient, poll: float, feed: Feed) -> None:
        self.wake = asyncio.Event()
        self._client = client
        self._poll = poll
        self._feed = feed
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
        stream = self._client.read_stream_async(job_id, _PROGRESS, polling_interval_sec=self._poll)
        # The job may be delivered, and its progress deleted, while it is read.
        with suppress(dbos_errors.DBOSException):
            async with aclosing(stream) as values:
                async for value in values:
                    if value["attempt"] == attempt:
                        self._feed.put(_progress(job_id, value))
                        self.wake.set()


def serve(
    settings: Settings, render: Render, *, model: str, device: str, stop: threading.Event
) -> None:
    """Makes jobs, one at a time, until ``stop`` is set; then puts back what it was making.

    Args:
        settings: For the database and this worker's name.
        render: Makes a recipe; called on another thread than this.
        model: What it makes pictures with.
        device: What it computes on.
        stop: Ends the service.

    Raises:
        DatabaseNotReadyError: The database is not prepared or not reachable.
        WorkerNameTakenError: A live worker has this worker's name, or took it over.
    """
    require_current(settings.database)
    engine = open_engine(settings.database).execution_options(**WRITING)
    try:
        with Heartbeat(engine, settings, model=model, device=device, stop=stop) as heartbeat:
            with engine.begin() as connection:
                queries.release(connection, settings.executor)
            maker = Maker(engine, render, _publish, worker=settings.executor, stop=stop)
            _work(settings, maker, stop)
    finally:
        engine.dispose()
    if heartbeat.replaced:
        raise WorkerNameTakenError(settings.executor)


def _work(settings: Settings, maker: Maker, stop: threading.Event) -> None:
    client = _client(settings.database)
    try:
        client.register_queue(_QUEUE, worker_concurrency=1, polling_interval_sec=settings.poll)
        _launch(settings, maker)
        _log.info("worker ready", worker=settings.executor)
        stop.wait()
    finally:
        # Also where this thread was interrupted: nothing more may be begun.
        stop.set()
        if not maker.finished(_PATIENCE):
            _log.warning("still rendering; the job will be made again")
        DBOS.destroy(destroy_registry=True)
        _put_back(client, settings.executor)
        client.destroy()


def _is_news(record: logging.LogRecord) -> bool:
    # A run that was cancelled or delivered meanwhile ends as planned, and what keeps the engine
    # from starting is raised to our caller.
    error = record.exc_info[1] if record.exc_info else None
    parked = "Waiting for the" in record.getMessage()
    return not (parked or isinstance(error, _NO_NEWS))


def _launch(settings: Settings, maker: Maker) -> None:
    logging.getLogger("dbos").addFilter(_is_news)
    DBOS(
        config={
            "name": _APPLICATION,
            "system_database_url": settings.database,
            "system_database_engine": open_queue_engine(settings.database),
            "executor_id": settings.executor,
            "application_version": PROTOCOL,
            "serializer": DBOSPortableJSONSerializer(),
            "run_migrations": False,
            "sys_db_idle_transaction_timeout_sec": FROZEN_AFTER,
            "log_level": "WARNING",
        }
    )

    @DBOS.step(name="make")
    def make(job_id: str) -> None:
        maker.make(job_id)

    @DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)
    def generate(job_id: str) -> None:
        make(job_id)

    DBOS.listen_queues([_QUEUE])
    try:
        DBOS.launch()
    except dbos_errors.DBOSInitializationError:
        raise DatabaseNotReadyError(
            "The job queue's tables are of another version; `easel run` updates them."
        ) from None


def _put_back(client: DBOSClient, worker: str) -> None:
    held = client.list_workflows(
        status="PENDING", name=_WORKFLOW, executor_id=worker, load_input=False
    )
    if held:
        client.resume_workflows([flow.workflow_id for flow in held], queue_name=_QUEUE)


def _publish(value: dict[str, Any]) -> None:
    try:
        DBOS.write_stream(_PROGRESS, value)
    # An IntegrityError: the job was cancelled, shown and deleted in the meantime.
    except (
        dbos_errors.DBOSWorkflowCancelledError,
        dbos_errors.DBOSWorkflowConflictIDError,
        IntegrityError,
    ):
        raise RenderInterruptedError from None


def _client(url: str) -> DBOSClient:
    return DBOSClient(
        system_database_url=url,
        system_database_engine=open_queue_engine(url),
        serializer=DBOSPortableJSONSerializer(),
        use_listen_notify=not url.startswith("sqlite"),
        sys_db_idle_transaction_timeout_sec=FROZEN_AFTER,
        application_name=_APPLICATION,
    )


def _options(job: Standing) -> EnqueueOptions:
    return {
        "workflow_name": _WORKFLOW,
        "queue_name": _QUEUE,
        "workflow_id": job.id,
        "app_version": PROTOCOL,
        "priority": job.priority,
    }


def _is_lost(flow: WorkflowStatus | None, alive: set[str]) -> bool:
    if flow is None or flow.status not in _ACTIVE:
        return True
    return flow.status == "PENDING" and flow.executor_id not in alive


def _progress(job_id: str, value: dict[str, Any]) -> Progress:
    preview = value["preview"]
    picture = None if preview is None else base64.b64decode(preview)
    return Progress(job_id, value["step"], value["steps"], picture)


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
