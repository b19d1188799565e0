import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from cli import app
from cli.start import free_port, playing
from storage.settings import Settings

READY = re.compile(r"Easel is ready: (http://127\.0\.0\.1:\d+)")


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
def easel_play(folder: Path, *options: str) -> Iterator[Playing]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("EASEL_", "DISCORD_TOKEN", "AWS_"))
    }
    environment["PYTHONPATH"] = str(Path(app.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "play", "--verbose", *options],
        cwd=folder,
        env=environment,
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
def test_it_starts_says_where_and_stops_cleanly(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EASEL_DATABASE_URL=postgresql://real/one\nEASEL_GUILD=1\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with easel_play(tmp_path, "--port", str(port)) as play:
            url = play.until(READY)[1]
            assert any(f"Port {port} is taken" in line for line in play.said)
            place = ("127.0.0.1", int(url.rpartition(":")[2]))
            socket.create_connection(place, timeout=5).close()
            play.process.send_signal(signal.SIGINT)
            assert play.process.wait(15) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=5)
    kept = tmp_path / "data" / "play"
    assert (kept / "easel.db").exists()
    for side in ("bot", "playground", "worker"):
        written = (kept / "logs" / f"{side}.log").read_text()
        assert "Traceback" not in written


def test_nothing_of_a_real_installation_is_played_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EASEL_DATABASE_URL", raising=False)
    real = Settings(
        data=Path("/srv/easel"), database_url="postgresql://real/one", images="s3://real", guild=1
    )
    play = playing(real, "http://127.0.0.1:1", 2)
    assert play.database == "sqlite:////srv/easel/play/easel.db"
    assert play.image_store == "/srv/easel/play/images"
    assert play.guild not in {None, 1}
    assert (play.public_url, play.page_host) == ("http://127.0.0.1:2", "127.0.0.1")


def test_a_database_named_for_the_occasion_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_DATABASE_URL", "postgresql://other/one")
    assert playing(Settings(), "http://127.0.0.1:1", 2).database == "postgresql://other/one"


def test_a_taken_port_is_told_from_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) not in {0, port}
    assert free_port(port) == port
