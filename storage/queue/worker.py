"""The worker's side of the queue: it takes jobs, one at a time, and puts back what it must."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import structlog
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from dbos import error as dbos_errors
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from storage.database.connect import (
    AWAY,
    FROZEN_AFTER,
    READING,
    WRITING,
    DatabaseNotReadyError,
    open_engine,
    open_queue_engine,
    require_current,
)
from storage.files import Files, FileStoreError
from storage.queue import presence, queries
from storage.queue.attempt import Maker
from storage.queue.bell import SLOW_POLL, Bell
from storage.queue.engine import APPLICATION, PROGRESS, move_entry, open_client
from storage.queue.entries import QUEUE, WORKFLOW, delete_queue, is_stray, list_held, name_queue
from storage.queue.heartbeat import Heartbeat
from storage.queue.jobs import (
    PROTOCOL,
    DeviceFaultError,
    Render,
    RenderInterruptedError,
    WorkerNameTakenError,
)
from storage.queue.order import ModelName, Served
from storage.queue.presence import Memory, Sighting
from storage.queue.taker import Taker
from storage.settings import Settings

FAULTS: Final = 3
"""How often in a row what a worker computes on may fail before it takes no more jobs."""

REST: Final = 900.0
"""Seconds for which it then takes none, before it is tried once more."""

UP_FOR: Final = 3.0
"""Seconds without a job after which a worker on PostgreSQL rests until it is told of one."""

STORE_PAUSE: Final = 2.0
"""Seconds between looks whether pictures can be stored again."""

_CONNECTIONS: Final = 5
# Seconds for the step that is being computed; a render feels `stop` when it reports.
_PATIENCE: Final = 20.0
# A fault comes from another thread than the one that waits to be stopped.
_LOOK: Final = 0.5
_NO_NEWS: Final = (
    dbos_errors.DBOSAwaitedWorkflowCancelledError,
    dbos_errors.DBOSInitializationError,
    dbos_errors.DBOSNonExistentWorkflowError,
)

_log = structlog.get_logger(__name__)


def serve(
    settings: Settings,
    render: Render,
    *,
    model: str,
    device: str,
    stop: threading.Event,
    serves: Served = None,
    holds: Callable[[], Collection[ModelName]] = tuple,
    measure: Callable[[], Memory | None] = lambda: None,
) -> None:
    """Makes jobs until ``stop`` is set; then puts back what it was making.

    One at a time is drawn; the one before it may still be stored meanwhile.

    Args:
        settings: For the database and this worker's name.
        render: Makes a recipe; called on another thread than this.
        model: What it makes pictures with, for people.
        device: What it computes on.
        stop: Ends the service.
        serves: Whose jobs it takes.
        holds: Tells which models are loaded; asked between jobs.
        measure: Tells how full the memory is that it computes in; asked at each sign of life.

    Raises:
        DatabaseNotReadyError: The database is not prepared or not reachable.
        WorkerNameTakenError: A live worker has this worker's name, or took it over.
        DeviceFaultError: What it computes on failed; its job waits again, and the fault is counted.
    """
    require_current(settings.database)
    engine = open_engine(settings.database).execution_options(**WRITING)
    try:
        beating = Heartbeat(
            *(engine, settings),
            model=model,
            device=device,
            stop=stop,
            serves=serves,
            measure=measure,
        )
        with beating as heartbeat:
            maker = Maker(
                engine,
                render,
                _publish,
                move_entry,
                worker=settings.executor,
                stop=stop,
                dead_after=settings.dead_after,
            )
            _put_back_before(settings, engine, heartbeat.session)
            _require_store(settings, heartbeat, stop)
            _log.info("worker ready", worker=settings.executor)
            _take_jobs(settings, Taker(engine, settings, maker, holds), heartbeat, stop)
            if heartbeat.draining.is_set():
                _log.info("drained: takes no more jobs", worker=settings.executor)
    finally:
        engine.dispose()
    if heartbeat.replaced:
        raise WorkerNameTakenError(settings.executor)


def _put_back_before(settings: Settings, engine: Engine, session: str) -> None:
    """Lets wait again what is under this worker's name, which is ours alone by now."""
    client = open_client(settings.database)
    try:
        _put_back(client, engine, settings.executor, session)
        _forget_queues(client, engine)
    finally:
        client.destroy()


