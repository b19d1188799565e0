"""The stand-in assembled: one HTTP server for REST, gateway, files and page."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from playground.page import consent
from playground.page.consent import Consent
from playground.page.sockets import Page, only_from
from playground.protocol import shapes
from playground.state.cast import TOKEN
from playground.state.clock import Clock
from playground.state.records import ANSWER_WITHIN, Change
from playground.state.shelf import Shelf
from playground.state.world import World
from playground.transport.faults import Faults, Journal
from playground.transport.gateway import Gateway
from playground.transport.oauth import TOKEN_PATH, TokenRoute
from playground.transport.rest import BASE, Rest

_PIECE = 2**16
"""Bytes of a file that are sent at a time."""

COUNT_FILE = "EASEL_PLAYGROUND_COUNT"
"""Environment variable that names a file to which a closing stand-in appends its counts."""
LARGEST_BODY = 26 * 1024 * 1024
IDLE = 75.0
"""Seconds for which a connection may stay open without a whole head; aiohttp's own is an hour."""


class Server:
    """The stand-in.

    Args:
        host: address to listen on.
        port: TCP port; 0 takes a free one.
        keep: folder in which messages, files, commands and interactions outlive the process.
        notice: text shown on the page.
        link: label and address of another page, shown beside the channels.
        hosts: further names by which browsers and bots may call this server.
        privileged: privileged gateway intents that the application was granted.
        check_answers: compare every REST answer with Discord's description (see `answer_faults`).
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        keep: Path | None = None,
        notice: str = "",
        link: tuple[str, str] | None = None,
        hosts: Sequence[str] = (),
        privileged: int = 0,
        check_answers: bool = False,
    ) -> None:
        self.clock = Clock()
        self.faults = Faults()
        self.notes = Journal()
        self.world = World(self.clock, Shelf(keep))
        self.rest = Rest(self.world, self.faults, self.notes, check_answers=check_answers)
        self.gateway = Gateway(self.world, self.faults, privileged=privileged)
        self.token = TOKEN
        self._host, self._port = host, port
        self._hosts = ("127.0.0.1", "localhost", "::1", host, *hosts)
        self._page = Page(self.world, self.gateway, self.notes, notice, link)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return self.world.base

    @property
    def online(self) -> bool:
        """Whether a bot is connected."""
        return self.gateway.online

    @property
    def is_ready(self) -> bool:
        """Whether a bot is connected and has registered its commands."""
        return self.online and self.world.commands.used

    async def start(self) -> None:
        """Listen."""
        self._runner = web.AppRunner(
            self._app(), access_log=None, shutdown_timeout=1.0, keepalive_timeout=IDLE
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.world.base = f"http://{self._host}:{port}"
        self.world.listen(self._watch)
        self.clock.on_advance(self.world.lapse)

    async def close(self) -> None:
        """Stop listening, end every connection, and write the counts down."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        await self.gateway.close()
        await self._page.close()
        await runner.cleanup()
        self._write_count()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[only_from(self._hosts)])
        app.add_routes(self._page.routes())
        app.router.add_get(consent.PATH, Consent(self.world).handle)
        app.router.add_post(TOKEN_PATH, TokenRoute(self.world).handle)
        app.router.add_route("*", BASE + "/{path:.*}", self.rest.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/attachments/{channel}/{id}/{name}", self._file, allow_head=False)
        app.router.add_get("/playground/health", self._health)
        return app

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file to whoever has a link that is signed and has not expired."""
        file_id = request.match_info["id"]
        expires, issued = request.query.get("ex", ""), request.query.get("is", "")
        attachment = self.world.files.get(int(file_id)) if file_id.isdecimal() else None
        data = self.world.files.data(attachment.id) if attachment else None
        if attachment is None or data is None or not self._link_is_good(request, expires, issued):
            raise web.HTTPNotFound(text="This content is no longer available.")
        headers = {
            "Content-Type": attachment.content_type or "application/octet-stream",
            "Cache-Control": "private, max-age=3600",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        response = web.StreamResponse(headers=headers)
        response.content_length = len(data)
        await response.prepare(request)
        # Piece by piece: as a whole, 20 MB would keep everything else here waiting.
        for start in range(0, len(data), _PIECE):
            await response.write(data[start : start + _PIECE])
        await response.write_eof()
        return response

    def _link_is_good(self, request: web.Request, expires: str, issued: str) -> bool:
        file_id = int(request.match_info["id"])
        signature = shapes.link_signature(self.world.secret, file_id, expires, issued)
        genuine = signature == request.query.get("hm")
        return genuine and int(expires, 16) > self.clock.now()

    async def _health(self, _: web.Request) -> web.Response:
        commands = len(self.world.commands.all())
        return web.json_response({"ready": self.is_ready, "commands": commands})

    def _watch(self, change: Change) -> None:
        """Look again when the time of a new interaction is over."""
        if change.kind == "interaction":
            loop = asyncio.get_running_loop()
            loop.call_later(ANSWER_WITHIN + 0.05, self.world.lapse)

    def _write_count(self) -> None:
        if path := os.environ.get(COUNT_FILE):
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(f"{self.notes.validated} {self.notes.refused}\n")
