"""The job engine, DBOS: its tables, its client, and the entry that each job has in it.

Where a job stands is written in the ``jobs`` table and nowhere else. The job engine hands each job
to the worker that took it, carries progress, and fences off workers that lost a job. Only this
module and the worker's know it; :mod:`storage.queue.entries` knows its rows.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing, suppress
from typing import Any, Final, Self

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from dbos import error as dbos_errors
from sqlalchemy import Connection, column, table, update

from storage.database.connect import (
    FROZEN_AFTER,
    open_queue_engine,
    require_current,
    when_it_answers,
)
from storage.database.records import Records
from storage.queue import entries
from storage.queue.entries import QUEUE, WORKFLOW
from storage.queue.jobs import PROTOCOL
from storage.queue.queries import Standing

APPLICATION: Final = "easel"
PROGRESS: Final = "progress"
"""The names under which DBOS keeps what is ours, beside those of :mod:`storage.queue.entries`."""


class JobEngine:
    """The engine as the bot's side uses it."""

    def __init__(self, client: DBOSClient) -> None:
        self._client = client

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connects, once the database answers.

        Args:
            url: As in ``Settings.database``.

        Raises:
            DatabaseNotReadyError: It does not, or it is not prepared.
        """

        def connect() -> DBOSClient:
            require_current(url)
            return open_client(url)

        # In a thread, as it reads tables and may connect as it is made; `destroy` joins one, too.
        return cls(await asyncio.to_thread(when_it_answers, connect))

    async def close(self) -> None:
        """Disconnects."""
        await asyncio.to_thread(self._client.destroy)

    def enter(self, connection: Connection, job_id: str, priority: int) -> None:
        """Gives a job its entry within our own transaction; both are kept or neither."""
        self._client.enqueue_in_transaction(connection, _describe(job_id, priority), job_id)

    async def enter_again(self, job_id: str, priority: int, *, active: bool) -> None:
        """Lets a job wait again whose entry is active, or has ended or is gone."""
        if active:
            # Without the queue's name DBOS would move it to a queue of its own.
            await self._client.resume_workflow_async(job_id, queue_name=QUEUE)
            return
        # DBOS resumes nothing that was done or failed, and enqueues no id that it still has.
        await self.delete([job_id])
        await self._client.enqueue_async(_describe(job_id, priority), job_id)

    async def cancel(self, job_id: str) -> None:
        """Takes a job from whoever has it."""
        await self._client.cancel_workflow_async(job_id)

    async def delete(self, job_ids: Collection[str]) -> None:
        """Forgets the entries of jobs and their progress."""
        if job_ids:
            await self._client.delete_workflows_async(list(job_ids))

    async def find_lost(self, records: Records, dead_after: float) -> list[tuple[Standing, bool]]:
        """The unfinished jobs that nobody will make, as ``entries.list_lost`` tells them."""
        return await records.read_apart(entries.list_lost, dead_after)

    async def find_leftovers(self, records: Records) -> list[str]:
        """The entries of jobs that were delivered or withdrawn."""
        return await records.read_apart(entries.list_leftovers)

    async def read_progress(self, job_id: str, poll: float) -> AsyncGenerator[dict[str, Any]]:
        """What the worker publishes about a job, from the beginning.

        Args:
            job_id: The job.
            poll: Seconds between looks.
        """
        stream = self._client.read_stream_async(job_id, PROGRESS, polling_interval_sec=poll)
        # The job may be delivered, and its progress deleted, while it is read.
        with suppress(dbos_errors.DBOSException):
            # Closed here, so that DBOS drops its listener now, not at some garbage collection.
            async with aclosing(stream) as values:
                async for value in values:
                    yield value


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


def move_entry(connection: Connection, job_id: str, priority: int) -> None:
    """Gives a job's entry another priority; DBOS itself does that by enqueueing anew alone."""
    schema = "dbos" if connection.dialect.name == "postgresql" else None
    entries = table("workflow_status", column("workflow_uuid"), column("priority"), schema=schema)
    moved = update(entries).where(entries.c.workflow_uuid == job_id)
    connection.execute(moved.values(priority=priority))


def open_client(url: str) -> DBOSClient:
    """Connects from a thread.

    Args:
        url: As in ``Settings.database``.
    """
    return DBOSClient(
        system_database_url=url,
        system_database_engine=open_queue_engine(url),
        # JSON: the default pickles, so what can write to the database could run code here.
        serializer=DBOSPortableJSONSerializer(),
        # SQLite has no notifications: there progress is polled.
        use_listen_notify=not url.startswith("sqlite"),
        # For connections that DBOS opens itself, on PostgreSQL; its own default is a minute.
        sys_db_idle_transaction_timeout_sec=FROZEN_AFTER,
        application_name=APPLICATION,
    )


def _describe(job_id: str, priority: int) -> EnqueueOptions:
    return {
        "workflow_name": WORKFLOW,
        "queue_name": QUEUE,
        "workflow_id": job_id,
        # The engine hands over entries of its own version alone; whoever takes one makes it so.
        "app_version": str(PROTOCOL),
        "priority": priority,
    }
