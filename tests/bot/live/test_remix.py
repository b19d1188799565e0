"""Changing the prompt on the way: remix forms, and images drawn anew."""

import io

import pytest
import pytest_asyncio
from PIL import Image

from playground import Message
from tests.journeys.studio import BOT, Studio, answer, offered, recipe_of, result, showing

QUICK = "--steps 1"


@pytest_asyncio.fixture(loop_scope="session")
async def remixing(studio: Studio) -> Studio:
    """Remix mode on for mira."""
    press = await studio.playground.command("mira", "prefer remix", {})
    await showing(await answer(press), "Remix is on")
    return studio


async def grid(studio: Studio) -> Message:
    press = await studio.playground.command(
        "mira", "imagine", {"prompt": f"a red cat --seed 7 {QUICK}"}
    )
    return await result(press)


@pytest.mark.parametrize("restarted", [False, True])
async def test_v_asks_for_other_words_and_keeps_the_picture(
    remixing: Studio, restarted: bool
) -> None:
    message = await grid(remixing)
    press = await remixing.playground.press("mira", message, label="V2")
    await press.acknowledged()
    form = press.modal
    assert form is not None
    if restarted:
        await remixing.end(BOT)
        await remixing.start(BOT)
    words = {"prompt": f"a blue cat {QUICK}"}
    varied = await result(await remixing.playground.submit("mira", press, words))
    before, after = [await recipe_of(remixing, m) for m in (message, varied)]
    assert after.prompt == "a blue cat"
    assert {noise.seed for noise in after.noise} == {before.noise[1].seed}


async def test_reroll_may_change_the_size_too(remixing: Studio) -> None:
    message = await grid(remixing)
    press = await remixing.playground.press("mira", message, label="🔄")
    await press.acknowledged()
    words = {"prompt": f"a red cat --ar 2:1 {QUICK}"}
    again = await recipe_of(
        remixing, await result(await remixing.playground.submit("mira", press, words))
    )
    assert again.size.width == pytest.approx(2 * again.size.height, rel=0.1)


async def test_a_flag_that_makes_no_difference_in_a_form_is_said(remixing: Studio) -> None:
    message = await grid(remixing)
    press = await remixing.playground.press("mira", message, label="V1")
    await press.acknowledged()
    words = {"prompt": f"a blue cat --ar 2:1 {QUICK}"}
    varied = await result(await remixing.playground.submit("mira", press, words))
    after = await recipe_of(remixing, varied)
    assert after.size.width == after.size.height
    assert "--ar" not in after.parameters
    note = await remixing.playground.message(
        lambda m: m.id > varied.id and "`--ar` has no effect with V" in m.content
    )
    assert note.ephemeral_to == "mira"


async def test_a_wrong_prompt_in_a_form_is_said(remixing: Studio) -> None:
    press = await remixing.playground.press("mira", await grid(remixing), label="V1")
    await press.acknowledged()
    wrong = await remixing.playground.submit("mira", press, {"prompt": "a cat --seed x"})
    assert "--seed" in (await answer(wrong)).content


@pytest.mark.parametrize(("prompt", "strength"), [("a dog", 0.4), ("a dog --strength 0.7", 0.7)])
async def test_img2img_takes_a_plain_strength(studio: Studio, prompt: str, strength: float) -> None:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 40, 40)).save(data, "PNG")
    press = await studio.playground.command(
        "mira",
        "img2img",
        {"prompt": f"{prompt} {QUICK}", "strength": 0.4},
        files={"image": ("red.png", data.getvalue())},
    )
    recipe = await recipe_of(studio, await result(press))
    assert recipe.inputs.start is not None
    assert recipe.inputs.start.strength == strength


async def test_img2img_says_which_flag_it_has_a_number_of_its_own_for(studio: Studio) -> None:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 40, 40)).save(data, "PNG")
    press = await studio.playground.command(
        "mira",
        "img2img",
        {"prompt": f"a dog --iw 2 {QUICK}"},
        files={"image": ("red.png", data.getvalue())},
    )
    message = await result(press)
    assert "image at strength 0.50" in message.content
    await studio.playground.message(
        lambda m: m.id > message.id and "`--iw` has no effect with /img2img" in m.content
    )


async def test_any_image_in_the_channel_can_be_started_from(studio: Studio) -> None:
    shown = await grid(studio)
    press = await offered(studio.playground, "otto", shown)
    assert press.modal is not None
    words = {"prompt": f"a dog {QUICK}"}
    made = await recipe_of(
        studio, await result(await studio.playground.submit("otto", press, words))
    )
    assert made.inputs.start is not None
    assert made.prompt == "a dog"


@pytest.mark.parametrize(
    ("label", "pressed"), [("V3", "Variations (Strong) of image #3"), ("U3", "Image #3")]
)
async def test_the_menu_offers_the_buttons_of_old_pictures(
    studio: Studio, label: str, pressed: str
) -> None:
    press = await studio.playground.command("otto", "Vary or upscale", target=await grid(studio))
    offered = await showing(await answer(press), "Which picture?")
    assert list(offered.buttons) == [f"{letter}{k}" for letter in "UV" for k in range(1, 5)]
    made = await result(await studio.playground.press("otto", offered, label=label))
    assert pressed in made.content


async def test_a_message_without_an_image_is_said(studio: Studio) -> None:
    said = await studio.playground.say("mira", "general", "hello")
    press = await studio.playground.command("otto", "Use image…", target=said)
    assert "has no image" in (await answer(press)).content


async def test_words_that_are_refused_in_a_form_come_back_after_a_restart(
    remixing: Studio,
) -> None:
    press = await remixing.playground.press("mira", await grid(remixing), label="V2")
    await press.acknowledged()
    await remixing.end(BOT)
    await remixing.start(BOT)
    words = {"prompt": "a blue cat that took long to think of::-1"}
    refusal = await answer(await remixing.playground.submit("mira", press, words))
    await showing(refusal, "This is what you typed:")
    assert words["prompt"] in refusal.content
