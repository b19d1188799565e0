"""The page on which somebody signs in elsewhere: it asks who one is, and sends one back.

On Discord one is known already and says yes or no; here anybody may be anybody.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from string import Template
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from playground.page.sockets import FOLDER, HEADERS
from playground.page.visit import describe_standing
from playground.protocol import shapes
from playground.state.cast import APPLICATION_ID, OBJECTS
from playground.state.grants import SCOPES, Grant
from playground.state.records import Person
from playground.state.world import World

PATH = "/oauth2/authorize"
READS = {"identify": "who you are", "guilds": "which servers you are on"}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Consent:
    """`GET /oauth2/authorize`."""

    def __init__(self, world: World) -> None:
        self._world = world
        file: Path = FOLDER / "consent.html"
        self._template = Template(file.read_text(encoding="utf-8"))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Ask who one is; with `as` in the address one has said so."""
        asked = request.query
        if problem := _find_problem(asked):
            raise web.HTTPBadRequest(text=problem)
        who = asked.get("as")
        if who is None:
            return self._ask(asked)
        back = {"state": asked["state"]} if "state" in asked else {}
        person = self._world.people.get(who)
        if person is None:
            back["error"] = "access_denied"
        else:
            back["code"] = self._world.grants.issue_code(_grant(person, asked))
        redirect = asked["redirect_uri"]
        sign = "&" if urlsplit(redirect).query else "?"
        raise web.HTTPFound(f"{redirect}{sign}{urlencode(back)}")

    def _ask(self, asked: Mapping[str, str]) -> web.Response:
        people = [self._link(person, asked) for person in self._world.people.values()]
        text = self._template.substitute(
            name=html.escape(OBJECTS["application"]["name"]),
            reads=" and ".join(READS[scope] for scope in READS if scope in asked["scope"].split()),
            people="\n".join(people),
            no=_address(asked, ""),
        )
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    def _link(self, person: Person, asked: Mapping[str, str]) -> str:
        name = html.escape(shapes.user(person)["global_name"])
        standing = html.escape(describe_standing(self._world, person))
        return (
            f'<li><a href="{_address(asked, person.name)}"><i class="{person.name}">{name[0]}</i>'
            f"<span><b>{name}</b><small>{standing}</small></span></a></li>"
        )


def _address(asked: Mapping[str, str], who: str) -> str:
    return html.escape(f"{PATH}?{urlencode({**asked, 'as': who})}")


def _find_problem(asked: Mapping[str, str]) -> str:
    """Return what Discord refuses about a request; empty where it is good."""
    scopes = frozenset(asked.get("scope", "").split())
    if asked.get("client_id") != str(APPLICATION_ID):
        return "Unknown Application"
    if asked.get("response_type") != "code" or not scopes or not scopes <= SCOPES:
        return "Invalid Form Body"
    # Discord compares with what the application's owner entered; here any page of this machine.
    if urlsplit(asked.get("redirect_uri", "")).hostname not in _LOOPBACK:
        return "Invalid OAuth2 redirect_uri"
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        return "Invalid code_challenge_method"
    return ""


def _grant(person: Person, asked: Mapping[str, str]) -> Grant:
    scopes = frozenset(asked["scope"].split())
    return Grant(person.id, scopes, asked["redirect_uri"], asked.get("code_challenge", ""))
