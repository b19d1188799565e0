"""Logs: one format for all, and nothing in them that nobody should see."""

import json
import logging
from pathlib import Path

import pytest
import structlog

from storage.logs import set_up_logs
from tests.storage.conftest import settings_for


def fail_with_a_secret() -> None:
    token = "secret-4711"
    raise ZeroDivisionError(f"a token of {len(token)} characters")


def log_a_failure() -> None:
    try:
        fail_with_a_secret()
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("failed", job="a1")


@pytest.mark.parametrize("as_json", [False, True])
def test_tracebacks_show_no_local_variables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    set_up_logs(settings_for(tmp_path, log_json=as_json))
    log_a_failure()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "ZeroDivisionError: a token of 11 characters" in printed.err
    assert "4711" not in printed.err.replace('token = "secret-4711"', "")


def test_libraries_log_in_the_same_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(settings_for(tmp_path, log_json=True))
    logging.getLogger("discord.client").warning("shard %s went away", 3)
    logging.getLogger("dbos").warning("retrying")
    structlog.get_logger("ours").info("made", seconds=1.5)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["logger"], line["level"], line["event"]) for line in lines] == [
        ("discord.client", "warning", "shard 3 went away"),
        ("dbos", "warning", "retrying"),
        ("ours", "info", "made"),
    ]
    assert lines[2]["seconds"] == 1.5
    assert lines[2]["timestamp"].endswith("Z")


def test_the_level_holds_for_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(settings_for(tmp_path, log_level="error"))
    logging.getLogger("discord").warning("unheard")
    structlog.get_logger("ours").warning("unheard")
    set_up_logs(settings_for(tmp_path, log_level="info"))
    logging.getLogger("alembic").info("unheard")
    structlog.get_logger("ours").info("heard")
    err = capsys.readouterr().err
    assert "unheard" not in err
    assert err.count("heard") == 1
