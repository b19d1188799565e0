"""Somebody at the bot's pages, as a browser is: with cookies, and following where it is sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

from bot.web.sessions import HEADER
from playground.state.cast import CLIENT_SECRET
from tests.bot.live.house import House
from tests.ports import free_port

PAGES = "/gallery/"


class Visitor:
    """A browser.

    Attributes:
        session: Sends requests, and keeps cookies.
    """

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address, self.session = address, session

    @classmethod
    @asynccontextmanager
    async def come(cls, address: str) -> AsyncIterator[Self]:
        """A browser that nobody is signed in with."""
        # Cookies of addresses that are numbers are kept, as browsers do.
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            yield cls(address, session)

    async def leave(self, page: str = PAGES) -> str:
        """Goes to sign in; the address to which that leads."""
        url = f"{self.address}/sign-in/?to={page}"
        async with self.session.get(url, allow_redirects=False) as answer:
            assert answer.status == 302
            return answer.headers["Location"]

    async def sign_in(self, person: str = "mira", page: str = PAGES) -> str:
        """Signs in as somebody; the page that one comes back to."""
        there = await self.leave(page)
        async with self.session.get(f"{there}&as={person}") as answer:
            assert answer.status == 200
            assert str(answer.url).startswith(self.address)
            return await answer.text()

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """What is answered: JSON where it is some, else bytes."""
        async with self.session.get(self.address + path, headers=headers) as answer:
            if answer.content_type == "application/json":
                return answer.status, await answer.json()
            return answer.status, await answer.read()

    async def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        """Asks for a change, as the pages do."""
        given = {HEADER: "1", **headers}
        async with self.session.post(self.address + path, json=body, headers=given) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def serve_pages(house: House, **more: Any) -> AsyncIterator[str]:
    """A bot with all its pages; their address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    given = {"public_url": address, "page_port": port, "client_secret": CLIENT_SECRET, **more}
    async with house.set_up(**given):
        yield address
