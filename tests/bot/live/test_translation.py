"""Prompts for other programs, and prompts in the files of pictures, through the whole bot."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from storage.decisions.choices import ServerChoices
from storage.queue.order import ModelName
from tests import hostile
from tests.bot.live.house import House
from tests.prompt.test_embedded import FILES


async def test_a_prompt_is_written_for_another_program_with_what_is_lost(house: House) -> None:
    options = {"prompt": "an (owl:1.3), snow --no people --chaos 5", "target": "flux"}
    asked = await house.playground.command("mira", "translate", options)
    said = await house.refusal(await asked.ended(), "For FLUX:")
    assert "```\nOwl" not in said.content
    assert "An owl, snow. Emphasis on owl. Shown deserted." in said.content
    assert "- FLUX has nothing for `--chaos 5`, so that is left out." in said.content
    assert said.ephemeral_to is not None


TAGS = {"prompt": "a red fox, oil painting, golden hour --no people", "target": "dalle"}
PROSE = "In this oil painting a red fox rests in the golden hour, in a deserted place."


@pytest_asyncio.fixture(loop_scope="session")
async def speaking(house: House) -> AsyncIterator[House]:
    """A worker whose usual model reads prompts with a language model."""
    await house.jobs.sign_on(ModelName("speakers", "owner/teller"), ModelName("easel", "easel-1"))
    yield house
    house.jobs.answer = {}
    await house.jobs.sign_on()


@pytest.mark.parametrize(
    ("told", "shown", "teller"),
    [
        (PROSE, PROSE, True),
        ("A fox in an oil painting, in the golden hour, deserted.", "A red fox. Made as", False),
        ("", "A red fox. Made as an oil painting. Seen at golden hour.", False),
    ],
)
async def test_a_language_model_puts_it_into_sentences_where_it_says_all(
    speaking: House, told: str, shown: str, teller: bool
) -> None:
    speaking.jobs.answer = {"prose": told}
    asked = await speaking.playground.command("mira", "translate", TAGS)
    await asked.acknowledged()
    (job,) = await speaking.accepted(1)
    assert (job.family, job.model) == ("speakers", "owner/teller")
    said = await speaking.finished(job)
    assert said.ephemeral_to == "mira"
    assert shown in said.content
    assert ("teller put it into sentences" in said.content) is teller
    assert ("by a template" in said.content) is not teller


async def test_the_template_s_sentences_need_no_room_in_the_queue(speaking: House) -> None:
    await speaking.decide(ServerChoices(unfinished=1))
    await speaking.imagine("a red apple", person="mira")
    asked = await speaking.playground.command("mira", "translate", TAGS)
    said = await speaking.refusal(await asked.ended(), "A red fox. Made as an oil painting.")
    assert said.ephemeral_to == "mira"
    await speaking.decide(ServerChoices())


async def test_what_cannot_be_read_is_refused_with_what_would_work(house: House) -> None:
    options = {"prompt": "an owl --choas 5", "target": "a1111"}
    asked = await house.playground.command("mira", "translate", options)
    await house.refusal(await asked.ended(), "did you mean `--chaos`?")


async def test_a_long_form_comes_as_a_file(house: House) -> None:
    options = {"prompt": f"an owl {'and snow ' * 300}", "target": "comfyui"}
    asked = await house.playground.command("mira", "translate", options)
    said = await house.refusal(await asked.ended(), "For ComfyUI:")
    text = await house.playground.read(said.attachments[0])
    assert b"CLIPTextEncode" in text
    assert "ComfyUI needs" in said.content
    unwanted = ", ".join(f"thing {place}" for place in range(300))
    options = {"prompt": f"an owl --no {unwanted}", "target": "flux"}
    asked = await house.playground.command("mira", "translate", options)
    said = await house.refusal(await asked.ended(), "For FLUX:")
    prompt, notes = [await house.playground.read(each) for each in said.attachments]
    assert prompt == b"An owl. Shown with only what is named."
    assert b"`--no thing 299`" in notes


async def test_a_finished_picture_s_prompt_is_copied_for_others(house: House) -> None:
    grid = await house.drawn("a red apple --seed 7 --ar 3:2")
    press = await house.playground.press("otto", grid, label="Recipe")
    recipe = await house.refusal(press, "--seed 7")
    chosen = await house.playground.select("otto", recipe, ["a1111"])
    said = await house.refusal(await chosen.ended(), "For AUTOMATIC1111:")
    assert "a red apple\nSteps: 20, Seed: 7, Size: 1248x832" in said.content
    forged = await house.playground.select("otto", recipe, ["pony"])
    await house.refusal(await forged.ended(), "score_9, score_8_up, score_7_up, a red apple")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ComfyUI PNG", "`ComfyUI (dreamy)` made this picture:\n```\nan owl --seed 4 --no fog"),
        ("A1111 WebP", "`AUTOMATIC1111 (dreamy)` made this picture:"),
    ],
)
async def test_the_menu_tells_what_anybody_s_picture_says(
    house: House, name: str, told: str
) -> None:
    ending = name.rpartition(" ")[2].lower()
    files = [(f"theirs.{ending}", FILES[name][0])]
    posted = await house.playground.say("otto", "general", "look", files=files)
    asked = await house.playground.command("mira", "Recipe", target=posted)
    said = await house.refusal(await asked.ended(), told)
    assert said.ephemeral_to is not None


async def test_a_picture_that_says_nothing_is_told_so(house: House) -> None:
    plain = hostile.encoded(Image.new("RGB", (9, 9)), "PNG")
    for files, told in (([("a.png", plain)], "does not say how it was"), ([], "no pictures of")):
        posted = await house.playground.say("otto", "general", "look", files=files)
        asked = await house.playground.command("mira", "Recipe", target=posted)
        await house.refusal(await asked.ended(), told)
