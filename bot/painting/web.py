"""The painting page: a small web server in the bot that shows a picture and takes a mask for it.

A visitor's pass is the only thing that lets them in. It comes in a header that no other site can
make a browser send, so there is nothing for a forged request to ride on, and no cookie.
"""

import asyncio
import html
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Final, Protocol

from aiohttp import web

from bot.errors import ExpiredPassError, PassError
from bot.painting.tokens import Pass, Passes
from bot.text import sentences
from bot.text.languages import language_of, say, speak
from bot.text.wording import sentence, told
from generation.untrusted.clean import ImageTooLargeError
from generation.untrusted.masks import LIMITS
from storage.settings import PAGE, SettingsError

LONGEST_PROMPT: Final = 6000
"""Characters of a prompt, as many as Discord takes in a command."""

LARGEST_BODY: Final = LIMITS.max_bytes + 8 * LONGEST_PROMPT
"""Bytes of a request: a mask, and a prompt in any script."""

PATIENCE: Final = 30.0
"""Seconds in which a visitor's mask has to arrive."""

_FOLDER: Final = Path(__file__).with_name("static")
_ASSETS: Final = frozenset({"page.css", "page.js", "board.js", "icon.svg"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_WORDS: Final = {
    "title": sentences.REGION_TITLE,
    "hint": sentences.PAGE_HINT,
    "picture": sentences.PAGE_PICTURE,
    "tools": sentences.PAGE_TOOLS,
    "brush": sentences.PAGE_BRUSH,
    "eraser": sentences.PAGE_ERASER,
    "rectangle": sentences.PAGE_RECTANGLE,
    "lasso": sentences.PAGE_LASSO,
    "size": sentences.PAGE_SIZE,
    "undo": sentences.PAGE_UNDO,
    "redo": sentences.PAGE_REDO,
    "clear": sentences.PAGE_CLEAR,
    "prompt": sentences.REMIX_PROMPT,
    "submit": sentences.PAGE_SUBMIT,
    "again": sentences.PAGE_AGAIN,
    "wait": sentences.WAITING,
    "away": sentences.PAGE_AWAY,
    "no_script": sentences.PAGE_NO_SCRIPT,
}
"""What stands on the page, by its place there."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Desk(Protocol):
    """Whoever does what visitors ask for; ``submission.Painting`` says what each means."""

    @property
    def passes(self) -> Passes:
        """Reads what visitors show."""

    async def prompt(self, given: Pass) -> str:
        """The prompt of the picture."""

    async def picture(self, given: Pass) -> bytes:
        """The picture, as WebP."""

    async def take(self, given: Pass, mask: bytes, words: str) -> Sequence[str]:
        """Queues a job; how the words were understood."""

    def readable(self, said: str) -> str:
        """A sentence without Discord's markup."""


class Page:
    """The page while it is served."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._template = Template((_FOLDER / "index.html").read_text(encoding="utf-8"))
        self._runner: web.AppRunner | None = None

    def application(self) -> web.Application:
        """What is served."""
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[self._answered])
        app.router.add_get(PAGE, self._index)
        app.router.add_get(f"{PAGE}sheet", self._sheet)
        app.router.add_get(f"{PAGE}picture", self._picture)
        app.router.add_post(f"{PAGE}job", self._job)
        app.router.add_get(f"{PAGE}{{asset}}", self._asset)
        return app

    async def start(self, host: str, port: int) -> None:
        """Listens.

        Raises:
            SettingsError: It cannot listen there.
        """
        quiet = logging.getLogger("bot.painting.web.requests")
        quiet.disabled = True  # lines of a broken request may hold a pass
        self._runner = web.AppRunner(self.application(), access_log=None, logger=quiet)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            raise SettingsError(
                f"the painting page cannot listen on EASEL_PAGE_HOST and EASEL_PAGE_PORT "
                f"({error.strerror or type(error).__name__}); port {port} may be taken."
            ) from None

    async def stop(self) -> None:
        """Stops listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Speaks the visitor's language; whatever goes wrong becomes one sentence."""
        speak(request.query.get("in") or request.headers.get("Accept-Language"))
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = web.json_response({"said": error.reason}, status=error.status)
        except Exception as error:  # noqa: BLE001 - told to the visitor, and logged if it is ours
            response = self._refusal(error)
        response.headers.update({"Cache-Control": "no-store", **_HEADERS})
        return response

    def _refusal(self, error: Exception) -> web.Response:
        known = sentence(error) is not None
        status = 403 if isinstance(error, PassError | ExpiredPassError) else 422 if known else 500
        return web.json_response({"said": self._desk.readable(told(error))}, status=status)

    async def _index(self, request: web.Request) -> web.Response:
        language = language_of(request.query.get("in") or "en")
        words = {name: html.escape(say(text)) for name, text in _WORDS.items()}
        text = self._template.substitute(
            words, language=html.escape(language), longest=LONGEST_PROMPT
        )
        return web.Response(text=text, content_type="text/html")

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["asset"] not in _ASSETS:
            raise web.HTTPNotFound
        return web.FileResponse(_FOLDER / request.match_info["asset"])

    async def _sheet(self, request: web.Request) -> web.Response:
        return web.json_response({"prompt": await self._desk.prompt(self._shown_by(request))})

    async def _picture(self, request: web.Request) -> web.Response:
        picture = await self._desk.picture(self._shown_by(request))
        return web.Response(body=picture, content_type="image/webp")

    async def _job(self, request: web.Request) -> web.Response:
        given = self._shown_by(request)
        mask, words = await _filled_in(request)
        notes = await self._desk.take(given, mask, words)
        said = [say(sentences.PAGE_QUEUED), *map(self._desk.readable, notes)]
        return web.json_response({"said": "\n".join(said)}, status=201)

    def _shown_by(self, request: web.Request) -> Pass:
        """The pass that a visitor shows.

        Raises:
            PassError: It is none of ours.
            ExpiredPassError: It is not good any more.
        """
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer":
            raise PassError
        return self._desk.passes.read(text, datetime.now(UTC))


async def _filled_in(request: web.Request) -> tuple[bytes, str]:
    """The mask and the words of a submitted page, within their limits."""
    try:
        async with asyncio.timeout(PATIENCE):
            fields: Mapping[str, object] = await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.HTTPRequestEntityTooLarge:
        raise ImageTooLargeError("bytes", LIMITS.max_bytes, LARGEST_BODY) from None
    except ValueError:
        raise web.HTTPBadRequest from None
    mask, words = fields.get("mask"), fields.get("prompt")
    if not isinstance(mask, web.FileField) or not isinstance(words, str):
        raise web.HTTPBadRequest
    if len(words) > LONGEST_PROMPT:
        raise web.HTTPBadRequest
    return mask.file.read(), words
