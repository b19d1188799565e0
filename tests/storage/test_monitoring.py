"""Numbers and health over HTTP: what is named exists, what is off costs nothing."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from storage import meters
from storage.database.connect import WRITING, open_engine
from storage.monitoring.gauges import read_load, show_load
from storage.monitoring.server import MonitoringServer
from storage.monitoring.worker_watch import watch_worker
from storage.queue import presence
from storage.settings import Settings, SettingsError
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
VALUES = {"session": "s", "host": "h", "pid": 1, "device": "cpu", "model": "m"}


async def fetch(port: int, path: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


def read_samples(text: str) -> dict[str, set[str]]:
    """Names of samples, each with its labels."""
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def samples() -> Iterator[dict[str, set[str]]]:
    """What is exposed once everything has been counted once."""
    registry = CollectorRegistry()
    meters.switch_on(registry)
    for meter in meters.METERS:
        count: Any = {"counter": meter.add, "gauge": meter.set, "histogram": meter.observe}[
            meter.kind
        ]
        count(1.0, **dict.fromkeys(meter.labels, "x"))
    yield read_samples(generate_latest(registry).decode())
    meters.switch_off()


def list_queries() -> list[str]:
    """Every query of the dashboard and the rules."""
    board: dict[str, Any] = json.loads((DEPLOY / "dashboard.json").read_text())
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = (DEPLOY / "rules.yml").read_text()
    told = re.findall(r"^\s+expr: (?:>-\n\s+)?(.+)$", rules, re.MULTILINE)
    assert len(told) == rules.count("- alert:")
    return [*shown, *told]


def test_every_query_names_metrics_and_labels_that_exist(samples: dict[str, set[str]]) -> None:
    given = {"instance", "job", "side"}
    for query in list_queries():
        names = re.findall(r"\b(?:easel_\w+|up)\b", query)
        assert names, query
        known = set().union(*(samples[name] for name in names if name != "up")) | given
        labels = re.findall(r"(\w+)(?:=~|!=|=)\"", query)
        grouped = [
            one for found in re.findall(r"by \(([\w, ]+)\)", query) for one in found.split(", ")
        ]
        assert {*labels, *grouped} <= known, query


def test_every_metric_is_on_the_dashboard(samples: dict[str, set[str]]) -> None:
    queries = " ".join(list_queries())
    for meter in meters.METERS:
        assert re.search(rf"\beasel_{meter.name}(_total|_bucket)?\b", queries), meter.name


def test_no_label_could_name_anybody() -> None:
    labels = {label for meter in meters.METERS for label in meter.labels}
    assert not {label for label in labels if re.search("person|user|server|guild|prompt", label)}


def test_what_is_off_loads_nothing_and_counts_nothing() -> None:
    # At the beginning of a line: what a function imports is loaded where it is called.
    heavy = re.compile(
        r"^(?:from|import) (?:prometheus_client|storage\.monitoring\.server)", re.MULTILINE
    )
    loading = {
        file.relative_to(ROOT).as_posix()
        for folder in ("bot", "cli", "commands", "generation", "storage")
        for file in (ROOT / folder).rglob("*.py")
        if heavy.search(file.read_text(encoding="utf-8"))
    }
    assert loading == {"storage/monitoring/server.py"}
    meters.JOBS.add(model="x", kind="x", speed="x", end="x", reason="x")
    assert not meters._live


async def test_a_side_tells_how_it_is() -> None:
    port, now = free_port(), {"reason": ""}

    async def ask() -> str:
        if now["reason"] == "fault":
            raise OSError
        return now["reason"]

    async def refresh() -> None:
        meters.GATEWAY_CONNECTED.set(1)
        if now["reason"]:
            raise OSError

    server = MonitoringServer(ask, refresh)
    await server.start("127.0.0.1", port)
    try:
        taken = MonitoringServer(ask, refresh)
        with pytest.raises(SettingsError, match="EASEL_METRICS_PORT"):
            await taken.start("127.0.0.1", port)
        assert await fetch(port, "/healthz") == (200, "alive\n")
        assert await fetch(port, "/readyz") == (200, "ready\n")
        meters.JOBS.add(model="m", kind="vary", speed="fast", end="done", reason="")
        for now["reason"] in ("", "loading", "fault"):
            status, text = await fetch(port, "/metrics")
            assert status == 200
            assert read_samples(text)["easel_jobs_total"] == set(meters.JOBS.labels)
            assert "easel_gateway_connected 1.0" in text
        now["reason"] = "loading"
        assert await fetch(port, "/readyz") == (503, "loading\n")
        now["reason"] = "fault"
        assert await fetch(port, "/readyz") == (503, "cannot be told (OSError)\n")
    finally:
        await server.stop()
    meters.JOBS.add(model="m", kind="vary", speed="fast", end="done", reason="")


async def test_a_worker_is_ready_while_it_takes_jobs(sqlite_settings: Settings) -> None:
    port = free_port()
    settings = sqlite_settings.model_copy(update={"worker_metrics_port": port, "worker": "w"})
    engine = open_engine(settings.database).execution_options(**WRITING)
    with watch_worker(settings, lambda: meters.GPU_BYTES.set(5, which="free")):
        status, text = await fetch(port, "/readyz")
        assert (status, "no sign of life" in text) == (503, True)
        with engine.begin() as connection:
            presence.sign_on(connection, "w", VALUES)
        assert (await fetch(port, "/readyz"))[0] == 200
        _, text = await fetch(port, "/metrics")
        (beat,) = re.findall(r"^easel_beat_seconds (\S+)", text, re.MULTILINE)
        assert 0 <= float(beat) < 60
        assert 'easel_gpu_bytes{which="free"} 5.0' in text
        with engine.begin() as connection:
            presence.beat(connection, "w", "s", "store")
        assert await fetch(port, "/readyz") == (503, "takes no jobs (store)\n")
    engine.dispose()
    with watch_worker(sqlite_settings, lambda: None), pytest.raises(aiohttp.ClientError):
        await fetch(port, "/healthz")


def test_the_queue_is_measured_by_lane(settings: Settings) -> None:
    engine = open_engine(settings.database).execution_options(**WRITING)
    registry = CollectorRegistry()
    meters.switch_on(registry)
    try:
        with engine.begin() as connection:
            for job, state in (("a", "queued"), ("b", "queued"), ("c", "running")):
                connection.exec_driver_sql(_JOB.format(id=job, state=state))
            presence.sign_on(connection, "w", VALUES)
            show_load(read_load(connection, 30.0), settings)
    finally:
        meters.switch_off()
        engine.dispose()
    text = generate_latest(registry).decode()
    assert 'easel_queue_jobs{lane="fast",state="queued"} 2.0' in text
    assert 'easel_queue_jobs{lane="relax",state="running"} 0.0' in text
    assert 'easel_workers{trouble="none"} 1.0' in text
    oldest = re.search(r'easel_oldest_waiting_seconds\{lane="fast"\} (\S+)', text)
    assert oldest
    assert float(oldest[1]) > 10**6


_JOB = """
INSERT INTO jobs (id, recipe, title, state, attempts, speed, priority, person_id, channel_id,
                  application_id, upload_limit, created_at)
VALUES ('{id}', '{{}}', 'imagine', '{state}', 0, 'fast', 1, 1, 1, 1, 1, '2026-01-01 00:00:00')
"""
