"""The painting page: a small web server in the bot that shows a picture and takes a mask for it.

A visitor's token is the only thing that lets them in. It comes in a header that no other site can
make a browser send, so there is nothing for a forged request to ride on, and no cookie.
"""

import asyncio
import html
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Final, Protocol

from aiohttp import BodyPartReader, web

from bot.errors import ExpiredTokenError, TokenError
from bot.painting.connections import Connections, prepare
from bot.painting.tokens import PageToken, TokenSigner
from bot.text import sentences
from bot.text.languages import find_language, say, speak
from bot.text.wording import explain, word_error
from generation.untrusted.image_errors import ImageTooLargeError
from generation.untrusted.masks import LIMITS
from storage.settings import PAGE, SettingsError

LONGEST_PROMPT: Final = 6000
"""Characters of a prompt, as many as Discord takes in a command."""

LARGEST_BODY: Final = LIMITS.max_bytes + 8 * LONGEST_PROMPT
"""Bytes of a request: a mask, and a prompt in any script."""

PATIENCE: Final = 30.0
"""Seconds in which a visitor's mask has to arrive."""

_FOLDER: Final = Path(__file__).with_name("static")
_FIELDS: Final = frozenset({"mask", "prompt"})
_ASSETS: Final = frozenset({"page.css", "page.js", "board.js", "icon.svg"})
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
        self._connections: Connections | None = None

    def build_application(self) -> web.Application:
        """What is served."""
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[self._answer])
        app.on_response_prepare.append(prepare)
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
        self._connections = Connections(self.build_application())
        try:
            await self._connections.listen(host, port)
        except OSError as error:
            raise SettingsError(
                f"the painting page cannot listen on EASEL_PAGE_HOST and EASEL_PAGE_PORT "
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
        # The link names the person's language in Discord, which may differ from the browser's.
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
        known = word_error(error) is not None
        # 403 if the link is at fault, 422 if what was sent is; 500 is our own mistake.
        status = 403 if isinstance(error, TokenError | ExpiredTokenError) else 422 if known else 500
        return web.json_response(
            {"said": self._actions.strip_markup(explain(error))}, status=status
        )

    async def _serve_index(self, request: web.Request) -> web.Response:
        language = find_language(request.query.get("in") or "")
        # Catalogues are translators' texts, and not to be trusted as markup.
        words = {name: html.escape(say(text)) for name, text in _WORDS.items()}
        text = self._template.substitute(words, language=language, longest=LONGEST_PROMPT)
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
    """The mask and the words of a submitted page, within their limits.

    Raises:
        ImageTooLargeError: It is larger than a mask may be.
        web.HTTPException: It is not what the page sends.
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise web.HTTPUnsupportedMediaType
    if (request.content_length or 0) > LARGEST_BODY:
        raise ImageTooLargeError("bytes", LIMITS.max_bytes, request.content_length or 0)
    try:
        # A client that sends one byte a second must not hold a connection open for ever.
        async with asyncio.timeout(PATIENCE):
            fields = await _read_fields(request)
        mask, words = fields["mask"], fields["prompt"].decode()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ImageTooLargeError, ConnectionError):
        raise
    except Exception:  # noqa: BLE001 - a parser's errors are many, and all about what was sent
        raise web.HTTPBadRequest from None
    if len(words) > LONGEST_PROMPT:
        raise web.HTTPBadRequest
    return bytes(mask), words


async def _read_fields(request: web.Request) -> dict[str, bytearray]:
    """The fields of the form, in memory: aiohttp would open a file for each that has a name.

    Raises:
        ImageTooLargeError: They are larger than a mask and a prompt.
        ValueError: Something else than those two was sent.
    """
    fields: dict[str, bytearray] = {}
    room = LARGEST_BODY
    parts = await request.multipart()
    while part := await parts.next():
        if not isinstance(part, BodyPartReader) or part.name not in _FIELDS - fields.keys():
            raise ValueError("the page sends no such field")
        field = fields[part.name] = bytearray()
        while chunk := await part.read_chunk():
            field += chunk
            room -= len(chunk)
            if room < 0:
                raise ImageTooLargeError("bytes", LIMITS.max_bytes, LARGEST_BODY)
    return fields
