import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from typer.testing import CliRunner

from cli import app, doctor, health
from cli.doctor import examine, examine_discord
from cli.findings import Finding, State
from storage.database.connect import open_engine
from storage.files import Files, FileStoreError
from storage.prepare import migrate
from storage.queue import presence
from storage.queue.jobs import Trouble
from storage.settings import Settings
from storage.space import has_space, measure_space

TOKEN = SecretStr("MTIzNDU2Nzg5.Ea5elP.secret")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in list(os.environ):
        if name.startswith(("DISCORD_TOKEN", "EASEL_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Settings(data=tmp_path / "data")


def with_(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def test_a_fresh_installation_has_no_fault_and_knows_what_is_missing(settings: Settings) -> None:
    findings = {finding.name: finding for finding in examine(settings)}
    assert State.FAULT not in {finding.state for finding in findings.values()}
    assert findings["database"].state is State.NOTE
    assert findings["worker"].mend == "easel run, or easel worker"
    assert not settings.data.exists()


def test_a_prepared_database_is_found(settings: Settings) -> None:
    migrate(settings)
    assert doctor.database(settings).state is State.OK
    assert doctor.migrations(settings).state is State.OK
    assert doctor.workers(settings).state is State.NOTE


def test_an_empty_database_is_told_from_a_prepared_one(settings: Settings) -> None:
    settings.data.mkdir()
    (settings.data / "easel.db").touch()
    assert doctor.database(settings).state is State.OK
    assert doctor.migrations(settings).state is State.NOTE


@pytest.mark.parametrize(
    ("check", "changes", "mend"),
    [
        (
            doctor.database,
            {"database_url": "postgresql://e:secret@127.0.0.1:9/e"},
            "start the server",
        ),
        (doctor.pictures, {"images": "/proc/none"}, "EASEL_IMAGES"),
        (doctor.model, {"family": "cubism"}, "EASEL_FAMILY"),
        (doctor.model, {"model": "/nowhere/at/all"}, "model_index.json"),
        (doctor.device, {"device": "cuda:99"}, "EASEL_DEVICE"),
    ],
)
def test_each_fault_comes_with_a_way_to_mend_it(
    settings: Settings, check: Any, changes: dict[str, object], mend: str
) -> None:
    if check is doctor.device and doctor.device(with_(settings, device="cuda")).state is State.OK:
        pytest.skip("this machine has a GPU")
    found: Finding = check(with_(settings, **changes))
    assert found.state is State.FAULT
    assert mend in found.mend
    assert "secret" not in found.says + found.mend


def test_a_bucket_that_does_not_answer_is_a_fault(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = with_(settings, images="s3://pictures", aws_region="eu-central-1")
    monkeypatch.setattr(Files, "probe", lambda _: None)
    assert doctor.pictures(bucket).state is State.OK

    def fails(*_: object) -> None:
        raise FileStoreError("no answer")

    monkeypatch.setattr(Files, "probe", fails)
    assert doctor.pictures(bucket).state is State.FAULT


def test_an_old_python_is_a_fault(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_PYTHON", (4, 0))
    assert doctor.python(settings).state is State.FAULT


def test_a_full_disk_is_seen(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    found = doctor.disk(with_(settings, least_free_mb=2**40))
    assert (found.state, "no jobs are taken" in found.says) == (State.FAULT, True)
    monkeypatch.setattr(doctor, "COMFORTABLE_DISK", 2**62)
    assert doctor.disk(settings).state is State.NOTE


def test_a_disk_is_one_where_something_is_kept(settings: Settings, tmp_path: Path) -> None:
    far = with_(settings, database_url="postgresql://e@h/e", images="s3://pictures")
    assert measure_space(far) is None
    assert has_space(with_(far, least_free_mb=2**40))
    for near in (with_(far, images=str(tmp_path / "new")), with_(far, database_url="")):
        assert (measure_space(near) or 0) > 0
        assert not has_space(with_(near, least_free_mb=2**40))


@pytest.mark.parametrize(
    ("trouble", "mend"), [("device", "nvidia-smi"), ("store", "EASEL_IMAGES"), (None, "")]
)
def test_a_worker_that_takes_no_jobs_is_a_fault(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, trouble: Trouble | None, mend: str
) -> None:
    monkeypatch.setenv("EASEL_DATA", str(settings.data))
    monkeypatch.setenv("EASEL_WORKER", "w")
    migrate(settings)
    about = {"session": "s", "host": "h", "pid": 1, "model": "m", "device": "d", "trouble": trouble}
    engine = open_engine(settings.database)
    with engine.begin() as connection:
        presence.sign_on(connection, "w", about)
    engine.dispose()
    found = doctor.workers(settings)
    assert found.state is (State.FAULT if trouble else State.OK)
    assert mend in found.mend
    assert health.main("worker") == bool(trouble)


def test_a_hub_id_and_a_folder_are_models(settings: Settings, tmp_path: Path) -> None:
    index = tmp_path / "mine" / "model_index.json"
    index.parent.mkdir()
    index.write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    hub = doctor.model(with_(settings, model="stable-diffusion-v1-5/stable-diffusion-v1-5"))
    mine = doctor.model(with_(settings, model=str(index.parent)))
    assert mine.state is State.OK
    assert mine.says.startswith("mine (Stable Diffusion XL)")
    assert hub.state is State.NOTE
    assert "easel models fetch stable-diffusion-v1-5/stable-diffusion-v1-5" in hub.mend


def test_a_name_of_a_known_model_is_one(settings: Settings) -> None:
    found = doctor.model(with_(settings, model="sdxl-lightning"))
    assert found.state is State.NOTE
    assert "SDXL-Lightning" in found.says


def test_each_model_that_is_served_is_looked_for(settings: Settings, tmp_path: Path) -> None:
    """The usual one has its own check; those beside it come after all others."""
    mine, empty = tmp_path / "mine", tmp_path / "empty"
    for folder in (mine, empty):
        folder.mkdir()
    (mine / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    models = f"sdxl, Photo={mine}, gone={tmp_path / 'none'}"
    found = list(doctor.further_models(with_(settings, models=models)))
    assert [(each.name, each.state) for each in found] == [
        ("model easel2", State.OK),
        ("model sdxl", State.NOTE),
        ("model photo", State.OK),
        ("model gone", State.FAULT),
    ]
    assert found[2].says == "mine (Photo), on this machine"
    (fault,) = doctor.further_models(with_(settings, models=f"sdxl, gone={empty}"))
    assert (fault.state, fault.says.startswith("empty holds no model")) == (State.FAULT, True)
    (fault,) = doctor.further_models(with_(settings, models="sdlx"))
    assert (fault.state, "`sdlx`" in fault.says) == (State.FAULT, True)
    assert not list(doctor.further_models(settings))
    assert fault in doctor.examine(with_(settings, models="sdlx"))


class Portal:
    """A Discord that answers three questions as it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.application: dict[str, object] = {"id": "1"}
        self.gateway: dict[str, object] = {"session_start_limit": {"remaining": 999}}
        self.authorizations: set[str] = set()

    async def answer(self, request: web.Request) -> web.Response:
        self.authorizations.add(request.headers["Authorization"])
        questions = {
            "/api/v10/users/@me": {"id": "1", "username": "easel"},
            "/api/v10/applications/@me": self.application,
            "/api/v10/gateway/bot": self.gateway,
        }
        return web.json_response(questions[request.path], status=self.status)


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    portal = Portal()
    app = web.Application()
    app.router.add_get("/{path:.*}", portal.answer)
    async with TestServer(app) as server:
        portal.url = str(server.make_url("/")).rstrip("/")
        yield portal


async def states(settings: Settings, portal: Portal) -> dict[str, State]:
    found = await examine_discord(with_(settings, discord=portal.url, discord_token=TOKEN))
    assert not any("secret" in finding.says + finding.mend for finding in found)
    return {finding.name: finding.state for finding in found}


async def test_a_good_token_is_asked_about_and_found_good(
    settings: Settings, portal: Portal
) -> None:
    assert await states(settings, portal) == {"token": State.OK, "intents": State.OK}
    assert portal.authorizations == {f"Bot {TOKEN.get_secret_value()}"}


@pytest.mark.parametrize("status", [401, 403, 500])
async def test_a_refusal_is_a_fault(settings: Settings, portal: Portal, status: int) -> None:
    portal.status = status
    assert await states(settings, portal) == {"token": State.FAULT}


async def test_interactions_that_go_elsewhere_are_a_fault(
    settings: Settings, portal: Portal
) -> None:
    portal.application["interactions_endpoint_url"] = "https://elsewhere.example/"
    assert (await states(settings, portal))["interactions"] is State.FAULT


async def test_a_bot_that_anybody_can_add_is_worth_knowing(
    settings: Settings, portal: Portal
) -> None:
    portal.application["bot_public"] = True
    assert (await states(settings, portal))["public bot"] is State.NOTE


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "any server that it is added to, and anybody in direct messages, can"),
        ({"direct": "off"}, "house: any server that it is added to can"),
        ({"servers": "5", "direct": "on"}, "house: anybody can use this GPU in direct messages"),
        ({"servers": "5,6"}, ""),
    ],
)
def test_an_open_house_is_worth_knowing(
    settings: Settings, changes: dict[str, str], says: str
) -> None:
    found = doctor.access(with_(settings, **changes))
    assert found.state is (State.NOTE if says else State.OK)
    assert says in found.says


async def test_no_logins_left_is_a_fault(settings: Settings, portal: Portal) -> None:
    portal.gateway["session_start_limit"] = {"remaining": 0, "reset_after": 7_200_000}
    assert (await states(settings, portal))["intents"] is State.FAULT


async def test_without_a_network_it_says_so(settings: Settings, portal: Portal) -> None:
    portal.url = "http://127.0.0.1:9"
    assert await states(settings, portal) == {"token": State.FAULT}


async def test_without_a_token_it_is_no_fault(settings: Settings) -> None:
    (found,) = await examine_discord(settings)
    assert (found.name, found.state) == ("token", State.NOTE)


def test_the_command_prints_each_finding_and_exits_well(settings: Settings) -> None:
    result = CliRunner().invoke(app.app, ["doctor"])
    assert result.exit_code == 0
    for name in ("python", "disk", "database", "migrations", "device", "model", "worker", "token"):
        assert name in result.stdout


def test_the_command_exits_with_1_if_something_is_in_the_way(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEL_MODEL", "/nowhere/at/all")
    monkeypatch.setenv("EASEL_FAMILY", "sd15")
    result = CliRunner().invoke(app.app, ["doctor"])
    assert result.exit_code == 1
    assert "model_index.json" in result.stdout


def test_health_follows_the_database(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_DATA", str(settings.data))
    assert health.main("bot") == 1
    migrate(settings)
    assert health.main("bot") == 0
    assert health.main("worker") == 1


async def test_the_painting_page_is_looked_for_at_its_address(settings: Settings) -> None:
    said = {doctor.page(settings).state}
    app = web.Application()

    async def shown(_: web.Request) -> web.Response:
        return web.Response(text="the page")

    app.router.add_get("/paint/", shown)
    async with TestServer(app) as server:
        at = with_(settings, public_url=str(server.make_url("")).rstrip("/"))
        found = await asyncio.to_thread(doctor.page, at)
        wrong = with_(at, public_url=f"{at.public_url}/elsewhere")
        lost = await asyncio.to_thread(doctor.page, wrong)
    gone = await asyncio.to_thread(doctor.page, at)
    assert (found.state, said) == (State.OK, {State.NOTE})
    assert "(404)" in lost.says
    assert "URLError" in gone.says
    assert "EASEL_PAGE_PORT" in gone.mend
