"""Who is signed in: what a cookie tells, and what keeps other sites from using it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from bot.errors import NotSignedInError, TokenError
from bot.web.signing import Signer

LIFE: Final = timedelta(days=7)
"""How long somebody stays signed in."""

HEADER: Final = "X-Easel"
"""What every request that changes something carries. A page of another site cannot make a browser
send it without asking first, and that is never allowed."""

_PURPOSE: Final = "easel session 1"
_SESSION: Final = "session"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in.

    Attributes:
        person: Discord's id of them.
        name: What they are called.
        servers: Ids of those of the bot's servers that they were on then.
        expires: Until when, in whole seconds.
    """

    person: int
    name: str
    servers: tuple[int, ...]
    expires: datetime


class Cookies:
    """Cookies of this host alone, which no script reads."""

    def __init__(self, address: str) -> None:
        """Args: address: At which browsers reach the bot."""
        # Browsers take names with this prefix only with Secure, which they do not keep over HTTP.
        self._secure = address.startswith("https://")
        self._prefix = "__Host-easel-" if self._secure else "easel-"

    def read(self, request: web.Request, name: str) -> str:
        """What a cookie holds; empty where there is none."""
        return request.cookies.get(self._prefix + name, "")

    def write(self, response: web.StreamResponse, name: str, text: str, life: timedelta) -> None:
        """Has the browser keep a text for a while."""
        response.set_cookie(
            self._prefix + name,
            text,
            max_age=round(life.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            # Sent when somebody comes back from Discord, and with no other request of its pages.
            samesite="Lax",
        )

    def drop(self, response: web.StreamResponse, name: str) -> None:
        """Has the browser forget it."""
        self.write(response, name, "", timedelta())


class Sessions:
    """Reads and writes who is signed in."""

    def __init__(self, secret: str, cookies: Cookies) -> None:
        """Args: secret: Known to this bot alone. cookies: Where it is kept."""
        self._signer, self._cookies = Signer(secret, _PURPOSE), cookies

    def read(self, request: web.Request) -> Session:
        """Who asks.

        Raises:
            NotSignedInError: Somebody who is not signed in (any more).
        """
        try:
            facts = self._signer.read(self._cookies.read(request, _SESSION))
        except TokenError:
            raise NotSignedInError from None
        person, name, servers, until = facts
        expires = datetime.fromtimestamp(until, UTC)
        if datetime.now(UTC) >= expires:
            raise NotSignedInError
        return Session(person, name, tuple(servers), expires)

    def read_changing(self, request: web.Request) -> Session:
        """Who asks for a change.

        Raises:
            NotSignedInError: Somebody who is not signed in (any more).
            web.HTTPForbidden: It was not one of the bot's pages that asked.
        """
        if HEADER not in request.headers:
            raise web.HTTPForbidden
        return self.read(request)

    def write(self, response: web.StreamResponse, session: Session) -> None:
        """Signs somebody in."""
        facts = [session.person, session.name, session.servers, int(session.expires.timestamp())]
        self._cookies.write(response, _SESSION, self._signer.write(facts), LIFE)

    def drop(self, response: web.StreamResponse) -> None:
        """Signs somebody out."""
        self._cookies.drop(response, _SESSION)
