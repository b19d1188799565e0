"""Waiting for the database while Discord waits for a first answer.

Discord waits three seconds. What can be answered at once is answered before anything is read; a
form and choices cannot be, so they are read for a moment, and then something else is answered.
"""

import asyncio
import math
import time
from collections.abc import Coroutine
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog

log: Final = structlog.get_logger(__name__)

PATIENCE: Final = 1.0
"""Seconds for which something is read before the first answer, all that is read together."""

LATEST: Final = 1.5
"""Seconds after somebody asked in which something is read: an answer takes its time as well."""

LEAST: Final = 0.2
"""Seconds that whoever's question comes late has all the same: mostly a hundredth is enough."""

LIFE: Final = 3.0
"""Seconds for which Discord waits for a first answer."""

LATELY: Final = 300.0
"""Seconds for which it is remembered how far Discord's clock and this machine's are apart."""

# Each interaction is taken in a task, and so in a context, of its own.
_SPENT: ContextVar[float] = ContextVar("spent", default=0.0)

Read = TypeVar("Read")


class Ages:
    """How old interactions are when they get here, though two clocks never agree.

    The least that they were apart lately is taken for what they differ by, and for the way.
    """

    def __init__(self) -> None:
        self._least = self._before = math.inf
        self._since = -math.inf

    def measure(self, made: float, now: float) -> float:
        """The age in seconds of an interaction that was made, and has come, at such times."""
        apart = now - made
        if apart - min(self._least, self._before) > LIFE:
            # It would be answered in vain, so it is a clock that was set.
            self._least = self._before = apart
        elif now - self._since > LATELY:
            self._before, self._least, self._since = self._least, apart, now
        self._least = min(self._least, apart)
        return apart - min(self._least, self._before)


_AGES: Final = Ages()


def count_from(made: datetime) -> None:
    """Has the age of an interaction, which this task takes, count as time that was spent."""
    age = _AGES.measure(made.timestamp(), time.time())
    _SPENT.set(max(0.0, min(age - (LATEST - PATIENCE), PATIENCE - LEAST)))


async def begin(work: Coroutine[Any, Any, Read]) -> asyncio.Task[Read]:
    """Work that has begun, after a moment in which it mostly gets done; it goes on in any case.

    The moment is what those before it, in the same task, have left of ``PATIENCE``.
    """
    # Never cancelled: to give a connection back takes as long as what it waits for.
    task = asyncio.create_task(work)
    task.add_done_callback(_note)
    clock, spent = asyncio.get_running_loop().time, _SPENT.get()
    began = clock()
    await asyncio.wait({task}, timeout=max(0.0, PATIENCE - spent))
    _SPENT.set(spent + clock() - began)
    return task


async def read_in_time(work: Coroutine[Any, Any, Read], otherwise: Read) -> Read:
    """What is read, or something else where that takes too long or fails."""
    task = await begin(work)
    failed = not task.done() or task.exception() is not None
    return otherwise if failed else task.result()


def _note(task: asyncio.Task[Any]) -> None:
    # Nobody may wait for it any more; asyncio would log a traceback.
    if not task.cancelled() and (error := task.exception()):
        log.info("read_failed", error=type(error).__name__)
