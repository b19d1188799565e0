"""One picture by a link, for anybody who has it: a page without a sign-in."""

from pathlib import Path
from typing import Final

from aiohttp import web

from bot.errors import NotShownError
from bot.gallery.collection import PictureCollection, find_picture
from bot.gallery.entries import describe, read_cells, read_flags, read_words
from bot.gallery.picture_files import PictureFiles
from bot.text import sentences
from bot.text.languages import say
from bot.web.assets import Document
from storage.settings import GALLERY

SHARED: Final = f"{GALLERY}shared/"
"""Where such pages are."""

_FOLDER: Final = Path(__file__).with_name("static")
_WORDS: Final = {"title": sentences.SHARED, "made": sentences.SHARED_MADE}
_NAME: Final = r"{name:[\w-]{32}}"


class SharedPictures:
    """Pages of pictures that were shared."""

    def __init__(self, collection: PictureCollection, files: PictureFiles) -> None:
        self._collection, self._files = collection, files
        self._document = Document(_FOLDER / "shared.html", _WORDS)

    def add_routes(self, app: web.Application) -> None:
        """Adds the page and its picture."""
        app.router.add_get(f"{SHARED}{_NAME}/", self._serve_page)
        app.router.add_get(f"{SHARED}{_NAME}/picture", self._serve_picture)

    async def _serve_page(self, request: web.Request) -> web.Response:
        try:
            link, job = await self._collection.find_shared(request.match_info["name"])
        except NotShownError:
            page = self._document.write(
                alt="",
                words="",
                flags="",
                width=0,
                height=0,
                said=say(sentences.SHARED_GONE),
            )
            page.set_status(404)
            return page
        stored = find_picture(job, link.position)
        told = link.recipe
        asked = {"prompt": read_words(job), "flags": read_flags(job, links=False)}
        asked |= read_cells(job, links=False).get(link.position, {})
        return self._document.write(
            said="",
            # What a screen reader says are its words, which may not be told.
            alt=describe(job) if told else say(sentences.SHARED),
            words=asked["prompt"] if told else "",
            flags=asked["flags"] if told else "",
            width=stored.width,
            height=stored.height,
        )

    async def _serve_picture(self, request: web.Request) -> web.Response:
        link, job = await self._collection.find_shared(request.match_info["name"])
        return await self._files.send(job, link.position, tells=link.recipe)
