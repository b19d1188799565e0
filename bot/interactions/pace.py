"""Going on after a first answer: one after another, while the event loop has much to do.

Discord waits three seconds for a first answer and a quarter of an hour for all that follows. In a
crowd, what follows the first answers to some would come before the first answers to others.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

CALM: Final = 0.01
"""Seconds that a round of the event loop takes at most while it has little to do: a first answer
takes some ten of them."""

PATIENCE: Final = 0.1
"""Seconds after which the next goes on all the same, on a machine that never gets there."""


class Pace:
    """Lets people's requests go on in the order in which they were answered."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """Args: clock: Tells the time, in seconds."""
        self._clock = clock
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Waits for a round of the event loop that is short, as those before it have."""
        async with self._turn:
            until = (now := self._clock()) + PATIENCE
            while now < until:
                await asyncio.sleep(0)
                began, now = now, self._clock()
                if now - began < CALM:
                    return
