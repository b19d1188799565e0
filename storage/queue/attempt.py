"""The worker's side of one job: begin it, have it rendered, end it, unless it is not ours any more.

Every transition names the run it belongs to, so a run that was cancelled, or frozen while another
worker took over, ends nothing. What fails beside the drawing is not the job's fault: a database
that is away is waited for, and a job whose device or picture store failed waits again.
"""

import base64
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import stamina
import structlog
from cachetools import TTLCache
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from storage.database.connect import AWAY, READING
from storage.files import FileStoreError
from storage.queue import presence, queries, taking
from storage.queue.jobs import (
    INTERNAL,
    NO_MODEL,
    TRIPPED,
    UNSTORED,
    WORKER_LOST,
    DeviceFaultError,
    Keep,
    Render,
    Rendered,
    RenderError,
    RenderInterruptedError,
    UnknownJobError,
)
from storage.queue.queries import Run

ATTEMPTS: Final = 3
"""How many times a job is tried before the fault is taken to be the job's own."""

CHECK_EVERY: Final = 0.1
"""Seconds at most, while the render reports, until a cancellation is noticed."""

TELL_EVERY: Final = 0.5
"""Seconds at least between two progress events."""

LEFT_FOR: Final = 60.0
"""Seconds for which a job that was left to other workers is not taken again."""

# More than can be tried to load in that time.
_LEFT: Final = 1000

QUIET: Final = 5.0
"""Seconds without a look or news once the database did not answer: asking it may take long."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Publish = Callable[[dict[str, Any]], None]
Move = Callable[[Connection, str, int], None]
Clock = Callable[[], float]

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Span:
    """How long a run has drawn.

    Attributes:
        began: When it was begun.
        loading: Whether its model is being loaded.
        loaded: When that was loaded; None if it was there, or is being loaded.
    """

    began: float
    loading: bool = False
    loaded: float | None = None

    def note(self, now: float, *, steps: int) -> None:
        """Takes note of a report: there are no steps while the model is being loaded."""
        # Nobody is charged for a model that had to be loaded for the job.
        if self.loading and steps:
            self.loaded = now
        self.loading = not steps

    def measure(self, now: float) -> float:
        """Seconds in which it had the device to itself."""
        return 0.0 if self.loading else now - (self.loaded or self.began)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What was drawn, and what stores it."""

    run: Run
    keep: Keep
    span: _Span
    seconds: float


