"""How a worker is: whether it beats and takes jobs, as the database has it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from storage import meters
from storage.database.connect import open_engine
from storage.queue import presence
from storage.settings import Settings


@contextmanager
def watch_worker(settings: Settings, measure: Callable[[], None]) -> Iterator[None]:
    """Serves a worker's metrics and health for as long as that lasts, where the settings say so.

    Args:
        settings: For the port, the database and the worker's name.
        measure: Notes what only the worker's own process knows.

    Raises:
        SettingsError: The port cannot be listened on.
    """
    if not settings.worker_metrics_port:
        yield
        return
    # Only where it is wanted: the library that it needs is loaded with it.
    from storage.monitoring.server import serve_beside  # noqa: PLC0415

    engine = open_engine(settings.database)

    def look() -> str:
        with engine.connect() as connection:
            return find_trouble(connection, settings)

    def measure_all() -> None:
        with engine.connect() as connection:
            sighting = presence.read_sighting(connection, settings.executor)
        if sighting is not None:
            meters.BEAT_SECONDS.set(sighting.age)
        measure()

    async def ask() -> str:
        return await asyncio.to_thread(look)

    async def refresh() -> None:
        await asyncio.to_thread(measure_all)

    try:
        with serve_beside(ask, refresh, settings.metrics_host, settings.worker_metrics_port):
            yield
    finally:
        engine.dispose()


def find_trouble(connection: Connection, settings: Settings) -> str:
    """What keeps this worker from taking jobs; empty where nothing does.

    It signs on once its model is loaded.
    """
    if settings.executor not in presence.list_workers(connection, settings.dead_after):
        return "no sign of life: still loading its model, or stuck"
    trouble = presence.list_troubles(connection, settings.dead_after).get(settings.executor)
    return f"takes no jobs ({trouble})" if trouble else ""
