"""``easel cases``: a host sees what waits, looks at one, decides, and has all of it as a table."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.cases import CaseError, cases
from storage.database.connect import WRITING, open_engine
from storage.files import Files
from storage.prepare import migrate
from storage.queue import acceptance, queries
from storage.queue.fairness import Rule
from storage.queue.jobs import Made, Rendered
from storage.queue.limits import Allowance
from storage.queue.verdicts import Verdict
from tests.storage.conftest import new_job, settings_for


def test_a_host_sees_looks_and_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, job = settings_for(tmp_path), new_job()
    migrate(settings)
    monkeypatch.setattr("cli.cases.load_settings", lambda: settings)
    engine = open_engine(settings.database).execution_options(**WRITING)

    def run(*words: str) -> str:
        said = CliRunner().invoke(cases, words, catch_exceptions=False)
        assert said.exit_code == 0, said.output
        return said.output

    assert "Nothing waits" in run("list")
    with engine.begin() as connection:
        allowance = Allowance(unfinished=9)
        acceptance.accept(connection, [job], allowance, Rule(), lambda *_: None)
        made = Made(sha256=Files.of(settings).put(b"bytes"), width=8, height=8, digest="d")
        drawn = queries.begin_run(connection, job.id, "w", 3)
        assert drawn
        rendered = Rendered(pictures=[made], verdict=Verdict("toy", (0.9,), 0.7))
        queries.finish_run(connection, drawn, rendered, 1.0)
    assert f"{job.id}" in run("list")
    shown = run("show", job.id[:8], "--save", str(tmp_path / "one.png"))
    assert "toy: 0.90, held from 0.70 on" in shown
    assert (tmp_path / "one.png").read_bytes() == b"bytes"
    with pytest.raises(CaseError, match="`jail` is no decision"):
        run("decide", job.id, "jail")
    with pytest.raises(CaseError, match="`00000000` is no case"):
        run("show", "00000000")
    run("decide", job.id, "release", "--reason", "=1+1")
    with pytest.raises(CaseError, match="decided already"):
        run("decide", job.id, "release")
    run("export", str(tmp_path / "cases.csv"))
    with (tmp_path / "cases.csv").open(newline="") as file:
        rows = [(row["what"], row["reason"]) for row in csv.DictReader(file)]
    assert rows == [("held", ""), ("released", "'=1+1")]
    engine.dispose()
