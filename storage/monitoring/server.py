"""Three addresses of a side: `/metrics`, `/healthz` (it lives) and `/readyz` (it does its work)."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from faults import HostError
from storage import meters
from storage.settings import SettingsError

PATIENCE: Final = 5.0
"""Seconds after which what is asked counts as not answering."""

_log = structlog.get_logger(__name__)

Ask = Callable[[], Awaitable[str]]
"""What keeps a side from its work, in a few words; empty where nothing does."""

Refresh = Callable[[], Awaitable[None]]
"""Measures what is asked only when somebody looks."""


class MonitoringServer:
    """Serves them on one port, from the event loop that it is started in."""

    def __init__(self, ask: Ask, refresh: Refresh) -> None:
        """Args: ask: Tells what keeps the side from its work. refresh: Measures what changes."""
        self._ask, self._refresh = ask, refresh
        self._registry = CollectorRegistry()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> None:
        """Listens, and has metrics counted from here on.

        Raises:
            SettingsError: The address or the port cannot be listened on.
        """
        app = web.Application()
        app.add_routes(
            [
                web.get("/metrics", self._show_metrics),
                web.get("/healthz", self._show_health),
                web.get("/readyz", self._show_readiness),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            self._runner = None
            raise SettingsError(
                f"Metrics cannot be served on {host}:{port} ({error.strerror}); choose another "
                "EASEL_METRICS_PORT or EASEL_WORKER_METRICS_PORT."
            ) from None
        meters.switch_on(self._registry)

    async def stop(self) -> None:
        """Listens no more, and counts no more; nothing where it never began."""
        if self._runner is not None:
            meters.switch_off()
            await self._runner.cleanup()
            self._runner = None

    async def _show_metrics(self, _: web.Request) -> web.Response:
        # What cannot be measured now keeps its last value; the rest is told all the same.
        try:
            await asyncio.wait_for(self._refresh(), PATIENCE)
        except Exception as error:  # noqa: BLE001 - a scrape has no other way to say so
            _log.warning("not_measured", error=type(error).__name__)
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _show_health(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _show_readiness(self, _: web.Request) -> web.Response:
        try:
            reason = await asyncio.wait_for(self._ask(), PATIENCE)
        except HostError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the side is not ready
            reason = f"cannot be told ({type(error).__name__})"
        return web.Response(text=f"{reason or 'ready'}\n", status=503 if reason else 200)


@contextmanager
def serve_beside(ask: Ask, refresh: Refresh, host: str, port: int) -> Iterator[None]:
    """Serves them from a thread of its own, for a side without an event loop.

    Raises:
        SettingsError: The address or the port cannot be listened on.
    """
    loop, server = asyncio.new_event_loop(), MonitoringServer(ask, refresh)
    thread = threading.Thread(target=loop.run_forever, name="monitoring", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(host, port), loop).result()
        yield
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
