"""The page in a real browser: messages and what can be done with them."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.photographs import COFFEE
from tests.playground.browser import Page, page, shared_page
from tests.playground.stage import Stage, stage

__all__ = ["page", "shared_page", "stage"]

pytestmark = pytest.mark.browser

WATCH_FOR_GAPS = """
window.gaps = 0;
const id = arguments[0];
const look = () => {
  const images = [...document.querySelectorAll(`[data-message-id="${id}"] .picture img`)];
  if (!images.some((image) => image.complete && image.naturalWidth)) window.gaps += 1;
  if (window.gaps !== null) requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def test_an_edit_replaces_only_its_message_without_a_gap(page: Page) -> None:
    page.write("/imagine an edited thing")
    first = page.article("drawing an edited thing")
    page.until(lambda: page.all("article:last-of-type .picture.loaded"))
    page.script(WATCH_FOR_GAPS, first.get_attribute("data-message-id"))
    others = page.script(
        "return window.others = [...document.querySelectorAll('article')].slice(0, -1)"
    )
    for n in (1, 2):
        page.press(page.button(f"version {n - 1}" if n > 1 else "drawing an edited", "Next"))
        page.article(f"version {n}")
        page.until(
            lambda: (
                page.script(
                    "return document.querySelectorAll('article:last-of-type .picture img').length"
                )
                == 1
            )
        )
    assert page.script("const seen = window.gaps; window.gaps = null; return seen") == 0
    assert page.script("return window.others.every((a) => a.isConnected)")
    assert others is not None


def test_the_list_sticks_to_the_bottom_only_there(page: Page, stage: Stage) -> None:
    for n in range(30):
        stage.say("otto", f"line {n}")
    page.article("line 29")
    bottom = """const it = document.querySelector('#scroller');
    return it.scrollHeight - it.scrollTop - it.clientHeight"""
    page.until(lambda: page.script(bottom) < 2)
    place = round(page.script("return document.querySelector('#scroller').scrollTop")) - 400
    page.scroll(place)
    stage.say("otto", "below the edge")
    page.article("below the edge")
    page.find("#to-present")
    assert page.script("return document.querySelector('#scroller').scrollTop") == place
    page.click("#to-present")
    page.until(lambda: page.script(bottom) < 2)
    page.gone("#to-present")
    with page.sized(375, 740):
        page.until(lambda: page.script("return innerWidth") == 375)
        page.until(lambda: page.script(bottom) < 2)
    page.until(lambda: page.script("return innerWidth") > 375)
    page.until(lambda: page.script(bottom) < 2)


def test_a_press_is_shown_as_waiting_and_then_as_failed(page: Page, stage: Stage) -> None:
    page.write("/imagine a patient thing")
    page.press(page.button("a patient thing", "Never"))
    page.find(".components .button.waiting")
    stage.call(stage.playground.clock.advance, 4)
    page.until(lambda: "This interaction failed" in page.article("a patient thing").text)
    page.press(page.button("a patient thing", "More"))
    assert "drawing a patient thing" in page.reach("one more", ".answering").text
    page.until(lambda: "This interaction failed" not in page.article("a patient thing").text)


def test_choosing_from_a_menu(page: Page) -> None:
    page.use("choose")
    page.click(".select")
    page.until(lambda: len(page.all(".chooser button")) == 3)
    page.type(Keys.ARROW_DOWN, Keys.ENTER)
    page.article("chosen Watercolour")


def test_a_menu_stays_when_another_message_comes(page: Page) -> None:
    page.use("choose")
    page.find(".select.empty")
    page.write("something else")
    page.article("something else")
    assert page.all("article .select.empty")


def test_a_persons_client_speaks_the_language_they_choose(page: Page) -> None:
    page.click("#person")
    page.menu("Language")
    page.menu("Deutsch")
    page.fill("/sti")
    page.until(lambda: "/stil behalten" in page.text("#suggestions"))
    assert "Einen Stil behalten" in page.text("#suggestions")
    for line in ("/stil behalten name:tusche", "/style save name:ink"):
        page.write(line)
        page.article(f"kept {line.rpartition(':')[2]}")
    page.driver.execute_script("arguments[0].focus()", page.article("kept ink"))
    page.click("#person")
    page.menu("Language")
    page.menu("American English")
    page.fill("/sty")
    page.until(lambda: "/style save" in page.text("#suggestions"))
    page.fill("")


def test_a_form_is_checked_and_sent(page: Page) -> None:
    page.use("ask")
    page.until(lambda: page.script("return document.activeElement.value") == "a red apple")
    page.fill("", "dialog input[type=text]")
    page.click("dialog .primary")
    page.until(lambda: page.text("dialog .body").count("This field is required.") == 2)
    page.fill("a blue one", "dialog input[type=text]")
    page.click("dialog .select")
    page.menu("Photograph")
    page.find("dialog input[type=file]").send_keys(str(COFFEE.path))
    page.click("dialog .primary")
    page.article("form a blue one ['Photograph'] ['coffee.png']")
    page.gone("dialog")


def test_reactions_go_both_ways(page: Page, stage: Stage) -> None:
    stage.say("otto", "react to this")
    ActionChains(page.driver).move_to_element(page.article("react to this")).perform()
    page.press(page.reach("react to this", ".toolbar [aria-label='Add reaction']"))
    page.click(".emojis [aria-label=star]")
    page.until(lambda: page.article("react to this").text.endswith("⭐\n2"))
    page.press(page.reach("react to this", ".reaction[aria-pressed=true]"))
    page.until(lambda: page.article("react to this").text.endswith("⭐\n1"))
    page.reach("react to this", ".reaction[aria-pressed=false]")


def test_a_message_menu_command_reply_and_delete(page: Page, stage: Stage) -> None:
    page.write("a message of mine")
    article = page.article("a message of mine")
    ActionChains(page.driver).context_click(article).perform()
    page.menu("Describe")
    page.article("described a message of mine")
    page.write("another of mine")
    page.script("arguments[0].focus()", page.article("another of mine"))
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.F10).key_up(Keys.SHIFT).perform()
    page.menu("Reply")
    page.until(lambda: "Replying to Mira" in page.text("#replying"))
    page.write("answering myself")
    reply = stage.message("answering myself")
    assert reply.reference == stage.message("another of mine").id
    ActionChains(page.driver).context_click(page.article("answering myself")).perform()
    page.menu("Delete message")
    page.until(lambda: "answering myself" not in page.text("#messages"))
    assert reply.deleted


