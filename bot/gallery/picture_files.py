"""Files that the gallery gives away: views, pictures to keep, and whole selections."""

import asyncio
from collections.abc import Iterator
from typing import Final
from weakref import WeakValueDictionary

from aiohttp import web
from cachetools import LRUCache

from bot.delivery.marking import PictureMarks
from bot.errors import UnsentError
from bot.gallery.collection import PictureCollection, find_picture, find_recipe
from bot.gallery.sights import Sights
from bot.gallery.views import LARGE, SMALL, PictureViews
from bot.web.connections import prolong
from bot.web.parameters import read_id, read_number
from bot.web.sessions import Sessions
from storage.files import Files
from storage.privacy.exporting import list_entries, read_some_kept, stream, write_table
from storage.queue.client import Jobs
from storage.queue.jobs import Job
from storage.settings import GALLERY

MOST: Final = 100
"""Drawings of one selection."""

SELECTION_LIFE: Final = 1800.0
"""Seconds that a selection may take: four hundred pictures through a slow line."""

KEPT: Final = 64 * 2**20
"""Bytes of marked pictures that are kept in memory: marking one takes a second of a processor, and
by a link anybody may ask."""

LARGEST: Final = 50 * 2**20
"""Bytes of one picture that is kept; larger ones are made smaller."""

JOB: Final = r"{job:[0-9a-f]{32}}"
"""The id of a drawing, in a path."""

_HASH: Final = r"{sha256:[0-9a-f]{64}}"

# What is called by its hash never changes; a browser alone may keep it, no cache on the way.
_FOR_GOOD: Final = {"Cache-Control": "private, max-age=31536000, immutable"}


class PictureFiles:
    """Files, for those who may see what is in them."""

    def __init__(
        self,
        sessions: Sessions,
        sights: Sights,
        collection: PictureCollection,
        views: PictureViews,
        *,
        jobs: Jobs,
        files: Files,
        marking: PictureMarks,
    ) -> None:
        self._sessions, self._sights, self._collection = sessions, sights, collection
        self._views, self._jobs, self._files, self._marking = views, jobs, files, marking
        self._kept: LRUCache[tuple[str, int, bool], tuple[bytes, str]] = LRUCache(KEPT, _measure)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def add_routes(self, app: web.Application) -> None:
        """Adds what is served."""
        app.router.add_get(f"{GALLERY}small/{_HASH}", self._serve_small)
        app.router.add_get(f"{GALLERY}large/{_HASH}", self._serve_large)
        app.router.add_get(f"{GALLERY}keep/{JOB}/{{n:\\d+}}", self._serve_picture)
        app.router.add_get(f"{GALLERY}selection.zip", self._serve_archive)
        app.router.add_get(f"{GALLERY}selection.csv", self._serve_table)

    async def _serve_small(self, request: web.Request) -> web.Response:
        return await self._serve_view(request, SMALL)

    async def _serve_large(self, request: web.Request) -> web.Response:
        return await self._serve_view(request, LARGE)

    async def _serve_view(self, request: web.Request, side: int) -> web.Response:
        session, sha256 = self._sessions.read(request), request.match_info["sha256"]
        await self._collection.require_seen(self._sights.meet(session), sha256)
        view = await self._views.view(sha256, side)
        return web.Response(body=view, content_type="image/webp", headers=_FOR_GOOD)

    async def _serve_picture(self, request: web.Request) -> web.Response:
        """A picture to keep: marked as the ones are that appear in Discord."""
        onlooker = self._sights.meet(self._sessions.read(request))
        position = read_number(request.match_info["n"])
        job = (await self._collection.find(onlooker, request.match_info["job"])).job
        return await self.send(job, position)

    async def send(self, job: Job, position: int, *, tells: bool = True) -> web.Response:
        """A picture in a file that may leave.

        Args:
            job: Its job.
            position: Its place there, from 0.
            tells: Whether the file may tell what it was made from.

        Raises:
            NotShownError: There is none.
            MissingFileError: It is no longer stored.
            UnsentError: It cannot be read.
        """
        stored = find_picture(job, position)
        key = job.id, position, tells
        # One of a drawing at a time, so that asking often marks no more than asking once.
        async with self._turns.setdefault(job.id, asyncio.Lock()):
            made = self._kept.get(key)
            if made is None:
                made = await self._mark(job, position, stored.sha256, tells=tells)
                if _measure(made) <= KEPT:
                    self._kept[key] = made
        data, kind = made
        name = f"easel-{job.id[:8]}-{position + 1}.{kind}"
        shown = {"Content-Disposition": f'inline; filename="{name}"'}
        return web.Response(body=data, content_type=f"image/{kind}", headers=shown)

    async def _mark(
        self, job: Job, position: int, sha256: str, *, tells: bool
    ) -> tuple[bytes, str]:
        png, recipe = await self._files.aget(sha256), find_recipe(job, position)
        try:
            return await self._marking.seal(job, png, recipe, LARGEST, single=True, tells=tells)
        except (OSError, SyntaxError, ValueError) as error:
            raise UnsentError("damaged") from error

    async def _serve_archive(self, request: web.Request) -> web.StreamResponse:
        """Drawings of one's own with all that is kept of them, as ``/privacy`` sends them."""
        person = self._sessions.read(request).person
        kept = await self._jobs.records.read_apart(read_some_kept, person, _read_jobs(request))
        prolong(request, SELECTION_LIFE)
        response = web.StreamResponse(headers=_name_file("easel.zip"))
        response.content_type = "application/zip"
        await response.prepare(request)
        parts: Iterator[bytes] = stream(list_entries(kept, self._files))
        # In a thread, as pictures are read; one at a time, so that memory holds no more.
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            await response.write(part)
        await response.write_eof()
        return response

    async def _serve_table(self, request: web.Request) -> web.Response:
        person = self._sessions.read(request).person
        kept = await self._jobs.records.read_apart(read_some_kept, person, _read_jobs(request))
        headers = _name_file("easel.csv")
        return web.Response(
            body=write_table(kept.rows["jobs"]), content_type="text/csv", headers=headers
        )


def _measure(made: tuple[bytes, str]) -> int:
    return len(made[0])


def _read_jobs(request: web.Request) -> list[str]:
    """Ids of the drawings that are asked for."""
    given = request.query.get("jobs", "")
    return [read_id(one) for one in given.split(",")[:MOST]] if given else []


def _name_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
