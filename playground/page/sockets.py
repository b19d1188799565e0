"""The page's side of the stand-in: static files, uploads, and one socket per open page.

The socket's protocol is written down in `playground.page.visit`.

``POST /playground/upload?person=<id>&filename=<name>`` with the raw bytes gives ``{id, url,
filename, size, content_type, width, height}``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from playground.page.visit import Visit, card, commands, history, place
from playground.protocol import shapes
from playground.state.cast import GUILD_ID, OBJECTS
from playground.state.records import Body, Change, Permission, Person, Upload
from playground.state.world import World
from playground.transport.faults import Journal, Request
from playground.transport.gateway import CLOSING, Gateway

FOLDER = Path(__file__).with_name("static")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "font-src 'self'; media-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def only_from(hosts: Sequence[str]) -> Any:  # noqa: ANN401  aiohttp's middleware type
    """Return a middleware that refuses requests meant for, or sent by pages of, other hosts.

    A name that an attacker lets point at 127.0.0.1 would otherwise reach everything here.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        named = [f"//{request.host}", *([origin] if origin else [])]
        if any(_host(url) not in hosts for url in named):
            raise web.HTTPForbidden(text="This host is not served here.")
        return await handler(request)

    return check


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


class Page:
    """Serves the page and its sockets."""

    def __init__(
        self,
        world: World,
        gateway: Gateway,
        journal: Journal,
        notice: str,
        link: tuple[str, str] | None = None,
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._notice, self._link = notice, link
        self._visits: set[Visit] = set()
        world.listen(self._changed)
        journal.listen(self._noted)
        gateway.on_state(self._bot_changed)

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return what is served."""
        return [
            web.get("/", self._index),
            web.get("/page/{path:.+}", self._asset),
            web.get("/playground/ws", self._socket),
            web.post("/playground/upload", self._upload),
        ]

    async def close(self) -> None:
        """End every visit."""
        for visit in tuple(self._visits):
            await visit.ws.close()

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(FOLDER / "index.html", headers=HEADERS)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        path = (FOLDER / request.match_info["path"]).resolve()
        if not path.is_relative_to(FOLDER.resolve()) or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=HEADERS)

    async def _upload(self, request: web.Request) -> web.Response:
        person = self._person(request)
        data = await request.read()
        if len(data) > self._world.upload_limit:
            raise web.HTTPRequestEntityTooLarge(self._world.upload_limit, len(data))
        name = request.query.get("filename", "file")
        upload = Upload(name, data, request.content_type)
        stored = self._world.files.store(upload, self._world.direct(person.id).id, ephemeral=True)
        return web.json_response(shapes.attachment(self._world, stored))

    def _person(self, request: web.Request) -> Person:
        asked = request.query.get("person", "")
        for person in self._world.people.values():
            if asked in (str(person.id), person.name):
                return person
        raise web.HTTPNotFound(text="There is no such person.")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        person = self._person(request)
        ws = web.WebSocketResponse(heartbeat=30.0, timeout=CLOSING)
        await ws.prepare(request)
        visit = Visit(self._world, person, ws)
        visit.send("HELLO", self._hello(person))
        writer = asyncio.create_task(visit.write())
        self._visits.add(visit)
        try:
            async for frame in ws:
                if frame.type is WSMsgType.TEXT:
                    visit.receive(frame.data)
        finally:
            self._visits.discard(visit)
            writer.cancel()
        return ws

    def _hello(self, person: Person) -> Body:
        world = self._world
        seen = [
            c
            for c in world.channels.values()
            if c.parent is None and world.may(person.id, c, Permission.VIEW_CHANNEL)
        ]
        shown = {str(c.id): history(world, person, c) for c in seen}
        return {
            "me": str(person.id),
            "locale": person.locale,
            "people": [card(world, p) for p in world.people.values()],
            "guild": {
                "id": str(GUILD_ID),
                "name": OBJECTS["guild"]["name"],
                "roles": [{"id": role["id"], "name": role["name"]} for role in OBJECTS["roles"]],
            },
            "channels": [place(world, person, c) for c in seen],
            "bot": {**card(world, world.bot), "online": self._gateway.online},
            "commands": commands(world, person),
            "about": self._notice,
            "link": self._link and {"label": self._link[0], "url": self._link[1]},
            "upload_limit": self._world.upload_limit,
            "messages": {channel: messages for channel, (messages, _) in shown.items()},
            "earlier": [channel for channel, (_, earlier) in shown.items() if earlier],
        }

    def _changed(self, change: Change) -> None:
        for visit in tuple(self._visits):
            visit.show(change)

    def _noted(self, request: Request) -> None:
        if request.verdict == "refused":
            entry = {"method": request.method, "path": request.path, "reason": request.reason}
            for visit in self._visits:
                visit.send("REFUSED", entry)

    def _bot_changed(self) -> None:
        for visit in self._visits:
            visit.send("BOT", {"online": self._gateway.online})
