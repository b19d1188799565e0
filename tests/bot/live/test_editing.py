"""Editing by words: the form under a picture, and what each kind of wish derives."""

import io
from typing import Any

import pytest
from PIL import Image

from generation.edits import STEP
from generation.recipe import Recipe, Retouch, Tone
from playground import Message
from storage.queue.order import ModelName
from tests.bot.live.studio import LiveStudio
from tests.journeys.studio import Studio, answer, opened, recipe_of, result, showing

QUICK = "--steps 1"


async def single(studio: Studio, prompt: str = f"a red apple --seed 7 {QUICK}") -> Message:
    """A picture alone, as an enlarged one stands under its own message."""
    press = await studio.playground.command("mira", "imagine", {"prompt": prompt})
    grid = await result(press)
    return await result(await studio.playground.press("mira", grid, label="U2"))


async def ask(studio: Studio, message: Message, words: str, *parts: str) -> Any:
    press = await studio.playground.press("mira", message, label="Edit")
    await press.acknowledged()
    values: dict[str, object] = {"prompt": words, "parts": list(parts)}
    return await studio.playground.submit("mira", press, values)


async def edit(studio: Studio, message: Message, words: str, *parts: str) -> Recipe:
    return await recipe_of(studio, await result(await ask(studio, message, words, *parts)))


async def test_light_colours_and_shape_change_and_nothing_is_drawn(studio: Studio) -> None:
    picture = await single(studio)
    before = await recipe_of(studio, picture)
    first = await result(await ask(studio, picture, "warmer, and crop it to a square"))
    warm = await recipe_of(studio, first)
    assert warm.finishing.retouch == Retouch(tone=Tone(warmth=0.5), crop=(1, 1))
    assert warm.asked == ("warmer, and crop it to a square",)
    assert "warmer, and crop it to a square" in first.content
    # The same noise, steps and words: what is drawn is found again.
    assert (warm.noise, warm.inputs, warm.conditions) == (
        before.noise,
        before.inputs,
        before.conditions,
    )
    back = await edit(studio, first, "cooler")
    assert back.finishing.retouch == Retouch(crop=(1, 1))


async def test_another_look_is_drawn_from_the_same_noise(studio: Studio) -> None:
    picture = await single(studio)
    before = await recipe_of(studio, picture)
    first = await result(await ask(studio, picture, "as pixel art"))
    after = await recipe_of(studio, first)
    assert after.prompt == "a red apple, pixel art"
    assert after.noise == before.noise
    twice = await edit(studio, first, "brighter")
    assert (twice.prompt, twice.noise) == (after.prompt, after.noise)
    assert twice.asked == ("as pixel art", "brighter")


async def test_more_is_shown_beyond_the_edges(studio: Studio) -> None:
    made = await edit(studio, await single(studio), "extend it up and to the left")
    assert made.inputs.canvas
    # One, which the next wish is about.
    assert len(made.noise) == 1
    assert made.inputs.canvas.edges.left == made.inputs.canvas.edges.top > 0


async def test_a_part_changes_where_it_is_said_to_be(studio: Studio) -> None:
    picture = await single(studio)
    press = await ask(studio, picture, "replace the lamp with a pear")
    refused = await answer(press)
    assert refused.ephemeral_to == "mira"
    assert "I cannot tell where `lamp` is." in refused.content
    made = await edit(studio, picture, "replace the lamp with a pear", "4")
    assert made.prompt == "pear"
    assert made.inputs.canvas
    assert len(made.inputs.canvas.regions) == 1


