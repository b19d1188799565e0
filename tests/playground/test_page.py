"""The page in a real browser: what a person sees and can do in a channel."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import pytest
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from playground.records import InteractionType
from tests.photographs import COFFEE
from tests.playground.browser import NOTICE, Page, Stage, start_chromium

pytestmark = pytest.mark.browser

TAKES_FILE = """
const [kind, name, data, target] = arguments;
const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
const transfer = new DataTransfer();
transfer.items.add(new File([bytes], name, {type: 'image/png'}));
const on = document.querySelector(target);
const how = {clipboardData: transfer, dataTransfer: transfer, bubbles: true, cancelable: true};
if (kind === 'paste') on.dispatchEvent(new ClipboardEvent('paste', how));
else for (const step of ['dragenter', 'dragover', 'drop'])
  on.dispatchEvent(new DragEvent(step, how));
"""
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

MARKDOWN_AS_HTML = """
const [text, done] = arguments;
Promise.all([import('/page/markdown.js'), import('/page/store.js')]).then(([it, { names }]) => {
  const box = document.createElement('div');
  box.append(it.markdown(text, names));
  for (const span of box.querySelectorAll('.text')) span.replaceWith(...span.childNodes);
  done(box.innerHTML);
});
"""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    it = Stage()
    it.start_bot()
    yield it
    it.close()


@pytest.fixture(scope="module")
def browser(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    driver = start_chromium(tmp_path_factory.mktemp("profile"))
    page = Page(driver, stage.playground.url)
    yield page
    driver.quit()


@pytest.fixture
def page(browser: Page) -> Iterator[Page]:
    """The page as mira in general; at the end the browser must have nothing to complain of."""
    browser.complaints()
    yield browser.open()
    assert browser.complaints() == []


def small_png() -> str:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


# Commands


def test_an_empty_channel_invites_with_examples(page: Page) -> None:
    page.open("gus", "after-dark")
    assert page.find("#input").get_attribute("disabled")
    page.open("otto", "after-dark")
    page.click(".example")
    text = page.find("#input").get_attribute("value")
    assert text == "/imagine prompt:a red apple --ar 3:2 --seed 7"


def test_the_list_offers_what_the_bot_registered(page: Page, stage: Stage) -> None:
    page.find("#input").send_keys("/")
    shown = [option.text.split("\n")[0] for option in page.until(lambda: page.all(".option"))]
    registered = stage.call(stage.playground.world.all_commands)
    assert set(shown) == {
        "/style save" if it["name"] == "style" else f"/{it['name']}"
        for it in registered
        if it["type"] == 1
    }
    page.type("sec")
    page.until(lambda: [option.text for option in page.all(".option")] == ["/secret\nOnly for you"])


def test_a_chosen_command_becomes_fields(page: Page, stage: Stage) -> None:
    page.find("#input").send_keys("/ima")
    page.type(Keys.TAB)
    page.chip("prompt")
    page.type("a lamp")
    page.find(".add").click()
    assert page.chip("image")
    page.type(Keys.BACKSPACE)
    page.gone('.chip[data-option="image"]')
    page.all(".add")[1].click()
    page.until(lambda: len(page.all(".option")) == 3)
    page.type("water", Keys.ENTER)
    page.type(Keys.ENTER)
    assert "0 Wat 20 None False" in stage.message("drawing a lamp").content
    answer = page.article("drawing a lamp")
    assert "Mira used /imagine" in answer.text.replace("\n", " ")
    assert page.find("#input").is_displayed()


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("/imagine prompt:a red apple --ar 3:2 --seed 7", "a red apple --ar 3:2 --seed 7 |"),
        ("/imagine a green apple --ar 1:1", "a green apple --ar 1:1 | 0 none 20"),
        ("/imagine a pear::2 note: ripe steps:7", "a pear::2 note: ripe | 0 none 7"),
        ("/imagine prompt:plums friend:@otto tiled:true", "plums | 0 none 20 otto True"),
    ],
)
def test_a_plain_line_runs_a_command(page: Page, stage: Stage, line: str, prompt: str) -> None:
    page.write(line)
    assert prompt in stage.message(f"drawing {prompt}").content
    page.article(f"drawing {prompt}")


def test_subcommands_and_their_options(page: Page, stage: Stage) -> None:
    page.write("/style save name:noir")
    assert stage.message("kept noir").author == "bot"


@pytest.mark.parametrize(
    ("line", "option", "complaint"),
    [
        ("/imagine steps:4", "prompt", "This option is required. Specify a value."),
        ("/imagine a cat steps:99", "steps", "The value must be between 1 and 50."),
        ("/imagine a cat steps:many", "steps", "Input a valid integer."),
        ("/imagine a cat style:chalk", "style", "Choose one of the offered values."),
        ("/imagine a cat friend:@nobody", "friend", "Choose a person."),
        ("/imagine a cat tiled:maybe", "tiled", "Choose True or False."),
    ],
)
def test_a_wrong_option_is_said_under_its_field(
    page: Page, line: str, option: str, complaint: str
) -> None:
    page.write(line)
    page.until(lambda: complaint in page.chip(option).text)
    page.type(Keys.ESCAPE)
    page.type(Keys.ESCAPE)
    assert page.find("#input").get_attribute("value").startswith("/imagine")


def test_an_unknown_command_is_not_sent(page: Page) -> None:
    page.write("/imagin a cat")
    page.until(lambda: "There is no command /imagin here" in page.text("#problem"))


def test_completions_come_once_one_stops_typing(page: Page, stage: Stage) -> None:
    asked = len(completions(stage))
    page.find("#input").send_keys("/preset")
    page.type(Keys.ENTER)
    page.chip("name")
    page.type("p", "a", "s")
    page.until(lambda: [option.text for option in page.all(".option")] == ["the pastel one"])
    assert len(completions(stage)) - asked <= 2
    page.type(Keys.TAB)
    page.type(Keys.ENTER)
    assert stage.message("preset pastel").content == "preset pastel"


def completions(stage: Stage) -> list[object]:
    world = stage.playground.world
    return stage.call(
        lambda: [i for i in world.interactions.values() if i.type == InteractionType.AUTOCOMPLETE]
    )


def test_a_command_without_an_answer_says_so(page: Page, stage: Stage) -> None:
    page.use("never")
    page.until(lambda: "Sending command" in page.text("#messages"))
    stage.call(stage.playground.clock.advance, 4)
    page.until(lambda: "The application did not respond" in page.text("#messages"))
    page.click(".only-you button")
    page.until(lambda: "The application did not respond" not in page.text("#messages"))


# Files


def test_a_file_goes_into_the_option(page: Page, stage: Stage) -> None:
    page.find("#input").send_keys("/imagine")
    page.type(Keys.ENTER)
    page.type("from a photograph")
    page.all(".add")[0].click()
    picker = page.chip("image").find_element(By.CSS_SELECTOR, "input[type=file]")
    picker.send_keys(str(COFFEE.path))
    page.find(".chip .thumb:not(.waiting) img")
    page.chip("prompt").find_element(By.TAG_NAME, "textarea").send_keys(Keys.ENTER)
    size = len(COFFEE.read())
    assert f"| {size} " in stage.message("drawing from a photograph").content


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_pasted_and_dropped_files_go_into_the_option(page: Page, stage: Stage, kind: str) -> None:
    page.find("#input").send_keys(f"/imagine a {kind} thing")
    page.script(TAKES_FILE, kind, f"{kind}.png", small_png(), "#input")
    page.find("#tray .thumb:not(.waiting)")
    page.type(Keys.ENTER)
    size = len(base64.b64decode(small_png()))
    assert f"| {size} " in stage.message(f"drawing a {kind} thing").content


def test_a_plain_message_carries_files(page: Page, stage: Stage) -> None:
    page.driver.find_element(By.ID, "file").send_keys(str(COFFEE.path))
    page.find("#tray .thumb:not(.waiting)")
    page.write("look, @Easel")
    assert "coffee.png" in stage.message("read 'look").content
    assert page.article("look, @Easel").find_element(By.CSS_SELECTOR, ".picture.loaded")
    assert not page.all("#tray")


# Messages


def test_an_edit_replaces_only_its_message_without_a_gap(page: Page) -> None:
    page.write("/imagine an edited thing")
    first = page.article("drawing an edited thing")
    page.until(lambda: page.all("article:last-of-type .picture.loaded"))
    page.script(WATCH_FOR_GAPS, first.get_attribute("data-message-id"))
    others = page.script(
        "return window.others = [...document.querySelectorAll('article')].slice(0, -1)"
    )
    for n in (1, 2):
        page.button(f"version {n - 1}" if n > 1 else "drawing an edited", "Next").click()
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
    page.script("document.querySelector('#scroller').scrollTop -= 400")
    page.until(lambda: page.script(bottom) > 300)
    place = page.script("return document.querySelector('#scroller').scrollTop")
    stage.say("otto", "below the edge")
    page.find("#to-present")
    assert page.script("return document.querySelector('#scroller').scrollTop") == place
    page.click("#to-present")
    page.until(lambda: page.script(bottom) < 2)
    page.gone("#to-present")


def test_a_press_is_shown_as_waiting_and_then_as_failed(page: Page, stage: Stage) -> None:
    page.write("/imagine a patient thing")
    page.button("a patient thing", "Never").click()
    page.find(".components .button.waiting")
    stage.call(stage.playground.clock.advance, 4)
    page.until(lambda: "This interaction failed" in page.article("a patient thing").text)
    page.button("a patient thing", "More").click()
    answer = page.article("one more")
    assert "drawing a patient thing" in answer.find_element(By.CSS_SELECTOR, ".answering").text
    assert "This interaction failed" not in page.article("a patient thing").text


def test_choosing_from_a_menu(page: Page) -> None:
    page.use("choose")
    page.click(".select")
    page.until(lambda: len(page.all(".chooser button")) == 3)
    page.type(Keys.ARROW_DOWN, Keys.ENTER)
    page.article("chosen Watercolour")


def test_a_form_is_checked_and_sent(page: Page) -> None:
    page.use("ask")
    box = page.find("dialog input[type=text]")
    assert page.script("return document.activeElement.value") == "a red apple"
    box.clear()
    page.click("dialog .primary")
    page.until(lambda: page.text("dialog .body").count("This field is required.") == 2)
    box.send_keys("a blue one")
    page.click("dialog .select")
    page.menu("Photograph")
    page.find("dialog input[type=file]").send_keys(str(COFFEE.path))
    page.click("dialog .primary")
    page.article("form a blue one ['Photograph'] ['coffee.png']")
    page.gone("dialog")


def test_reactions_go_both_ways(page: Page, stage: Stage) -> None:
    stage.say("otto", "react to this")
    ActionChains(page.driver).move_to_element(page.article("react to this")).perform()
    page.article("react to this").find_element(
        By.CSS_SELECTOR, ".toolbar [aria-label='Add reaction']"
    ).click()
    page.click(".emojis [aria-label=star]")
    page.until(lambda: page.article("react to this").text.endswith("⭐\n2"))
    page.article("react to this").find_element(
        By.CSS_SELECTOR, ".reaction[aria-pressed=true]"
    ).click()
    page.until(lambda: page.article("react to this").text.endswith("⭐\n1"))
    pressed = page.article("react to this").find_element(By.CSS_SELECTOR, ".reaction")
    assert pressed.get_attribute("aria-pressed") == "false"


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
    assert "Delete message" not in page.find(".menu").text
    stage.say("mira", "mind this")
    page.open("otto")
    ActionChains(page.driver).context_click(page.article("mind this")).perform()
    assert "Delete message" in page.find(".menu").text


def test_a_private_answer_is_its_persons_alone(page: Page) -> None:
    page.use("secret")
    assert "Only you can see this" in page.article("psst").text
    page.click("#person")
    page.menu("Otto")
    page.until(lambda: "Otto" in page.text("#person"))
    assert "psst" not in page.text("#messages")
    page.click("#person")
    page.menu("Mira")
    page.until(lambda: "Mira" in page.text("#person"))
    page.article("psst").find_element(By.CSS_SELECTOR, ".only-you button").click()
    page.until(lambda: "psst" not in page.text("#messages"))


def test_direct_messages(page: Page) -> None:
    page.click('[data-channel="Easel"]')
    page.write("hello you")
    page.article("read 'hello you' []")
    page.click('[data-channel="general"]')
    assert "hello you" not in page.text("#messages")


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
    assert page.script("return document.activeElement.className") == "picture loaded"


def test_what_the_bot_is_refused_is_listed(page: Page, stage: Stage) -> None:
    page.write("/imagine " + "x" * 1990)
    page.until(lambda: page.find("#open-drawer").get_attribute("data-count"))
    page.click("#open-drawer")
    assert "50035" in page.text("#refused")
    page.click("#drawer button")
    page.gone("#drawer")


# The page itself


def test_a_phone_sees_everything_without_scrolling_sideways(page: Page) -> None:
    with page.sized(360, 700):
        page.open()
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
    page.type(Keys.TAB)
    assert page.script("return document.activeElement.className") == "skip"
    page.type(Keys.ENTER)
    page.type("/ima", Keys.ENTER)
    page.chip("prompt")
    page.type("by hand", Keys.ENTER)
    page.article("drawing by hand")
    page.until(lambda: page.script("return document.activeElement.id") == "input")
    page.script("document.querySelector('[aria-live]')")
    reach(page, "return document.activeElement.matches('article')", Keys.SHIFT + Keys.TAB)
    page.type(Keys.ARROW_UP, Keys.END)
    assert "by hand" in page.driver.switch_to.active_element.text
    reach(page, "return document.activeElement.textContent === 'More'", Keys.TAB)
    page.type(Keys.ENTER)
    page.article("one more")
    page.type(Keys.ESCAPE, Keys.ESCAPE)
    assert page.script("return document.activeElement.id") == "input"


def reach(page: Page, there: str, key: str) -> None:
    for _ in range(15):
        if page.script(there):
            return
        page.type(key)
    raise AssertionError(f"{there} is not within reach of the keyboard")


def test_a_reload_keeps_person_channel_and_history(page: Page) -> None:
    page.open("otto", "art")
    page.write("kept for later")
    page.article("kept for later")
    page.driver.refresh()
    page.article("kept for later")
    assert "Otto" in page.text("#person")
    assert "art" in page.text("#channel-name")


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
    page.driver.refresh()
    assert page.script(paper) != first
    page.click("#theme")
    assert page.script(paper) == first


def test_the_page_comes_back_by_itself(page: Page, stage: Stage) -> None:
    page.find("#input").send_keys("half a thought")
    page.script("window.alive = true")
    stage.run(stage.playground._page.close())
    stage.say("otto", "while you were away")
    page.article("while you were away")
    assert page.script("return window.alive")
    assert page.find("#input").get_attribute("value") == "half a thought"


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


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown(page: Page, text: str) -> None:
    wanted = MARKDOWN[text]
    shown = page.driver.execute_async_script(MARKDOWN_AS_HTML, text)
    assert shown == wanted


def test_a_bot_that_is_gone_is_shown_as_offline(page: Page, stage: Stage) -> None:
    stage.stop_bot()
    page.until(lambda: "Easel is offline" in page.text("#connection"))
    stage.start_bot()
    page.until(lambda: page.text("#connection") == "")
