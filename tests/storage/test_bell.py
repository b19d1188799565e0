"""Idle workers on PostgreSQL cost next to nothing, and hear of new jobs."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, select, text

from storage.database.connect import WRITING, open_engine
from storage.queue import bell as bells
from storage.queue.bell import Bell
from storage.queue.client import Jobs
from storage.queue.jobs import Ended
from storage.settings import Settings
from tests.storage.conftest import Bot, Workers, new_job

pytestmark = pytest.mark.postgres

CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
STATEMENTS = "SELECT pid, query_start FROM pg_stat_activity WHERE datname = %s"

STOP = threading.Event()
"""Never set."""


@pytest.fixture
def settings(postgres_settings: Settings) -> Settings:
    return postgres_settings


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    found = open_engine(settings.database).execution_options(**WRITING)
    yield found
    found.dispose()


def test_whoever_waits_hears_what_is_committed(settings: Settings, engine: Engine) -> None:
    heard = threading.Event()
    with Bell(settings.database) as bell:
        bell.forget()

        def listen() -> None:
            bell.wait(300.0, STOP)
            heard.set()

        listener = threading.Thread(target=listen)
        listener.start()
        with engine.begin() as connection:
            connection.execute(select(bells.RING))
        listener.join(60)
        assert heard.is_set()


def test_a_connection_that_is_lost_is_made_again(settings: Settings, engine: Engine) -> None:
    with Bell(settings.database) as bell:
        bell.forget()
        with engine.begin() as connection:
            heard = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE :it AND datname = current_database()"
            )
            assert connection.execute(heard, {"it": f"LISTEN {bells.CHANNEL}%"}).scalars().all()
        # It notices, and listens again.
        bell.wait(2.0, STOP)
        bell.forget()
        with engine.begin() as connection:
            connection.execute(select(bells.RING))
        began = time.monotonic()
        bell.wait(300.0, STOP)
        assert time.monotonic() - began < 200.0


async def test_an_idle_worker_costs_three_connections_and_five_transactions_a_second(
    settings: Settings, tmp_path: Path
) -> None:
    usual = settings.model_copy(update={"dead_after": 30.0, "poll": 0.1})
    jobs, workers = await Jobs.open(usual), Workers(usual, tmp_path)
    workers.start()
    job = new_job()
    await jobs.accept(job)
    while (found := await jobs.get(job.id)) and not found.ended:  # noqa: ASYNC110 - by looking
        await asyncio.sleep(0.05)
    await jobs.close()
    server, _, name = settings.database.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as watch:

        def read(question: str) -> list[tuple[Any, ...]]:
            return watch.execute(question.encode(), (name,)).fetchall()

        # It goes to rest some seconds after its last job.
        while read(CONNECTIONS)[0][0] > 3:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.1)
        # Looked at, since what idle connections did is counted by the server ten seconds later.
        before, began = set(read(STATEMENTS)), time.monotonic()
        seen, most = set(before), len(before)
        while time.monotonic() - began < 2.0:
            now = read(STATEMENTS)
            seen, most = seen.union(now), max(most, len(now))
            await asyncio.sleep(0.01)
        rate = len(seen - before) / (time.monotonic() - began)
    workers.close()
    assert 1 <= most <= 3
    assert rate <= 5.0


async def accepted(bot: Bot) -> str:
    job = new_job()
    await bot.jobs.accept(job)
    return job.id


async def test_a_worker_that_rests_gets_up_for_a_job(bot: Bot, workers: Workers) -> None:
    workers.start()
    for _ in range(2):
        assert (await bot.until(Ended, await accepted(bot))).state == "done"