async def test_the_one_thing_before_a_plain_ground_is_found(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bot.live.queue.FIGURE", (0.25, 0.25, 0.75, 0.75))
    picture = await single(studio)
    replaced = await result(await ask(studio, picture, "replace the apple with a pear"))
    made = await recipe_of(studio, replaced)
    assert made.inputs.canvas
    assert made.inputs.canvas.mask
    assert made.prompt.startswith("pear")
    note = await studio.playground.message(lambda m: "I found `apple`" in m.content)
    assert note.ephemeral_to == "mira"
    press = await studio.playground.press("mira", replaced, label="Before/after")
    both = await showing(await answer(press), "Before at the left")
    assert both.ephemeral_to == "mira"
    shown = await opened(studio.playground, both)
    assert shown.width > 1.5 * shown.height


async def test_a_network_looks_for_what_the_picture_does_not_tell(
    studio: LiveStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = await single(studio)
    assert studio.house.bot
    monkeypatch.setattr(studio.house.bot.handlers.models, "finder", "acme/clipseg@main")
    made = await edit(studio, picture, "entferne den Hund")
    assert made.inputs.canvas
    assert made.inputs.canvas.sought
    found = made.inputs.canvas.sought
    assert (found.words, found.finder) == ("a dog", "acme/clipseg@main")
    note = await studio.playground.message(lambda m: "clipseg looks for `Hund`" in m.content)
    assert note.ephemeral_to == "mira"


async def test_a_model_that_sees_looks_where_nothing_else_is_named(studio: LiveStudio) -> None:
    picture = await single(studio)
    await studio.house.jobs.sign_on(
        ModelName("framers", "owner/eye"), ModelName("easel", "easel-1")
    )
    made = await edit(studio, picture, "remove the dog")
    assert made.inputs.canvas
    assert made.inputs.canvas.sought
    assert made.inputs.canvas.sought.finder == "eyes:owner/eye"
    await studio.playground.message(lambda m: "eye looks for `dog`" in m.content)
    await studio.house.jobs.sign_on()


async def test_before_and_after_stand_beside_each_other(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = await single(studio)
    monkeypatch.setattr("tests.bot.live.queue.FIGURE", (0.25, 0.25, 0.75, 0.75))
    warm = await result(await ask(studio, picture, "warmer"))
    press = await studio.playground.press("mira", warm, label="Before/after")
    both = await showing(await answer(press), "Before at the left")
    shown = (await opened(studio.playground, both)).convert("RGB")
    assert shown.width > 1.9 * shown.height
    middle = shown.height // 2
    before, after = (shown.getpixel((x, middle)) for x in (middle, shown.width - middle))
    assert before != after == (255, 255, 255)


def pixels(colour: tuple[int, int, int]) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(data, "PNG")
    return data.getvalue()


async def ask_with(studio: Studio, message: Message, words: str, *parts: str) -> Any:
    press = await studio.playground.press("mira", message, label="Edit")
    await press.acknowledged()
    values: dict[str, object] = {"prompt": words, "parts": list(parts)}
    files = {"second": ("hat.png", pixels((40, 40, 200)))}
    return await studio.playground.submit("mira", press, values, files=files)


async def test_something_is_taken_from_another_picture(studio: Studio) -> None:
    picture = await single(studio)
    styled = await recipe_of(studio, await result(await ask_with(studio, picture, "as a comic")))
    assert [one.role for one in styled.conditions.references] == ["style"]
    added = await recipe_of(studio, await result(await ask_with(studio, picture, "add a hat", "1")))
    assert [one.role for one in added.conditions.references] == ["object"]
    assert added.inputs.canvas
    for words in ("warmer", "remove the apple", "undo"):
        refused = await answer(await ask_with(studio, picture, words))
        await showing(refused, "Nothing of another picture goes into that")


async def test_what_no_rule_knows_is_asked_about(studio: Studio) -> None:
    picture = await single(studio)
    refused = await answer(await ask(studio, picture, "make it cuter"))
    assert refused.ephemeral_to == "mira"
    assert "I am not sure what `make it cuter` is to change" in refused.content
    whole = await edit(studio, picture, "cute", "whole")
    assert whole.prompt == "a red apple, cute"


@pytest.mark.parametrize("words", ["undo", "back to the original"])
async def test_what_was_before_is_shown_again(studio: Studio, words: str) -> None:
    picture = await single(studio)
    edited = await result(await ask(studio, picture, "black and white"))
    shown = await result(await ask(studio, edited, words))
    assert shown.attachments
    assert "black and white" not in shown.content
    assert "edited" not in shown.content


async def test_of_several_drawn_wishes_the_rest_is_told_to_wait(studio: Studio) -> None:
    picture = await single(studio)
    press = await ask(studio, picture, "as pixel art, then extend it to the right")
    made = await recipe_of(studio, await result(press))
    assert made.prompt == "a red apple, pixel art"
    note = await studio.playground.message(lambda m: "One thing is done at a time" in m.content)
    assert note.ephemeral_to == "mira"


async def test_closer_and_looser_move_the_strength(studio: Studio) -> None:
    press = await studio.playground.command(
        "mira",
        "img2img",
        {"prompt": f"a dog {QUICK}", "strength": 0.5},
        files={"image": ("red.png", pixels((200, 40, 40)))},
    )
    grid = await result(press)
    picture = await result(await studio.playground.press("mira", grid, label="U1"))
    strengths = []
    for label in ("Closer", "Looser"):
        moved = await studio.playground.press("mira", picture, label=label)
        start = (await recipe_of(studio, await result(moved))).inputs.start
        assert start
        strengths.append(start.strength)
    assert strengths == [pytest.approx(0.5 / STEP, abs=0.01), pytest.approx(0.5 * STEP, abs=0.01)]
    # Of a grid all of them.
    moved = await studio.playground.select("mira", grid, ["looser:0"])
    whole = await recipe_of(studio, await result(moved))
    assert len(whole.noise) == 4
    assert whole.inputs.start
    assert whole.inputs.start.strength == strengths[1]


async def test_parts_are_not_for_what_changes_the_whole(studio: Studio) -> None:
    refused = await answer(await ask(studio, await single(studio), "brighter", "0"))
    assert "That changes the whole picture" in refused.content


async def test_what_is_enlarged_can_be_enlarged_once_more(studio: Studio) -> None:
    larger = await edit(studio, await single(studio), "make it larger")
    assert larger.finishing.upscale == 4