def _take_jobs(
    settings: Settings, taker: Taker, heartbeat: Heartbeat, stop: threading.Event
) -> None:
    """Makes jobs until told to stop, through all that may keep it from them for a while.

    Raises:
        DeviceFaultError: What it computes on failed; that is counted.
    """
    draining, maker = heartbeat.draining, taker.maker
    with _open_bell(settings) as bell:
        while not (stop.is_set() or draining.is_set()):
            if bell and not _await_work(bell, taker, stop, draining):
                return
            maker.begin_anew()
            try:
                _work(settings, taker, bell, heartbeat, stop)
            except AWAY as error:
                # It went as this one got up, or lay down.
                _log.warning("the database is away", error=type(error).__name__)
                stop.wait(SLOW_POLL)
            if isinstance(maker.fault, DeviceFaultError):
                heartbeat.note_fault()
                raise maker.fault
            if maker.fault is not None:
                _require_store(settings, heartbeat, stop)


def read_past(settings: Settings) -> Sighting | None:
    """The worker that last went by this one's name.

    Raises:
        DatabaseNotReadyError: The database is not prepared or not reachable.
    """
    require_current(settings.database)
    engine = open_engine(settings.database)
    try:
        with engine.connect() as connection:
            return presence.read_sighting(connection, settings.executor)
    finally:
        engine.dispose()


def note_fault(settings: Settings, *, model: str, device: str) -> None:
    """Counts a fault of what a worker computes on that showed before it took any job.

    Raises:
        WorkerNameTakenError: Another live worker goes by its name.
    """
    engine = open_engine(settings.database).execution_options(**WRITING)
    try:
        stop = threading.Event()
        with Heartbeat(engine, settings, model=model, device=device, stop=stop) as heartbeat:
            heartbeat.note_fault()
    finally:
        engine.dispose()


def rest(settings: Settings, *, model: str, device: str, stop: threading.Event) -> None:
    """Takes no jobs for a while, and says why; then one more fault is enough to do so again.

    Raises:
        WorkerNameTakenError: Another live worker goes by this one's name.
    """
    engine = open_engine(settings.database).execution_options(**WRITING)
    beating = Heartbeat(engine, settings, model=model, device=device, stop=stop, trouble="device")
    try:
        with beating as heartbeat:
            _log.error("takes no jobs: the device failed again and again", device=device)
            # Told to stop, it is forgotten: whoever starts it again may have mended the device.
            if not stop.wait(REST):
                with engine.begin() as connection:
                    presence.set_faults(connection, settings.executor, FAULTS - 2)
                heartbeat.note_fault()
    finally:
        engine.dispose()


def _require_store(settings: Settings, heartbeat: Heartbeat, stop: threading.Event) -> None:
    """Waits until pictures can be stored, or until told to stop, and says so meanwhile."""
    files, troubled = Files.of(settings), False
    while not stop.is_set():
        try:
            files.probe()
        except FileStoreError as error:
            _log.warning("takes no jobs: pictures cannot be stored", reason=str(error))
            if not troubled:
                heartbeat.tell("store")
            troubled = True
            stop.wait(STORE_PAUSE)
        else:
            break
    if troubled:
        heartbeat.tell(None)


def _open_bell(settings: Settings) -> AbstractContextManager[Bell | None]:
    # SQLite passes nothing on; there the engine runs all the time, beside one or two others.
    return nullcontext() if settings.database.startswith("sqlite") else Bell(settings.database)


def _await_work(bell: Bell, taker: Taker, stop: threading.Event, draining: threading.Event) -> bool:
    """Waits, at little cost, until this worker has taken a job.

    Returns:
        False if it was told to stop before.
    """
    while not (stop.is_set() or draining.is_set()):
        if taker.look():
            return True
        # What waits is first left to workers that hold its model.
        bell.wait(_LOOK if taker.sees_work else SLOW_POLL, stop)
    return False