class Maker:
    """Makes jobs: one at a time is drawn, and the one before it may still be stored meanwhile.

    Attributes:
        drawn: Set whenever a drawing has ended.
        storing: The job whose pictures are being stored, if any are.
        fault: What keeps it from making anything more, once something does.
    """

    def __init__(
        self,
        engine: Engine,
        render: Render,
        publish: Publish,
        move: Move,
        *,
        worker: str,
        stop: threading.Event,
        dead_after: float,
    ) -> None:
        """Makes jobs with ``render``.

        Args:
            engine: An engine whose transactions write.
            render: Makes a recipe.
            publish: Shows the bot how far a run is; raises RenderInterruptedError.
            move: Gives a job another priority in the job engine, in the same transaction.
            worker: This worker's name.
            stop: Interrupts what is being made, once set.
            dead_after: Seconds without a sign of life after which other workers count as dead.
        """
        self._engine = engine
        self._render = render
        self._publish = publish
        self._move = move
        self._worker = worker
        self._stop = stop
        # Also what `finished` waits on, from the thread that stops the worker.
        self._drawing, self._storing = threading.Lock(), threading.Lock()
        self._ended = threading.Event()
        self._dead_after = dead_after
        self._unstored: Counter[str] = Counter()
        self._left: TTLCache[str, None] = TTLCache(_LEFT, LEFT_FOR)
        self.drawn = threading.Event()
        self.storing: str | None = None
        self.fault: DeviceFaultError | FileStoreError | None = None

    def end(self) -> None:
        """Interrupts what is being made, and lets nothing more be begun."""
        self._ended.set()

    def begin_anew(self) -> None:
        """Makes jobs again after what kept it from that is over."""
        self.fault = None
        self._ended.clear()

    @property
    def _ending(self) -> bool:
        return self._stop.is_set() or self._ended.is_set() or self.fault is not None

    def make(self, job_id: str) -> None:
        """Makes a job and ends it; returns early where another has ended it or taken it over.

        Raises:
            RenderInterruptedError: This worker is stopping, or cannot go on; the job waits again.
        """
        try:
            with self._drawing:
                # The job engine hands out jobs until it is shut down, which is after `stop` was
                # set.
                if self._ending:
                    raise RenderInterruptedError
                run = self._transact(self._begin, job_id)
                drawn = self._draw(run) if run else None
                if drawn:
                    # Where storing takes longer than drawing, drawing waits for it: of what is
                    # drawn and not stored there is never more than one job.
                    self._storing.acquire()
                    self.storing = job_id
        finally:
            self.drawn.set()
        if drawn:
            try:
                self._store(drawn)
            finally:
                self.storing = None
                self._storing.release()

    @property
    def busy(self) -> bool:
        """Whether something is being drawn."""
        return self._drawing.locked()

    @property
    def left(self) -> tuple[str, ...]:
        """Jobs that were left to other workers a short while ago."""
        return tuple(self._left)

    def finished(self, patience: float) -> bool:
        """Waits up to ``patience`` seconds until nothing is being made; whether that came true."""
        until = time.monotonic() + patience
        for lock in (self._drawing, self._storing):
            if not lock.acquire(timeout=max(0.0, until - time.monotonic())):
                return False
            lock.release()
        return True

    def _begin(self, connection: Connection, job_id: str) -> Run | None:
        run = queries.begin_run(connection, job_id, self._worker, ATTEMPTS)
        if not run:
            # It ended meanwhile, which this leaves alone, or its last try died silently.
            queries.fail_exhausted(connection, job_id, ATTEMPTS, WORKER_LOST)
        return run

    def _draw(self, run: Run) -> _Drawn | None:
        """Draws a job; None if that ended it or its run."""
        span = _Span(time.monotonic())

        def draw() -> _Drawn:
            made = self._render(run.recipe, self._reporter(run, span))
            keep = made if callable(made) else partial(_pass, made)
            return _Drawn(run, keep, span, span.measure(time.monotonic()))

        return self._judge(run, span, draw)

    def _store(self, drawn: _Drawn) -> None:
        """Stores what was drawn and ends its job, which is done only then."""
        rendered = self._judge(drawn.run, drawn.span, drawn.keep)
        if rendered:
            counted = self._transact(self._finish, drawn.run, rendered, drawn.seconds)
            seconds = round(time.monotonic() - drawn.span.began, 3)
            log = _log.bind(job=drawn.run.job_id, attempt=drawn.run.attempt)
            log.info("made", seconds=seconds, counted=counted)

    def _judge(self, run: Run, span: _Span, make: Callable[[], Result]) -> Result | None:
        """What is made; None where that ended the run, or gave it back, by what it raised."""
        log = _log.bind(job=run.job_id, attempt=run.attempt)
        try:
            return make()
        except RenderInterruptedError:
            log.info("interrupted")
            # Passed on only by a stopping worker: the job engine then keeps the job for others.
            if self._ending and self._transact(queries.hand_back, run):
                raise
        except UnknownJobError as error:
            log.error("left to another worker", reason=str(error))
            if self._transact(queries.hand_back, run):
                self._left[run.job_id] = None
        except DeviceFaultError as error:
            self._stop_at(run, error, self._judge_tripped)
        except FileStoreError as error:
            self._unstored[run.job_id] += 1
            # The store was found in order in between, so what it cannot do is this job's alone.
            if self._unstored[run.job_id] >= ATTEMPTS:
                log.error("failed", reason=str(error))
                self._transact(queries.fail_run, run, UNSTORED)
            else:
                self._stop_at(run, error, queries.hand_back)
        except RenderError as error:
            if error.code == NO_MODEL and self._pass_on(run):
                log.warning("left to another worker", reason=error.code)
            else:
                log.warning("failed", reason=error.code)
                # What was tried took the GPU from others, whatever came of it.
                self._transact(queries.fail_run, run, error.code, span.measure(time.monotonic()))
        except Exception:
            # Whatever a model throws must end this job only, not the worker.
            log.exception("failed")
            self._transact(queries.fail_run, run, INTERNAL)
        return None

    def _stop_at(
        self,
        run: Run,
        fault: DeviceFaultError | FileStoreError,
        hand_back: Callable[[Connection, Run], bool],
    ) -> None:
        _log.error("handed back", job=run.job_id, reason=str(fault))
        self.fault = fault
        if self._transact(hand_back, run):
            # As by a stopping worker, so that the job engine keeps the job for others.
            raise RenderInterruptedError from None

    def _judge_tripped(self, connection: Connection, run: Run) -> bool:
        """Puts a job back at which the device failed, or fails it; whether it waits again."""
        worker = presence.read_sighting(connection, self._worker)
        # Where nothing was drawn since the device last failed, the device is to blame.
        counted = (
            not (worker and worker.faults) and queries.count_faults(connection, run.job_id) > 0
        )
        if counted and run.attempt >= ATTEMPTS:
            queries.fail_run(connection, run, TRIPPED)
            return False
        priority = queries.hand_back_tripped(connection, run, run.attempt - (not counted))
        if priority is not None:
            self._move(connection, run.job_id, priority)
        return priority is not None

    def _pass_on(self, run: Run) -> bool:
        """Leaves a job to another worker, once recovery has entered it again."""
        if run.attempt >= ATTEMPTS:
            return False
        passed = self._transact(taking.pass_on, run, self._worker, self._dead_after)
        if passed:
            self._left[run.job_id] = None
        return passed

    def _finish(self, connection: Connection, run: Run, rendered: Rendered, seconds: float) -> bool:
        # Whatever failed before, it drew.
        presence.set_faults(connection, self._worker, 0)
        return queries.finish_run(connection, run, rendered, seconds)

    def _reporter(self, run: Run, span: _Span) -> Callable[[int, int, bytes | None], None]:
        # The first report does both: a job that was cancelled while its model loaded ends there.
        checked = told = quiet_until = float("-inf")

        def report(step: int, steps: int, preview: bytes | None) -> None:
            nonlocal checked, told, quiet_until
            now, loading = time.monotonic(), span.loading
            span.note(now, steps=steps)
            # Before anything that asks the database, so that it stops also while that is away.
            if self._ending:
                raise RenderInterruptedError
            if now < quiet_until:
                return
            try:
                if span.loading != loading:
                    began = None if span.loading else datetime.now(UTC)
                    with self._engine.begin() as connection:
                        taking.note_beginning(connection, run, began)
                if now - checked >= CHECK_EVERY:
                    checked = now
                    self._require_current(run)
                if now - told >= TELL_EVERY:
                    told = now
                    self._publish(_progress(run, step, steps, preview))
            except SQLAlchemyError as error:
                # News can be missed, and whether the run still counts is asked again at its end.
                _log.warning("drawing without the database", error=type(error).__name__)
                quiet_until = time.monotonic() + QUIET

        return report

    def _require_current(self, run: Run) -> None:
        # A read, which never waits for SQLite's write lock. It is also how a worker that was frozen
        # learns that another has its job.
        with self._engine.execution_options(**READING).connect() as connection:
            if not queries.is_current(connection, run):
                raise RenderInterruptedError

    def _transact(
        self,
        action: Callable[Concatenate[Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        # The database may be away for as long as it likes; that alone shall not lose a job.
        for attempt in stamina.retry_context(on=AWAY, attempts=None, timeout=None):
            if attempt.num > 1 and self._stop.is_set():
                raise RenderInterruptedError
            with attempt, self._engine.begin() as connection:
                return action(connection, *arguments, **named)
        raise AssertionError("retries end by returning or raising")


def _pass(rendered: Rendered) -> Rendered:
    """What was stored while it was drawn."""
    return rendered


def _progress(run: Run, step: int, steps: int, preview: bytes | None) -> dict[str, Any]:
    return {
        "attempt": run.attempt,
        "step": step,
        "steps": steps,
        # The job engine keeps progress as JSON, which has no bytes.
        "preview": None if preview is None else base64.b64encode(preview).decode(),
    }
