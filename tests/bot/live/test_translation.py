"""Prompts for other programs, and prompts in the files of pictures, through the whole bot."""

import pytest
from PIL import Image

from tests import hostile
from tests.bot.live.house import House
from tests.prompt.test_embedded import FILES


async def test_a_prompt_is_written_for_another_program_with_what_is_lost(house: House) -> None:
    options = {"prompt": "an (owl:1.3), snow --no people --chaos 5", "target": "flux"}
    asked = await house.playground.command("mira", "translate", options)
    said = await house.refusal(await asked.ended(), "For FLUX:")
    assert "```\nOwl" not in said.content
    assert "An owl, snow. Emphasis on owl. Deserted." in said.content
    assert "- FLUX has nothing for `--chaos 5`, so that is left out." in said.content
    assert said.ephemeral_to is not None


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
    assert prompt == b"An owl. Showing only what is named."
    assert b"`--no thing 299`" in notes


async def test_a_finished_picture_s_prompt_is_copied_for_others(house: House) -> None:
    grid = await house.drawn("a red apple --seed 7 --ar 3:2")
    press = await house.playground.press("otto", grid, label="Recipe")
    recipe = await house.refusal(press, "--seed 7")
    chosen = await house.playground.select("otto", recipe, ["a1111"])
    said = await house.refusal(await chosen.ended(), "For AUTOMATIC1111:")
    assert "a red apple\nSeed: 7, Size: 1248x832" in said.content
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
