"""The fleet of ``deploy/fleet.yaml`` without containers: its services as processes, each killed."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psycopg
import pytest
import pytest_asyncio
import yaml
from moto.server import ThreadedMotoServer
from sqlalchemy import Engine, NullPool, create_engine, select

from playground import Interaction, Message, Playground
from storage.database.tables import JobRow
from tests.journeys.painter import run_command
from tests.journeys.studio import (
    FINISHED,
    PATIENCE,
    ROOT,
    answer,
    ending,
    public,
    showing,
    stop,
    versions,
)
from tests.processes import preload, spawn
from tests.storage.postgres import NoPostgresError, Server, postgres_server

COMPOSE = ROOT / "deploy" / "fleet.yaml"
WORKERS = ("worker-1", "worker-2", "worker-3")
BOTS = ("bot", "standby")
ASKED = 3
"""Requests that are under way while a service dies."""

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret-4711"}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<default>[^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """What the file says of one of ours."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


def read_services(variables: Mapping[str, str]) -> dict[str, Service]:
    """The services that run Easel, with what ``.env`` has in the place of variables."""

    def fill(found: re.Match[str]) -> str:
        value = variables.get(found["name"], "")
        assert value or found["kind"] == "-", f"{found['name']} has to be in .env"
        return value or found["default"]

    return {
        name: Service(
            tuple(service["command"]),
            {key: VARIABLE.sub(fill, str(it)) for key, it in service["environment"].items()},
        )
        for name, service in yaml.safe_load(COMPOSE.read_text())["services"].items()
        if service["image"].startswith("easel-")
    }


class Store:
    """A bucket's service in this process, at an address that stays; what it has stays, too."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]

    def start(self) -> None:
        """Starts it again."""
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Ends it: nobody listens there any more."""
        self._server.stop()

    def make_bucket(self, name: str, region: str) -> None:
        """What the service ``bucket`` does."""
        signed = f"AWS4-HMAC-SHA256 Credential=key/1/{region}/s3/aws4_request"
        url = f"http://127.0.0.1:{self.port}/{name}"
        urlopen(Request(url, method="PUT", headers={"Authorization": signed})).close()


class Fleet:
    """All services, on one machine; those of others are at addresses of this one."""

    def __init__(self, standin: Playground, server: Server, folder: Path) -> None:
        self.standin, self.server, self.store = standin, server, Store()
        self._folder = folder
        # As .env has it.
        self._file = KEYS | {
            "DISCORD_TOKEN": standin.token,
            "EASEL_DISCORD": standin.url,
            "POSTGRES_PASSWORD": "secret-4712",
        }
        self.services = read_services(self._file)
        self._addresses = {
            "postgres": urlsplit(server.url).netloc.rpartition("@")[2],
            "store": f"127.0.0.1:{self.store.port}",
        }
        self._processes: dict[str, BaseProcess] = {}
        shared = self.services["bot"].environment
        self.store.make_bucket(urlsplit(shared["EASEL_IMAGES"]).netloc, shared["AWS_REGION"])
        self.database = self._localize(shared["EASEL_DATABASE_URL"])
        with psycopg.connect(f"{server.url}postgres", autocommit=True) as connection:
            connection.execute("CREATE ROLE easel LOGIN")
            connection.execute("CREATE DATABASE easel OWNER easel")

    def _localize(self, value: str) -> str:
        """A value with the name of a service where it is; what names none stays."""
        host = urlsplit(value).hostname if "://" in value else None
        if host not in self._addresses:
            return value
        who, at, _ = urlsplit(value).netloc.rpartition("@")
        return value.replace(urlsplit(value).netloc, f"{who}{at}{self._addresses[host]}")

    def start(self, *names: str) -> None:
        """Starts services as the file says."""
        for name in names:
            service, data = self.services[name], self._folder / name
            data.mkdir(exist_ok=True)
            environment = {
                **os.environ,
                **self._file,
                **{key: self._localize(value) for key, value in service.environment.items()},
                "EASEL_DATA": str(data),
                # What differs from a fleet: less patience, and no ports, which others may have.
                "EASEL_DEAD_AFTER": "4",
                "EASEL_METRICS_PORT": "0",
                "EASEL_WORKER_METRICS_PORT": "0",
                "EASEL_WATERMARK": "off",
            }
            log = self._folder / f"{name}.log"
            self._processes[name] = spawn(run_command, service.command, environment, ROOT, log)

    async def kill(self, name: str) -> None:
        """Kills a service."""
        process = self._processes.pop(name)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        assert await asyncio.wait_for(ending(process), PATIENCE) == -signal.SIGKILL

    async def close(self) -> None:
        """Ends everything of it."""
        await asyncio.gather(*map(stop, self._processes.values()))
        self.store.stop()

    def log(self, name: str) -> str:
        """What a service said."""
        path = self._folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    async def until_said(self, name: str, text: str) -> None:
        """Waits for a line in a service's log."""
        async with asyncio.timeout(PATIENCE):
            while text not in self.log(name):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.05)


@pytest.fixture
def own_postgres() -> Iterator[Server]:
    """A server that may be killed."""
    try:
        with postgres_server() as server:
            yield server
    except NoPostgresError as error:
        if "postgres" in os.environ.get("EASEL_REQUIRE", ""):
            raise
        pytest.skip(str(error))


