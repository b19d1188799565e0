"""Statements from an event loop: nothing waits in it, whoever is in the way."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import OperationalError

from bot.__main__ import hold_lease
from storage.database import connect, inline
from storage.database.records import Records
from storage.decisions import choice_queries
from storage.decisions.choices import PersonChoices
from storage.queue.lease import read_holder
from storage.settings import Settings

MIRA = 7


@pytest.fixture
async def records(settings: Settings) -> AsyncIterator[Records]:
    found = Records.open(settings.database)
    yield found
    await found.close()


@pytest.fixture
async def inlined(sqlite_settings: Settings) -> AsyncIterator[Records]:
    found = Records.open(sqlite_settings.database)
    yield found
    await found.close()


def file_of(settings: Settings) -> Path:
    return Path(make_url(settings.database).database or "")


@contextmanager
def locked(settings: Settings) -> Iterator[sqlite3.Connection]:
    """While this is entered, another has the lock of the file."""
    with closing(sqlite3.connect(file_of(settings), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def flags(value: str, before: PersonChoices) -> PersonChoices:
    return before.model_copy(update={"flags": value})


async def write(records: Records, value: str) -> PersonChoices:
    return await records.write(choice_queries.change_person, MIRA, partial(flags, value))


async def test_a_lock_is_waited_for_while_everybody_else_goes_on(
    inlined: Records, sqlite_settings: Settings
) -> None:
    with locked(sqlite_settings) as other:
        writes = [asyncio.create_task(write(inlined, f"--ar {n}:1")) for n in (1, 2, 3)]
        # The loop turns, and who reads does not wait.
        for _ in range(50):
            await asyncio.sleep(0)
            await inlined.read(choice_queries.read_person, MIRA)
        assert not any(each.done() for each in writes)
        # One that is given up takes nobody's turn.
        writes[1].cancel()
        other.execute("COMMIT")
        async with asyncio.timeout(20):
            await asyncio.wait(writes)
    found = await inlined.read(choice_queries.read_person, MIRA)
    assert found.flags == "--ar 3:1"
    assert writes[1].cancelled()


async def test_nobody_waits_within_a_file_that_another_has_alone(
    inlined: Records, sqlite_settings: Settings
) -> None:
    """Not even who opens it, which reads it."""
    with closing(sqlite3.connect(file_of(sqlite_settings), isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        began = asyncio.get_running_loop().time()
        asked = [
            asyncio.create_task(write(inlined, "--ar 1:1")),
            asyncio.create_task(inlined.read(choice_queries.read_person, MIRA)),
        ]
        await asyncio.sleep(0.01)
        assert asyncio.get_running_loop().time() - began < connect.LOCK_PATIENCE / 3
        assert not any(each.done() for each in asked)
    async with asyncio.timeout(20):
        await asyncio.gather(*asked)


async def test_who_gives_up_what_is_being_written_lets_nobody_before_it(inlined: Records) -> None:
    begun, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def change(connection: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert go.wait(20)
        choice_queries.change_person(connection, MIRA, partial(flags, "--ar 1:1"))

    slow = asyncio.create_task(inlined.write_apart(change))
    await begun.wait()
    slow.cancel()
    later = asyncio.create_task(write(inlined, "--ar 2:1"))
    closing_down = asyncio.create_task(inlined.close())
    await asyncio.sleep(0.05)
    assert not any(each.done() for each in (slow, later, closing_down))
    go.set()
    await asyncio.wait([slow, later, closing_down])
    assert slow.cancelled()
    assert (await inlined.read(choice_queries.read_person, MIRA)).flags == "--ar 2:1"


async def test_a_lock_is_not_waited_for_without_end(
    inlined: Records, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inline, "LOCK_PATIENCE", 0.05)
    with locked(sqlite_settings), pytest.raises(OperationalError, match="locked"):
        await write(inlined, "--ar 1:1")
    await write(inlined, "--ar 2:1")


@pytest.mark.parametrize("apart", [False, True])
async def test_what_fails_changes_nothing(records: Records, *, apart: bool) -> None:
    def change(connection: Connection) -> None:
        choice_queries.change_person(connection, MIRA, partial(flags, "--ar 9:1"))
        raise ValueError("no")

    run = records.write_apart if apart else records.write
    with pytest.raises(ValueError, match="no"):
        await run(change)
    assert (await records.read(choice_queries.read_person, MIRA)).flags == ""
    await write(records, "--ar 1:1")
    assert (await records.read_apart(choice_queries.read_person, MIRA)).flags == "--ar 1:1"


async def test_what_takes_long_is_done_in_a_thread(inlined: Records) -> None:
    def which(_: Connection) -> threading.Thread:
        return threading.current_thread()

    here = threading.current_thread()
    assert await inlined.read(which) is here
    assert await inlined.write(which) is here
    assert await inlined.read_apart(which) is not here
    assert await inlined.write_apart(which) is not here


async def test_the_log_is_taken_into_the_file_beside_the_loop(
    inlined: Records, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = file_of(sqlite_settings)
    log, before = file.with_name(f"{file.name}-wal"), file.read_bytes()
    monkeypatch.setattr(inline, "LOG", 100_000)
    longest = size = 0
    async with asyncio.timeout(20):
        # It begins anew though there is no end to those who write.
        while size >= longest:
            longest = size
            await write(inlined, f"--no {'x' * 10_000} --seed {size}")
            await asyncio.sleep(0.001)
            size = log.stat().st_size
    assert file.read_bytes() != before
    assert longest >= inline.LOG


async def test_the_log_is_kept_for_whoever_reads_it(
    inlined: Records, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    execute = Connection.exec_driver_sql

    def note(connection: Connection, statement: str, *given: Any) -> Any:
        tried.append(statement)
        return execute(connection, statement, *given)

    monkeypatch.setattr(Connection, "exec_driver_sql", note)
    monkeypatch.setattr(inline, "LOG", 100_000)
    monkeypatch.setattr(inline, "READERS_PATIENCE", 0.001)
    file = file_of(sqlite_settings)
    log = file.with_name(f"{file.name}-wal")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM people").fetchall()
        size = 0
        while size < 1_000_000:
            await write(inlined, f"--no {'x' * 10_000} --seed {size}")
            await asyncio.sleep(0.001)
            size = log.stat().st_size
        other.execute("COMMIT")
    # Those who write do not wait for it each time.
    assert 0 < tried.count("PRAGMA wal_checkpoint(TRUNCATE)") <= size / inline.LOG


@pytest.mark.postgres
async def test_a_server_that_hung_up_meanwhile_is_found_out_before_it_is_asked(
    postgres_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "RESTED_AFTER", 0.0)
    ours, other = (Records.open(postgres_settings.database) for _ in range(2))
    await write(ours, "--ar 1:1")
    await ours.read(choice_queries.read_person, MIRA)
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.read(lambda it: it.execute(others).all())
    assert (await ours.read(choice_queries.read_person, MIRA)).flags == "--ar 1:1"
    await write(ours, "--ar 2:1")
    await ours.close()
    await other.close()


@pytest.mark.postgres
async def test_a_crowd_opens_no_connection_for_a_moment(postgres_settings: Settings) -> None:
    records, who = Records.open(postgres_settings.database), text("SELECT pg_backend_pid()")

    async def ask(run: Callable[..., Awaitable[int]]) -> set[int]:
        wanted = (run(lambda it: it.execute(who).scalar_one()) for _ in range(60))
        return {*await asyncio.gather(*wanted)}

    for run, most in ((records.read, connect.READERS), (records.write, connect.WRITERS)):
        first, second = await ask(run), await ask(run)
        assert len(first | second) <= most
    await records.close()


@pytest.mark.postgres
async def test_signs_of_life_wait_behind_nobody_who_writes(postgres_settings: Settings) -> None:
    settings = postgres_settings.model_copy(update={"dead_after": 0.5})
    writers = Records.open(settings.database)
    async with hold_lease(settings) as lease:
        await lease.take()
        kept = asyncio.create_task(lease.keep())
        # More than there are connections, until somebody lets them.
        wait = text("SELECT pg_advisory_xact_lock(7)")
        engine = connect.open_engine(settings.database)
        with engine.begin() as holding:
            holding.execute(wait)
            writes = [
                asyncio.create_task(writers.write(lambda it: it.execute(wait).all()))
                for _ in range(connect.WRITERS + 4)
            ]
            beats, age = 0, inf
            while beats < 3:
                holder = await writers.read(read_holder)
                assert holder
                assert holder.age < 30
                beats, age = beats + (holder.age < age), holder.age
                await asyncio.sleep(0.05)
            assert not any(each.done() for each in writes)
        engine.dispose()
        await asyncio.gather(*writes)
        kept.cancel()
        await asyncio.wait({kept})
    await writers.close()


def test_a_silent_server_is_given_up_as_soon_as_it_is_said() -> None:
    silence = connect.SILENCE
    asked = silence["keepalives_interval"] * silence["keepalives_count"]
    assert silence["keepalives_idle"] + asked <= connect.SILENT_AFTER
