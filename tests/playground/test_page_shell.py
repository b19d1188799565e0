"""The page in a real browser: screens, keyboard, connection, text."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from playground.page.visit import PAGE_OF_HISTORY
from tests.playground.browser import SCREENS, Page, page, shared_page
from tests.playground.stage import NOTICE, Stage, stage

__all__ = ["page", "shared_page", "stage"]

pytestmark = pytest.mark.browser

STATES = {"/": ".option", "/imagine": ".option"}
MARKDOWN_AS_HTML = """
const [text, done] = arguments;
Promise.all([import('/page/markdown.js'), import('/page/store.js')]).then(([it, { names }]) => {
  const box = document.createElement('div');
  box.append(it.markdown(text, names));
  for (const span of box.querySelectorAll('.text')) span.replaceWith(...span.childNodes);
  done(box.innerHTML);
});
"""


def test_a_phone_sees_everything_without_scrolling_sideways(page: Page) -> None:
    with page.sized(360, 700):
        page.write("/imagine something on a small screen")
        page.article("on a small screen")
        page.until(lambda: page.script("return document.documentElement.scrollWidth") == 360)
        assert page.script("return document.querySelector('#scroller').scrollWidth") <= 360
        buttons = page.article("on a small screen").find_elements(
            By.CSS_SELECTOR, ".components button"
        )
        assert all(b.size["height"] >= 44 and b.size["width"] >= 44 for b in buttons)
        for selector in ("#attach", "#send", "#open-sidebar", "#help"):
            assert min(page.find(selector).size.values()) >= 44, selector
        assert not page.all("#sidebar")
        page.click("#open-sidebar")
        page.click('[data-channel="art"]')
        page.until(lambda: "art" in page.text("#channel-name"))
        page.gone("#sidebar")


def test_everything_can_be_done_by_keyboard(page: Page, stage: Stage) -> None:
    page.open()
    page.type(Keys.TAB)
    assert page.script("return document.activeElement.className") == "skip"
    page.type(Keys.ENTER)
    page.type("/ima")
    page.until(lambda: [text.split("\n")[0] for text in page.texts(".option")] == ["/imagine"])
    page.type(Keys.ENTER)
    page.chip("prompt")
    page.type("by hand", Keys.ENTER)
    page.article("drawing by hand")
    page.until(lambda: page.script("return document.activeElement.id") == "input")
    reach(page, "return document.activeElement.matches('article')", Keys.SHIFT + Keys.TAB)
    page.type(Keys.ARROW_UP, Keys.END)
    page.until(lambda: "by hand" in page.driver.switch_to.active_element.text)
    reach(page, "return document.activeElement.textContent === 'More'", Keys.TAB)
    page.type(Keys.ENTER)
    page.article("one more")
    page.type(Keys.ESCAPE, Keys.ESCAPE)
    page.until(lambda: page.script("return document.activeElement.id") == "input")


def reach(page: Page, there: str, key: str) -> None:
    for _ in range(15):
        if page.script(there):
            return
        page.type(key)
    raise AssertionError(f"{there} is not within reach of the keyboard")


def test_a_reload_keeps_person_channel_and_history(page: Page) -> None:
    page.turn_to("otto", "art")
    page.write("kept for later")
    page.article("kept for later")
    page.refresh()
    page.article("kept for later")
    assert "Otto" in page.text("#person")
    assert "art" in page.text("#channel-name")


def test_back_and_forward_go_between_channels_and_persons(page: Page) -> None:
    page.turn_to("otto")
    page.click('[data-channel="art"]')
    page.until(lambda: "art" in page.text("#channel-name"))
    page.click("#person")
    page.menu("Gus")
    page.until(lambda: "Gus" in page.text("#person"))
    page.driver.back()
    page.until(lambda: "Otto" in page.text("#person") and "art" in page.text("#channel-name"))
    page.driver.back()
    page.until(lambda: "general" in page.text("#channel-name"))
    page.driver.forward()
    page.until(lambda: "art" in page.text("#channel-name"))


def test_it_says_who_runs_the_server_and_who_may_only_read(page: Page) -> None:
    page.until(lambda: "Member" in page.text("#person"))
    page.click("#person")
    shown = page.entries()
    assert "Otto\nRuns this server" in shown
    assert "Gus\nMay only read" in shown
    page.type(Keys.ESCAPE)


def test_history_goes_back_beyond_what_is_loaded_at_first(page: Page, stage: Stage) -> None:
    first = stage.say("otto", "the very first", "after-dark")
    for n in range(PAGE_OF_HISTORY + 20):
        stage.say("otto", f"number {n}", "after-dark")
    stage.run(stage.playground.say("otto", "after-dark", "an answer", reply_to=first))
    # What comes while it is open, the page knows.
    page.turn_to("otto", "after-dark")
    page.article("an answer")
    assert "the very first" not in page.texts("article .content")
    page.press(page.reach("an answer", ".answering"))
    page.until(lambda: "the very first" in page.texts("article .content"))
    page.until(lambda: "the very first" in page.driver.switch_to.active_element.text)
    page.turn_to("gus", "after-dark")

    def near_the_top() -> bool:
        page.script("document.querySelector('#scroller').scrollTop = 300")
        return "the very first" in page.texts("article .content")

    page.until(near_the_top)
    page.until(lambda: "Age" in page.text(".beginning"))
    order = [text for text in page.texts("article .content") if text.startswith("number")]
    assert order == [f"number {n}" for n in range(PAGE_OF_HISTORY + 20)]


def test_the_way_to_the_newest_is_above_the_composer(page: Page, stage: Stage) -> None:
    for n in range(30):
        stage.say("otto", f"row {n}")
    page.article("row 29")
    for width, height in ((1280, 800), (390, 780)):
        with page.sized(width, height):
            page.until(lambda: page.script("return innerWidth") == width)  # noqa: B023
            page.fill("long " * 80)
            page.scroll(0)
            stage.say("otto", "more below")
            pill, box = page.find("#to-present").rect, page.find(".box").rect
            assert pill["y"] + pill["height"] <= box["y"]
            page.click("#to-present")
            page.fill("")


def test_digits_and_spaces_are_not_drawn_by_an_emoji_font(page: Page) -> None:
    fonts = page.script("return getComputedStyle(document.body).fontFamily").split(", ")
    emoji = [n for n, font in enumerate(fonts) if "Emoji" in font]
    assert min(emoji) > fonts.index("sans-serif")


def test_the_notice_is_whole_on_a_phone(page: Page) -> None:
    with page.sized(390, 780):
        page.find("#notice p")
        assert (
            page.script(
                "const it = document.querySelector('#notice p');"
                "return it.scrollHeight <= it.clientHeight && getComputedStyle(it).overflowY"
            )
            == "visible"
        )


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_axe_finds_nothing(page: Page, width: int, theme: str) -> None:
    with page.dressed(theme), page.sized(width, 800):
        page.turn_to("otto", "art")
        page.write("/imagine something to look at")
        page.until(lambda: page.all("article:last-of-type .picture.loaded"))
        for name in ("secret", "choose"):
            page.use(name)
        page.find(".select.empty")
        assert page.axe() == []
        for begin, there in STATES.items():
            page.fill(begin)
            page.find(there)
            assert page.axe("#composer") == [], begin
        page.type(Keys.TAB)
        page.chip("prompt")
        assert page.axe("#composer") == []
        page.type(Keys.ESCAPE)
        page.fill("")
        if width < 700:
            page.click("#open-sidebar")
        page.click("#person")
        page.entries()
        assert page.axe() == []
        page.type(Keys.ESCAPE)
        page.gone(".popup")
        page.use("ask")
        page.find("dialog .samples")
        assert page.axe() == []
        page.type(Keys.ESCAPE)
        page.gone("dialog")
        page.turn_to("otto", "@")
        page.find(".empty")
        assert page.axe() == []


def test_the_notice_can_be_closed_and_called_back(page: Page) -> None:
    assert page.find("#notice p").text == NOTICE
    page.click("#notice button")
    page.gone("#notice")
    page.open()
    assert not page.all("#notice")
    page.click("#help")
    assert page.find("#notice p").text == NOTICE


def test_light_and_dark(page: Page) -> None:
    paper = "return getComputedStyle(document.body).backgroundColor"
    first = page.script(paper)
    page.click("#theme")
    assert page.script(paper) != first
    page.refresh()
    assert page.script(paper) != first
    page.click("#theme")
    assert page.script(paper) == first


def test_the_page_comes_back_by_itself(page: Page, stage: Stage) -> None:
    page.fill("half a thought")
    page.script("window.alive = true")
    stage.run(stage.playground._page.close())
    stage.say("otto", "while you were away")
    page.article("while you were away")
    assert page.script("return window.alive")
    assert page.find("#input").get_attribute("value") == "half a thought"
    page.fill("")


MARKDOWN = {
    "**bold** *it* _it_": "<strong>bold</strong> <em>it</em> <em>it</em>",
    "__under__ ~~gone~~": "<u>under</u> <s>gone</s>",
    "a_b_c 2*3*4 \\*no\\*": "a_b_c 2<em>3</em>4 *no*",
    "`**code**` ``a`b``": "<code>**code**</code> <code>a`b</code>",
    "-# small": '<small class="subtext">small</small>',
    "# Big\ntext": "<h3>Big</h3>text",
    "> said *so*\nafter": "<blockquote>said <em>so</em></blockquote>after",
    "- one\n- two": "<ul><li>one</li><li>two</li></ul>",
    "<@1140000000000000102>": '<span class="mention">@Otto</span>',
    "<#1140000000000000022>": '<span class="mention">#art</span>',
    "<img src=x onerror=alert(1)>": "&lt;img src=x onerror=alert(1)&gt;",
    "[x](javascript:alert(1))": "[x](javascript:alert(1))",
    "<t:0:d>": '<time title="Thursday, January 1, 1970 at 12:00 AM">1/1/70</time>',
}


def test_markdown(page: Page) -> None:
    shown = {text: page.driver.execute_async_script(MARKDOWN_AS_HTML, text) for text in MARKDOWN}
    assert shown == MARKDOWN


def test_a_bot_that_is_gone_is_shown_as_offline(page: Page, stage: Stage) -> None:
    stage.stop_bot()
    page.until(lambda: "Easel is offline" in page.text("#connection"))
    stage.start_bot()
    page.until(lambda: page.text("#connection") == "")
