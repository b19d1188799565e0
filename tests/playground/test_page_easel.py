"""Easel itself on the page: what a newcomer presses first, by keyboard and by touch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from playground import Message
from tests.playground.browser import SCREENS, Page, page, shared_page
from tests.playground.stage import Stage

__all__ = ["page", "shared_page"]

pytestmark = pytest.mark.browser

HELP = "Press an example to draw it"
FIRST = """return [...document.querySelectorAll('article')]
.find((it) => it.innerText.includes(arguments[0]))"""
PRESSED = """return [...arguments[0].querySelectorAll('.components button')]
.find((it) => it.innerText.trim() === arguments[1] && it.matches(arguments[2])
  && !it.matches('.waiting'))"""
COUNT = """return [...document.querySelectorAll('article')]
.filter((it) => it.innerText.includes(arguments[0])).length"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stand-in with Easel."""
    it = Stage("tests.playground.easel_bot", tmp_path_factory.mktemp("easel"))
    it.start_bot()
    yield it
    it.close()


@pytest.fixture(params=SCREENS, ids=lambda screen: f"{screen[0]}-{screen[1]}")
def screen(page: Page, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page on a desk and on a phone, light and dark."""
    width, theme = request.param
    with page.dressed(theme), page.sized(390, 780) if width == 390 else nullcontext():
        yield page.turn_to("mira", "art")


def press(page: Page, button: WebElement) -> None:
    """Presses as one does there: by touch on a phone, by keyboard on a desk."""
    if page.script("return innerWidth") < 700:
        page.tap(button)
    else:
        page.script("arguments[0].focus()", button)
        page.type(Keys.ENTER)


def ask_for_help(page: Page) -> None:
    """Sends ``/help`` with Enter and Enter."""
    before = page.script(COUNT, HELP)
    page.begin("help")
    page.find(".tail")
    page.type(Keys.ENTER)
    page.until(lambda: page.script(COUNT, HELP) > before)


def drawn(stage: Stage, after: int, text: str) -> Message:
    """The message of finished pictures, newer than another."""
    return stage.run(
        stage.playground.message(
            lambda m: m.id > after and text in m.content and "Recipe" in m.buttons
        )
    )


def newest(stage: Stage) -> int:
    """The id of the newest message."""
    return stage.call(lambda: max((m.id for m in stage.playground.messages), default=0))


def place(message: Message) -> str:
    """The selector of a message on the page."""
    return f'article[data-message-id="{message.id}"]'


def shown(page: Page, message: Message) -> WebElement:
    """A message on the page, once it is there."""
    selector = place(message)
    return page.until(lambda: next(iter(page.all(selector)), None), selector)  # type: ignore[return-value]


def find_button(page: Page, message: Message, label: str, state: str = "*") -> WebElement:
    """A button of a message, once it looks as a selector says."""
    look = lambda: page.script(PRESSED, shown(page, message), label, state)  # noqa: E731
    return page.until(look, f"no {label} that is {state}")  # type: ignore[no-any-return]


def test_help_is_sent_with_enter_enter_and_an_example_drawn(screen: Page, stage: Stage) -> None:
    ask_for_help(screen)
    after = newest(stage)
    assert screen.axe() == []
    press(screen, screen.button(HELP, "a black cat, pixel art"))
    shown(screen, drawn(stage, after, "a black cat, pixel art"))
    assert screen.script("return document.documentElement.scrollWidth <= innerWidth")


def test_a_topic_is_chosen_and_read(page: Page) -> None:
    ask_for_help(page)
    press(page, page.reach(HELP, ".select"))
    page.menu("Starting from an image")
    assert "Starting from an image" in page.reach("--strength", ".select").text
    page.button("--strength", "a red apple")


def test_what_would_work_is_drawn_by_its_button(screen: Page, stage: Stage) -> None:
    after = newest(stage)
    screen.write("/imagine a green pear --chaoss 5 --ar 3:2")
    button = screen.button("This would work", "Draw that")
    assert "Only you can see this" in screen.article("This would work").text
    assert screen.axe("article:last-of-type") == []
    press(screen, button)
    shown(screen, drawn(stage, after, "a green pear --ar 3:2 --chaos 5"))
    screen.article("Queued 1 job.")
    screen.until(lambda: not screen.script(FIRST, "This would work"))


def test_pressed_buttons_and_stars_show_it(screen: Page, stage: Stage) -> None:
    after = newest(stage)
    screen.write("/imagine a yellow candle")
    grid = drawn(stage, after, "a yellow candle")
    press(screen, find_button(screen, grid, "U2", ".secondary"))
    single = drawn(stage, grid.id, "Image #2")
    find_button(screen, grid, "U2", ".primary")
    find_button(screen, grid, "U1", ".secondary")
    press(screen, find_button(screen, single, "⭐", ".secondary"))
    find_button(screen, single, "⭐", ".success")
    for message in (grid, single):
        assert screen.axe(place(message)) == []
    press(screen, find_button(screen, single, "⭐", ".success"))
    find_button(screen, single, "⭐", ".secondary")


def test_what_is_refused_after_all_stands_where_the_pictures_would(page: Page) -> None:
    page.write("/show id:00000000")
    answer = page.article("No pictures match")
    assert "Mira used /show" in answer.text.replace("\n", " ")
    assert "was deleted" not in page.text("#messages")


def test_the_latest_pictures_are_offered_small(page: Page, stage: Stage) -> None:
    after = newest(stage)
    page.write("/imagine a small boat --ar 2:1")
    drawn(stage, after, "a small boat")
    page.use("show")
    page.reach("Choose what to show again", ".thumbnail .picture.loaded")
    offered = page.article("Choose what to show again")
    assert "a small boat --ar 2:1" in offered.text
    counted = "return arguments[0].querySelectorAll(arguments[1]).length"
    assert page.script(counted, offered, ".picture") == page.script(counted, offered, ".embed")
    assert page.axe() == []
    after = newest(stage)
    press(page, page.reach("Choose what to show again", ".select"))
    page.press(page.until(lambda: page.all(".chooser button"))[0])
    shown(page, drawn(stage, after, "a small boat"))


def test_others_are_not_told_what_only_one_person_sees(page: Page, stage: Stage) -> None:
    page.turn_to("mira", "after-dark")
    ask_for_help(page)
    after = newest(stage)
    press(page, page.button(HELP, "a red apple"))
    made = drawn(stage, after, "a red apple")
    page.turn_to("otto", "after-dark")
    assert "only one person sees" in shown(page, made).text
    assert "draws four pictures" not in page.text("#messages")
