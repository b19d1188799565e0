"""Signing in: to Discord and back, as somebody whom the bot's pages know from then on."""

import hmac
import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from bot.errors import TokenError
from bot.web.discord_account import AccountReader, SignInError
from bot.web.sessions import LIFE, Cookies, Session, Sessions
from bot.web.signing import Signer
from storage.settings import SIGN_IN

ON_THE_WAY: Final = timedelta(minutes=10)
"""How long somebody may take at Discord."""

MOST_SERVERS: Final = 100
"""Servers that a cookie names: those take half of what browsers keep."""

AGAIN: Final = "again"
"""What a page is asked with where signing in did not work."""

_PURPOSE: Final = "easel sign-in 1"
_WAY: Final = "way"
_LONGEST_NAME: Final = 64


class SignIn:
    """The way to Discord and back."""

    def __init__(
        self,
        sessions: Sessions,
        cookies: Cookies,
        accounts: AccountReader,
        *,
        secret: str,
        address: str,
        find_id: Callable[[], int | None],
        list_servers: Callable[[], Collection[int]],
        pages: Collection[str],
    ) -> None:
        """Signs nobody in yet.

        Args:
            sessions: Who is signed in.
            cookies: What browsers keep meanwhile.
            accounts: Asks Discord.
            secret: Known to this bot alone.
            address: At which browsers reach the bot, without a slash at its end.
            find_id: Finds the application's id, once the bot knows it.
            list_servers: Ids of the servers that the bot is on.
            pages: Paths of the pages that people may come back to; the first is the usual one.
        """
        self._sessions, self._cookies, self._accounts = sessions, cookies, accounts
        self._signer, self._address = Signer(secret, _PURPOSE), address
        self._find_id, self._list_servers, self._pages = find_id, list_servers, [*pages]

    def add_routes(self, app: web.Application) -> None:
        """Adds the way there, the way back, and the way out."""
        app.router.add_get(SIGN_IN, self._leave)
        app.router.add_get(f"{SIGN_IN}back", self._return)
        app.router.add_post(f"{SIGN_IN}out", self._sign_out)

    async def _leave(self, request: web.Request) -> web.Response:
        """Sends somebody to Discord; what they come back with has to fit what they take along."""
        client_id = self._find_id()
        if client_id is None:
            return self._begin_again()
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        page = request.query.get("to", "")
        page = page if page in self._pages else self._pages[0]
        until = int((datetime.now(UTC) + ON_THE_WAY).timestamp())
        response = _redirect(self._accounts.write_address(client_id, state, verifier))
        way = self._signer.write([state, verifier, page, until])
        self._cookies.write(response, _WAY, way, ON_THE_WAY)
        return response

    async def _return(self, request: web.Request) -> web.Response:
        try:
            page, verifier = self._read_way(request)
            response = _redirect(self._address + page)
            self._cookies.drop(response, _WAY)
            code, client_id = request.query.get("code", ""), self._find_id()
            # Whoever said no at Discord comes back without a code, and is not signed in.
            if not code or client_id is None:
                return response
            account = await self._accounts.read(client_id, code, verifier)
        except SignInError:
            return self._begin_again()
        shared = sorted(account.servers & {*self._list_servers()})[:MOST_SERVERS]
        expires = (datetime.now(UTC) + LIFE).replace(microsecond=0)
        name = account.name[:_LONGEST_NAME]
        self._sessions.write(response, Session(account.id, name, tuple(shared), expires))
        return response

    def _read_way(self, request: web.Request) -> tuple[str, str]:
        """The page somebody comes from, and the verifier that they left with.

        Raises:
            SignInError: It is not they who left, or too long ago.
        """
        try:
            state, verifier, page, until = self._signer.read(self._cookies.read(request, _WAY))
        except TokenError:
            raise SignInError from None
        shown = request.query.get("state", "")
        same = hmac.compare_digest(state.encode(), shown.encode())
        if not same or datetime.now(UTC).timestamp() >= until or page not in self._pages:
            raise SignInError
        return page, verifier

    def _begin_again(self) -> web.Response:
        """Back to the page, which says that it did not work."""
        response = _redirect(f"{self._address}{self._pages[0]}?{AGAIN}")
        self._cookies.drop(response, _WAY)
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        self._sessions.read_changing(request)
        response = web.json_response({})
        self._sessions.drop(response)
        return response


def _redirect(address: str) -> web.Response:
    # Not raised, as aiohttp does it, or the cookies would be lost.
    return web.Response(status=302, headers={"Location": address})
