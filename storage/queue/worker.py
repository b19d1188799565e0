"""The worker's side of the queue: it takes jobs, one at a time, and puts back what it must."""

import logging
import threading
from typing import Any, Final

import structlog
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from dbos import error as dbos_errors
from sqlalchemy.exc import IntegrityError

from storage.database.connect import (
    FROZEN_AFTER,
    WRITING,
    DatabaseNotReadyError,
    open_engine,
    open_queue_engine,
    require_current,
)
from storage.files import Files, FileStoreError
from storage.queue import presence, queries
from storage.queue.attempt import Maker
from storage.queue.engine import (
    APPLICATION,
    PROGRESS,
    PROTOCOL,
    QUEUE,
    WORKFLOW,
    move_entry,
    open_client,
)
from storage.queue.heartbeat import Heartbeat
from storage.queue.jobs import (
    DeviceFaultError,
    Render,
    RenderInterruptedError,
    WorkerNameTakenError,
)
from storage.queue.presence import Sighting
from storage.settings import Settings

FAULTS: Final = 3
"""How often in a row what a worker computes on may fail before it takes no more jobs."""

REST: Final = 900.0
"""Seconds for which it then takes none, before it is tried once more."""

STORE_PAUSE: Final = 2.0
"""Seconds between looks whether pictures can be stored again."""

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
    settings: Settings, render: Render, *, model: str, device: str, stop: threading.Event
) -> None:
    """Makes jobs, one at a time, until ``stop`` is set; then puts back what it was making.

    Args:
        settings: For the database and this worker's name.
        render: Makes a recipe; called on another thread than this.
        model: What it makes pictures with.
        device: What it computes on.
        stop: Ends the service.

    Raises:
        DatabaseNotReadyError: The database is not prepared or not reachable.
        WorkerNameTakenError: A live worker has this worker's name, or took it over.
        DeviceFaultError: What it computes on failed; its job waits again, and the fault is counted.
    """
    require_current(settings.database)
    engine = open_engine(settings.database).execution_options(**WRITING)
    try:
        with Heartbeat(engine, settings, model=model, device=device, stop=stop) as heartbeat:
            with engine.begin() as connection:
                # The name is ours alone by now, so whatever runs under it has lost its process.
                queries.release(connection, settings.executor)
            maker = Maker(engine, render, _publish, move_entry, worker=settings.executor, stop=stop)
            while not stop.is_set():
                _work(settings, maker, stop)
                if isinstance(maker.fault, DeviceFaultError):
                    heartbeat.note_fault()
                    raise maker.fault
                if maker.fault is not None:
                    heartbeat.tell("store")
                    _wait_for_store(settings, stop)
                    heartbeat.tell(None)
                    maker.begin_anew()
    finally:
        engine.dispose()
    if heartbeat.replaced:
        raise WorkerNameTakenError(settings.executor)


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


def _wait_for_store(settings: Settings, stop: threading.Event) -> None:
    """Waits until pictures can be stored, or until told to stop."""
    files = Files.of(settings)
    while not stop.wait(STORE_PAUSE):
        try:
            files.probe()
        except FileStoreError as error:
            _log.warning("takes no jobs: pictures cannot be stored", reason=str(error))
        else:
            return


def _work(settings: Settings, maker: Maker, stop: threading.Event) -> None:
    client = open_client(settings.database)
    try:
        # By a client: DBOS registers queues only once launched. One job at a time, for memory.
        client.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=settings.poll)
        _launch(settings, maker)
        _log.info("worker ready", worker=settings.executor)
        while maker.fault is None and not stop.wait(_LOOK):
            pass
    finally:
        # Also where this thread was interrupted: nothing more may be begun.
        maker.end()
        if not maker.finished(_PATIENCE):
            _log.warning("still rendering; the job will be made again")
        # The registry is the process's own: a second start would find the old functions.
        DBOS.destroy(destroy_registry=True)
        # After DBOS has ended, which would take the jobs again.
        _put_back(client, settings.executor)
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
            "application_version": PROTOCOL,
            "serializer": DBOSPortableJSONSerializer(),
            # Only storage.prepare changes tables; here those of another version are an error.
            "run_migrations": False,
            "sys_db_idle_transaction_timeout_sec": FROZEN_AFTER,
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

    DBOS.listen_queues([QUEUE])
    try:
        DBOS.launch()
    except dbos_errors.DBOSInitializationError:
        raise DatabaseNotReadyError(
            "The job queue's tables are of another version; `easel run` updates them."
        ) from None


def _put_back(client: DBOSClient, worker: str) -> None:
    held = client.list_workflows(
        status="PENDING", name=WORKFLOW, executor_id=worker, load_input=False
    )
    if held:
        # Otherwise they would wait until recovery takes this worker for dead.
        client.resume_workflows([flow.workflow_id for flow in held], queue_name=QUEUE)


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
