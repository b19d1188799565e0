"""Finished pictures: seen again, marked, sent home, deleted; by buttons, menus and reactions."""

import json
import re

import pytest
from discord import ButtonStyle

from bot.requests import results
from playground import Message
from storage.decisions.choices import ServerChoices
from tests.bot.live.house import House


async def single(house: House) -> Message:
    grid = await house.drawn("a red apple --seed 7")
    await (await house.playground.press("mira", grid, label="U2")).ended()
    return await house.finished((await house.accepted(1))[0])


def style(message: Message, label: str) -> int:
    """The style of a button; 0 where there is none."""
    return int(message.buttons.get(label, {}).get("style", 0))


def primary(message: Message, label: str) -> bool:
    """Whether a button shows that it was pressed."""
    return style(message, label) == ButtonStyle.primary.value


async def marked(house: House, count: int) -> None:
    """Waits until there are so many favourites."""

    async def look() -> bool:
        return await favourites(house) == count

    await house.until(look)


async def favourites(house: House) -> int:
    return int(
        await house.jobs.records.read(
            lambda it: it.exec_driver_sql("SELECT count(*) FROM favourites").scalar_one()
        )
    )


async def test_the_recipe_is_told_whole(house: House) -> None:
    grid = await house.drawn("an owl " + "very " * 300 + "wise --seed 7")
    read_aloud = grid.attachments[0].description or ""
    assert read_aloud.startswith("4 generated pictures: an owl very very")
    assert len(read_aloud) <= 1024
    press = await house.playground.press("otto", grid, label="Recipe")
    said = await house.refusal(press, "--seed 7")
    recipe = json.loads(await house.playground.read(said.attachments[0]))
    assert recipe["prompt"].endswith("wise")


async def test_a_picture_is_marked_and_unmarked(house: House) -> None:
    picture = await single(house)
    before = list(picture.buttons)
    press = await house.playground.press("mira", picture, label="⭐")
    await house.refusal(press, "Added to your favourites")
    assert await favourites(house) == 1
    await picture.until(lambda now: style(now, "⭐") == ButtonStyle.success.value)
    assert list(picture.buttons) == before
    press = await house.playground.press("mira", picture, label="⭐")
    await house.refusal(press, "Removed from")
    assert await favourites(house) == 0
    await picture.until(lambda now: style(now, "⭐") == ButtonStyle.secondary.value)


async def test_a_star_tells_how_many_have_it(house: House) -> None:
    picture = await single(house)
    for person in ("mira", "otto"):
        await house.playground.react(person, picture, "⭐")
    await picture.until(lambda now: style(now, "2") == ButtonStyle.success.value)
    asked = await house.playground.command("mira", "show", {"id": picture.attachments[0].filename})
    shown = (await asked.ended()).message
    assert shown
    await shown.until(lambda now: "2" in now.buttons)
    await house.playground.unreact("otto", picture, "⭐")
    await picture.until(lambda now: style(now, "⭐") == ButtonStyle.success.value)


async def test_buttons_show_that_they_were_pressed(house: House) -> None:
    grid = await house.drawn("a red apple --seed 7")
    files = [file.filename for file in grid.attachments]
    presses = [await house.playground.press("mira", grid, label=each) for each in ("U2", "V3")]
    presses.append(await house.playground.press("otto", grid, label="🔄"))
    for press in presses:
        await press.ended()
    await house.accepted(3)
    pressed = {"U2", "V3", "🔄"}
    await grid.until(lambda now: {it for it in now.buttons if primary(now, it)} == pressed)
    assert [file.filename for file in grid.attachments] == files
    asked = await house.playground.command("mira", "show", {"id": files[0]})
    shown = (await asked.ended()).message
    assert shown
    await shown.until(lambda now: {it for it in now.buttons if primary(now, it)} == pressed)


