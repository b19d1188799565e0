"""What ``easel upgrade`` says and does, and how a worker is drained by the command line."""

from pathlib import Path

import pytest
from alembic import command
from typer.testing import CliRunner

from cli.app import app
from cli.findings import State
from cli.upgrade import examine
from storage.database.connect import REVISION, WRITING, find_revision, open_engine
from storage.prepare import migrate, migration_config
from storage.queue import presence
from storage.settings import Settings
from tests.storage.conftest import settings_for


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EASEL_DATA", str(tmp_path))
    monkeypatch.delenv("EASEL_DATABASE_URL", raising=False)
    # Nobody is taken for dead, however busy the machine is.
    return settings_for(tmp_path, dead_after=300.0)


def downgrade(settings: Settings, revision: str) -> None:
    engine = open_engine(settings.database).execution_options(**WRITING)
    config = migration_config()
    config.attributes["connection"] = engine
    command.downgrade(config, revision)
    engine.dispose()


def said(settings: Settings) -> dict[str, tuple[State, str]]:
    return {finding.name: (finding.state, finding.says) for finding in examine(settings)}


def test_nothing_is_made_by_looking(settings: Settings) -> None:
    assert said(settings)["tables"][1].startswith("there are none yet")
    assert list(settings.data.iterdir()) == []


def test_what_is_to_come_is_named_and_then_done(settings: Settings) -> None:
    migrate(settings)
    downgrade(settings, "0008")
    told = said(settings)
    assert told["tables"] == (State.NOTE, "at 0008: these are to come")
    assert told["0010"] == (State.NOTE, "Who serves Discord: of several bots on one database, one")
    assert find_revision(settings.database) == "0008"
    done = CliRunner().invoke(app, ["upgrade"])
    assert (done.exit_code, REVISION in done.output) == (0, True)
    assert said(settings)["tables"] == (State.OK, "up to date")
    assert CliRunner().invoke(app, ["upgrade", "--check"]).exit_code == 0


def test_an_older_worker_that_lives_is_named(settings: Settings) -> None:
    migrate(settings)
    engine = open_engine(settings.database).execution_options(**WRITING)
    with engine.begin() as connection:
        about = {"session": "", "host": "h", "pid": 1, "device": "d", "model": "m"}
        presence.sign_on(connection, "w", {**about, "protocol": 0})
    engine.dispose()
    assert "w is of an older release" in said(settings)["worker"][1]


def test_to_drain_a_worker_that_does_not_run_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(settings)
    monkeypatch.setenv("EASEL_WORKER", "nobody")
    answer = CliRunner().invoke(app, ["worker", "--drain"])
    assert answer.exit_code == 1
    assert "No worker named nobody runs" in answer.output
