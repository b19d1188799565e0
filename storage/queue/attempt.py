"""The worker's side of one job: begin it, have it rendered, end it, unless it is not ours any more.

Every transition names the run it belongs to, so a run that was cancelled, or frozen while another
worker took over, ends nothing.
"""

import base64
import threading
import time
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import stamina
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from storage.queue import queries
from storage.queue.jobs import (
    INTERNAL,
    WORKER_LOST,
    Render,
    Rendered,
    RenderError,
    RenderInterruptedError,
)
from storage.queue.queries import Run

ATTEMPTS: Final = 3
"""How many times a job is tried before the fault is taken to be the job's own."""

CHECK_EVERY: Final = 0.1
"""Seconds at most, while the render reports, until a cancellation is noticed."""

TELL_EVERY: Final = 0.5
"""Seconds at least between two progress events."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Publish = Callable[[dict[str, Any]], None]
Clock = Callable[[], float]

_log = structlog.get_logger(__name__)


class Maker:
    """Makes jobs, one at a time."""

    def __init__(
        self,
        engine: Engine,
        render: Render,
        publish: Publish,
        *,
        worker: str,
        stop: threading.Event,
    ) -> None:
        """Makes jobs with ``render``.

        Args:
            engine: An engine whose transactions write.
            render: Makes a recipe.
            publish: Shows the bot how far a run is; raises RenderInterruptedError.
            worker: This worker's name.
            stop: Interrupts what is being made, once set.
        """
        self._engine = engine
        self._render = render
        self._publish = publish
        self._worker = worker
        self._stop = stop
        # Also what `finished` waits on, from the thread that stops the worker.
        self._busy = threading.Lock()

    def make(self, job_id: str) -> None:
        """Makes a job and ends it; returns early where another has ended it or taken it over.

        Raises:
            RenderInterruptedError: This worker is stopping; the job waits again.
        """
        with self._busy:
            # The job engine hands out jobs until it is shut down, which is after `stop` was set.
            if self._stop.is_set():
                raise RenderInterruptedError
            run = self._transact(self._begin, job_id)
            if run:
                self._render_run(run)

    def finished(self, patience: float) -> bool:
        """Waits up to ``patience`` seconds until nothing is being made; whether that came true."""
        done = self._busy.acquire(timeout=patience)
        if done:
            self._busy.release()
        return done

    def _begin(self, connection: Connection, job_id: str) -> Run | None:
        run = queries.begin_run(connection, job_id, self._worker, ATTEMPTS)
        if not run:
            # It ended meanwhile, which this leaves alone, or its last try died silently.
            queries.fail_exhausted(connection, job_id, ATTEMPTS, WORKER_LOST)
        return run

    def _render_run(self, run: Run) -> None:
        log = _log.bind(job=run.job_id, attempt=run.attempt)
        began = time.monotonic()
        try:
            rendered = self._render(run.recipe, self._reporter(run))
        except RenderInterruptedError:
            log.info("interrupted")
            # Passed on only by a stopping worker: the job engine then keeps the job for others.
            if self._stop.is_set() and self._transact(queries.hand_back, run):
                raise
        except RenderError as error:
            log.warning("failed", reason=error.code)
            self._transact(queries.fail_run, run, error.code)
        except Exception:
            # Whatever a model throws must end this job only, not the worker.
            log.exception("failed")
            self._transact(queries.fail_run, run, INTERNAL)
        else:
            counted = self._transact(self._finish, run, rendered)
            log.info("made", seconds=round(time.monotonic() - began, 3), counted=counted)

    def _finish(self, connection: Connection, run: Run, rendered: Rendered) -> bool:
        return queries.finish_run(connection, run, rendered)

    def _reporter(self, run: Run) -> Callable[[int, int, bytes | None], None]:
        # The first report does both: a job that was cancelled while its model loaded ends there.
        checked = told = float("-inf")

        def report(step: int, steps: int, preview: bytes | None) -> None:
            nonlocal checked, told
            now = time.monotonic()
            # Before anything that asks the database, so that it stops also while that is away.
            if self._stop.is_set():
                raise RenderInterruptedError
            if now - checked >= CHECK_EVERY:
                checked = now
                # Also how a worker that was frozen learns that another has its job.
                if not self._transact(queries.is_current, run):
                    raise RenderInterruptedError
            if now - told >= TELL_EVERY:
                told = now
                self._publish(_progress(run, step, steps, preview))

        return report

    def _transact(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        # The database may restart under a job that took minutes; that alone shall not lose it.
        for attempt in stamina.retry_context(on=OperationalError, attempts=None, timeout=60):
            with attempt, self._engine.begin() as connection:
                return action(connection, *arguments, **named)
        raise AssertionError("retries end by returning or raising")


def _progress(run: Run, step: int, steps: int, preview: bytes | None) -> dict[str, Any]:
    return {
        "attempt": run.attempt,
        "step": step,
        "steps": steps,
        # The job engine keeps progress as JSON, which has no bytes.
        "preview": None if preview is None else base64.b64encode(preview).decode(),
    }
