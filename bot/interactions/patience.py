"""Waiting for the database while Discord waits for a first answer.

Discord waits three seconds. What can be answered at once is answered before anything is read; a
form and choices cannot be, so they are read for a moment, and then something else is answered.
"""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import structlog

log: Final = structlog.get_logger(__name__)

PATIENCE: Final = 1.0
"""Seconds for which something is read before the first answer, all that is read together."""

# Each interaction is taken in a task, and so in a context, of its own.
_SPENT: ContextVar[float] = ContextVar("spent", default=0.0)

Read = TypeVar("Read")


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
