"""The page in a real browser: commands, their options, and files."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from playground.state.records import InteractionType
from tests.photographs import COFFEE
from tests.playground.browser import Page, page, shared_page
from tests.playground.stage import ROOT, Stage, stage

__all__ = ["page", "shared_page", "stage"]

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


def small_png() -> str:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


# Commands


def test_an_empty_channel_invites_with_examples(page: Page) -> None:
    page.turn_to("gus", "after-dark")
    assert page.find("#input").get_attribute("disabled")
    page.turn_to("otto", "after-dark")
    page.click(".example")
    text = page.find("#input").get_attribute("value")
    assert text == "/imagine prompt:a red apple --seed 7"
    page.fill("")


def test_the_list_offers_what_the_bot_registered(page: Page, stage: Stage) -> None:
    page.fill("/")
    registered = {
        "/style save" if it["name"] == "style" else f"/{it['name']}"
        for it in stage.call(stage.playground.world.commands.all)
        if it["type"] == 1
    }
    page.until(lambda: {text.split("\n")[0] for text in page.texts(".option")} == registered)
    page.type("sec")
    page.until(lambda: page.texts(".option") == ["/secret\nOnly for you"])
    page.fill("")


def test_a_chosen_command_becomes_fields(page: Page, stage: Stage) -> None:
    page.begin("ima", Keys.TAB)
    page.chip("prompt")
    page.type("a lamp")
    page.click(".add")
    assert page.chip("image")
    page.type(Keys.BACKSPACE)
    page.gone('.chip[data-option="image"]')
    page.press(page.until(lambda: page.all(".add")[1:])[0])
    page.until(lambda: len(page.all(".option")) == 3)
    page.type("water")
    page.until(lambda: page.texts(".option") == ["Watercolour"])
    page.type(Keys.ENTER)
    page.until(lambda: not page.all(".option"))
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


def test_enter_and_enter_send_a_command_that_needs_no_options(page: Page, stage: Stage) -> None:
    for name, answer in (("secret", "psst"), ("look", "looking at anything")):
        page.begin(name)
        page.find(".tail")
        page.type(Keys.ENTER)
        page.article(answer)
    page.begin("look")
    page.find(".tail")
    page.type("top", Keys.ENTER)
    page.chip("topic")
    page.type("the sea", Keys.ENTER)
    page.article("looking at the sea")


def test_words_that_no_option_takes_are_said_before_a_command_is_sent(page: Page) -> None:
    page.begin("look")
    page.find(".tail")
    page.type("xyzzy", Keys.ENTER)
    page.until(lambda: "No option of /look takes “xyzzy”" in page.text("#problem"))
    page.type(Keys.ESCAPE)
    page.until(lambda: page.find("#input").get_attribute("value") == "/look")
    page.fill("")


def test_an_example_photograph_can_be_chosen_wherever_a_file_can(page: Page, stage: Stage) -> None:
    page.begin("imagine")
    page.type("from an example")
    page.click(".add")
    page.chip("image")
    page.click('.chip[data-option="image"] .samples button')
    page.find(".chip .thumb:not(.waiting) img")
    page.until(lambda: page.script("return document.activeElement.matches('.chips textarea')"))
    page.type(Keys.ENTER)
    size = (ROOT / "playground/page/static/photographs/coffee.jpg").stat().st_size
    assert f"| {size} " in stage.message("drawing from an example").content
    page.click("#attach")
    page.menu("A cat")
    page.find("#tray .thumb:not(.waiting)")
    page.write("whose cat, @Easel")
    assert "cat.jpg" in stage.message("read 'whose cat").content


def test_every_example_photograph_is_credited() -> None:
    folder = ROOT / "playground/page/static/photographs"
    listed, script = folder / "CREDITS.md", folder.with_suffix(".js")
    for photograph in folder.glob("*.jpg"):
        assert photograph.name in listed.read_text("utf-8")
        assert photograph.name in script.read_text("utf-8")
        assert photograph.stat().st_size < 100_000


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
    page.type(Keys.ESCAPE, Keys.ESCAPE)
    assert str(page.find("#input").get_attribute("value")).startswith("/imagine")
    page.fill("")


def test_an_unknown_command_is_not_sent(page: Page) -> None:
    page.write("/imagin a cat")
    page.until(lambda: "There is no command /imagin here" in page.text("#problem"))
    page.fill("")


def test_completions_come_once_one_stops_typing(page: Page, stage: Stage) -> None:
    asked = len(completions(stage))
    page.begin("preset")
    page.chip("name")
    page.until(lambda: page.script("return document.activeElement.matches('.chips *')"))
    # In one go: between keys, a busy machine takes longer than people who stop typing.
    page.script("for (const key of 'pas') document.execCommand('insertText', false, key)")
    page.until(lambda: page.texts(".option") == ["the pastel one"])
    assert len(completions(stage)) - asked <= 2, "one of the field, one of what was typed"
    page.type(Keys.TAB)
    page.type(Keys.ENTER)
    assert stage.message("preset pastel").content == "preset pastel"


def completions(stage: Stage) -> list[object]:
    world = stage.playground.world
    return stage.call(
        lambda: [i for i in world.interactions.all() if i.type == InteractionType.AUTOCOMPLETE]
    )


def test_a_slow_command_does_not_hide_the_first_message(page: Page, stage: Stage) -> None:
    page.turn_to("mira", "after-dark")
    page.use("never")
    page.until(lambda: "Sending command" in page.text("#messages"))
    stage.say("otto", "first in here", "after-dark")
    page.article("first in here")
    assert not page.all(".empty")


def test_a_command_without_an_answer_says_so(page: Page, stage: Stage) -> None:
    page.use("never")
    page.until(lambda: "Sending command" in page.text("#messages"))
    stage.call(stage.playground.clock.advance, 4)
    page.until(lambda: "The application did not respond" in page.text("#messages"))
    page.click("article:not([data-message-id]) .only-you button")
    page.until(lambda: "The application did not respond" not in page.text("#messages"))


# Files


def test_a_file_goes_into_the_option(page: Page, stage: Stage) -> None:
    page.begin("imagine")
    page.type("from a photograph")
    page.click(".add")
    picker = page.chip("image").find_element(By.CSS_SELECTOR, "input[type=file]")
    picker.send_keys(str(COFFEE.path))
    page.find(".chip .thumb:not(.waiting) img")
    page.chip("prompt").find_element(By.TAG_NAME, "textarea").send_keys(Keys.ENTER)
    size = len(COFFEE.read())
    assert f"| {size} " in stage.message("drawing from a photograph").content


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_pasted_and_dropped_files_go_into_the_option(page: Page, stage: Stage, kind: str) -> None:
    page.fill(f"/imagine a {kind} thing")
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
    page.find("article .picture.loaded")
    assert not page.all("#tray")
