"""A real browser on the page."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.playground.stage import PATIENCE, Stage

BLANK: Final = "about:blank"
FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    # One process draws and runs all pages: a new one for each would cost half of the tests' time.
    "--in-process-gpu",
    "--disable-software-rasterizer",
    "--disable-site-isolation-trials",
    "--process-per-site",
    "--renderer-process-limit=1",
    "--disable-features=IsolateOrigins,site-per-process,SpareRendererForSitePerProcess",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-US",
    "--window-size=1280,900",
)
VISIBLE: Final = """return [...document.querySelectorAll(arguments[0])]
.filter((it) => it.checkVisibility({visibilityProperty: true}))"""
NEWEST: Final = """return [...document.querySelectorAll(arguments[0])]
.findLast((it) => it.innerText.includes(arguments[1]))"""
ENTRY: Final = """return [...document.querySelectorAll('.menu button')]
.find((it) => it.innerText.split('\\n').includes(arguments[0]))"""
BUTTON: Final = """return [...arguments[0].querySelectorAll('.components button:not(.waiting)')]
.find((it) => it.innerText.trim() === arguments[1])"""
PART: Final = """return [...arguments[0].querySelectorAll(arguments[1])]
.find((it) => it.checkVisibility({visibilityProperty: true}))"""
ENDING: Final = """document.getAnimations()
.filter((it) => it.effect.getTiming().iterations < 9)"""
"""What moves, and will have moved."""

MIDDLE: Final = f"""const it = arguments[0];
if ({ENDING}.some((each) => each.effect.target.contains(it))) return null;
it.scrollIntoView({{block: 'nearest', behavior: 'instant'}});
const box = it.getBoundingClientRect();
const middle = {{x: box.x + box.width / 2, y: box.y + box.height / 2}};
return it.contains(document.elementFromPoint(middle.x, middle.y)) ? middle : null"""
FILL: Final = """const [box, text] = arguments;
box.focus();
box.select();
document.execCommand(text ? 'insertText' : 'delete', false, text)"""
ALIVE: Final = "return document.body.classList.contains('alive')"
UNTOUCHED: Final = """const [scroller, input] = document.querySelectorAll('#scroller, #input');
return document.body.classList.contains('alive') && !input.value && !input.hidden
&& !localStorage.getItem('theme') && !localStorage.getItem('notice') && innerWidth > 1000
&& scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 2
&& ![...document.querySelectorAll(`dialog, .popup, .pill, .waiting, #replying, #tray, #drawer,
#problem:not(:empty), #toasts > *, article:not([data-message-id])`)]
.some((it) => it.checkVisibility())"""
"""Whether the page is as it is when it was opened, but for messages."""

SHOWN: Final = """const who = document.querySelector('#person b').textContent.toLowerCase();
return who === arguments[0] && document.title.startsWith(arguments[1])"""
SCROLL: Final = """const [top, done] = arguments;
import('/page/scrolling.js').then(({place}) => {
  document.querySelector('#scroller').scrollTop = top;
  requestAnimationFrame(() => requestAnimationFrame(() => done(place() === top)));
});"""
SCREENS: Final = ((1280, "light"), (390, "dark"))
"""A desk and a phone; colours do not depend on the width, nor what fits on the theme."""

RUN_AXE: Final = f"""const [within, done] = arguments;
Promise.allSettled({ENDING}.map((it) => it.finished))
  .then(() => axe.run(within, {{resultTypes: ['violations'], preload: false}}))
  .then(({{violations}}) => done(
    violations.map(({{id, nodes}}) => ({{id, where: nodes.map((it) => it.target.join(' '))}}))));"""
T = TypeVar("T")


def start_chromium(profile: Path) -> webdriver.Chrome:
    """A headless browser with a fresh profile; skips the test where there is none."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        if "browser" in os.environ.get("EASEL_REQUIRE", "").split(","):
            pytest.fail("chromium and chromedriver are required here and not installed")
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


