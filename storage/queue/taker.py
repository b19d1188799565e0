"""Which job a worker makes next: it looks, and takes what is its turn."""

from collections.abc import Callable, Collection

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from storage.database.connect import READING
from storage.queue import taking
from storage.queue.attempt import Maker
from storage.queue.order import Bound, ModelName
from storage.settings import Settings

_log = structlog.get_logger(__name__)


class Taker:
    """Takes jobs for a worker, the next when there is nothing left to do of the last.

    Attributes:
        maker: What makes them.
        engine: An engine whose transactions write.
        sees_work: Whether jobs waited, when it last looked, that this worker serves.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        maker: Maker,
        holds: Callable[[], Collection[ModelName]],
    ) -> None:
        """Takes jobs for the worker that the settings name.

        Args:
            engine: An engine whose transactions write.
            settings: For the worker's name, and the bound of overtaking.
            maker: What makes them.
            holds: Tells which models are loaded.
        """
        self.engine, self.maker, self._holds = engine, maker, holds
        self.sees_work = False
        self._worker, self._dead_after = settings.executor, settings.dead_after
        self._bound = Bound(settings.overtaking_jobs, settings.overtaking_seconds)
        self._taken: str | None = None
        self._patient = True

    def look(self) -> bool:
        """Takes the next job, if one waits and this worker has none; whether it has one then."""
        if self.maker.busy:
            return True
        try:
            if self._may_take():
                self._take()
        except SQLAlchemyError as error:
            # It may be away for as long as it likes, as for the job engine.
            _log.warning("cannot look for jobs", error=type(error).__name__)
        return self._taken is not None or self.maker.storing is not None

    def _may_take(self) -> bool:
        # Only read until there is something to take: on SQLite writers wait for each other.
        with self.engine.execution_options(**READING).connect() as connection:
            # What is being stored leaves the device to the next.
            taken = None if self._taken == self.maker.storing else self._taken
            if taken and taking.is_taken(connection, taken, self._worker):
                return False
            self._taken = None
            self.sees_work = taking.has_work(connection, self._worker, self._dead_after)
            return self.sees_work

    def _take(self) -> None:
        with self.engine.begin() as connection:
            self._taken = taking.take(
                connection,
                self._worker,
                self._holds(),
                self._bound,
                self._dead_after,
                patient=self._patient,
                without=self.maker.left,
            )
        # Once: what nobody else took until the next look is ours.
        self._patient = self._taken is not None
