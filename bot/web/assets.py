"""Files of pages, and pages filled with words."""

import html
from collections.abc import Collection, Mapping
from functools import partial
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
        self._path, self._folder, self._names = path, folder, names

    def add_routes(self, app: web.Application) -> None:
        """Adds each of them."""
        for name in self._names:
            self.add_route(app, f"{self._path}{name}", name)

    def add_route(self, app: web.Application, path: str, name: str) -> None:
        """Adds one of them at an address of its own."""
        app.router.add_get(path, partial(_serve, self._folder / name))


async def _serve(file: Path, _: web.Request) -> web.StreamResponse:
    response = web.FileResponse(file)
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
