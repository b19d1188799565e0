"""Wishes for pictures that are not clear: what is asked, what each answer does, and where from."""

import io
from typing import Any

import pytest
from PIL import Image

from bot.components.asking import PLACES
from generation.recipe import Recipe
from playground import Interaction, Message
from tests.bot.live.house import House
from tests.journeys.studio import BOT, Studio, answer, recipe_of, result, showing
from tests.photographs import COFFEE

QUICK = "--steps 1"


async def drawn(studio: Studio) -> Message:
    prompt = {"prompt": f"a red apple --seed 7 {QUICK}"}
    return await result(await studio.playground.command("mira", "imagine", prompt))


async def chosen(studio: Studio, grid: Message, value: str) -> Interaction:
    press = await studio.playground.select("mira", grid, [value])
    await press.acknowledged()
    return press


async def choose_and_see(studio: Studio, grid: Message, value: str) -> None:
    """Chooses, and waits until the message was edited for it."""
    before = grid.edited
    await chosen(studio, grid, value)
    await grid.until(lambda now: now.edited != before)


async def fill(studio: Studio, form: Interaction, words: str, **more: object) -> Interaction:
    return await studio.playground.submit("mira", form, {"prompt": words, **more})


async def asked(studio: Studio, words: str) -> Message:
    grid = await drawn(studio)
    return await answer(await fill(studio, await chosen(studio, grid, "edit:2"), words))


async def pressed(studio: Studio, question: Message, label: str) -> Recipe:
    press = await studio.playground.press("mira", question, label=label)
    return await recipe_of(studio, await result(press))


def pixels(colour: tuple[int, int, int]) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (96, 64), colour).save(data, "PNG")
    return data.getvalue()


async def test_one_picture_of_a_grid_is_edited_and_described(studio: Studio) -> None:
    grid = await drawn(studio)
    whole = await recipe_of(studio, grid)
    made = await fill(studio, await chosen(studio, grid, "edit:3"), "sepia")
    assert (await recipe_of(studio, await result(made))).noise == whole.noise[2:3]
    press = await studio.playground.select("mira", grid, ["describe:2"])
    await showing(await answer(press), "a red apple")


@pytest.mark.parametrize("value", ["history:0", "edit:1"])
async def test_the_same_is_chosen_twice_in_a_row(studio: Studio, value: str) -> None:
    # Discord's client sends it once more only after the message was edited.
    grid = await drawn(studio)
    for _ in range(3):
        await choose_and_see(studio, grid, value)


async def test_an_unclear_wish_is_asked_about_and_one_press_does_it(studio: Studio) -> None:
    question = await asked(studio, "make it cuter")
    assert question.ephemeral_to == "mira"
    assert list(question.buttons) == [
        *("Redraw the whole picture", "All around the middle"),
        *("Choose where…", "Draw it as a new prompt"),
    ]
    whole = await pressed(studio, question, "Redraw the whole picture")
    assert whole.prompt == "a red apple, make it cuter"
    around = await pressed(studio, question, "All around the middle")
    assert around.inputs.canvas
    assert around.inputs.canvas.regions == PLACES["around"]
    prompt = await studio.playground.press("mira", question, label="Draw it as a new prompt")
    await studio.playground.message(lambda m: m.id > prompt.id and "cuter" in m.content)


async def test_a_place_is_asked_for_and_the_answer_holds_after_a_restart(studio: Studio) -> None:
    question = await asked(studio, "remove the leaf")
    assert list(question.buttons) == ["In the middle", "Choose where…", "Redraw the whole picture"]
    await studio.end(BOT)
    await studio.start(BOT)
    middle = await pressed(studio, question, "In the middle")
    assert middle.inputs.canvas
    assert middle.inputs.canvas.regions == PLACES["middle"]
    form = await studio.playground.press("mira", question, label="Choose where…")
    await form.acknowledged()
    assert "remove the leaf" in str(form.modal)
    made = await recipe_of(studio, await result(await fill(studio, form, "a worm", parts=["4"])))
    assert made.inputs.canvas
    assert len(made.inputs.canvas.regions) == 1


async def test_nobody_answers_for_somebody_else(studio: Studio) -> None:
    said = await drawn(studio)
    mention = f"<@{studio.playground.world.bot.id}>"
    wish = await studio.playground.say("mira", "general", f"{mention} 1: cuter", reply_to=said)
    question = await studio.playground.message(lambda m: m.id > wish.id and m.reference == wish.id)
    press = await studio.playground.press("otto", question, label="Redraw the whole picture")
    assert (await answer(press)).ephemeral_to == "otto"


async def test_the_menu_of_a_message_edits_its_pictures(studio: Studio) -> None:
    grid = await drawn(studio)
    form = await studio.playground.command("mira", "Edit", target=grid)
    await form.acknowledged()
    made = await result(await fill(studio, form, "mirror it", picture=["4"]))
    recipe, whole = await recipe_of(studio, made), await recipe_of(studio, grid)
    assert recipe.noise == whole.noise[3:]
    assert recipe.finishing.retouch


@pytest.mark.parametrize(
    ("words", "parts", "strength"), [("sepia", [], 0), ("a pear", ["whole"], 0.5)]
)
async def test_the_menu_edits_anybodys_picture(
    studio: Studio, words: str, parts: list[str], strength: float
) -> None:
    said = await studio.playground.say(
        "otto", "general", "look", files=[("red.png", pixels((200, 40, 40)))]
    )
    form = await studio.playground.command("mira", "Edit", target=said)
    made: Any = await fill(studio, form, words, parts=parts)
    recipe = await recipe_of(studio, await result(made))
    assert recipe.inputs.start
    assert recipe.inputs.start.strength == pytest.approx(strength, abs=0.2)
    assert len(recipe.noise) == 1
    assert recipe.asked == (words,)


async def test_where_nothing_is_shown_nothing_is_edited(house: House) -> None:
    said = await house.playground.say("otto", "general", "no picture")
    press = await house.playground.command("mira", "Edit", target=said)
    await house.refusal(press, "no image")


async def test_a_photograph_is_changed_twice_from_itself(studio: Studio) -> None:
    said = await studio.playground.say(
        "mira", "general", "look", files=[("coffee.png", COFFEE.read())]
    )
    form = await studio.playground.command("mira", "Edit", target=said)
    first = await result(await fill(studio, form, "as a watercolour"))
    before = await recipe_of(studio, first)
    form = await studio.playground.press("mira", first, label="Edit")
    await form.acknowledged()
    after = await recipe_of(studio, await result(await fill(studio, form, "make it night")))
    assert before.inputs.edit
    assert after.inputs == before.inputs
    assert after.prompt == "as a watercolour, make it night"
