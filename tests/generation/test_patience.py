"""How long a process that reads a picture is waited for: by what it uses, not by the clock."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

from generation.untrusted import patience as module
from generation.untrusted.patience import LEAST, MARGIN, STILL, Patience, Watch

HOUR = 3600.0


@pytest.mark.parametrize(
    ("share", "needs", "ends"),
    [
        (1.0, 1.9, False),
        (0.01, 1.45, False),
        (2 * LEAST / STILL, 1.45, False),
        (1.0, 2.0 * MARGIN + 1, True),
        (0.01, 2.0 * MARGIN + 1, True),
        (0.5 * LEAST / STILL, 1.45, True),
        (0.0, 1.45, True),
    ],
    ids=["alone", "starved", "last", "too much", "starved, too much", "idles", "stopped"],
)
def test_what_is_used_counts_and_the_clock_only_where_nothing_is(
    share: float, needs: float, *, ends: bool
) -> None:
    """``needs`` are the seconds of a processor of which the process gets a ``share``."""
    earlier = 77.0
    patience = Patience(2.0, earlier, HOUR)
    takes = int(needs / share) if share else HOUR
    assert ends == any(
        patience.ends(earlier + share * passed, HOUR + passed) for passed in range(int(takes) + 1)
    )


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, which is how one that was stopped looks, too."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_one_that_hangs_is_killed(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK", 0.01)
    monkeypatch.setattr(module, "STILL", 0.0)
    monkeypatch.setattr(module, "_measure", lambda _: 0.0)
    with Watch(sleeper, 2.0) as watch:
        sleeper.wait(60)
    assert watch.late


def test_one_that_gets_on_is_left_however_late_it_is(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its clock minutes pass on a starved machine, in which a process gets a second's worth."""
    looks, looked = iter(range(10**9)), threading.Event()

    def measure(_: psutil.Process) -> float:
        look = next(looks)
        if look == 12:
            looked.set()
        return look * LEAST

    monkeypatch.setattr(module, "LOOK", 0.001)
    monkeypatch.setattr(module, "_measure", measure)
    times = iter(range(0, 10**9, int(STILL) - 1))
    monkeypatch.setattr(module, "monotonic", lambda: float(next(times)))
    with Watch(sleeper, 1e9) as watch:
        assert looked.wait(60)
    assert not watch.late
    assert sleeper.poll() is None
