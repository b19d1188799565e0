"""Databases to test on, a bot's side that remembers what it saw, and workers as processes."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest

from storage.prepare import migrate
from storage.queue import client
from storage.queue.client import Jobs
from storage.queue.entries import WORKFLOW
from storage.queue.jobs import Event, NewJob
from storage.settings import Settings
from tests.processes import preload, spawn
from tests.storage import toy
from tests.storage.postgres import NoPostgresError, Server, postgres_server

ROOT = Path(__file__).parents[2]
preload("storage.prepare", "tests.storage.toy")
Seen = TypeVar("Seen", bound=Event)


def settings_for(folder: Path, url: str = "", **more: Any) -> Settings:
    """Settings that read no file, with times fit for tests."""
    given = {"data": folder, "database_url": url, "poll": 0.03, "dead_after": 2.0}
    # Tests compare what is shown with what was drawn, to the pixel.
    given |= {"watermark": False} | more
    make: Callable[..., Settings] = Settings
    return make(_env_file=None, **given)


@pytest.fixture(autouse=True)
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a bot looks seldom, to spare it; tests would spend most time on waiting."""
    monkeypatch.setattr(client, "LONGEST_REST", 0.02)
    # Nor does one that waits for its turn tell that the database was away.
    monkeypatch.setattr(client, "_STUCK", 60.0)


@pytest.fixture(scope="session")
def postgres_running() -> Iterator[Server]:
    """A running server, or a skip."""
    try:
        with postgres_server() as server:
            yield server
    except NoPostgresError as error:
        if "postgres" in os.environ.get("EASEL_REQUIRE", ""):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres(postgres_running: Server) -> str:
    """The start of the URLs of a running server."""
    return postgres_running.url


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    settings = settings_for(tmp_path_factory.mktemp("prepared"))
    migrate(settings)
    return settings.data / "easel.db"


@pytest.fixture(scope="session")
def prepared_postgres(postgres: str) -> str:
    """The name of a migrated database to copy."""
    migrate(settings_for(Path(), postgres + "prepared"))
    return "prepared"


@pytest.fixture
def empty_postgres(postgres: str) -> str:
    """The URL of a database without a table."""
    return postgres + _create(postgres, "template1")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings with a migrated database, on both kinds."""
    found: Settings = request.getfixturevalue(f"{request.param}_settings")
    return found


@pytest.fixture
def sqlite_settings(prepared_sqlite: Path, tmp_path: Path) -> Settings:
    """Settings with a migrated SQLite file."""
    shutil.copy(prepared_sqlite, tmp_path / "easel.db")
    return settings_for(tmp_path)


@pytest.fixture
def postgres_settings(postgres: str, prepared_postgres: str, tmp_path: Path) -> Settings:
    """Settings with a migrated PostgreSQL database."""
    return settings_for(tmp_path, postgres + _create(postgres, prepared_postgres))


def _create(server: str, template: str) -> str:
    name = f"t{uuid4().hex}"
    with psycopg.connect(server + "postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    return name


def new_job(name: str = "job", person: int = 1, **more: Any) -> NewJob:
    """A job for the toy worker; whatever is no field of a job goes into its recipe."""
    known = {key: more.pop(key) for key in ("id", "title", "speed") if key in more}
    make: Callable[..., NewJob] = NewJob
    return make(
        **{"id": uuid4().hex, "title": "imagine"} | known,
        recipe={"name": name} | more,
        person_id=person,
        channel_id=10,
        application_id=20,
        upload_limit=1000,
    )


def patient(settings: Settings) -> Settings:
    """The same, but taking nobody for dead however busy the machine is."""
    return settings.model_copy(update={"dead_after": 300.0})


class Bot:
    """The bot's side, and all events that it saw."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self.events: list[Event] = []
        self._more = asyncio.Condition()
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        async for event in self.jobs.events():
            async with self._more:
                self.events.append(event)
                self._more.notify_all()

    async def until(
        self, kind: type[Seen], job_id: str, wanted: Callable[[Seen], bool] = lambda _: True
    ) -> Seen:
        """The first event of a kind about a job, when it comes or if it came."""

        def found() -> Seen | None:
            for event in self.events:
                if isinstance(event, kind) and event.job_id == job_id and wanted(event):
                    return event
            return None

        async with asyncio.timeout(120), self._more:
            await self._more.wait_for(lambda: found() is not None)
        event = found()
        assert event
        return event

    def of(self, kind: type[Seen], job_id: str) -> list[Seen]:
        """All events of a kind about a job so far."""
        return [e for e in self.events if isinstance(e, kind) and e.job_id == job_id]

    async def close(self) -> None:
        """Ends like a bot that shuts down."""
        await self.jobs.close()
        async with asyncio.timeout(90):
            await self._task


@pytest.fixture
async def open_bot() -> AsyncIterator[Callable[[Settings], Any]]:
    """Opens bots, and closes those still open."""
    bots: list[Bot] = []

    async def opened(settings: Settings) -> Bot:
        bots.append(Bot(await Jobs.open(settings)))
        return bots[-1]

    yield opened
    for bot in bots:
        await bot.close()


@pytest.fixture
async def bot(settings: Settings, open_bot: Callable[[Settings], Any]) -> Bot:
    """A bot on the test's database."""
    found: Bot = await open_bot(settings)
    return found


async def list_entries(jobs: Jobs) -> set[str]:
    """The jobs that have an entry in the job engine."""
    client = jobs._engine._client
    found = await client.list_workflows_async(name=WORKFLOW, load_input=False, load_output=False)
    return {flow.workflow_id for flow in found}


async def ended(process: BaseProcess) -> int | None:
    """Waits for a process; its exit code, negative for a signal."""
    await asyncio.to_thread(process.join, 60)
    return process.exitcode


def send(process: BaseProcess, number: signal.Signals) -> None:
    """Sends a signal."""
    assert process.pid
    os.kill(process.pid, number)


class Workers:
    """Toy worker processes on one database, and their common log."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._log = folder / "toy.log"
        self._settings = settings
        self._running: list[BaseProcess] = []

    def start(self, name: str = "toy") -> BaseProcess:
        """Starts a worker of that name."""
        process = spawn(toy.work, self._settings.model_copy(update={"worker": name}), self._log)
        self._running.append(process)
        return process

    def lines(self) -> list[str]:
        """What all workers noted."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    def close(self) -> None:
        """Kills what still runs."""
        for process in self._running:
            process.kill()
            process.join(30)


@pytest.fixture
def workers(settings: Settings, tmp_path: Path) -> Iterator[Workers]:
    """Starts workers on the test's database."""
    found = Workers(settings, tmp_path)
    yield found
    found.close()


class Hold:
    """A file that keeps a toy worker at a job while it exists."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.path = str(file)
        file.touch()

    def release(self) -> None:
        """Lets the worker go on."""
        self._file.unlink()


@pytest.fixture
def hold(tmp_path: Path) -> Hold:
    """A way to keep workers at a job."""
    return Hold(tmp_path / "hold")
