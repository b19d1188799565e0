"""Signing in to the bot's pages: to Discord and back, and nobody in another's name."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio

from bot.text import sentences
from bot.web.sessions import HEADER
from tests.bot.live.house import House
from tests.bot.live.visiting import Visitor, serve_pages


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(shared_house: House) -> AsyncIterator[str]:
    async with serve_pages(shared_house) as there:
        yield there


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(address: str, house: House) -> AsyncIterator[Visitor]:
    async with Visitor.come(address) as it:
        yield it


async def test_somebody_signs_in_and_out(visitor: Visitor) -> None:
    assert sentences.SIGN_IN.encode() in (await visitor.get("/gallery/"))[1]
    assert "Mira" in await visitor.sign_in("mira")
    assert b"Mira" in (await visitor.get("/gallery/"))[1]
    assert await visitor.post("/sign-in/out", {}) == (200, {})
    assert b"Mira" not in (await visitor.get("/gallery/"))[1]


@pytest.mark.parametrize("page", ["/gallery", "/admin"])
async def test_a_page_is_found_without_the_slash_at_its_end(visitor: Visitor, page: str) -> None:
    status, body = await visitor.get(page)
    assert (status, body) == await visitor.get(f"{page}/")
    assert sentences.SIGN_IN.encode() in body


async def test_discord_is_asked_who_one_is_and_where_and_for_no_more(
    visitor: Visitor, house: House
) -> None:
    there = await visitor.leave()
    asked = parse_qs(urlsplit(there).query)
    assert asked["scope"] == ["identify guilds"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 22
    assert (await visitor.leave()) != there


async def test_whoever_says_no_is_not_signed_in(visitor: Visitor) -> None:
    page = await visitor.sign_in("nobody")
    assert sentences.SIGN_IN in page
    assert sentences.SIGN_IN_FAILED not in page


async def test_nobody_is_signed_in_by_a_link_that_somebody_else_began(
    address: str, visitor: Visitor
) -> None:
    """Who leads another to the way back would have them signed in as oneself."""
    there = f"{await visitor.leave()}&as=otto"
    async with (
        Visitor.come(address) as other,
        visitor.session.get(there, allow_redirects=False) as answer,
    ):
        back = answer.headers["Location"]
        for browser in (other.session, visitor.session):
            async with browser.get(back) as came:
                page = await came.text()
            assert ("Otto" in page) == (browser is visitor.session)
            assert (sentences.SIGN_IN_FAILED in page) == (browser is other.session)
        # A code is good once.
        async with visitor.session.get(back) as again:
            assert sentences.SIGN_IN_FAILED in await again.text() or "Otto" in await again.text()


@pytest.mark.parametrize("changed", ["state=", "code=made-up", "state=ä&code=1"])
async def test_what_does_not_come_from_discord_is_refused(visitor: Visitor, changed: str) -> None:
    await visitor.leave()
    page = (await visitor.get(f"/sign-in/back?{changed}"))[1].decode()
    assert sentences.SIGN_IN_FAILED in page


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/paint/", ""])
async def test_the_way_back_leads_to_pages_of_the_bot_alone(visitor: Visitor, to: str) -> None:
    await visitor.sign_in("mira", to)
    there = await visitor.leave(to)
    async with visitor.session.get(f"{there}&as=mira", allow_redirects=False) as answer:
        back = answer.headers["Location"]
    async with visitor.session.get(back, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"{visitor.address}/gallery/"


async def test_discord_out_of_order_is_said_and_signs_nobody_in(
    visitor: Visitor, house: House
) -> None:
    house.playground.faults.next("GET", "/users/@me/guilds", status=500)
    assert sentences.SIGN_IN_FAILED in await visitor.sign_in("mira")


async def test_a_page_of_another_site_changes_nothing(visitor: Visitor) -> None:
    await visitor.sign_in("mira")
    async with visitor.session.post(f"{visitor.address}/sign-in/out", json={}) as answer:
        assert answer.status == 403
    # To send the header, a browser asks first; the answer allows nobody.
    asked = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": HEADER,
    }
    async with visitor.session.options(f"{visitor.address}/sign-in/out", headers=asked) as answer:
        assert answer.status == 405
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert b"Mira" in (await visitor.get("/gallery/"))[1]


async def test_without_a_client_secret_there_is_no_gallery(house: House) -> None:
    async with serve_pages(house, client_secret=None) as there, aiohttp.ClientSession() as session:
        for path in ("/gallery/", "/sign-in/"):
            async with session.get(there + path) as answer:
                assert answer.status == 404
        async with session.get(f"{there}/paint/") as answer:
            assert answer.status == 200
