"""The admin's view in a real browser: read on two screens, and used."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from selenium.webdriver import Chrome

from bot.text import sentences
from storage.decisions import choice_queries
from storage.decisions.choices import Change, Limits, ServerChoices
from tests.bot.live.house import House
from tests.bot.live.test_gallery_page import Album
from tests.bot.live.visiting import serve_pages
from tests.playground.browser import reset_browser

pytestmark = pytest.mark.browser

SAID = sentences.ADMIN_SAID


class Desk(Album):
    """The admin's view, as hands and eyes use it."""

    def arrive(self) -> None:
        """Opens it with nobody signed in, in the window as it is."""
        self.driver.delete_all_cookies()
        self.driver.get(f"{self.url}/admin/")

    def headings(self) -> list[str]:
        """What there is to see."""
        return self.texts("section h2")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(shared_house: House) -> AsyncIterator[str]:
    async with serve_pages(shared_house) as there:
        yield there


@pytest.fixture
def desk(chromium: Chrome, address: str) -> Iterator[Desk]:
    reset_browser(chromium, address)
    it = Desk(chromium, address)
    yield it
    assert it.complaints() == []
    it.leave()


async def fill(house: House) -> None:
    """Some use, two jobs that wait, a worker, and changes."""
    guild, otto = house.playground.guild, house.playground.people["otto"].id
    role = 1140000000000000011
    await house.decide(
        ServerChoices(quotas="50 pictures/day", limits={role: Limits(unfinished=20, share=2)})
    )
    for most in range(4, 7):
        kept = [f'{{"repeat": {count}}}' for count in (most, most + 1)]
        await house.jobs.records.write(
            choice_queries.note_change, guild, Change(otto, "limits", *kept)
        )
    await house.drawn("a red apple")
    await house.jobs.sign_on()
    for prompt in ("a blue bird", "a green tree"):
        await house.imagine(prompt)
    await house.accepted(2)


async def test_who_runs_the_bot_looks_at_all_of_it_and_cancels_a_job(
    house: House, desk: Desk
) -> None:
    await fill(house)
    await asyncio.to_thread(use, desk)
    assert len(await house.jobs.waiting()) == 1


def use(desk: Desk) -> None:
    desk.arrive()
    desk.sign_in("otto")
    assert f"{SAID['queue']} (2)" in desk.headings()
    assert SAID["workers"] in desk.headings()
    assert SAID["changes"] not in desk.headings()
    desk.script(
        "const it = document.querySelector('#server'); it.selectedIndex = 1;"
        "it.dispatchEvent(new Event('change'))"
    )
    desk.until(lambda: SAID["changes"] in desk.headings() or None)
    desk.until(lambda: "Mira" in desk.text("#sections") or None)
    assert "One request makes up to 7 jobs." in desk.text("#sections")
    desk.find("td button").click()
    desk.until(lambda: f"{SAID['queue']} (1)" in desk.headings() or None)
    assert desk.text("#said") == SAID["cancelled"]


async def test_who_manages_nothing_is_told_so(house: House, desk: Desk) -> None:
    await asyncio.to_thread(look, desk)


def look(desk: Desk) -> None:
    desk.arrive()
    desk.sign_in("mira")
    assert desk.text("#said") == SAID["nothing_yours"]
    assert desk.headings() == []
    desk.check()


async def test_eyes_and_screen_readers_find_nothing_wrong(house: House, desk: Desk) -> None:
    await fill(house)
    await asyncio.to_thread(read, desk)


def read(desk: Desk) -> None:
    desk.arrive()
    desk.check()
    desk.sign_in("otto")
    desk.until(lambda: "Mira" in desk.text("#sections") or None)
    desk.check()
    desk.script(
        "const it = document.querySelector('#server'); it.selectedIndex = 1;"
        "it.dispatchEvent(new Event('change'))"
    )
    desk.until(lambda: SAID["changes"] in desk.headings() or None)
    desk.check()
