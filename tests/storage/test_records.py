"""Statements run from an event loop: apart by kind, in order, and for nobody who has gone."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text
from sqlalchemy.exc import TimeoutError as NoConnectionError

from storage.database import records
from storage.database.connect import AWAY
from storage.database.records import READERS, WRITERS, Records
from storage.settings import Settings

SPOKEN: ContextVar[str] = ContextVar("spoken")


@pytest_asyncio.fixture
async def opened(settings: Settings) -> AsyncIterator[Records]:
    found = Records.open(settings.database)
    yield found
    await found.close()


def ask(connection: Connection, number: int = 1) -> int:
    return int(connection.execute(text(f"SELECT {number}")).scalar_one())


async def test_who_only_reads_waits_for_nobody_who_writes(opened: Records) -> None:
    free = threading.Event()

    def hold(_: Connection) -> None:
        free.wait()

    holding = [asyncio.create_task(opened.write(hold)) for _ in range(WRITERS + 1)]
    assert await opened.read(ask) == 1
    free.set()
    await asyncio.gather(*holding)


async def test_who_waited_for_long_is_told_that_the_database_is_away(
    opened: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, free = threading.Barrier(READERS + 1), threading.Event()

    def hold(_: Connection) -> None:
        begun.wait()
        free.wait()

    holding = [asyncio.create_task(opened.read(hold)) for _ in range(READERS)]
    await asyncio.to_thread(begun.wait)
    waiting = asyncio.create_task(opened.read(ask))
    await asyncio.sleep(0)
    monkeypatch.setattr(records, "PATIENCE", 0.0)
    free.set()
    with pytest.raises(AWAY) as told:
        await waiting
    assert isinstance(told.value, NoConnectionError)
    await asyncio.gather(*holding)


async def test_what_nobody_waits_for_any_more_is_not_begun(opened: Records) -> None:
    free, begun = threading.Event(), list[Connection]()

    def hold(_: Connection) -> None:
        free.wait()

    holding = [asyncio.create_task(opened.write(hold)) for _ in range(WRITERS)]
    gone = asyncio.create_task(opened.write(begun.append))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    free.set()
    await asyncio.gather(*holding)
    await opened.write(ask)
    assert begun == []


async def test_what_fails_changes_nothing(opened: Records) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("INSERT INTO people (id, settings) VALUES (1, '{}')"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await opened.write(fail)
    count = text("SELECT count(*) FROM people")
    assert await opened.read(lambda it: it.execute(count).scalar_one()) == 0


async def test_the_language_of_whoever_asks_is_spoken(opened: Records) -> None:
    SPOKEN.set("de")
    assert await opened.read(lambda _: SPOKEN.get()) == "de"