def _work(
    settings: Settings,
    taker: Taker,
    bell: Bell | None,
    heartbeat: Heartbeat,
    stop: threading.Event,
) -> None:
    client, worker = open_client(settings.database), settings.executor
    maker, rested = taker.maker, time.monotonic()
    try:
        # By a client: DBOS registers queues only once launched. One job is drawn, one is stored.
        client.register_queue(
            name_queue(worker), worker_concurrency=2, polling_interval_sec=settings.poll
        )
        _launch(settings, maker)
        while maker.fault is None and not stop.is_set():
            # At once when a drawing has ended: what computes shall not wait for a look.
            maker.drawn.wait(min(settings.poll, _LOOK))
            maker.drawn.clear()
            if bell:
                bell.forget()
            if taker.look():
                rested = time.monotonic()
            elif heartbeat.draining.is_set() or (bell and time.monotonic() - rested > UP_FOR):
                return
    finally:
        # Also where this thread was interrupted: nothing more may be begun.
        maker.end()
        if not maker.finished(_PATIENCE):
            _log.warning("still rendering; the job will be made again")
        # The registry is the process's own: a second start would find the old functions.
        DBOS.destroy(destroy_registry=True)
        # After DBOS has ended, which would take the jobs again.
        try:
            if _put_back(client, taker.engine, worker, heartbeat.session):
                _delete_queue(taker.engine, worker, heartbeat.session)
        except SQLAlchemyError as error:
            # Recovery does it, once this worker counts as dead.
            _log.warning("jobs not put back", error=type(error).__name__)
        client.destroy()


def _is_news(record: logging.LogRecord) -> bool:
    # A run that was cancelled or delivered meanwhile ends as planned, and what keeps the engine
    # from starting is raised to our caller.
    error = record.exc_info[1] if record.exc_info else None
    parked = "Waiting for the" in record.getMessage()
    return not (parked or isinstance(error, _NO_NEWS))


def _launch(settings: Settings, maker: Maker) -> None:
    logging.getLogger("dbos").addFilter(_is_news)
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": settings.database,
            "system_database_engine": open_queue_engine(settings.database),
            "executor_id": settings.executor,
            # The default is a hash of our source: every update would strand the jobs that wait.
            "application_version": str(PROTOCOL),
            "serializer": DBOSPortableJSONSerializer(),
            # Only storage.prepare changes tables; here those of another version are an error.
            "run_migrations": False,
            "sys_db_idle_transaction_timeout_sec": FROZEN_AFTER,
            # It makes one job at a time; by default there may be twenty.
            "sys_db_pool_size": _CONNECTIONS,
            "log_level": "WARNING",
        }
    )

    @DBOS.step(name="make")
    def make(job_id: str) -> None:
        maker.make(job_id)

    # Tries are counted in our own row (ATTEMPTS); DBOS would set such a job aside without a word.
    @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
    def generate(job_id: str) -> None:
        make(job_id)

    DBOS.listen_queues([name_queue(settings.executor)])
    try:
        DBOS.launch()
    except dbos_errors.DBOSInitializationError:
        raise DatabaseNotReadyError(
            "The job queue's tables are of another version; `easel run` updates them."
        ) from None


def _forget_queues(client: DBOSClient, engine: Engine) -> None:
    """Deletes the queues of workers that are long gone; each has one, and containers new names."""
    # Read first: a worker that signs on in between makes its queue after that.
    queues = client.list_queues()
    with engine.execution_options(**READING).connect() as connection:
        known = presence.list_known(connection)
    for queue in queues:
        if is_stray(queue.name, known):
            client.delete_queue(queue.name)


def _put_back(client: DBOSClient, engine: Engine, worker: str, session: str) -> bool:
    """Lets all that a worker took wait again, which recovery would do once it counts as dead.

    Returns:
        False, changing nothing, if another has its name: what is under that is the other's.
    """
    with engine.begin() as connection:
        if not presence.hold_name(connection, worker, session):
            return False
        queries.release(connection, worker)
        held = list_held(connection, worker)
    if held:
        client.resume_workflows(held, queue_name=QUEUE)
    return True


def _delete_queue(engine: Engine, worker: str, session: str) -> None:
    # In one transaction, so that it is not that of another, who has taken the name meanwhile.
    with engine.begin() as connection:
        if presence.hold_name(connection, worker, session):
            delete_queue(connection, worker)


def _publish(value: dict[str, Any]) -> None:
    try:
        DBOS.write_stream(PROGRESS, value)
    # An IntegrityError: the job was cancelled, shown and deleted in the meantime.
    except (
        dbos_errors.DBOSWorkflowCancelledError,
        dbos_errors.DBOSWorkflowConflictIDError,
        IntegrityError,
    ):
        raise RenderInterruptedError from None
