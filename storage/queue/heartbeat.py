"""A worker's name and its signs of life."""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from storage.queue import presence
from storage.queue.jobs import Trouble, WorkerNameTakenError
from storage.queue.order import Served
from storage.queue.presence import Memory, Sighting
from storage.settings import Settings

# Most of them may get lost on a busy database before anybody is taken for dead.
BEATS: Final = 10
"""Signs of life within the time after which a worker counts as dead."""

# Which set of process numbers ours is of, on Linux.
_NAMESPACE: Final = Path("/proc/self/ns/pid")

_log = structlog.get_logger(__name__)


class Heartbeat:
    """Holds a worker's name while entered, and says from a thread that the worker lives.

    A thread of its own beats even while the model computes.

    Attributes:
        session: What tells this worker from others that had its name.
        replaced: Whether another worker took the name.
        draining: Set once the worker is to take no more jobs.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        *,
        model: str,
        device: str,
        stop: threading.Event,
        serves: Served = None,
        trouble: Trouble | None = None,
        measure: Callable[[], Memory | None] = lambda: None,
    ) -> None:
        """Prepares, without taking the name yet.

        Args:
            engine: An engine whose transactions write.
            settings: For the worker's name and ``dead_after``.
            model: What it makes pictures with.
            device: What it computes on.
            stop: Set when another worker takes the name.
            serves: Whose jobs it takes.
            trouble: What keeps it from taking jobs.
            measure: Tells how full the memory of what it computes on is, at each beat.
        """
        self._measure = measure
        self._engine = engine
        self._name = settings.executor
        self._dead_after = settings.dead_after
        self._stop = stop
        self._ended = threading.Event()
        self.session = uuid4().hex
        self._host = name_host()
        self._about = {"model": model, "device": device, "serves": presence.write_served(serves)}
        # A daemon, or it would keep a process alive whose main thread has died.
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._trouble = trouble
        self._faulty = False
        self.replaced = False
        self.draining = threading.Event()

    def __enter__(self) -> Self:
        """Takes the name and begins to beat.

        Raises:
            WorkerNameTakenError: A live worker has the name.
        """
        holder = self._take()
        if holder:
            # In two beats and a half a live holder is seen again, a dead or frozen one not.
            self._ended.wait(2.5 * self._pause)
            if self._take(unchanged_since=holder):
                raise WorkerNameTakenError(self._name)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the beat and gives the name back."""
        self._ended.set()
        # Before signing off: a last beat would miss its row and take the name for stolen.
        self._thread.join()
        try:
            with self._engine.begin() as connection:
                if self._faulty:
                    presence.note_fault(connection, self._name, self.session, self._dead_after)
                else:
                    presence.sign_off(connection, self._name, self.session)
        # The name runs out by itself, so a database that is away is no reason to end badly.
        except SQLAlchemyError as error:
            _log.warning("sign-off failed", error=type(error).__name__)

    def tell(self, trouble: Trouble | None) -> None:
        """Says from now on what keeps this worker from taking jobs; None if nothing does."""
        self._trouble = trouble
        # The next beat says it too, should the database be away now.
        with suppress(SQLAlchemyError), self._engine.begin() as connection:
            presence.beat(connection, self._name, self.session, trouble)

    def note_fault(self) -> None:
        """Has it counted, at the end, that what the worker computes on has failed."""
        self._faulty = True

    @property
    def _pause(self) -> float:
        return self._dead_after / BEATS

    def _take(self, unchanged_since: Sighting | None = None) -> Sighting | None:
        try:
            with self._engine.begin() as connection:
                holder = presence.read_sighting(connection, self._name)
                if holder and not self._gone(holder) and not _same(holder, unchanged_since):
                    return holder
                values = {
                    **self._about,
                    "host": self._host,
                    "session": self.session,
                    "pid": os.getpid(),
                    "trouble": self._trouble,
                }
                presence.sign_on(connection, self._name, values)
        # Two workers of one name at the same moment: the primary key lets one in.
        except IntegrityError:
            raise WorkerNameTakenError(self._name) from None
        return None

    def _gone(self, holder: Sighting) -> bool:
        if holder.age > self._dead_after:
            return True
        # A process id means something on its own host only; there a restart need not wait.
        return holder.host == self._host and not is_running(holder.pid)

    def _beat(self) -> None:
        while not self._ended.wait(self._pause):
            memory = self._measure()
            try:
                with self._engine.begin() as connection:
                    alive = presence.beat(
                        connection, self._name, self.session, self._trouble, memory
                    )
                    if presence.is_draining(connection, self._name):
                        self.draining.set()
            except SQLAlchemyError as error:
                _log.warning("sign of life failed", error=type(error).__name__)
                # One missed beat is no death; the next may get through.
                continue
            # Two workers under one name would look like one to recovery, so this one stops.
            if not alive:
                self.replaced = True
                self._stop.set()
                return


def _same(holder: Sighting, before: Sighting | None) -> bool:
    return before is not None and (holder.session, holder.seen) == (before.session, before.seen)


def name_host() -> str:
    """The host by its name, and within which of its containers this process has its number."""
    try:
        # Containers may share the host's name, but count processes each from 1.
        return f"{socket.gethostname()}/{_NAMESPACE.stat().st_ino}"
    except OSError:
        return socket.gethostname()


def is_running(pid: int) -> bool:
    """Whether there is such a process on this host; where that cannot be asked, there is."""
    # On Windows signal 0 is CTRL_C_EVENT: it would be sent, not tested.
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Somebody else's process, but there.
    except PermissionError:
        return True
    return True
