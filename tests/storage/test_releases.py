"""Processes of two releases on one database: what one does not know it leaves to the other."""

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, text, update

from generation.recipe import layout
from storage.database.connect import (
    REVISION,
    WRITING,
    NewerDatabaseError,
    find_revision,
    open_engine,
    require_current,
)
from storage.database.tables import JobRow, WorkerRow
from storage.prepare import migrate
from storage.queue import presence
from storage.queue.client import Jobs
from storage.queue.jobs import PROTOCOL, Ended, Started
from storage.settings import Settings
from tests.storage.conftest import Bot, Hold, Workers, ended, new_job, send

NEXT = "9999"
"""A revision of the next release."""


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    found = open_engine(settings.database).execution_options(**WRITING)
    yield found
    found.dispose()


def bring_forward(engine: Engine, least: str) -> None:
    """Makes the tables those of a next release, which adds to each and may end the one before."""
    with engine.begin() as connection:
        for table in ("jobs", "images", "workers", "leases", "shares", "clock", "costs", "copies"):
            connection.execute(text(f"ALTER TABLE {table} ADD later TEXT DEFAULT 'x' NOT NULL"))
        connection.execute(text("CREATE TABLE novelties (id INTEGER PRIMARY KEY)"))
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": NEXT})
        connection.execute(text("UPDATE compatibility SET least = :it"), {"it": least})


async def test_this_release_works_on_the_tables_of_the_next(
    settings: Settings,
    engine: Engine,
    workers: Workers,
    open_bot: Callable[[Settings], Any],
) -> None:
    bring_forward(engine, REVISION)
    migrate(settings)
    assert find_revision(settings.database) == NEXT
    bot: Bot = await open_bot(settings)
    workers.start()
    job = new_job()
    await bot.jobs.accept(job)
    assert (await bot.until(Ended, job.id)).state == "done"
    assert await bot.jobs.delivered(job.id, 7)


async def test_it_does_not_where_the_next_says_so(settings: Settings, engine: Engine) -> None:
    bring_forward(engine, NEXT)
    for refused in (migrate, lambda it: require_current(it.database)):
        with pytest.raises(NewerDatabaseError, match=r"revision 9999.*update this machine"):
            refused(settings)
    with pytest.raises(NewerDatabaseError):
        await Jobs.open(settings)


async def move(bot: Bot, job_id: str, protocol: int) -> None:
    """Makes a job that waits one of another release."""

    def change(connection: Connection) -> None:
        job = update(JobRow).where(JobRow.id == job_id)
        connection.execute(job.values(protocol=protocol))
        schema = "dbos." if connection.dialect.name == "postgresql" else ""
        entry = text(
            f"UPDATE {schema}workflow_status SET application_version = :protocol"
            " WHERE workflow_uuid = :job"
        )
        connection.execute(entry, {"protocol": str(protocol), "job": job_id})

    await bot.jobs.records.write(change)


async def test_a_job_of_a_newer_release_is_left_to_its_workers(bot: Bot, workers: Workers) -> None:
    newer, ours = new_job(), new_job()
    await bot.jobs.accept(newer)
    await move(bot, newer.id, PROTOCOL + 1)
    workers.start()
    await bot.jobs.accept(ours)
    assert (await bot.until(Ended, ours.id)).state == "done"
    await bot.jobs.reap()
    left = await bot.jobs.get(newer.id)
    assert left
    assert (left.state, left.attempts) == ("queued", 0)
    # A worker of that release finds it where it was.
    await move(bot, newer.id, PROTOCOL)
    assert (await bot.until(Ended, newer.id)).state == "done"


async def test_a_job_of_an_older_release_is_made(bot: Bot, workers: Workers) -> None:
    job = new_job()
    await bot.jobs.accept(job)
    await move(bot, job.id, PROTOCOL - 1)
    workers.start()
    assert (await bot.until(Ended, job.id)).state == "done"


async def test_workers_of_an_older_release_are_told_of(bot: Bot) -> None:
    def sign_on(connection: Connection) -> None:
        about = {"session": "", "host": "h", "pid": 1, "device": "d", "model": "m"}
        presence.sign_on(connection, "old", {**about, "protocol": PROTOCOL - 1})

    await bot.jobs.records.write(sign_on)
    assert (await bot.jobs.queue_info()).troubles == {"old": 1}


async def test_a_worker_that_is_drained_makes_its_job_and_no_other(
    bot: Bot, workers: Workers, hold: Hold
) -> None:
    held, other = new_job("held", hold=hold.path), new_job("other")
    process = workers.start()
    await bot.jobs.accept(held)
    await bot.until(Started, held.id)
    await bot.jobs.accept(other)
    assert await bot.jobs.records.write(presence.drain, "toy")
    assert not await bot.jobs.records.write(presence.drain, "nobody")
    hold.release()
    assert (await bot.until(Ended, held.id)).state == "done"
    assert await ended(process) == 0
    left = await bot.jobs.get(other.id)
    assert left
    assert (left.state, left.attempts) == ("queued", 0)
    # Whoever starts under that name begins anew.
    again = workers.start()
    assert (await bot.until(Ended, other.id)).state == "done"
    send(again, signal.SIGTERM)


def test_every_new_version_of_recipes_is_a_new_protocol() -> None:
    # Whoever raises one raises the other, lest older workers fail what they cannot read.
    assert (layout.VERSION, PROTOCOL) == (5, 1)


def test_rows_of_before_are_of_the_first_protocol(engine: Engine) -> None:
    with engine.begin() as connection:
        about = {"session": "", "host": "h", "pid": 1, "device": "d", "model": "m", "seen": 0.0}
        connection.execute(insert(WorkerRow).values(executor_id="w", **about))
        assert not presence.is_draining(connection, "w")
        assert presence.list_troubles(connection, 1e12) == {}
