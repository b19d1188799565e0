"""Time stamps come from somebody else's service: it is waited for briefly, or done without."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 3.0
"""Seconds for a signature with its time stamp."""

REST: Final = 600.0
"""Seconds for which a service is not asked again that gave none in time, or none at all."""


class StampingError(RuntimeError):
    """A time-stamping service gives no stamps now."""


class StampingService:
    """Remembers whether a service answers; for any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: clock: Tells the time, in seconds."""
        self._clock = clock
        self._rests_until = float("-inf")

    def use(self, sign: Callable[[], bytes]) -> bytes:
        """What signs with a stamp of the service, if that gives one in time.

        Raises:
            StampingError: It does not, or did not lately.
            Exception: Whatever else ``sign`` raises.
        """
        if self._clock() < self._rests_until:
            raise StampingError("the time-stamping service gave no stamp lately")
        done: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

        def work() -> None:
            try:
                done.put(sign())
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                done.put(error)

        # A daemon: what swallows packets may hold it for minutes, and nobody waits for it then.
        threading.Thread(target=work, name="stamp", daemon=True).start()
        try:
            signed = done.get(timeout=PATIENCE)
        except queue.Empty:
            signed = StampingError("the time-stamping service does not answer")
        if isinstance(signed, Exception):
            self._rests_until = self._clock() + REST
            raise signed
        return signed
