"""The bot's web server: one address for all of its pages, and what holds for each of them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from aiohttp import web

from bot.errors import (
    ExpiredTokenError,
    NotAdministeredError,
    NotShownError,
    NotSignedInError,
    TokenError,
)
from bot.text.languages import speak
from bot.text.wording import explain, word_error
from bot.web.connections import Connections, prepare
from storage.settings import SettingsError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUSES: Final[dict[type[Exception], int]] = {
    NotSignedInError: 401,
    TokenError: 403,
    ExpiredTokenError: 403,
    NotAdministeredError: 403,
    NotShownError: 404,
}
"""Statuses of what is wrong with who asks or what they ask for; 422 stands for the rest."""


class Page(Protocol):
    """Something that is served."""

    def add_routes(self, app: web.Application) -> None:
        """Adds what it answers."""


class Site:
    """Pages while they are served."""

    def __init__(
        self, pages: Sequence[Page], strip_markup: Callable[[str], str], largest: int
    ) -> None:
        """Serves nothing yet.

        Args:
            pages: What is served.
            strip_markup: A sentence without Discord's markup.
            largest: Bytes of a request's body.
        """
        self._pages, self._strip, self._largest = pages, strip_markup, largest
        self._connections: Connections | None = None

    def build_application(self) -> web.Application:
        """What is served."""
        # Addresses are typed without the slash at their end, too.
        complete = web.normalize_path_middleware(merge_slashes=False)
        app = web.Application(client_max_size=self._largest, middlewares=[complete, self._answer])
        app.on_response_prepare.append(prepare)
        for page in self._pages:
            page.add_routes(app)
        return app

    async def start(self, host: str, port: int) -> None:
        """Listens.

        Raises:
            SettingsError: It cannot listen there.
        """
        self._connections = Connections(self.build_application())
        try:
            await self._connections.listen(host, port)
        except OSError as error:
            raise SettingsError(
                f"the bot's pages cannot listen on EASEL_PAGE_HOST and EASEL_PAGE_PORT "
                f"({error.strerror or type(error).__name__}); port {port} may be taken."
            ) from None

    async def stop(self) -> None:
        """Stops listening."""
        if self._connections is not None:
            await self._connections.stop()

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Speaks the visitor's language; whatever goes wrong becomes one sentence."""
        if self._connections is not None:
            self._connections.hear(request.protocol)
        # A link names the person's language in Discord, which may differ from the browser's.
        speak(request.query.get("in") or request.headers.get("Accept-Language"))
        try:
            return await handler(request)
        except web.HTTPException as error:
            return web.json_response({"said": error.reason}, status=error.status)
        except ConnectionError:
            # Whoever asked has gone, which is no news.
            raise
        except Exception as error:  # noqa: BLE001 - told to the visitor, and logged if it is ours
            return self._refuse(error)

    def _refuse(self, error: Exception) -> web.Response:
        # 500 is our own mistake.
        usual = 500 if word_error(error) is None else 422
        status = _STATUSES.get(type(error), usual)
        return web.json_response({"said": self._strip(explain(error))}, status=status)
