"""What the painting page sends, and what the server and Discord make of it."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from playground.state.records import Permission
from storage.decisions.choices import ServerChoices
from tests.bot.live.house import House
from tests.journeys.studio import WORKER, Studio, answer, public, result, showing
from tests.journeys.test_canvas import QUICK, single
from tests.journeys.test_region import last, link, look, mask, newest, send


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(shared_house: House) -> AsyncIterator[None]:
    """A bot with a painting page, for every test here."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with shared_house.set_up(public_url=f"http://127.0.0.1:{port}", page_port=port):
        yield


@pytest.fixture
def painting(page: None, studio: Studio) -> Studio:
    """Bot and painter at work with that page."""
    return studio


async def test_what_the_server_refuses_is_said_on_the_page_and_nothing_is_queued(
    painting: Studio,
) -> None:
    playground, picture = painting.playground, await single(painting)
    url = await link(painting, picture)
    since = last(painting)
    await painting.decide(ServerChoices(channels=(playground.channel("art"),)))
    status, said = await send(url, mask(), "a hat")
    assert (status, said) == (422, "On this server pictures are made in #art; please ask there.")
    press = await playground.press("mira", picture, label="Vary (Region)")
    await showing(await answer(press), "pictures are made in")
    await painting.decide(ServerChoices(daily=1))
    assert "1 job per person in 24 hours" in (await send(url, mask(), "a hat"))[1]
    await painting.decide(ServerChoices())
    assert "from 0 to 100" in (await send(url, mask(), "a hat --chaos 900"))[1]
    assert "Nothing is painted" in (await send(url, Image.new("L", (256, 256)), "a hat"))[1]
    small = Image.new("L", (1, 1), 255)
    assert "does not fit the picture" in (await send(url, small, "a hat"))[1]
    assert "incomplete" in (await send(url[:-2], mask(), "a hat"))[1]
    assert [m for m in public(playground, since + 1) if "Region" in m.content] == []


async def test_two_at_once_keep_to_the_limit_and_leave_no_message_behind(
    painting: Studio,
) -> None:
    url, since = await link(painting, await single(painting)), last(painting)
    await painting.decide(ServerChoices(unfinished=1))
    # Nobody paints the first before the second comes.
    await painting.end(WORKER)
    answers = await asyncio.gather(*(send(url, mask(), f"a hat {QUICK}") for _ in range(2)))
    (_, queued), (_, refused) = sorted(answers)
    assert queued.startswith("Queued")
    assert refused.startswith("You have 1 job queued")
    await painting.start(WORKER)
    await newest(painting, since)
    assert len(public(painting.playground, since + 1)) == 1


async def test_who_may_not_see_the_channel_any_more_is_refused(painting: Studio) -> None:
    playground = painting.playground
    press = await playground.command("otto", "imagine", {"prompt": f"a dog {QUICK}"}, channel="art")
    picture = await result(await playground.press("otto", await result(press), label="U1"))
    url = await link(painting, picture)
    since = last(painting)
    playground.forbid("mira", "art", Permission.VIEW_CHANNEL)
    try:
        status, said = await send(url, mask(), "a hat")
        seen = [await look(url, what) for what in ("picture", "sheet")]
    finally:
        playground.permit("mira", "art", Permission.VIEW_CHANNEL)
    assert seen == [422, 422]
    assert [await look(url, what) for what in ("picture", "sheet")] == [200, 200]
    assert (status, "no longer have access" in said) == (422, True)
    assert public(playground, since + 1) == []


async def test_in_direct_messages_the_pictures_come_there(painting: Studio) -> None:
    playground = painting.playground
    press = await playground.command("mira", "imagine", {"prompt": f"a dog {QUICK}"}, channel="dm")
    picture = await result(await playground.press("mira", await result(press), label="U1"))
    since = last(painting)
    assert (await send(await link(painting, picture), mask(), f"a hat {QUICK}"))[0] == 201
    made = await newest(painting, since)
    assert made.channel_id == picture.channel_id
