"""The wheel: built from the checkout, installed elsewhere, and used there without the checkout."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from cli.imagine import draw, plan
from storage.settings import Settings
from tests.ports import free_port
from tests.processes import preload, run_module, spawn

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "bot",
    "cli",
    "commands",
    "faults",
    "generation",
    "migrations",
    "playground",
    "prompt",
    "storage",
}
WORKSHOP = ("benchmarks", "training")
READY = re.compile(r"Easel is ready: (http://127\.0\.0\.1:\d+)")


def pip(*arguments: str, folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments],
        cwd=folder,
        check=True,
        timeout=100,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the checkout; nothing is downloaded for it."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    # While others compile, files of that name come and go.
    passing = shutil.ignore_patterns("*.pyc.*")
    for name in (*PACKAGES, *WORKSHOP):
        shutil.copytree(ROOT / name, source / name, ignore=passing)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    # Weights do not get smaller, and trying takes longer than all else.
    stored = "--config-settings=--build-option=--compression=stored"
    apart = ("--no-build-isolation", "--no-deps", stored)
    pip("wheel", *apart, "-w", str(folder), ".", folder=source)
    (made,) = folder.glob("easel-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is installed, over the packages that the suite runs with."""
    target = tmp_path_factory.mktemp("site")
    pip("install", "--no-deps", "--no-compile", "--target", str(target), str(wheel), folder=target)
    return target


def environment(installed: Path) -> dict[str, str]:
    """No settings but the defaults; the installed packages come before the checkout's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EASEL_", "DISCORD_TOKEN", "AWS_"))
    }
    return kept | {"PYTHONPATH": str(installed)}


def test_the_wheel_carries_its_data_and_nothing_of_the_workshop(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as parts:
        names = [name for name in parts.namelist() if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in names} == PACKAGES
    assert not [name for name in names if name.endswith(".pyc")]
    here = {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and file.parent.name != "__pycache__"
    }
    assert set(names) == here


def run_installed(
    installed: Path, environment: dict[str, str], folder: Path, log: Path, *arguments: str
) -> None:
    """What its command does, in a process that has imported everybody else's packages."""
    for name in list(sys.modules):
        if name.partition(".")[0] in PACKAGES:
            del sys.modules[name]
    sys.path[:] = [str(installed), *(place for place in sys.path if place != str(ROOT))]
    run_module("cli", environment, folder, log, *arguments)


@pytest.mark.timeout(300)
def test_pictures_are_the_same_from_the_wheel_and_the_recipe_lies_beside_them(
    installed: Path, tmp_path: Path
) -> None:
    prompt = "a red apple --seed 7 --steps 1 --batch 2"
    log = tmp_path / "said.log"
    preload("tests.journeys.preloaded")
    arguments = ("imagine", prompt, "-o", "apple.png")
    process = spawn(run_installed, installed, environment(installed), tmp_path, log, *arguments)
    process.join(200)
    names = ["apple-1.png", "apple-2.png", "apple.json", "apple.png"]
    assert (process.exitcode, log.read_text().split()) == (0, names)
    settings = Settings(data=tmp_path)
    recipe = plan(prompt, settings).recipe
    here = draw(recipe, settings, tmp_path / "apple.png", lambda *_: None)
    assert {path: path.read_bytes() for path in here} == here
    assert json.loads((tmp_path / "apple.json").read_text()) == recipe.to_json()


class Playing:
    """A running ``easel play`` and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        self._lines: Queue[str | None] = Queue()
        Thread(target=self._read, daemon=True).start()

    def until(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """The first line that matches; fails if the process ends before."""
        while (line := self._lines.get(timeout=100)) is not None:
            self.said.append(line)
            if found := pattern.search(line):
                return found
        raise AssertionError(f"it ended first: {self.said}")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)


@contextmanager
def easel_play(installed: Path, folder: Path, *options: str) -> Iterator[Playing]:
    process = subprocess.Popen(
        [sys.executable, installed / "bin" / "easel", "play", "--verbose", *options],
        cwd=folder,
        env=environment(installed),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield Playing(process)
        finally:
            process.kill()


@pytest.mark.timeout(240)
def test_it_plays_says_where_and_stops_cleanly(installed: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EASEL_DATABASE_URL=postgresql://real/one\nEASEL_GUILD=1\n")
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        easel_play(installed, tmp_path, "--port", str(port)) as play,
    ):
        url = play.until(READY)[1]
        assert any(f"Port {port} is taken" in line for line in play.said)
        place = ("127.0.0.1", int(url.rpartition(":")[2]))
        socket.create_connection(place, timeout=30).close()
        play.process.send_signal(signal.SIGINT)
        assert play.process.wait(60) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=30)
    kept = tmp_path / "data" / "play"
    assert (kept / "easel.db").exists()
    for side in ("bot", "playground", "worker"):
        written = (kept / "logs" / f"{side}.log").read_text()
        assert "Traceback" not in written