async def test_a_press_that_is_refused_is_not_shown(house: House) -> None:
    grid = await house.drawn("a red apple")
    await house.decide(ServerChoices(channels=(5,)))
    press = await house.playground.press("mira", grid, label="U1")
    await house.refusal(press, "<#5>")
    await house.decide(ServerChoices())
    await (await house.playground.press("mira", grid, label="U2")).ended()
    await grid.until(lambda now: primary(now, "U2"))
    assert not primary(grid, "U1")


async def test_show_alone_offers_the_latest_small(house: House) -> None:
    asked = await house.playground.command("mira", "show")
    await house.refusal(await asked.ended(), "You have no pictures yet")
    await house.drawn("a red apple --ar 3:2")
    grid = await house.drawn("a red apple --cfg 3 --seed 7")
    asked = await house.playground.command("mira", "show")
    offered = await house.refusal(await asked.ended(), "Choose what to show again")
    texts = [embed["description"] for embed in offered.embeds]
    assert len(offered.attachments) == len(texts) == 2
    assert "--cfg 3" in texts[0]
    assert ":R>" in texts[0]
    menu = offered.components[0]["components"][0]
    assert "min" in menu["options"][0]["label"]
    assert "--ar 3:2" in menu["options"][1]["label"]
    pick = await house.playground.select("mira", offered, [menu["options"][0]["value"]])
    shown = (await pick.ended()).message
    assert shown
    await shown.until(lambda now: now.attachments)
    assert shown.attachments[0].filename == grid.attachments[0].filename


async def test_show_turns_pages_with_favourites_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "LATEST_SHOWN", 2)
    for number in range(5):
        message = await house.drawn(f"apple {number}")
        if number == 1:
            await house.playground.react("mira", message, "⭐")
    asked = await house.playground.command("mira", "show")
    offered = await house.refusal(await asked.ended(), "Choose what to show again")

    async def turn(label: str, *shown: str) -> None:
        await house.playground.press("mira", offered, label=label)
        await offered.until(lambda now: listed(now) == [*shown])

    def listed(now: Message) -> list[str]:
        return [re.findall(r"⭐ |apple \d", embed["description"])[-1] for embed in now.embeds]

    assert listed(offered) == ["apple 1", "apple 4"]
    assert offered.embeds[0]["description"].startswith("⭐")
    assert len(offered.attachments) == 2
    await turn("Older ▶", "apple 3", "apple 2")
    await turn("Older ▶", "apple 0")
    (newer, older) = (it for row in offered.components[1:] for it in row["components"])
    assert (newer["disabled"], older["disabled"]) == (False, True)
    await turn("◀ Newer", "apple 3", "apple 2")
    menu = offered.components[0]["components"][0]
    assert "apple 3" in menu["options"][0]["label"]


async def test_show_brings_pictures_back_to_their_owner(house: House) -> None:
    grid = await house.drawn("a red apple")
    short = grid.attachments[0].filename
    asked = await house.playground.command("mira", "show", {"id": short})
    await asked.ended()
    assert asked.message
    await asked.message.until(lambda now: now.attachments)
    assert list(asked.message.buttons) == list(grid.buttons)
    await house.playground.react("mira", asked.message, "⭐")
    await marked(house, 1)


@pytest.mark.parametrize(
    ("typed", "sentence"), [("", "Only the person who asked"), ("00000000", "No pictures")]
)
async def test_show_refuses_others_and_what_there_is_not(
    house: House, typed: str, sentence: str
) -> None:
    grid = await house.drawn("a red apple", person="otto")
    short = typed or grid.attachments[0].filename
    asked = await house.playground.command("mira", "show", {"id": short})
    await house.refusal(await asked.ended(), sentence)


async def test_show_refuses_pictures_that_are_still_being_made(house: House) -> None:
    await house.imagine("a red apple")
    (job,) = await house.accepted(1)
    asked = await house.playground.command("mira", "show", {"id": job.id[:8]})
    await house.refusal(await asked.ended(), "still being made")


