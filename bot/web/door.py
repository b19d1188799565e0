"""What stands before a page for somebody who is not signed in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.text import sentences
from bot.text.languages import say
from bot.web.assets import Document
from bot.web.sign_in import AGAIN

_FILE: Final = Path(__file__).with_name("static") / "sign_in.html"


class Door:
    """The way to sign in to one page."""

    def __init__(self, words: Mapping[str, str], page: str) -> None:
        """Args: words: What stands on it, by its place there. page: Where it leads to."""
        self._document, self._page = Document(_FILE, words), page

    def write(self, request: web.Request) -> web.Response:
        """The way, in the visitor's language; whether it was gone in vain is said."""
        said = say(sentences.SIGN_IN_FAILED) if AGAIN in request.query else ""
        return self._document.write(said=said, page=self._page)
