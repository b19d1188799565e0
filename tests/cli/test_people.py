"""``easel people``: what a host gives, resets and blocks is in the database."""

from pathlib import Path

import pytest
from sqlalchemy import Connection
from typer.testing import CliRunner

from cli.people import UnknownQuotaError, people
from storage.database.connect import open_engine
from storage.prepare import migrate
from storage.queue import books
from storage.quotas import QuotaKind
from tests.storage.conftest import settings_for

PERSON = 1140000000000000077
JOBS_A_DAY = QuotaKind("jobs", "day")


def test_a_host_gives_resets_and_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_for(tmp_path)
    migrate(settings)
    monkeypatch.setattr("cli.people.load_settings", lambda: settings)
    engine = open_engine(settings.database)

    def run(*words: str) -> None:
        said = CliRunner().invoke(people, words, catch_exceptions=False)
        assert said.exit_code == 0, said.output

    def used(connection: Connection) -> float:
        return books.read_used(connection, PERSON, None, [JOBS_A_DAY])[JOBS_A_DAY]

    run("give", str(PERSON), "5 jobs/day")
    with engine.connect() as connection:
        assert used(connection) == -5
    run("reset", str(PERSON))
    run("block", str(PERSON), "--days", "3")
    with engine.connect() as connection:
        assert used(connection) == 0
        (until,) = books.read_blocks(connection, PERSON, 21).values()
    assert until
    run("unblock", str(PERSON))
    with engine.connect() as connection:
        assert books.read_blocks(connection, PERSON, 21) == {}
    with pytest.raises(UnknownQuotaError, match=r"5 cats is no amount like 50 jobs/day"):
        run("give", str(PERSON), "5 cats")
    engine.dispose()
