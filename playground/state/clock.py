"""The stand-in's time, which tests can move, and the ids made from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000
"""Discord's epoch, the first moment of 2015, in Unix milliseconds."""


class Clock:
    """Real time plus an offset that `advance` moves forward."""

    def __init__(self) -> None:
        # A wall clock may jump; the rules about three seconds and fifteen minutes must not.
        self._offset = time.time() - time.monotonic()
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        """Return the stand-in's Unix time in seconds."""
        return time.monotonic() + self._offset

    def moment(self) -> datetime:
        """Return the stand-in's time as an aware datetime."""
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once: tokens, signed links and late answers age by as much."""
        self._offset += seconds
        for listener in self._listeners:
            listener()

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every `advance`."""
        self._listeners.append(listener)


class Snowflakes:
    """Ids as Discord makes them: 42 bits of milliseconds, 22 bits to tell equals apart."""

    def __init__(self, clock: Clock, last: int = 0) -> None:
        self._clock = clock
        self.last = last

    def next(self) -> int:
        """Return an id above every earlier one, also above those of an earlier run."""
        stamp = int(self._clock.now() * 1000) - EPOCH_MS
        self.last = max(self.last + 1, stamp << 22)
        return self.last
