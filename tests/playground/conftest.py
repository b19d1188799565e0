from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import aiohttp
import pytest

from playground import Interaction, Playground
from playground.state.cast import APPLICATION_ID
from tests.processes import preload, run_module, spawn

preload("tests.playground.bot")

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]


@dataclass(frozen=True)
class Answered:
    """What the stand-in answered to a raw request."""

    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> int | None:
        return self.body.get("code") if isinstance(self.body, dict) else None

    @property
    def text(self) -> str:
        return json.dumps(self.body)


class Raw:
    """Speaks REST without any client library, so that a request can be as wrong as one likes."""

    def __init__(self, playground: Playground, session: aiohttp.ClientSession) -> None:
        self.playground = playground
        self.session = session

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: Sequence[tuple[str, bytes]] = (),
        token: str | None = "",
        data: object = None,
    ) -> Answered:
        """`files` are named files[0], files[1], …; `token` None sends no authorization."""
        headers = (
            {} if token is None else {"Authorization": f"Bot {token or self.playground.token}"}
        )
        url = f"{self.playground.url}/api/v10{path}"
        keywords: Json = {"json": body} if body is not None and not files else {"data": data}
        if files:
            keywords = {"data": form(body, {f"files[{n}]": it for n, it in enumerate(files)})}
        async with self.session.request(method, url, headers=headers, **keywords) as response:
            text = await response.text()
            decoded = json.loads(text) if response.content_type == "application/json" else text
            return Answered(response.status, decoded, response.headers)

    async def register(self, *commands: Json) -> Answered:
        return await self.request("PUT", f"/applications/{APPLICATION_ID}/commands", commands)

    async def send(self, body: Json, channel: str = "general", **more: Any) -> Answered:
        path = f"/channels/{self.playground.channel(channel)}/messages"
        return await self.request("POST", path, body, **more)

    async def edit(self, message_id: object, body: Json, **more: Any) -> Answered:
        channel = self.playground.channel("general")
        path = f"/channels/{channel}/messages/{message_id}"
        return await self.request("PATCH", path, body, **more)

    async def callback(self, it: Interaction, kind: int, data: Any = None, **more: Any) -> Answered:
        body = {"type": kind} if data is None else {"type": kind, "data": data}
        path = f"/interactions/{it.id}/{it.token}/callback?with_response=1"
        return await self.request("POST", path, body, token=None, **more)

    async def webhook(
        self, method: str, it: Interaction, tail: str = "", body: Any = None, **more: Any
    ) -> Answered:
        path = f"/webhooks/{APPLICATION_ID}/{it.token}{tail}"
        return await self.request(method, path, body, token=None, **more)


def form(body: object, files: dict[str, tuple[str, bytes]]) -> aiohttp.FormData:
    it = aiohttp.FormData()
    if body is not None:
        it.add_field("payload_json", json.dumps(body), content_type="application/json")
    for name, (filename, data) in files.items():
        it.add_field(
            name, io.BytesIO(data), filename=filename, content_type="application/octet-stream"
        )
    return it


@pytest.fixture
async def p() -> AsyncIterator[Playground]:
    async with Playground(check_answers=True) as playground:
        yield playground
        assert playground.answer_faults == []


@pytest.fixture
async def raw(p: Playground) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as session:
        yield Raw(p, session)


@asynccontextmanager
async def running_bot(p: Playground) -> AsyncIterator[BaseProcess]:
    """A discord.py bot in a process of its own, killed at the end if it still runs."""
    environment = {**os.environ, "EASEL_DISCORD": p.url}
    with NamedTemporaryFile() as log:
        where = (environment, ROOT, Path(log.name), p.token)
        process = await asyncio.to_thread(spawn, run_module, "tests.playground.bot", *where)
        try:
            await p.ready()
            yield process
        finally:
            process.kill()
            await asyncio.to_thread(process.join)


SLASH: Json = {"type": 1, "name": "imagine", "description": "Make a picture"}


def button(custom_id: str, **more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "x", "custom_id": custom_id, **more}


def row(*parts: Json) -> Json:
    return {"type": 1, "components": list(parts)}