@pytest_asyncio.fixture(loop_scope="session")
async def fleet(own_postgres: Server, tmp_path: Path) -> AsyncIterator[Fleet]:
    """A fleet of which nothing runs."""
    preload("tests.journeys.preloaded")
    async with Playground(port=0) as standin:
        whole = Fleet(standin, own_postgres, tmp_path)
        try:
            yield whole
        finally:
            await whole.close()


async def ask(fleet: Fleet, count: int = ASKED) -> list[Message]:
    """Asks for pictures, each request with one of its own, and hears that it is queued."""
    asked: list[Interaction] = [
        await fleet.standin.command("mira", "imagine", {"prompt": "a red apple --batch 1"})
        for _ in range(count)
    ]
    told = [await answer(one) for one in asked]
    # Before that nothing was promised.
    for message in told:
        await message.until(lambda now: now.content, PATIENCE)
    return told


async def finished(asked: Sequence[Message]) -> None:
    """Waits until all of them show their pictures."""
    for message in asked:
        await showing(message, FINISHED)


async def wait_for(engine: Engine, exists: bool, *where: Any) -> None:
    """Waits until there is a job, or none, of which all of this is true."""
    wanted = select(JobRow.id).where(*where)

    def look() -> bool:
        with engine.connect() as connection:
            return connection.execute(wanted).first() is not None

    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(look) is not exists:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.03)


async def drawing(engine: Engine, *where: Any) -> None:
    """Waits until a job is being drawn."""
    await wait_for(engine, True, JobRow.state == "running", *where)


@pytest.mark.postgres
async def test_nothing_is_lost_whatever_dies_and_each_is_delivered_once(fleet: Fleet) -> None:
    assert set(fleet.services) == {*BOTS, *WORKERS}
    standin = fleet.standin
    fleet.start("bot")
    await standin.ready(PATIENCE)
    fleet.start("standby", *WORKERS)
    url = fleet.database.replace("postgresql:", "postgresql+psycopg:")
    # Connections would end with the server.
    engine = create_engine(url, poolclass=NullPool)
    first = await ask(fleet, 1)
    begun = first[0].id
    for name in WORKERS:
        await fleet.until_said(name, "worker ready")
    # Before any is killed, since it would be drawn first by whoever comes next.
    await finished(first)
    await fleet.until_said("standby", "another bot serves")
    for name in WORKERS:
        asked = await ask(fleet)
        # One at a time: a job that loses three workers in a row is given up.
        await drawing(engine, JobRow.worker == name)
        await fleet.kill(name)
        fleet.start(name)
        await finished(asked)
    asked = []
    for name, other in zip(BOTS, reversed(BOTS), strict=True):
        asked += await ask(fleet)
        await drawing(engine)
        await fleet.kill(name)
        # Started sooner, it might itself be the next to serve.
        await fleet.until_said(other, "this one serves now")
        await standin.ready(PATIENCE)
        fleet.start(name)
        await fleet.until_said(name, "another bot serves")
    asked += await ask(fleet)
    await drawing(engine)
    await asyncio.to_thread(fleet.server.restart)
    await finished(asked)
    asked = await ask(fleet)
    await drawing(engine)
    await asyncio.to_thread(fleet.store.stop)
    # While it is away, what is drawn cannot be stored.
    await asyncio.sleep(0.5)
    fleet.store.start()
    await finished(asked)
    told = public(standin, begun)
    await finished(told)
    assert len(told) == 1 + ASKED * (len(fleet.services) + 2)
    for message in told:
        assert sum(FINISHED in content for content in versions(message)) == 1
        assert len(message.attachments) == 1
    # It is noted a moment after it is seen.
    await wait_for(engine, False, JobRow.delivered_at.is_(None))
    with engine.connect() as connection:
        rows = connection.execute(select(JobRow.state, JobRow.attempts)).all()
    engine.dispose()
    assert len(rows) == len(told)
    assert {row.state for row in rows} == {"done"}
    # What was being drawn as its worker died was begun once more.
    assert max(row.attempts for row in rows) > 1


def test_the_file_names_all_that_a_fleet_needs() -> None:
    whole = yaml.safe_load(COMPOSE.read_text())
    services = whole["services"]
    ours = read_services(dict.fromkeys(("POSTGRES_PASSWORD", *KEYS), "given"))
    workers = {name for name, service in ours.items() if service.command == ("worker",)}
    assert workers == set(WORKERS)
    for name in workers:
        environment = ours[name].environment
        # Compose puts it over what stands in .env.
        assert environment["DISCORD_TOKEN"] == ""
        assert environment["EASEL_WORKER"] == name
    gpus = [
        device["device_ids"]
        for name in workers
        for device in services[name]["deploy"]["resources"]["reservations"]["devices"]
    ]
    assert len({gpu for (gpu,) in gpus}) == len(workers)
    assert all("DISCORD_TOKEN" not in ours[name].environment for name in BOTS)
    for name in ours:
        assert set(services[name]["depends_on"]) <= set(services)
        assert services[name]["read_only"]
        assert services[name]["pids_limit"]
        assert services[name]["mem_limit"]
    used = {volume.split(":")[0] for one in services.values() for volume in one.get("volumes", ())}
    assert used == set(whole["volumes"])