def reset_browser(driver: webdriver.Chrome, origin: str = "") -> None:
    """Forgets what earlier tests left: what an origin has stored, sizes, touch, complaints."""
    leave(driver)
    if origin:
        stored = {"origin": origin, "storageTypes": "all"}
        driver.execute_cdp_cmd("Storage.clearDataForOrigin", stored)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    driver.get_log("browser")  # type: ignore[no-untyped-call]


def leave(driver: webdriver.Chrome) -> None:
    """Shows nothing: what moves on a page is drawn for as long as it is open."""
    if driver.current_url != BLANK:
        driver.get(BLANK)


@cache
def _axe() -> str:
    """The script of axe-core: the file that AXE_CORE names, or that of the installed package."""
    found = importlib.util.find_spec("axe_core_python")
    named = os.environ.get("AXE_CORE") or (found and found.origin)
    if not named:
        pytest.skip("axe-core-python is not installed")
    path = Path(named)
    return (path if path.suffix == ".js" else path.with_name("axe.min.js")).read_text("utf-8")


class Page:
    """The page, as hands and eyes use it."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self, person: str = "mira", channel: str = "general") -> Self:
        """Opens a channel as somebody, anew."""
        leave(self.driver)
        self.driver.get(f"{self.url}/#as={person}&in={channel}")
        self.until(lambda: self.script(ALIVE))
        return self

    def refresh(self) -> None:
        """Loads it again."""
        self.driver.refresh()
        self.until(lambda: self.script(ALIVE))

    def turn_to(self, person: str = "mira", channel: str = "general") -> Self:
        """Goes to a channel as somebody, on the page that is open."""
        self.script("location.hash = arguments[0]", f"as={person}&in={channel}")
        place = channel if channel == "@" else f"#{channel} "
        self.until(lambda: self.script(SHOWN, person, place), f"{person} is not in {channel}")
        return self

    def begin_again(self) -> None:
        """Goes to general as mira, where a test left more than messages on a page opened anew."""
        if self.driver.current_url.startswith(self.url) and self.script(UNTOUCHED):
            self.turn_to()
        else:
            self.reset()
            self.open()

    def leave(self) -> None:
        """Shows nothing."""
        leave(self.driver)

    def reset(self) -> None:
        """Forgets what earlier tests left in the browser."""
        reset_browser(self.driver, self.url)

    def script(self, code: str, *given: object) -> Any:
        """Runs JavaScript on the page."""
        return self.driver.execute_script(code, *given)

    def until(self, look: Callable[[], T], what: str = "") -> T:
        """Waits for something to become true and returns it."""
        wait = WebDriverWait(
            self.driver, PATIENCE, 0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        try:
            return wait.until(lambda _: look())
        except TimeoutException:
            raise AssertionError(f"{what or 'not in time'}: {self.text('#messages')}") from None

    def find(self, selector: str) -> WebElement:
        """The first visible element, once there is one."""
        return self.until(lambda: next(iter(self.all(selector)), None), selector)  # type: ignore[return-value]

    def all(self, selector: str) -> list[WebElement]:
        """The visible elements now."""
        return list(self.script(VISIBLE, selector))

    def texts(self, selector: str) -> list[str]:
        """What the visible elements say now."""
        return list(
            self.script(f"return (() => {{ {VISIBLE} }})().map((e) => e.innerText)", selector)
        )

    def text(self, selector: str) -> str:
        """What an element says, shown or not."""
        return str(self.script("return document.querySelector(arguments[0]).innerText", selector))

    def gone(self, selector: str) -> None:
        """Waits until nothing like it is visible."""
        self.until(lambda: not self.all(selector), f"{selector} is still there")

    def article(self, text: str) -> WebElement:
        """The newest message that contains a text, once it is there."""
        look = lambda: self.script(NEWEST, "article[data-message-id]", text)  # noqa: E731
        return self.until(look, f"no message with {text!r}")  # type: ignore[no-any-return]

    def button(self, text: str, label: str) -> WebElement:
        """A button of a message by what it says, once it can be pressed."""
        look = lambda: self.script(BUTTON, self.article(text), label)  # noqa: E731
        return self.until(look, f"no button {label!r} under {text!r}")  # type: ignore[no-any-return]

    def click(self, selector: str) -> None:
        """Clicks the first visible element."""
        self.press(self.find(selector))

    def press(self, element: WebElement) -> None:
        """Clicks an element once it is still and bare; it may not lead to another page.

        The driver's own click takes three times as long, for elements that do so.
        """
        place = self.until(
            lambda: self.script(MIDDLE, element), "it moves, or something is over it"
        )
        for kind in ("mousePressed", "mouseReleased"):
            click = {"type": kind, "button": "left", "clickCount": 1, **place}
            self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", click)

    def fill(self, text: str, selector: str = "#input") -> None:
        """Puts a text in the place of a field's; by keys it would take ten times as long."""
        self.script(FILL, self.find(selector), text)

    def type(self, *keys: str) -> None:
        """Types into whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def write(self, text: str) -> None:
        """Types into the message box and presses Enter."""
        self.fill(text)
        self.type(Keys.ENTER)

    def use(self, name: str) -> None:
        """Uses a command without options by its line."""
        self.write(f"/{name} ")

    def begin(self, name: str, key: str = Keys.ENTER) -> None:
        """Picks a command by the beginning of its name, once it is the one that is offered."""
        self.fill(f"/{name}")
        self.until(lambda: self.texts(".option")[0].startswith(f"/{name}"), f"no /{name}")
        self.type(key)
        self.find(".chips")

    def chip(self, option: str) -> WebElement:
        """The field of an option of the command being filled in."""
        return self.find(f'.chip[data-option="{option}"]')

    def entries(self) -> str:
        """What the menu that is open offers, once it offers anything."""
        return "\n".join(self.until(lambda: self.texts(".menu button"), "no menu with entries"))

    def reach(self, text: str, selector: str) -> WebElement:
        """A visible part of the newest message that contains a text, once it is there."""
        look = lambda: self.script(PART, self.article(text), selector)  # noqa: E731
        return self.until(look, f"no {selector!r} in {text!r}")  # type: ignore[no-any-return]

    def menu(self, label: str) -> None:
        """Picks an entry of the menu that is open."""
        look = lambda: self.script(ENTRY, label)  # noqa: E731
        self.press(self.until(look, f"no entry {label!r}"))

    def scroll(self, top: int) -> None:
        """Scrolls the list, until the page has noticed and follows its end no more."""
        look = lambda: self.driver.execute_async_script(SCROLL, top)  # noqa: E731
        self.until(look, f"the list does not stay at {top}")

    def axe(self, within: str = "html") -> list[str]:
        """What axe finds wrong on the page, or a part of it; skips the test where it is missing."""
        if not self.script("return 'axe' in window"):
            self.script(_axe())
        found = self.driver.execute_async_script(RUN_AXE, within)
        return [f"{it['id']}: {' | '.join(it['where'])}" for it in found]

    def tap(self, element: WebElement) -> None:
        """Touches an element with a finger."""
        place = self.until(
            lambda: self.script(MIDDLE, element), "it moves, or something is over it"
        )
        for kind, points in (("touchStart", [place]), ("touchEnd", [])):
            touch = {"type": kind, "touchPoints": points}
            self.driver.execute_cdp_cmd("Input.dispatchTouchEvent", touch)

    @contextmanager
    def sized(self, width: int, height: int) -> Iterator[None]:
        """A window of another size, such as a phone's."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})

    @contextmanager
    def dressed(self, theme: str) -> Iterator[None]:
        """A person whose machine is light or dark."""
        scheme = {"name": "prefers-color-scheme", "value": theme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def complaints(self) -> list[str]:
        """What the browser complained of: errors, and whatever the content policy forbade."""
        log = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]


@pytest.fixture(scope="module")
def shared_page(chromium: webdriver.Chrome, stage: Stage) -> Iterator[Page]:
    """The one page of a file's tests, since opening it takes longer than most of them."""
    it = Page(chromium, stage.playground.url)
    it.reset()
    yield it
    it.leave()


@pytest.fixture
def page(shared_page: Page) -> Iterator[Page]:
    """The page as mira in general; at the end the browser must have nothing to complain of."""
    shared_page.begin_again()
    yield shared_page
    assert shared_page.complaints() == []
