"""The gallery in a real browser: signed in by a press, used by keyboard, read on two screens."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import product

import pytest
import pytest_asyncio
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from bot.text import sentences
from storage.decisions.choices import ServerChoices
from tests.bot.live.house import House
from tests.bot.live.test_gallery import draw
from tests.bot.live.visiting import serve_pages
from tests.playground.browser import Page, reset_browser

pytestmark = pytest.mark.browser

SAID = sentences.GALLERY_SAID
SCREENS = [*product((1280, 390), ("light", "dark"))]
SIZES = {1280: (1280, 900), 390: (390, 780)}
WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """return [...document.querySelectorAll('button, .tool, .acts a, .bar button, .cell label')]
.filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 43.5)
.map((it) => it.outerHTML)"""
"""What a finger would miss."""


class Album(Page):
    """The gallery, as hands and eyes use it."""

    def arrive(self) -> None:
        """Opens it with nobody signed in."""
        reset_browser(self.driver, self.url)
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

    def words(self) -> list[str]:
        """What a screen reader says of each picture."""
        return list(
            self.script("return [...document.querySelectorAll('.cell img')].map((it) => it.alt)")
        )

    @contextmanager
    def on(self, width: int, theme: str) -> Iterator[None]:
        """A desk or a phone, light or dark."""
        scheme = {"name": "prefers-color-scheme", "value": theme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        try:
            with self.sized(*SIZES[width]):
                yield
        finally:
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def check(self) -> None:
        """Nothing for axe to find, nothing beyond the edge, nothing too small for a finger."""
        assert self.axe() == []
        assert self.script(WIDE) <= 0
        assert self.script(SMALL) == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(shared_house: House) -> AsyncIterator[str]:
    async with serve_pages(shared_house) as there:
        yield there


@pytest.fixture
def album(chromium: Chrome, address: str) -> Iterator[Album]:
    it = Album(chromium, address)
    yield it
    assert [said for said in it.complaints() if "404" not in said] == []


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


async def test_somebody_signs_in_finds_reads_marks_and_shares(house: House, album: Album) -> None:
    await fill(house)
    await asyncio.to_thread(use, album)


def use(album: Album) -> None:
    album.arrive()
    album.sign_in("mira")
    assert len(album.words()) == 12
    # By words, as they are typed.
    box = album.find("#q")
    box.send_keys("appl --ar 3:2")
    album.until(lambda: len(album.words()) == 8 or None)
    assert "q=appl" in album.driver.current_url
    # By keyboard into a picture, through its neighbours, and out again to where one was.
    album.script("document.querySelector('.cell a').focus()")
    album.type(Keys.ENTER)
    album.find("dialog h2")
    first = album.driver.current_url
    album.type(Keys.ARROW_RIGHT)
    album.until(lambda: album.driver.current_url != first or None)
    assert len(album.all(".tree a")) == 2
    album.find(".acts [aria-pressed]").click()
    album.until(lambda: album.all(".acts [aria-pressed=true]") or None)
    album.script("document.querySelector('details:not([open]) summary').focus()")
    album.type(Keys.ENTER)
    album.find(".share button").click()
    link = album.find(".share input[readonly]").get_attribute("value")
    album.find(".links button").click()
    album.until(lambda: SAID["revoked"] in album.text("#told") or None)
    album.type(Keys.ESCAPE)
    album.gone("dialog")
    assert album.script("return document.activeElement.closest('.cell') !== null")
    assert "#" not in album.driver.current_url
    assert len(album.all(".star")) == 1
    album.find('[data-scope="marked"]').click()
    album.wait()
    assert album.script("return document.querySelectorAll('.star').length") == 1
    # Another's, on the server that opened its gallery.
    album.find("#scopes button:nth-child(3)").click()
    album.until(
        lambda: album.script(
            "return document.querySelector('#scopes button:nth-child(3)').ariaCurrent"
        )
    )
    album.find("#q").clear()
    album.find("#q").send_keys("tree")
    album.until(lambda: len(album.words()) == 4 or None)
    album.find(".cell a").click()
    assert "Otto" in album.find(".facts").text
    assert not album.all(".facts .bad")
    album.find("#close").click()
    # Several at once, by the keyboard.
    album.find('[data-scope="mine"]').click()
    album.find("#q").clear()
    album.find("#q").send_keys("bird")
    album.until(lambda: len(album.words()) == 4 or None)
    album.find("#select").click()
    album.script("document.querySelector('.cell input').focus()")
    album.type(Keys.SPACE)
    assert album.text("#count") == SAID["selected"].replace("{count}", "1")
    assert "jobs=" in str(album.find("#zip").get_attribute("href"))
    album.find("#delete").click()
    album.driver.switch_to.alert.accept()
    album.until(lambda: SAID["deleted"].replace("{count}", "1") in album.text("#said") or None)
    assert album.words() == []
    album.driver.get(str(link))
    assert sentences.SHARED_GONE in album.text("main")
    album.driver.get(f"{album.url}/gallery/")
    album.find("#sign-out").click()
    album.find("a.button")


@pytest.mark.parametrize(("width", "theme"), SCREENS)
async def test_eyes_and_screen_readers_find_nothing_wrong(
    house: House, album: Album, width: int, theme: str
) -> None:
    job = await fill(house)
    with album.on(width, theme):
        await asyncio.to_thread(read, album, job)


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
