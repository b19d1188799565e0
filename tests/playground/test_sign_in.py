"""Signing in elsewhere with the stand-in: who is asked, and what is refused."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from playground import Playground
from playground.state.cast import APPLICATION_ID, CLIENT_SECRET
from tests.playground.conftest import Raw

BACK = "http://127.0.0.1:9/back"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
ASKED = {
    "client_id": str(APPLICATION_ID),
    "response_type": "code",
    "scope": "identify guilds",
    "redirect_uri": BACK,
    "state": "s&t",
    "code_challenge": CHALLENGE.decode(),
    "code_challenge_method": "S256",
}


async def ask(raw: Raw, **changes: str) -> tuple[int, str]:
    """The status of the page on which one signs in, and where it sends one, or what it says."""
    url = f"{raw.playground.url}/oauth2/authorize?{urlencode({**ASKED, **changes})}"
    async with raw.session.get(url, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "") or await answer.text()


async def sign_in(raw: Raw, **changes: str) -> str:
    """The code that somebody comes back with."""
    _, there = await ask(raw, **{"as": "mira", **changes})
    assert there.startswith(BACK)
    told = parse_qs(urlsplit(there).query)
    assert told["state"] == ["s&t"]
    return told["code"][0]


async def redeem(raw: Raw, good: str, **changes: str) -> tuple[int, Any]:
    """What the code is worth."""
    given = {
        "grant_type": "authorization_code",
        "code": good,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    login = aiohttp.encode_basic_auth(
        given.pop("id", str(APPLICATION_ID)), given.pop("secret", CLIENT_SECRET)
    )
    url = f"{raw.playground.url}/api/v10/oauth2/token"
    async with raw.session.post(url, data=given, headers={"Authorization": login}) as answer:
        return answer.status, await answer.json()


async def read(raw: Raw, path: str, token: str) -> tuple[int, Any]:
    """What a person's own token reads."""
    headers = {"Authorization": f"Bearer {token}"}
    async with raw.session.get(f"{raw.playground.url}/api/v10{path}", headers=headers) as answer:
        return answer.status, await answer.json()


async def test_somebody_signs_in_and_is_known(raw: Raw, p: Playground) -> None:
    status, page = await ask(raw)
    assert status == 200
    assert all(name in page for name in ("Mira", "Otto", "Gus", "Easel", "which servers"))
    status, told = await redeem(raw, await sign_in(raw))
    assert (status, told["token_type"], told["scope"]) == (200, "Bearer", "guilds identify")
    _, user = await read(raw, "/users/@me", told["access_token"])
    assert (user["id"], user["username"]) == (str(p.people["mira"].id), "mira")
    _, guilds = await read(raw, "/users/@me/guilds", told["access_token"])
    assert [guild["id"] for guild in guilds] == [str(p.guild)]


async def test_each_token_has_a_limit_of_its_own(raw: Raw, p: Playground) -> None:
    tokens = [(await redeem(raw, await sign_in(raw)))[1]["access_token"] for _ in range(2)]
    p.faults.limit, p.faults.window = 1, 60.0
    asked = [(await read(raw, "/users/@me", token))[0] for token in (*tokens, *tokens)]
    assert asked == [200, 200, 429, 429]


async def test_who_says_no_comes_back_without_a_code(raw: Raw) -> None:
    _, there = await ask(raw, **{"as": ""})
    assert "error=access_denied" in there
    assert "code=" not in there


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "1"},
        {"response_type": "token"},
        {"scope": "identify email"},
        {"redirect_uri": "https://evil.example/"},
        {"code_challenge_method": "plain"},
    ],
)
async def test_what_discord_refuses_is_refused(raw: Raw, changes: dict[str, str]) -> None:
    assert (await ask(raw, **{"as": "mira", **changes}))[0] == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"secret": "another"}, "invalid_client"),
        ({"id": "1"}, "invalid_client"),
        ({"code": "another"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:9/"}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_a_code_is_good_for_whom_it_was_given(
    raw: Raw, changes: dict[str, str], error: str
) -> None:
    status, told = await redeem(raw, await sign_in(raw), **changes)
    assert status >= 400
    assert told == {"error": error}


async def test_a_code_is_good_once_and_not_for_long(raw: Raw, p: Playground) -> None:
    code = await sign_in(raw)
    assert (await redeem(raw, code))[0] == 200
    assert (await redeem(raw, code))[1] == {"error": "invalid_grant"}
    code = await sign_in(raw)
    p.clock.advance(61)
    assert (await redeem(raw, code))[1] == {"error": "invalid_grant"}


async def test_a_persons_token_reads_what_they_allowed_and_nothing_else(
    raw: Raw, p: Playground
) -> None:
    _, told = await redeem(raw, await sign_in(raw, scope="identify"))
    token = told["access_token"]
    assert (await read(raw, "/users/@me", token))[0] == 200
    for path in ("/users/@me/guilds", f"/guilds/{p.guild}", f"/channels/{p.channel('general')}"):
        assert (await read(raw, path, token))[0] == 401
    assert (await read(raw, "/users/@me", "made-up"))[0] == 401
    p.clock.advance(8 * 24 * 3600)
    assert (await read(raw, "/users/@me", token))[0] == 401
