"""The bell: an idle worker on PostgreSQL is told of new jobs instead of asking again and again.

The job engine asks many times a second and holds some connections, which twenty idle workers would
multiply. So the engine runs only while there is work. Whoever accepts a job rings; of the workers
that hear it those get up that take one.
"""

import threading
import time
from typing import Any, Final, Self

import psycopg
import structlog
from sqlalchemy import func, make_url

from storage.database.connect import SILENCE

CHANNEL: Final = "easel_jobs"
"""The name under which PostgreSQL passes it on."""

RING: Final = func.pg_notify(CHANNEL, "")
"""A part of a statement that tells idle workers, once it is committed, that a job waits."""

SLOW_POLL: Final = 2.0
"""Seconds after which a worker looks without having heard anything: what is lost is found so."""

# Seconds to connect, which whoever stops a worker may have to wait for; libpq takes no fewer.
_CONNECT: Final = 2
# How soon a worker that is told to stop does.
_SLICE: Final = 0.25

_log = structlog.get_logger(__name__)


class Bell:
    """One worker's ear, on a connection of its own."""

    def __init__(self, url: str) -> None:
        """Prepares, without connecting yet.

        Args:
            url: As in ``Settings.database``, of PostgreSQL.
        """
        address = make_url(url).set(drivername="postgresql")
        self._address = address.render_as_string(hide_password=False)
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Waits until it rings, so many seconds have passed, or ``stop`` is set."""
        end = time.monotonic() + seconds
        while not stop.is_set() and (left := end - time.monotonic()) > 0:
            try:
                if list(self._connect().notifies(timeout=min(_SLICE, left), stop_after=1)):
                    return
            except psycopg.Error as error:
                _log.warning("cannot hear of new jobs", error=type(error).__name__)
                self._hang_up()
                stop.wait(min(1.0, left))

    def forget(self) -> None:
        """Reads away what rang while there was work, lest it pile up at the server."""
        try:
            for _ in self._connect().notifies(timeout=0):
                pass
        except psycopg.Error:
            self._hang_up()

    def _connect(self) -> psycopg.Connection:
        if self._connection is None:
            silence: dict[str, Any] = {**SILENCE, "connect_timeout": _CONNECT}
            self._connection = psycopg.connect(self._address, autocommit=True, **silence)
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