def test_only_a_manager_is_offered_to_delete_others_messages(page: Page, stage: Stage) -> None:
    stage.say("otto", "hands off")
    ActionChains(page.driver).context_click(page.article("hands off")).perform()
    assert "Delete message" not in page.entries()
    stage.say("mira", "mind this")
    page.turn_to("otto")
    ActionChains(page.driver).context_click(page.article("mind this")).perform()
    assert "Delete message" in page.entries()
    page.type(Keys.ESCAPE)


def test_a_private_answer_is_its_persons_alone(page: Page) -> None:
    page.use("secret")
    assert "Only you can see this" in page.article("psst").text
    page.click("#person")
    page.menu("Otto")
    page.until(lambda: "Otto" in page.text("#person"))
    page.until(lambda: "psst" not in page.text("#messages"))
    page.click("#person")
    page.menu("Mira")
    page.until(lambda: "Mira" in page.text("#person"))
    page.press(page.reach("psst", ".only-you button"))
    page.until(lambda: "psst" not in page.text("#messages"))


def test_direct_messages(page: Page) -> None:
    page.click('[data-channel="Easel"]')
    page.write("hello you")
    page.article("read 'hello you' []")
    page.click('[data-channel="general"]')
    page.until(lambda: "hello you" not in page.text("#messages"))


def test_other_channels_show_that_something_is_new(page: Page, stage: Stage) -> None:
    stage.say("otto", "over here", "art")
    page.find('[data-channel="art"] .dot')
    page.click('[data-channel="art"]')
    page.article("over here")
    page.gone('[data-channel="art"] .dot')


def test_a_picture_opens_large(page: Page) -> None:
    page.write("/imagine a large thing")
    page.until(
        lambda: page.article("a large thing").find_elements(By.CSS_SELECTOR, ".picture.loaded")
    )
    frame = page.article("a large thing").find_element(By.CSS_SELECTOR, ".picture")
    assert frame.size == {"width": 560, "height": 373}
    frame.send_keys(Keys.ENTER)
    image = page.find(".lightbox .stage img")
    page.until(lambda: page.script("return arguments[0].naturalWidth", image) == 600)
    assert image.get_attribute("alt") == "all grey"
    assert page.find(".lightbox a[download]").get_attribute("download") == "first.png"
    page.type(Keys.ESCAPE)
    page.gone(".lightbox")
    focused = "return document.activeElement.className"
    page.until(lambda: page.script(focused) == "picture loaded")


def test_what_the_bot_is_refused_is_listed(page: Page, stage: Stage) -> None:
    page.write("/imagine " + "x" * 1991)
    page.until(lambda: page.find("#open-drawer").get_attribute("data-count"))
    page.click("#open-drawer")
    page.until(lambda: "50035" in page.text("#refused"))
    page.click("#drawer button")
    page.gone("#drawer")
