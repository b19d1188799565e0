"""How long a process is waited for, by what it has used of a processor rather than by the clock.

On a machine that has other things to do a picture takes as many minutes as seconds elsewhere, and
is none the worse for it. So what ends a process is what it has used; the clock ends only one that
uses nothing, because it sleeps, hangs or was stopped.
"""

import subprocess
import threading
from contextlib import suppress
from time import monotonic
from typing import Final, Self

import psutil

STILL: Final = 30.0
"""Seconds by the clock after which a process must have got on."""

LEAST: Final = 0.1
"""Seconds of a processor that it must have used by then: a three-hundredth of one, which even what
comes last gets of a busy machine."""

MARGIN: Final = 2.0
"""How many times as much of a processor it may use as it allows itself: where it cannot limit
itself, as on Windows, or no longer does."""

LOOK: Final = 1.0
"""Seconds between looks; most pictures are read before the first."""


class Patience:
    """Whether a process that was asked something is still waited for.

    Args:
        seconds: Of a processor, that it may use.
        used: Seconds of a processor that it had used when it was asked.
        now: By the clock, in seconds.
    """

    def __init__(self, seconds: float, used: float, now: float) -> None:
        self._most = used + MARGIN * seconds
        self._used, self._since = used, now

    def ends(self, used: float, now: float) -> bool:
        """Whether it was waited for long enough.

        Args:
            used: Seconds of a processor that it has used by now.
            now: By the clock, in seconds.
        """
        if used >= self._used + LEAST:
            self._used, self._since = used, now
        return used > self._most or now - self._since > STILL


class Watch:
    """Kills a process that is not waited for any longer, while somebody waits for its answer.

    Attributes:
        late: Whether it was killed.
    """

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        """As ``Patience``, of a process."""
        self.late = False
        self._process, self._seconds = process, seconds
        self._answered = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        """Looks from now on."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """There is an answer, or the process has ended."""
        self._answered.set()
        self._thread.join()

    def _look(self) -> None:
        # It may end at any time, which whoever reads its answer notices.
        with suppress(psutil.Error):
            process = psutil.Process(self._process.pid)
            patience = Patience(self._seconds, _measure(process), monotonic())
            while not self._answered.wait(LOOK):
                if patience.ends(_measure(process), monotonic()):
                    self.late = True
                    self._process.kill()
                    return


def _measure(process: psutil.Process) -> float:
    """Seconds of a processor that a process has used since it began."""
    times = process.cpu_times()
    return float(times.user + times.system)
