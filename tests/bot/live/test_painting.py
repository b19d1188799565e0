"""What the painting page sends, and what the server and Discord make of it."""

import asyncio
import io
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image, ImageDraw
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from playground.state.records import Permission
from storage.decisions.choices import ServerChoices
from tests.bot.live.house import House
from tests.journeys.studio import (
    PATIENCE,
    WORKER,
    Studio,
    answer,
    public,
    recipe_of,
    result,
    showing,
)
from tests.journeys.test_canvas import QUICK, single
from tests.journeys.test_region import last, link, look, mask, newest, send
from tests.playground.browser import reset_browser
from tests.ports import free_port

PHONE = {"width": 375, "height": 667, "deviceScaleFactor": 2, "mobile": True}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(shared_house: House) -> AsyncIterator[None]:
    """A bot with a painting page, for every test here."""
    port = free_port()
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


@pytest.mark.browser
async def test_a_finger_paints_on_a_phone(painting: Studio, house: House, chromium: Chrome) -> None:
    url, since = await link(painting, await single(painting)), last(painting)
    painted = await asyncio.to_thread(by_finger, chromium, url)
    recipe = await recipe_of(painting, await newest(painting, since))
    assert recipe.prompt == "a blue hat"
    assert recipe.inputs.canvas
    assert recipe.inputs.canvas.mask
    sent = Image.open(io.BytesIO(house.files.get(recipe.inputs.canvas.mask)))
    shown = [np.asarray(each.convert("L").resize(painted.size)) > 127 for each in (sent, painted)]
    # A pixel of the page and one of the picture need not meet.
    assert (shown[0] != shown[1]).mean() < 0.02


def by_finger(driver: Chrome, url: str) -> Image.Image:
    """Paints and sends; what was painted, from the strokes."""
    reset_browser(driver)
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    driver.get(url)
    wait = WebDriverWait(driver, PATIENCE, 0.1)
    wait.until(lambda _: driver.find_elements(By.CSS_SELECTOR, "main.ready"))
    finger = Finger(driver)
    assert driver.execute_script(FITS), "the whole page is on the screen, in big parts"
    submit = driver.find_element(By.ID, "submit")
    submit.click()
    wait.until(lambda _: "Nothing is painted" in driver.find_element(By.ID, "said").text)
    finger.stroke((0.1, 0.1), (0.9, 0.9))
    undo = driver.find_element(By.ID, "undo")
    undo.click()
    keys = (Keys.SPACE, *[Keys.ARROW_RIGHT] * 3, Keys.SPACE)
    driver.find_element(By.ID, "board").send_keys(*keys)
    assert undo.is_enabled(), "the keyboard paints as well"
    undo.click()
    assert not undo.is_enabled()
    driver.find_element(By.CSS_SELECTOR, "[value=rectangle]").find_element(By.XPATH, "..").click()
    finger.stroke((0.25, 0.4), (0.75, 0.9))
    assert driver.execute_script("return [scrollX, scrollY]") == [0, 0]
    prompt = driver.find_element(By.ID, "prompt")
    prompt.clear()
    prompt.send_keys(f"a blue hat {QUICK}")
    submit.click()
    wait.until(lambda _: "Queued" in driver.find_element(By.ID, "said").text)
    complaints: list[dict[str, Any]] = driver.get_log("browser")  # type: ignore[no-untyped-call]
    assert [c for c in complaints if "422" not in str(c["message"])] == []
    image = Image.new("L", (256, 256))
    ImageDraw.Draw(image).rectangle((64, 102, 192, 230), fill=255)
    return image


FITS = """
const parts = [...document.querySelectorAll("button, #tools label")];
const boxes = parts.filter((it) => it.checkVisibility()).map((it) => it.getBoundingClientRect());
return boxes.every((box) => box.width >= 44 && box.height >= 44 && box.bottom <= innerHeight)
  && document.documentElement.scrollWidth <= innerWidth
  && document.documentElement.scrollHeight <= innerHeight;
"""


class Finger:
    """One finger on the picture; places are shares of its width and height."""

    def __init__(self, driver: WebDriver) -> None:
        self._driver: Any = driver

    def stroke(self, *places: tuple[float, float]) -> None:
        """From place to place, with a few steps between them."""
        steps = [
            (a[0] + (b[0] - a[0]) * k / 4, a[1] + (b[1] - a[1]) * k / 4)
            for a, b in pairwise(places)
            for k in range(5)
        ]
        for k, place in enumerate(steps):
            self._touch("touchMove" if k else "touchStart", [place])
        self._touch("touchEnd", [])

    def _touch(self, kind: str, places: list[tuple[float, float]]) -> None:
        box = self._driver.execute_script(
            "const b = document.querySelector('#board').getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]"
        )
        points = [{"x": box[0] + x * box[2], "y": box[1] + y * box[3]} for x, y in places]
        touch = {"type": kind, "touchPoints": points}
        self._driver.execute_cdp_cmd("Input.dispatchTouchEvent", touch)
