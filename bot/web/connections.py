"""Connections of strangers' browsers: few, short and quiet, whatever is sent on them."""

import asyncio
import logging
from collections.abc import MutableMapping
from typing import Any, Final

from aiohttp import web

MOST: Final = 100
"""Connections at once: a flood of them must leave descriptors for Discord's side."""

HEAD_PATIENCE: Final = 10.0
"""Seconds in which the head of a request has to arrive."""

LIFE: Final = 90.0
"""Seconds until a connection is cut, whatever goes on: a mask that comes slowly, a picture that is
read slowly."""

_LINGERING: Final = 2.0
"""Seconds for which the rest of a body that nobody wants is read."""

HEADERS: Final = {
    "Content-Security-Policy": (
        # A page loads nothing from elsewhere and talks to nobody but this server, so an injected
        # script could neither come in nor send anything out.
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Instead of aiohttp's, which tells its version and Python's.
    "Server": "Easel",
    # Little is gained by keeping one open behind a proxy, and so each has a fixed life.
    "Connection": "close",
}
"""What every answer has, that to a request which cannot be read included."""


def harden(response: web.StreamResponse) -> None:
    """Gives an answer the headers that all have, and makes it the last on its connection."""
    headers: MutableMapping[str, str] = response.headers
    headers.update(HEADERS)
    # Pictures and prompts are private: no cache on the way may keep them, unless a page says so.
    headers.setdefault("Cache-Control", "no-store")
    response.force_close()


class Connections:
    """Listens, and keeps count of what is open.

    Where there are as many as there may be, a new one takes the place of the one that has been
    waited for longest; one whose request has arrived is never given up for another.
    """

    def __init__(self, app: web.Application) -> None:
        self.runner: Final = web.AppRunner(app)
        self._server: asyncio.Server | None = None
        self._waiting: dict[_Connection, None] = {}
        self._heard: set[_Connection] = set()

    async def listen(self, host: str, port: int) -> None:
        """Takes connections from here on.

        Raises:
            OSError: It cannot listen there.
        """
        await self.runner.setup()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port)

    async def stop(self) -> None:
        """Takes no more, and ends those that there are."""
        if self._server is not None:
            self._server.close()
        await self.runner.cleanup()

    def open(self, connection: "_Connection") -> bool:
        """Counts a new connection; False if there is no room for it."""
        if len(self._waiting) + len(self._heard) >= MOST:
            if not self._waiting:
                return False
            self.close(oldest := next(iter(self._waiting)))
            oldest.cut()
        self._waiting[connection] = None
        return True

    def hear(self, protocol: object) -> None:
        """Notes that the head of a request has arrived."""
        if isinstance(protocol, _Connection) and protocol in self._waiting:
            del self._waiting[protocol]
            self._heard.add(protocol)

    def close(self, connection: "_Connection") -> None:
        """Counts a connection no more."""
        self._waiting.pop(connection, None)
        self._heard.discard(connection)


def prolong(request: web.Request, seconds: float) -> None:
    """Lets the connection of a request live longer, from now on: it takes a large file."""
    if isinstance(request.protocol, _Connection):
        request.protocol.end_in(seconds)


async def prepare(_request: web.Request, response: web.StreamResponse) -> None:
    """As ``harden``, for whatever an application answers, its errors too."""
    harden(response)


class _Connection(web.RequestHandler):
    """One connection: aiohttp's own, with an end."""

    def __init__(self, all_: Connections) -> None:
        loop = asyncio.get_running_loop()
        server: Any = all_.runner.server
        quiet = logging.getLogger("bot.web.requests")
        quiet.disabled = True  # lines of a broken request may hold a token, and be sent at will
        super().__init__(
            server,
            loop=loop,
            logger=quiet,
            access_log=None,  # type: ignore[arg-type] # as the runner's own, whose type allows it
            # From when the connection is opened, too.
            keepalive_timeout=HEAD_PATIENCE,
            lingering_time=_LINGERING,
        )
        self._all = all_
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._all.open(self):
            self.cut()
            return
        self.end_in(LIFE)

    def end_in(self, seconds: float) -> None:
        """Has it end in so many seconds."""
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(seconds, self.cut)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._all.close(self)
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)

    def cut(self) -> None:
        """Ends it at once, with whatever was not sent yet."""
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answers what cannot be read; aiohttp would tell its version."""
        response = super().handle_error(request, status, exc, message)
        harden(response)
        return response
