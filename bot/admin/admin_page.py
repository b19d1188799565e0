"""The admin's page, and what it asks for."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import discord
from aiohttp import web

from bot.admin.administrators import Administrators
from bot.admin.overview import Overview
from bot.admin.rights import Administrator, may_administer
from bot.errors import NotAdministeredError, NotSignedInError
from bot.text import sentences
from bot.text.languages import say
from bot.web.assets import Assets, Document
from bot.web.door import Door
from bot.web.guild_members import Members
from bot.web.parameters import read_id, read_number, reading
from bot.web.plain_text import strip_markup
from bot.web.sessions import Sessions
from storage.queue.client import Jobs
from storage.settings import ADMIN, Settings

MOST_NAMED: Final = 50
"""People whose names are told at once."""

MOST_SERVERS: Final = 200
"""Servers that can be chosen from."""

_FOLDER: Final = Path(__file__).with_name("static")


class AdminPage:
    """The page while it is served."""

    def __init__(
        self,
        client: discord.Client,
        sessions: Sessions,
        members: Members,
        administrators: Administrators,
        overview: Overview,
    ) -> None:
        """Serves nothing yet.

        Args:
            client: Knows the application and its servers.
            sessions: Who is signed in.
            members: What people are called.
            administrators: What rights they have.
            overview: What there is to see.
        """
        self._client, self._sessions, self._members = client, sessions, members
        self._administrators, self._overview = administrators, overview
        self._inside = Document(_FOLDER / "index.html", sentences.ADMIN_PAGE)
        self._outside = Door(sentences.ADMIN_DOOR, ADMIN)

    def add_routes(self, app: web.Application) -> None:
        """Adds what is served."""
        app.router.add_get(ADMIN, self._serve_index)
        app.router.add_get(f"{ADMIN}overview", self._serve_overview)
        app.router.add_get(f"{ADMIN}people", self._serve_names)
        app.router.add_post(f"{ADMIN}cancel", self._cancel)
        Assets(ADMIN, _FOLDER, ("admin.css", "admin.js")).add_routes(app)

    async def _serve_index(self, request: web.Request) -> web.Response:
        try:
            session = self._sessions.read(request)
        except NotSignedInError:
            return self._outside.write(request)
        who = await self._administrators.find(session)
        given = {
            "servers": self._list_servers(who),
            "words": {name: say(text) for name, text in sentences.ADMIN_SAID.items()},
        }
        return self._inside.write(name=session.name, given=json.dumps(given))

    def _list_servers(self, who: Administrator) -> list[Mapping[str, str]]:
        """What they may look at, all of the bot first where that is theirs."""
        seen = [guild for guild in self._client.guilds if may_administer(who, guild.id)]
        named = sorted(seen, key=lambda guild: guild.name.casefold())[:MOST_SERVERS]
        every = [{"id": "", "name": say(sentences.ADMIN_ALL)}] if may_administer(who, None) else []
        return [*every, *({"id": str(guild.id), "name": guild.name} for guild in named)]

    async def _serve_overview(self, request: web.Request) -> web.Response:
        who = await self._administrators.find(self._sessions.read(request))
        skipped = read_number(request.query.get("skipped", "0"))
        told = await self._overview.write(who, _read_server(request.query), skipped)
        return web.json_response(told)

    async def _serve_names(self, request: web.Request) -> web.Response:
        who = await self._administrators.find(self._sessions.read(request))
        server = _read_server(request.query)
        if not may_administer(who, server):
            raise NotAdministeredError
        asked = [read_number(one) for one in request.query.get("ids", "").split(",")]
        named = await self._members.name(server, asked[:MOST_NAMED])
        return web.json_response({str(person): name for person, name in named.items()})

    async def _cancel(self, request: web.Request) -> web.Response:
        who = await self._administrators.find(self._sessions.read_changing(request))
        with reading():
            job = read_id((await request.json())["job"])
        await self._overview.cancel(who, job)
        return web.json_response({})


def build_admin(
    client: discord.Client,
    settings: Settings,
    jobs: Jobs,
    *,
    sessions: Sessions,
    members: Members,
) -> AdminPage:
    """The page.

    Args:
        client: Knows the application and its servers.
        settings: Say when a worker counts as dead.
        jobs: The queue, and what is kept beside it.
        sessions: Who is signed in.
        members: Who is on which server, with what rights.
    """
    overview = Overview(jobs, settings.dead_after, partial(strip_markup, client))
    return AdminPage(client, sessions, members, Administrators(client, members), overview)


def _read_server(query: Mapping[str, str]) -> int | None:
    """The server that is asked for; None for all of the bot."""
    given = query.get("server", "")
    return read_number(given) if given else None
