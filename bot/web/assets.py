"""Files of pages, and pages filled with words."""

import html
from collections.abc import Collection, Mapping
from pathlib import Path
from string import Template
from typing import Final

from aiohttp import web

from bot.text.languages import say, spoken

SITE: Final = "/site/"
"""Where the files are that all pages share."""

_SHARED: Final = Path(__file__).with_name("static")


class Assets:
    """Some files of a folder, and no others."""

    def __init__(self, path: str, folder: Path, names: Collection[str]) -> None:
        """Args: path: Where they are served. folder: Where they lie. names: Which ones."""
        self._path, self._folder, self._names = path, folder, frozenset(names)

    def add_routes(self, app: web.Application) -> None:
        """Adds each of them."""
        app.router.add_get(f"{self._path}{{asset}}", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["asset"] not in self._names:
            raise web.HTTPNotFound
        response = web.FileResponse(self._folder / request.match_info["asset"])
        # Nothing of anybody's is in them. They are asked for again, and sent where they changed.
        response.headers["Cache-Control"] = "no-cache"
        return response


def build_shared_assets() -> Assets:
    """What all pages share: colours, letters, buttons, asking the bot, signing out."""
    return Assets(SITE, _SHARED, ("base.css", "site.js"))


class Document:
    """A page in HTML with places for words."""

    def __init__(self, file: Path, words: Mapping[str, str]) -> None:
        """Args: file: The page. words: What stands on it, in English, by its place there."""
        self._template, self._words = Template(file.read_text(encoding="utf-8")), words

    def write(self, **values: object) -> web.Response:
        """The page in the language spoken now, with further values for its places."""
        # Catalogues are translators' texts, and names people's: neither is trusted as markup.
        filled = {name: html.escape(say(text)) for name, text in self._words.items()}
        filled |= {name: html.escape(str(value)) for name, value in values.items()}
        text = self._template.substitute(filled, language=spoken())
        return web.Response(text=text, content_type="text/html")
