"""What the bot does where somebody says something to it without a command."""

import io

import pytest
from cachetools import TTLCache
from PIL import Image

from playground import Message
from storage.decisions.choices import PersonChoices
from tests.bot.live.house import House
from tests.journeys.studio import FINISHED, Studio, recipe_of, result, showing

QUICK = "--steps 1"


@pytest.fixture(autouse=True)
def talkative(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    """Nobody has to wait for the next answer."""
    assert house.bot
    monkeypatch.setattr(house.bot._conversation, "_answered", TTLCache(9, 0.0))


async def answer_to(studio: Studio, said: Message) -> Message:
    return await studio.playground.message(lambda m: m.id > said.id and m.reference == said.id)


async def picture(studio: Studio) -> Message:
    prompt = {"prompt": f"a red apple --seed 7 {QUICK}"}
    grid = await result(await studio.playground.command("mira", "imagine", prompt))
    return await result(await studio.playground.press("mira", grid, label="U1"))


def mention(studio: Studio) -> str:
    return f"<@{studio.playground.world.bot.id}>"


async def test_a_greeting_gets_a_line_and_an_example(studio: Studio) -> None:
    said = await studio.playground.say("mira", "general", f"{mention(studio)} hello!")
    greeted = await answer_to(studio, said)
    assert greeted.content.startswith("Hello!")
    press = await studio.playground.press("mira", greeted, label="Draw a red apple")
    await result(press)


async def test_words_to_the_bot_are_offered_to_be_drawn(studio: Studio) -> None:
    said = await studio.playground.say("mira", "general", f"{mention(studio)} a blue cat {QUICK}")
    offered = await answer_to(studio, said)
    await (await studio.playground.press("mira", offered, label="Draw that")).acknowledged()
    drawn = await studio.playground.message(
        lambda m: m.id > offered.id and "a blue cat" in m.content
    )
    await showing(drawn, FINISHED)


async def test_a_picture_can_be_started_from(studio: Studio) -> None:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 40, 40)).save(data, "PNG")
    said = await studio.playground.say(
        "mira", "general", mention(studio), files=[("red.png", data.getvalue())]
    )
    press = await studio.playground.press(
        "mira", await answer_to(studio, said), label="Start from it"
    )
    await press.acknowledged()
    words = {"prompt": f"a dog {QUICK}"}
    made = await recipe_of(
        studio, await result(await studio.playground.submit("mira", press, words))
    )
    assert made.inputs.start


async def test_words_to_others_get_no_answer(studio: Studio) -> None:
    before = len(studio.playground.world.messages)
    said = await studio.playground.say("mira", "general", "hello everybody")
    # By the time that it answers another it has heard of this.
    await answer_to(studio, await studio.playground.say("otto", "general", mention(studio)))
    assert said.id not in {message.reference for message in studio.playground.messages}
    assert len(studio.playground.world.messages) == before + 3


async def test_a_reply_that_mentions_the_bot_edits(studio: Studio) -> None:
    shown = await picture(studio)
    await studio.playground.say(
        "mira", "general", f"{mention(studio)} black and white", reply_to=shown
    )
    edited = await studio.playground.message(
        lambda m: m.id > shown.id and "black and white, edited" in m.content
    )
    await showing(edited, FINISHED)
    recipe = await recipe_of(studio, edited)
    assert recipe.finishing.retouch
    assert recipe.finishing.retouch.tone.colour == -1
    # That is a message of the bot's own, whose replies it can read.
    await studio.playground.say("mira", "general", "undo", reply_to=edited)
    again = await studio.playground.message(
        lambda m: m.id > edited.id and m.attachments and "black and white" not in m.content
    )
    assert again.channel_id == shown.channel_id
    assert "Edit" in again.buttons


async def test_a_reply_that_cannot_be_read_gets_the_button(studio: Studio) -> None:
    shown = await picture(studio)
    said = await studio.playground.say("mira", "general", "warmer", reply_to=shown)
    told = await answer_to(studio, said)
    assert "only read replies that mention me" in told.content
    press = await studio.playground.press("mira", told, label="Edit")
    await press.acknowledged()
    assert press.modal
    # Under several, of which one is to be named.
    prompt = {"prompt": f"a red apple --seed 7 {QUICK}"}
    grid = await result(await studio.playground.command("mira", "imagine", prompt))
    said = await studio.playground.say("mira", "general", "warmer", reply_to=grid)
    chosen = await studio.playground.select("mira", await answer_to(studio, said), ["edit:3"])
    await chosen.acknowledged()
    assert chosen.modal


async def test_what_was_before_comes_to_where_its_owner_sees_pictures(studio: Studio) -> None:
    await studio.prefer("mira", PersonChoices(private=True))
    press = await studio.playground.command("mira", "imagine", {"prompt": f"a cat {QUICK}"})
    await press.acknowledged()
    grid = await studio.playground.message(lambda m: m.id > press.id and "U1" in m.buttons)
    await studio.playground.press("mira", grid, label="U1")
    single = await studio.playground.message(lambda m: m.id > grid.id and "Edit" in m.buttons)
    await studio.playground.say("mira", "@mira", "sepia", reply_to=single)
    edited = await studio.playground.message(
        lambda m: m.id > single.id and "sepia, edited" in m.content and m.attachments
    )
    await studio.playground.say("mira", "@mira", "undo", reply_to=edited)
    again = await studio.playground.message(lambda m: m.id > edited.id and m.attachments)
    assert again.channel_id == grid.channel_id
    await studio.prefer("mira", PersonChoices())


async def test_a_count_is_no_number_of_a_picture(studio: Studio) -> None:
    prompt = {"prompt": f"a red apple --seed 7 {QUICK}"}
    grid = await result(await studio.playground.command("mira", "imagine", prompt))
    words = f"{mention(studio)} 3 more birds"
    said = await studio.playground.say("mira", "general", words, reply_to=grid)
    asked = await answer_to(studio, said)
    assert list(asked.buttons) == ["1", "2", "3", "4"]
    words = f"{mention(studio)} 3 darker"
    await studio.playground.say("mira", "general", words, reply_to=grid)
    edited = await studio.playground.message(
        lambda m: m.id > asked.id and "darker, edited" in m.content and m.attachments
    )
    whole = await recipe_of(studio, grid)
    assert (await recipe_of(studio, edited)).noise == whole.noise[2:3]


async def test_under_a_grid_it_asks_which_picture_is_meant(studio: Studio) -> None:
    prompt = {"prompt": f"a red apple --seed 7 {QUICK}"}
    grid = await result(await studio.playground.command("mira", "imagine", prompt))
    words = f"{mention(studio)} black and white"
    said = await studio.playground.say("mira", "general", words, reply_to=grid)
    asked = await answer_to(studio, said)
    assert list(asked.buttons) == ["1", "2", "3", "4", "All of them"]
    one = await recipe_of(
        studio, await result(await studio.playground.press("mira", asked, label="3"))
    )
    whole = await recipe_of(studio, grid)
    assert one.noise == whole.noise[2:3]
    every = await result(await studio.playground.press("mira", asked, label="All of them"))
    recipe = await recipe_of(studio, every)
    assert recipe.noise == whole.noise
    assert recipe.finishing.retouch
    # One of these alone, by its number.
    await studio.playground.say("mira", "general", f"{mention(studio)} 2 again", reply_to=grid)
    alone = await studio.playground.message(
        lambda m: m.id > every.id and "2 again" not in m.content and m.attachments
    )
    assert len((await recipe_of(studio, alone)).noise) == 1
