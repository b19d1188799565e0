"""The gallery's page, and what it asks for."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from bot.errors import NotSignedInError
from bot.gallery.collection import PictureCollection
from bot.gallery.entries import Json, write_details, write_entries
from bot.gallery.picture_files import MOST
from bot.gallery.query import read_wanted
from bot.gallery.shared import SHARED
from bot.gallery.sights import Sights
from bot.text import sentences
from bot.text.languages import say
from bot.web.assets import Assets, Document, build_door
from bot.web.sessions import Sessions
from bot.web.sign_in import AGAIN
from storage.gallery.rights import Viewer
from storage.gallery.share_links import LIVES
from storage.settings import GALLERY

MOST_NAMED: Final = 30
"""People whose names are told at once."""

_FOLDER: Final = Path(__file__).with_name("static")
_ASSETS: Final = ("gallery.css", "gallery.js", "picture.js", "selection.js", "shared.css")
_JOB: Final = r"{job:[0-9a-f]{32}}"

Change = Callable[[Viewer, Mapping[str, Any]], Awaitable[Json]]


class GalleryPage:
    """The page while it is served."""

    def __init__(
        self,
        sessions: Sessions,
        sights: Sights,
        collection: PictureCollection,
        *,
        address: str,
        strip: Callable[[str], str],
    ) -> None:
        """Serves nothing yet.

        Args:
            sessions: Who is signed in.
            sights: What people see.
            collection: What there is to see.
            address: At which browsers reach the bot, without a slash at its end.
            strip: Takes Discord's markup from a sentence.
        """
        self._sessions, self._sights, self._collection = sessions, sights, collection
        self._address, self._strip = address, strip
        self._inside = Document(_FOLDER / "index.html", sentences.GALLERY_PAGE)
        self._outside = build_door(sentences.GALLERY_DOOR)

    def add_routes(self, app: web.Application) -> None:
        """Adds what is served."""
        app.router.add_get(GALLERY, self._serve_index)
        app.router.add_get(f"{GALLERY}pictures", self._serve_list)
        app.router.add_get(f"{GALLERY}pictures/{_JOB}", self._serve_details)
        app.router.add_get(f"{GALLERY}people", self._serve_names)
        changes: Mapping[str, Change] = {
            "mark": self._mark,
            "private": self._keep_private,
            "share": self._share,
            "revoke": self._revoke,
            "delete": self._delete,
        }
        for name, change in changes.items():
            app.router.add_post(f"{GALLERY}{name}", self._take(change))
        Assets(GALLERY, _FOLDER, _ASSETS).add_routes(app)

    async def _serve_index(self, request: web.Request) -> web.Response:
        try:
            session = self._sessions.read(request)
        except NotSignedInError:
            said = say(sentences.SIGN_IN_FAILED) if AGAIN in request.query else ""
            return self._outside.write(request, said=said, page=GALLERY)
        viewer = await self._sights.find(session)
        servers = [
            {"id": str(id_), "name": self._sights.name_server(id_)} for id_ in viewer.servers
        ]
        given = {
            "me": str(session.person),
            "servers": servers,
            "models": await self._collection.list_models(session.person),
            "lives": [life.days for life in LIVES],
            "most": MOST,
            "words": {name: say(text) for name, text in sentences.GALLERY_SAID.items()},
        }
        return self._inside.write(request, name=session.name, given=json.dumps(given))

    async def _serve_list(self, request: web.Request) -> web.Response:
        viewer = await self._sights.find(self._sessions.read(request))
        try:
            wanted = read_wanted(request.query, viewer)
        except (ValueError, OverflowError, OSError):
            raise web.HTTPBadRequest from None
        if job_id := request.query.get("of"):
            job = (await self._collection.find(viewer, job_id)).job
            members = await self._collection.list_lineage(viewer, job)
            wanted = replace(wanted, jobs=tuple(one.job.id for one in members))
        shown, following = await self._collection.list_page(viewer, wanted)
        # Recipes are read for it, which takes a millisecond each.
        drawings = await asyncio.to_thread(write_entries, shown, viewer)
        return web.json_response({"drawings": drawings, "next": following})

    async def _serve_details(self, request: web.Request) -> web.Response:
        viewer = await self._sights.find(self._sessions.read(request))
        shown = await self._collection.find(viewer, request.match_info["job"])
        lineage = await self._collection.list_lineage(viewer, shown.job)
        links = await self._collection.list_links(viewer, shown.job.id)
        details = write_details(shown, viewer, lineage=lineage, links=links, strip=self._strip)
        return web.json_response(details)

    async def _serve_names(self, request: web.Request) -> web.Response:
        viewer = await self._sights.find(self._sessions.read(request))
        try:
            server = int(request.query["server"])
            people = [int(one) for one in request.query["ids"].split(",")[:MOST_NAMED]]
        except (KeyError, ValueError):
            raise web.HTTPBadRequest from None
        if server not in viewer.servers:
            raise web.HTTPForbidden
        named = await self._sights.name_people(server, people)
        return web.json_response({str(person): name for person, name in named.items()})

    def _take(self, change: Change) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Answers a request that changes something: it comes from the page, and is JSON."""

        async def take(request: web.Request) -> web.Response:
            viewer = await self._sights.find(self._sessions.read_changing(request))
            try:
                given = await request.json()
                return web.json_response(await change(viewer, given))
            # What the page sends has all that is asked for, of the right kind.
            except (KeyError, TypeError, ValueError):
                raise web.HTTPBadRequest from None

        return take

    async def _mark(self, viewer: Viewer, given: Mapping[str, Any]) -> Json:
        wanted = bool(given["on"])
        await self._collection.mark(viewer, str(given["job"]), int(given["n"]), wanted=wanted)
        return {}

    async def _keep_private(self, viewer: Viewer, given: Mapping[str, Any]) -> Json:
        private = bool(given["on"])
        await self._collection.keep_private(viewer, str(given["job"]), private=private)
        return {}

    async def _share(self, viewer: Viewer, given: Mapping[str, Any]) -> Json:
        life = timedelta(days=int(given["days"]))
        if life not in LIVES:
            raise ValueError(given["days"])
        name = await self._collection.share(
            viewer, str(given["job"]), int(given["n"]), recipe=bool(given["recipe"]), life=life
        )
        return {"url": f"{self._address}{SHARED}{name}/"}

    async def _revoke(self, viewer: Viewer, given: Mapping[str, Any]) -> Json:
        await self._collection.revoke(viewer, str(given["id"]))
        return {}

    async def _delete(self, viewer: Viewer, given: Mapping[str, Any]) -> Json:
        jobs = [str(job) for job in given["jobs"]][:MOST]
        return {"deleted": await self._collection.delete(viewer, jobs)}
