"""Processes for the tests: a worker without a model, and bots that die while accepting.

A recipe says how the worker shall behave. It may hold: ``name`` (noted in the log when it is begun
and when it is made), ``steps`` and ``pause`` (seconds each), ``hold`` (a file: report until it is
gone), ``silent`` (a file: wait until it is gone without a report), ``error`` (``out_of_memory`` or
``bug``), ``kill`` (die by SIGKILL) and ``storing`` (a file: drawn, it is stored once that is gone).
"""

import asyncio
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest import mock

from sqlalchemy.orm import configure_mappers

from storage.queue.client import Jobs
from storage.queue.jobs import (
    Keep,
    Made,
    NewJob,
    Rendered,
    RenderError,
    Report,
    WorkerNameTakenError,
)
from storage.queue.worker import serve
from storage.settings import Settings
from storage.signals import stop_event

# Once, where processes are forked from, rather than in each of them.
configure_mappers()

NAME_TAKEN: Final = 3
"""Exit code of a worker whose name another one has."""


def made(name: str, position: int) -> Made:
    """A picture that no one painted."""
    sha256 = hashlib.sha256(f"{name}{position}".encode()).hexdigest()
    return Made(sha256=sha256, width=8, height=6, digest=f"{name}-{position}")


class Toy:
    """Obeys recipes and keeps a log."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def render(self, recipe: dict[str, Any], report: Report) -> Rendered | Keep:
        """Does as the recipe says."""
        name = recipe.get("name", "?")
        self._note(f"begin {name}")
        if recipe.get("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        if recipe.get("error") == "bug":
            raise ZeroDivisionError
        if "error" in recipe:
            raise RenderError(recipe["error"])
        self._work(recipe, report)
        self._note(f"end {name}")
        rendered = Rendered(pictures=[made(name, k) for k in range(4)], grid=made(name, -1))
        return partial(self._store, recipe, rendered) if "storing" in recipe else rendered

    def _store(self, recipe: dict[str, Any], rendered: Rendered) -> Rendered:
        self._note(f"store {recipe['name']}")
        while Path(recipe["storing"]).exists():
            time.sleep(0.01)
        self._note(f"stored {recipe['name']}")
        return rendered

    def _work(self, recipe: dict[str, Any], report: Report) -> None:
        steps = recipe.get("steps", 2)
        for step in range(1, steps + 1):
            time.sleep(recipe.get("pause", 0.01))
            report(step, steps, b"preview")
        while "hold" in recipe and Path(recipe["hold"]).exists():
            time.sleep(0.01)
            report(steps, steps, b"preview")
        while "silent" in recipe and Path(recipe["silent"]).exists():
            time.sleep(0.01)

    def _note(self, line: str) -> None:
        with self._log.open("a") as log:
            log.write(line + "\n")


def work(settings: Settings, log: Path) -> None:
    """Serves until SIGTERM."""
    try:
        serve(settings, Toy(log).render, model="toy", device="cpu", stop=stop_event())
    except WorkerNameTakenError:
        sys.exit(NAME_TAKEN)


def accept_and_die(settings: Settings, job: NewJob) -> None:
    """A bot that is killed right after it accepted a job."""

    async def accept() -> None:
        jobs = await Jobs.open(settings)
        await jobs.accept(job)
        os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(accept())


def die_accepting(settings: Settings, job: NewJob) -> None:
    """A bot that is killed with the job and its queue entry written but not committed."""

    async def accept() -> None:
        jobs = await Jobs.open(settings)
        enqueue: Callable[..., object] = jobs._engine.enter

        def enqueue_and_die(*arguments: object) -> None:
            enqueue(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)

        with mock.patch.object(jobs._engine, "enter", enqueue_and_die):
            await jobs.accept(job)

    asyncio.run(accept())
