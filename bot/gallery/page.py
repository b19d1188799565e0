"""The gallery's page, and what it asks for."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from bot.errors import NotSignedInError
from bot.gallery.collection import PAGE, PictureCollection
from bot.gallery.entries import Json, write_details, write_entries
from bot.gallery.picture_files import JOB, MOST
from bot.gallery.query import read_server, read_wanted
from bot.gallery.shared import SHARED
from bot.gallery.sights import Onlooker, Sights
from bot.text import sentences
from bot.text.languages import say
from bot.web.assets import Assets, Document
from bot.web.door import Door
from bot.web.parameters import read_id, read_number, reading
from bot.web.sessions import Sessions
from storage.gallery.share_links import LIVES
from storage.settings import GALLERY

MOST_NAMED: Final = PAGE
"""People whose names are told at once: all whose drawings are on a page."""

_FOLDER: Final = Path(__file__).with_name("static")
_ASSETS: Final = ("gallery.css", "gallery.js", "picture.js", "selection.js", "shared.css")

Change = Callable[[Onlooker, Mapping[str, Any]], Awaitable[Json]]


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
        self._outside = Door(sentences.GALLERY_DOOR, GALLERY)

    def add_routes(self, app: web.Application) -> None:
        """Adds what is served."""
        app.router.add_get(GALLERY, self._serve_index)
        app.router.add_get(f"{GALLERY}pictures", self._serve_list)
        app.router.add_get(f"{GALLERY}pictures/{JOB}", self._serve_details)
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
            return self._outside.write(request)
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
        return self._inside.write(name=session.name, given=json.dumps(given))

    async def _serve_list(self, request: web.Request) -> web.Response:
        session = self._sessions.read(request)
        onlooker, server = self._sights.meet(session), read_server(request.query)
        viewer = await self._sights.find(session, among=() if server is None else (server,))
        wanted = read_wanted(request.query, viewer)
        if of := request.query.get("of"):
            job = (await self._collection.find(onlooker, read_id(of))).job
            members = await self._collection.list_lineage(onlooker, job)
            wanted = replace(wanted, jobs=tuple(one.job.id for one in members))
        shown, following = await self._collection.list_page(onlooker, wanted)
        # Recipes are read for it, which takes a millisecond each.
        drawings = await asyncio.to_thread(write_entries, shown, session.person)
        return web.json_response({"drawings": drawings, "next": following})

    async def _serve_details(self, request: web.Request) -> web.Response:
        session = self._sessions.read(request)
        onlooker = self._sights.meet(session)
        shown = await self._collection.find(onlooker, request.match_info["job"])
        lineage = await self._collection.list_lineage(onlooker, shown.job)
        links = await self._collection.list_links(onlooker, shown.job.id)
        details = write_details(
            shown, session.person, lineage=lineage, links=links, strip=self._strip
        )
        return web.json_response(details)

    async def _serve_names(self, request: web.Request) -> web.Response:
        session = self._sessions.read(request)
        with reading():
            server = read_number(request.query["server"])
            people = [read_number(one) for one in request.query["ids"].split(",")[:MOST_NAMED]]
        viewer = await self._sights.find(session, among=(server,))
        if server not in viewer.servers:
            raise web.HTTPForbidden
        named = await self._sights.name_people(server, people)
        return web.json_response({str(person): name for person, name in named.items()})

    def _take(self, change: Change) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Answers a request that changes something: it comes from the page, and is JSON."""

        async def take(request: web.Request) -> web.Response:
            onlooker = self._sights.meet(self._sessions.read_changing(request))
            with reading():
                given = await request.json()
            return web.json_response(await change(onlooker, given))

        return take

    async def _mark(self, onlooker: Onlooker, given: Mapping[str, Any]) -> Json:
        with reading():
            job, position, wanted = read_id(given["job"]), int(given["n"]), bool(given["on"])
        await self._collection.mark(onlooker, job, position, wanted=wanted)
        return {}

    async def _keep_private(self, onlooker: Onlooker, given: Mapping[str, Any]) -> Json:
        with reading():
            job, private = read_id(given["job"]), bool(given["on"])
        await self._collection.keep_private(onlooker, job, private=private)
        return {}

    async def _share(self, onlooker: Onlooker, given: Mapping[str, Any]) -> Json:
        with reading():
            job, position, recipe = read_id(given["job"]), int(given["n"]), bool(given["recipe"])
            days = int(given["days"])
        life = next((it for it in LIVES if it.days == days), None)
        if life is None:
            raise web.HTTPBadRequest
        name = await self._collection.share(onlooker, job, position, recipe=recipe, life=life)
        return {"url": f"{self._address}{SHARED}{name}/"}

    async def _revoke(self, onlooker: Onlooker, given: Mapping[str, Any]) -> Json:
        with reading():
            digest = read_id(given["id"])
        await self._collection.revoke(onlooker, digest)
        return {}

    async def _delete(self, onlooker: Onlooker, given: Mapping[str, Any]) -> Json:
        with reading():
            jobs = [read_id(job) for job in given["jobs"][:MOST]]
        return {"deleted": await self._collection.delete(onlooker, jobs)}