async def test_the_menu_offers_the_buttons_of_old_pictures(house: House) -> None:
    picture = await single(house)
    press = await house.playground.command("mira", "Vary or upscale", target=picture)
    said = await house.refusal(press, "Which")
    await house.playground.press("mira", said, label="Vary (Subtle)")
    await picture.until(lambda now: primary(now, "Vary (Subtle)"))
    other = await house.playground.say("mira", "general", "hello")
    press = await house.playground.command("mira", "Vary or upscale", target=other)
    await house.refusal(press, "picture")


async def test_the_menu_tells_the_recipe_and_deletes(house: House) -> None:
    grid = await house.drawn("a red apple --seed 7")
    press = await house.playground.command("otto", "Recipe", target=grid)
    await house.refusal(press, "--seed 7")
    await house.playground.command("mira", "Delete", target=grid)
    await grid.until(lambda now: now.deleted)


async def test_a_star_marks_and_unmarks(house: House) -> None:
    grid = await house.drawn("a red apple")
    await house.playground.react("otto", grid, "⭐")
    await marked(house, 1)
    await house.playground.unreact("otto", grid, "👍")
    await house.playground.unreact("otto", grid, "⭐")
    await marked(house, 0)


async def test_an_envelope_sends_pictures_and_recipe_home(house: House) -> None:
    grid = await house.drawn("a red apple --seed 7")
    await house.playground.react("otto", grid, "✉️")
    home = await house.playground.message(
        lambda m: m.id > grid.id and m.channel_id == house.playground.channel("@otto")
    )
    assert "--seed 7" in home.content
    assert len(home.attachments) == 2


async def test_closed_direct_messages_and_other_emoji_do_nothing(house: House) -> None:
    grid = await house.drawn("a red apple")
    house.playground.close_direct_messages("otto")
    for emoji in ("✉️", "👍"):
        await house.playground.react("otto", grid, emoji)
    await house.playground.react("mira", grid, "✉️")
    home = await house.playground.message(
        lambda m: m.id > grid.id and m.channel_id == house.playground.channel("@mira")
    )
    assert [m for m in house.public(grid.id) if m.id != home.id] == []


async def test_an_arrow_draws_again_beside_the_pictures(house: House) -> None:
    grid = await house.drawn("a red apple --seed 7")
    await house.playground.react("otto", grid, "🔄")
    (job,) = await house.accepted(1)
    assert job.person_id == house.playground.people["otto"].id
    assert job.interaction_token is None
    shown = await house.finished(job)
    assert shown.channel_id == grid.channel_id
    assert "Rerolled by" in shown.content
    await grid.until(lambda now: primary(now, "🔄"))


async def test_what_a_reaction_may_not_do_is_said_at_home(house: House) -> None:
    grid = await house.drawn("a red apple")
    await house.decide(ServerChoices(channels=(5,)))
    await house.playground.react("mira", grid, "🔄")
    home = await house.playground.message(lambda m: m.id > grid.id and "<#5>" in m.content)
    assert home.channel_id == house.playground.channel("@mira")
    assert await house.jobs.waiting() == []


@pytest.mark.parametrize(("person", "gone"), [("mira", True), ("otto", True), ("gus", False)])
async def test_a_cross_deletes_for_the_owner_and_for_moderators(
    house: House, person: str, gone: bool
) -> None:
    grid = await house.drawn("a red apple")
    await house.playground.react(person, grid, "❌")
    if gone:
        await grid.until(lambda now: now.deleted)
    else:
        press = await house.playground.press("mira", grid, label="Recipe")
        await house.refusal(press, "seed")
        assert not grid.deleted


async def test_a_cross_ends_what_is_still_being_made(house: House) -> None:
    await house.imagine("a red apple")
    (job,) = await house.accepted(1)
    message = house.shown(job)
    await house.playground.react("mira", message, "❌")
    await message.until(lambda now: now.deleted)
    assert await house.jobs.waiting() == []
