"""The gallery in a real browser: signed in by a press, used by keyboard, read on two screens."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
import pytest_asyncio
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from bot.text import sentences
from storage.decisions.choices import ServerChoices
from tests.bot.live.house import House
from tests.bot.live.test_gallery import draw
from tests.bot.live.visiting import serve_pages
from tests.playground.browser import SCREENS, Page, reset_browser

pytestmark = pytest.mark.browser

SAID = sentences.GALLERY_SAID
SIZES = {1280: (1280, 900), 390: (390, 780)}
WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """return [...document.querySelectorAll('button, .tool, .acts a, .bar button, .cell label')]
.filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 43.5)
.map((it) => it.outerHTML)"""
"""What a finger would miss."""

SET = """const field = document.getElementById(arguments[0]);
field.value = arguments[1];
field.dispatchEvent(new Event("input", {bubbles: true}));"""
PRIVATE = """return fetch(`pictures/${arguments[0]}`)
.then((it) => it.json()).then((it) => it.private)"""


class Album(Page):
    """The gallery, as hands and eyes use it."""

    def arrive(self) -> None:
        """Opens it with nobody signed in, in the window as it is."""
        self.driver.delete_all_cookies()
        self.driver.get(f"{self.url}/gallery/")

    def sign_in(self, person: str) -> None:
        """Goes to the stand-in and back, as somebody."""
        self.click("a.button")
        self.find(f"a i.{person}").click()
        self.wait()

    def wait(self) -> None:
        """Until what is wanted is shown."""
        self.until(lambda: self.script("return !document.querySelector('[aria-busy]')"))

    def count(self) -> int:
        """How many pictures are listed."""
        return len(self.words())

    def shows(self, count: int) -> None:
        """Until so many are listed."""
        self.until(lambda: self.count() == count or None, f"{count} pictures")
        self.wait()

    def words(self) -> list[str]:
        """What a screen reader says of each picture."""
        return list(
            self.script("return [...document.querySelectorAll('.cell img')].map((it) => it.alt)")
        )

    @contextmanager
    def on(self, width: int, theme: str) -> Iterator[None]:
        """A desk or a phone, light or dark."""
        with self.dressed(theme), self.sized(*SIZES[width]):
            yield

    def check(self) -> None:
        """Nothing for axe to find, nothing beyond the edge, nothing too small for a finger."""
        for width, theme in SCREENS:
            with self.on(width, theme):
                self.until(lambda: self.script("return innerWidth") == width)  # noqa: B023
                assert self.axe() == [], width
                assert self.script(WIDE) <= 0
                assert self.script(SMALL) == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(shared_house: House) -> AsyncIterator[str]:
    async with serve_pages(shared_house) as there:
        yield there


@pytest.fixture
def album(chromium: Chrome, address: str) -> Iterator[Album]:
    reset_browser(chromium, address)
    it = Album(chromium, address)
    yield it
    assert [said for said in it.complaints() if "404" not in said] == []
    it.leave()


async def fill(house: House) -> str:
    """Three drawings of mira's, of which one was made of another, and one of otto's."""
    await house.decide(ServerChoices(gallery=True))
    job, grid = await draw(house, "a red apple --ar 3:2")
    await house.playground.press("mira", grid, label="V2")
    (varied,) = await house.accepted(1)
    await house.finished(varied)
    await draw(house, "a blue bird")
    await draw(house, "a green tree", "otto")
    return job


async def test_everything_on_the_page_can_be_done(house: House, album: Album) -> None:
    job = await fill(house)
    with album.on(1280, "light"):
        await asyncio.to_thread(look_for, album)
        await asyncio.to_thread(use_picture, album, job)
        await asyncio.to_thread(select, album)


async def test_a_phone_keeps_back_what_is_seldom_asked_for(house: House, album: Album) -> None:
    job = await fill(house)
    with album.on(390, "light"):
        await asyncio.to_thread(narrow, album, job)
        await asyncio.to_thread(select, album)


def narrow(album: Album, job: str) -> None:
    """What differs on a phone, and what is to be reached there by a finger."""
    album.arrive()
    album.sign_in("mira")
    assert not album.all("#model")
    album.click("#narrow")
    album.find("#model").send_keys("easel-1")
    album.until(lambda: "model=easel-1" in album.driver.current_url)
    album.driver.refresh()
    album.shows(12)
    # There is no need to open them where one of them holds.
    album.find("#model")
    album.click(f'a[href="#{job}/0"]')
    album.click("#older")
    album.until(lambda: album.driver.current_url.endswith(f"#{job}/1"))
    album.click(".acts [aria-pressed=false]")
    album.find(".acts [aria-pressed=true]")
    album.type(Keys.ESCAPE)
    album.gone("dialog")
    album.until(lambda: "#" not in album.driver.current_url)


def look_for(album: Album) -> None:
    """Every way to find pictures, each to its number of them."""
    album.arrive()
    album.sign_in("mira")
    assert album.count() == 12
    album.fill("appl --ar 3:2", "#q")
    album.shows(8)
    assert "q=appl" in album.driver.current_url
    album.driver.refresh()
    album.shows(8)
    album.fill("zeppelin", "#q")
    album.shows(0)
    assert album.text("#said") == SAID["nothing_found"]
    album.fill("", "#q")
    assert not album.all("#narrow")
    album.find("#model").send_keys("easel-1")
    # What was typed before may be looked for first.
    album.until(lambda: "model=easel-1" in album.driver.current_url)
    album.shows(12)
    album.script(SET, "model", "")
    for day, count in (("2099-01-01", 0), ("2020-01-01", 12)):
        album.script(SET, "since", day)
        album.shows(count)
    album.script(SET, "until", "2020-01-02")
    album.shows(0)
    for field in ("since", "until"):
        album.script(SET, field, "")
    album.shows(12)
    album.click('[data-scope="marked"]')
    album.shows(0)
    assert album.text("#said") == SAID["none"]
    album.click("#scopes button:nth-child(3)")
    album.shows(16)
    album.click('.cell a[href*="/0"]')
    album.until(lambda: "Otto" in album.find(".facts").text or None)
    assert not album.all(".facts .bad")
    album.click(".facts .settings button")
    album.shows(4)
    assert "Otto" in album.text("#person")
    album.click("#person")
    album.shows(16)
    album.click('[data-scope="mine"]')
    album.shows(12)


def use_picture(album: Album, job: str) -> None:
    """Everything that can be done with one picture, some of it by the keyboard."""
    rights = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    album.driver.execute_cdp_cmd("Browser.grantPermissions", rights)
    album.script(f"document.querySelector('a[href=\"#{job}/0\"]').focus()")
    album.type(Keys.ENTER)
    album.find("dialog h2")
    assert album.script("return document.activeElement.closest('dialog') !== null")
    album.click(".numbers button:nth-child(3)")
    assert album.driver.current_url.endswith(f"#{job}/2")
    album.click("#newer")
    album.until(lambda: album.driver.current_url.endswith(f"#{job}/1") or None)
    album.type(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    album.until(lambda: album.driver.current_url.endswith(f"#{job}/3") or None)
    assert album.script("return document.querySelector('#older').disabled")
    album.click(".acts button.main")
    album.until(lambda: album.text("#told") == SAID["copied"] or None)
    copied = album.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == "a red apple --ar 3:2"
    # At an address without HTTPS a page gets no clipboard.
    album.script("navigator.clipboard.writeText = () => Promise.reject()")
    album.script("document.querySelector('#told').textContent = ''")
    album.click(".acts button.main")
    album.until(lambda: album.text("#told") == SAID["copied"] or album.all(".by-hand") or None)
    album.click(".acts [aria-pressed=false]")
    album.find(".acts [aria-pressed=true]")
    assert f"keep/{job}/3" in str(album.find(".acts a").get_attribute("href"))
    album.click(".facts > .check input")
    album.until(lambda: album.script(PRIVATE, job) or None)
    album.script("document.querySelector('details:not([open]) summary').focus()")
    album.type(Keys.ENTER)
    album.click(".share button")
    link = album.find(".share input[readonly]").get_attribute("value")
    album.click(".links button")
    album.until(lambda: album.text("#told") == SAID["revoked"] or None)
    album.click(".tree ul a")
    album.until(lambda: job not in album.driver.current_url or None)
    album.until(lambda: album.all(".tree ul [aria-current]") or None)
    album.type(Keys.ESCAPE)
    album.gone("dialog")
    # A dialog tells that it was closed a moment after it is.
    album.until(lambda: album.script("return document.activeElement.closest('.cell')"))
    assert "#" not in album.driver.current_url
    assert len(album.all(".star")) == 1
    album.click(f'a[href="#{job}/0"]')
    album.click(".tree ~ button")
    album.shows(8)
    album.click("#of")
    album.shows(12)
    album.click('[data-scope="marked"]')
    album.shows(1)
    album.driver.get(str(link))
    assert sentences.SHARED_GONE in album.text("main")
    album.driver.get(f"{album.url}/gallery/")
    album.shows(12)


def select(album: Album) -> None:
    """Several at once."""
    album.click("#select")
    album.script("document.querySelector('.cell input').focus()")
    album.type(Keys.SPACE)
    assert album.text("#count") == SAID["selected"].replace("{count}", "1")
    for kind in ("zip", "csv"):
        assert f"selection.{kind}?jobs=" in str(album.find(f"#{kind}").get_attribute("href"))
    album.click("#delete")
    album.driver.switch_to.alert.dismiss()
    album.click("#delete")
    album.driver.switch_to.alert.accept()
    album.until(lambda: SAID["deleted"].replace("{count}", "1") in album.text("#said") or None)
    assert album.count() == 8
    album.click("#select")
    assert not album.all(".cell label")
    album.click("#sign-out")
    album.find("a.button")


async def test_eyes_and_screen_readers_find_nothing_wrong(house: House, album: Album) -> None:
    await asyncio.to_thread(read, album, await fill(house))


def read(album: Album, job: str) -> None:
    album.arrive()
    album.check()
    album.sign_in("mira")
    album.check()
    album.find("#select").click()
    album.find(".cell input").click()
    album.check()
    album.driver.get(f"{album.url}/gallery/#{job}/1")
    album.find("dialog h2")
    album.script("document.querySelectorAll('details').forEach((it) => it.open = true)")
    album.find(".share button").click()
    link = album.find(".share input[readonly]").get_attribute("value")
    album.check()
    album.driver.get(str(link))
    album.until(lambda: album.script("return document.querySelector('img').complete") or None)
    album.check()
