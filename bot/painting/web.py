"""The painting page: it shows a picture and takes a mask for it.

A visitor's token is the only thing that lets them in. It comes in a header that no other site can
make a browser send, so there is nothing for a forged request to ride on, and no cookie.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from aiohttp import BodyPartReader, web

from bot.errors import TokenError
from bot.painting.tokens import PageToken, TokenSigner
from bot.text import sentences
from bot.text.languages import say
from bot.web.assets import Assets, Document
from generation.untrusted.image_errors import ImageTooLargeError
from generation.untrusted.masks import LIMITS
from storage.settings import PAGE

LONGEST_PROMPT: Final = 6000
"""Characters of a prompt, as many as Discord takes in a command."""

LARGEST_BODY: Final = LIMITS.max_bytes + 8 * LONGEST_PROMPT
"""Bytes of a request: a mask, and a prompt in any script."""

PATIENCE: Final = 30.0
"""Seconds in which a visitor's mask has to arrive."""

_FOLDER: Final = Path(__file__).with_name("static")
_FIELDS: Final = frozenset({"mask", "prompt"})
_ASSETS: Final = ("page.css", "page.js", "board.js", "icon.svg")
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
        self._document = Document(_FOLDER / "index.html", _WORDS)

    def add_routes(self, app: web.Application) -> None:
        """Adds what is served."""
        app.router.add_get(PAGE, self._serve_index)
        app.router.add_get(f"{PAGE}sheet", self._serve_prompt)
        app.router.add_get(f"{PAGE}picture", self._serve_picture)
        app.router.add_post(f"{PAGE}job", self._take_job)
        assets = Assets(PAGE, _FOLDER, _ASSETS)
        assets.add_routes(app)
        # Asked for by browsers that show a picture or an answer without a page around it.
        assets.add_route(app, "/favicon.ico", "icon.svg")

    async def _serve_index(self, _: web.Request) -> web.Response:
        return self._document.write(longest=LONGEST_PROMPT)

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
