"""The painting page: a small web server in the bot that shows a picture and takes a mask for it.

A visitor's token is the only thing that lets them in. It comes in a header that no other site can
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

from bot.errors import ExpiredTokenError, TokenError
from bot.painting.tokens import PageToken, TokenSigner
from bot.text import sentences
from bot.text.languages import find_language, say, speak
from bot.text.wording import explain, word_error
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
        # The page loads nothing from elsewhere and talks to nobody but this server, so an injected
        # script could neither come in nor send anything out.
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


class VisitorActions(Protocol):
    """Whoever does what visitors ask for; ``submission.Painting`` says what each means."""

    @property
    def signer(self) -> TokenSigner:
        """Reads what visitors show."""

    async def read_prompt(self, given: PageToken) -> str:
        """The prompt of the picture."""

    async def load_picture(self, given: PageToken) -> bytes:
        """The picture, as WebP."""

    async def submit(self, given: PageToken, mask: bytes, words: str) -> Sequence[str]:
        """Queues a job; how the words were understood."""

    def strip_markup(self, said: str) -> str:
        """A sentence without Discord's markup."""


class PaintingPage:
    """The page while it is served."""

    def __init__(self, desk: VisitorActions) -> None:
        self._actions = desk
        self._template = Template((_FOLDER / "index.html").read_text(encoding="utf-8"))
        self._runner: web.AppRunner | None = None

    def build_application(self) -> web.Application:
        """What is served."""
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[self._answer])
        app.router.add_get(PAGE, self._serve_index)
        app.router.add_get(f"{PAGE}sheet", self._serve_prompt)
        app.router.add_get(f"{PAGE}picture", self._serve_picture)
        app.router.add_post(f"{PAGE}job", self._take_job)
        app.router.add_get(f"{PAGE}{{asset}}", self._serve_asset)
        return app

    async def start(self, host: str, port: int) -> None:
        """Listens.

        Raises:
            SettingsError: It cannot listen there.
        """
        quiet = logging.getLogger("bot.painting.web.requests")
        quiet.disabled = True  # lines of a broken request may hold a token
        self._runner = web.AppRunner(self.build_application(), access_log=None, logger=quiet)
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
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Speaks the visitor's language; whatever goes wrong becomes one sentence."""
        # The link names the person's language in Discord, which may differ from the browser's.
        speak(request.query.get("in") or request.headers.get("Accept-Language"))
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = web.json_response({"said": error.reason}, status=error.status)
        except Exception as error:  # noqa: BLE001 - told to the visitor, and logged if it is ours
            response = self._refuse(error)
        # Pictures and prompts are private: no cache on the way may keep them.
        response.headers.update({"Cache-Control": "no-store", **_HEADERS})
        return response

    def _refuse(self, error: Exception) -> web.Response:
        known = word_error(error) is not None
        # 403 if the link is at fault, 422 if what was sent is; 500 is our own mistake.
        status = 403 if isinstance(error, TokenError | ExpiredTokenError) else 422 if known else 500
        return web.json_response(
            {"said": self._actions.strip_markup(explain(error))}, status=status
        )

    async def _serve_index(self, request: web.Request) -> web.Response:
        language = find_language(request.query.get("in") or "en")
        # Catalogues are translators' texts, and not to be trusted as markup.
        words = {name: html.escape(say(text)) for name, text in _WORDS.items()}
        text = self._template.substitute(
            words, language=html.escape(language), longest=LONGEST_PROMPT
        )
        return web.Response(text=text, content_type="text/html")

    async def _serve_asset(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["asset"] not in _ASSETS:
            raise web.HTTPNotFound
        return web.FileResponse(_FOLDER / request.match_info["asset"])

    async def _serve_prompt(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"prompt": await self._actions.read_prompt(self._read_token(request))}
        )

    async def _serve_picture(self, request: web.Request) -> web.Response:
        picture = await self._actions.load_picture(self._read_token(request))
        return web.Response(body=picture, content_type="image/webp")

    async def _take_job(self, request: web.Request) -> web.Response:
        given = self._read_token(request)
        mask, words = await _read_form(request)
        notes = await self._actions.submit(given, mask, words)
        said = [say(sentences.PAGE_QUEUED), *map(self._actions.strip_markup, notes)]
        return web.json_response({"said": "\n".join(said)}, status=201)

    def _read_token(self, request: web.Request) -> PageToken:
        """The token that a visitor shows.

        Raises:
            TokenError: It is none of ours.
            ExpiredTokenError: It is no longer good.
        """
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer":
            raise TokenError
        return self._actions.signer.read(text, datetime.now(UTC))


async def _read_form(request: web.Request) -> tuple[bytes, str]:
    """The mask and the words of a submitted page, within their limits."""
    try:
        # A client that sends one byte a second must not hold a connection open for ever.
        async with asyncio.timeout(PATIENCE):
            fields: Mapping[str, object] = await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.HTTPRequestEntityTooLarge:
        raise ImageTooLargeError("bytes", LIMITS.max_bytes, LARGEST_BODY) from None
    except ValueError:
        raise web.HTTPBadRequest from None
    mask, words = fields.get("mask"), fields.get("prompt")
    # Only something other than the page sends forms like this.
    if not isinstance(mask, web.FileField) or not isinstance(words, str):
        raise web.HTTPBadRequest
    if len(words) > LONGEST_PROMPT:
        raise web.HTTPBadRequest
    return mask.file.read(), words
