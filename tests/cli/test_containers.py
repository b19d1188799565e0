"""The containers: everything that they are built from is let in, and the worker gets no token."""

import re
import tomllib
from pathlib import Path

import pytest

from storage.settings import load_settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
BUILD = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def service(name: str) -> str:
    found = re.search(rf"^  {name}:\n((?: {{4}}.*\n)+)", COMPOSE, re.MULTILINE)
    assert found
    return found[1]


def test_all_that_the_images_are_built_from_is_let_in() -> None:
    let_in = set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {
        name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    copied = {
        name
        for line in re.findall(r"^COPY (.+) \./$", BUILD, re.MULTILINE)
        for name in line.split()
    }
    assert {f"!{name}" for name in packages | copied} <= let_in
    made = re.search(r"mkdir -p ([\w\s\\]+?)&&", BUILD.partition("AS libraries")[2])
    assert made
    assert packages <= set(made[1].split())


def test_both_sides_are_limited_in_memory_and_processes() -> None:
    assert "  pids_limit:" in COMPOSE.partition("services:")[0]
    for name in ("bot", "worker"):
        assert "<<: *easel" in service(name)
        assert "mem_limit:" in service(name)


def test_the_worker_gets_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    # Compose puts it over what stands in .env.
    assert 'environment: { DISCORD_TOKEN: "" }' in service("worker")
    assert "DISCORD_TOKEN" not in service("bot")
    monkeypatch.setenv("DISCORD_TOKEN", "")
    assert load_settings().discord_token is None
