"""Two bots with one token on one database: one serves, and the other takes over if it is killed."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from playground import Playground
from storage.database.connect import open_engine
from storage.database.tables import JobRow
from storage.prepare import migrate
from storage.settings import Settings
from tests.journeys.studio import BOT, PATIENCE, ROOT, Studio, answer, ending, showing, stop
from tests.processes import run_module, spawn
from tests.storage.conftest import empty_postgres, postgres, postgres_running, settings_for

__all__ = ["empty_postgres", "postgres", "postgres_running"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = request.getfixturevalue("empty_postgres") if request.param == "postgres" else ""
    found = settings_for(tmp_path, url)
    migrate(found)
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def served(settings: Settings) -> AsyncIterator[Studio]:
    """A stand-in with one bot."""
    async with Playground(port=0) as standin:
        whole = Studio(standin, settings.data, settings.database)
        await whole.start(BOT)
        yield whole
        await whole.close()


def count_jobs(settings: Settings) -> int:
    engine = open_engine(settings.database)
    with engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(JobRow)).scalar_one()
    engine.dispose()
    return count


async def test_one_bot_serves_and_the_other_takes_over(served: Studio, settings: Settings) -> None:
    log = settings.data / "second.log"
    second = spawn(run_module, BOT, served.environment, ROOT, log)
    try:
        while "another bot serves" not in (log.read_text() if log.exists() else ""):
            assert second.is_alive()
            # Nothing tells of a line in a file.
            await asyncio.sleep(0.05)
        await showing(await answer(await served.imagine("a red apple")), "queued")
        assert count_jobs(settings) == 1
        await served.end(BOT, signal.SIGKILL)
        await served.playground.until(lambda: not served.playground.online, PATIENCE)
        await served.playground.ready(PATIENCE)
        await showing(await answer(await served.imagine("a red apple")), "queued")
        assert count_jobs(settings) == 2
        second.terminate()
        assert await ending(second) == 0
        assert "Traceback" not in log.read_text()
    finally:
        await stop(second)
