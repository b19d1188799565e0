"""Turning a code into a token: the one route of signing in that Discord's description leaves out.

What a token may read, `GET /users/@me` and `GET /users/@me/guilds`, is among the other operations.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from aiohttp import web

from playground.state.cast import APPLICATION_ID, CLIENT_SECRET
from playground.state.grants import TOKEN_LIFE
from playground.state.world import World
from playground.transport.rest import BASE

TOKEN_PATH = f"{BASE}/oauth2/token"


class TokenRoute:
    """`POST /oauth2/token`, as RFC 6749 describes it and Discord serves it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with a token, or with the reason why there is none."""
        if request.content_type != "application/x-www-form-urlencoded":
            return _refuse("invalid_request")
        form = await request.post()
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        if not _is_application(request, given):
            return _refuse("invalid_client", 401)
        if given.get("grant_type") != "authorization_code":
            return _refuse("unsupported_grant_type")
        code, back = given.get("code", ""), given.get("redirect_uri", "")
        found = self._world.grants.redeem(code, back, given.get("code_verifier", ""))
        if found is None:
            return _refuse("invalid_grant")
        token, grant = found
        return web.json_response(
            {
                "token_type": "Bearer",
                "access_token": token,
                "expires_in": TOKEN_LIFE,
                "refresh_token": token[::-1],
                "scope": " ".join(sorted(grant.scopes)),
            }
        )


def _is_application(request: web.Request, given: dict[str, str]) -> bool:
    """Whether the request has the application's id and secret, in its head or in its body."""
    client, secret = given.get("client_id", ""), given.get("client_secret", "")
    kind, _, login = request.headers.get("Authorization", "").partition(" ")
    if kind == "Basic":
        try:
            client, _, secret = base64.b64decode(login, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
    genuine = hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode())
    return client == str(APPLICATION_ID) and genuine


def _refuse(error: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error}, status=status)
