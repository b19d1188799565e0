"""A service hears that it should stop, whatever it is doing."""

import signal
import subprocess
import sys

import pytest

from storage.signals import STOPPING, stop_event

_WAITING = """
from storage.signals import stop_event
stop = stop_event()
print("ready", flush=True)
stop.wait()
"""


@pytest.mark.usefixtures("restored_signals")
@pytest.mark.parametrize("number", sorted(STOPPING))
def test_either_signal_sets_the_event(number: signal.Signals) -> None:
    stop = stop_event()
    assert not stop.is_set()
    signal.raise_signal(number)
    assert stop.wait(60)


@pytest.mark.usefixtures("restored_signals")
def test_other_signals_do_not() -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        stop = stop_event()
        signal.raise_signal(signal.SIGUSR1)
        assert not stop.wait(0.1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    signal.raise_signal(signal.SIGTERM)
    assert stop.wait(60)


@pytest.mark.usefixtures("restored_signals")
def test_a_signal_while_the_events_own_lock_is_held_is_heard() -> None:
    stop = stop_event()
    with stop._cond:  # type: ignore[attr-defined]  # as in the first instructions of wait()
        signal.raise_signal(signal.SIGTERM)
    assert stop.wait(60)


@pytest.mark.parametrize("_", range(20))
def test_a_signal_at_the_moment_of_falling_asleep_is_heard(_: int) -> None:
    with subprocess.Popen([sys.executable, "-c", _WAITING], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            assert process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
