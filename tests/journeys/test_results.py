"""What people do with finished pictures: see them again, keep, send home, delete."""

import asyncio
import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from playground import Message
from storage.database.tables import CopyRow
from tests.journeys.studio import FINISHED, Studio, answer, opened, result, showing
from tests.journeys.test_presets import refused

QUICK = "--steps 1 --seed 7"


async def drawn(studio: Studio, person: str = "mira", prompt: str = "a cat") -> Message:
    press = await studio.playground.command(person, "imagine", {"prompt": f"{prompt} {QUICK}"})
    return await result(press)


async def shown(studio: Studio, grid: Message) -> Message:
    """The pictures again, by the name of their file."""
    short = grid.attachments[0].filename.removeprefix("easel-").partition(".")[0]
    again = await answer(await studio.playground.command("mira", "show", {"id": short}))
    await again.until(lambda now: now.attachments, 30)
    return again


async def told(studio: Studio, person: str, message: Message, label: str) -> Message:
    """The private answer to a press."""
    press = await studio.playground.press(person, message, label=label)
    said = await answer(press)
    await said.until(lambda now: now.content, 30)
    assert said.ephemeral_to == person
    return said


async def test_a_single_picture_has_its_own_buttons_and_grows_once_more(studio: Studio) -> None:
    grid = await drawn(studio)
    single = await result(await studio.playground.press("mira", grid, label="U2"))
    assert list(single.buttons) == [
        *("Upscale (Subtle)", "Upscale (Creative)", "Upscale 4x (Creative)"),
        *("Vary (Subtle)", "Vary (Strong)", "Vary (Region)", "🔄"),
        *("Zoom Out 2x", "Zoom Out 1.5x", "Custom Zoom"),
        *("⬅️", "➡️", "⬆️", "⬇️", "⭐", "Recipe"),
    ]
    larger = await result(await studio.playground.press("mira", single, label="Upscale (Subtle)"))
    before, after = [await opened(studio.playground, m) for m in (single, larger)]
    assert after.width == 2 * before.width
    for message, picture in ((single, before), (larger, after)):
        assert f"\n-# {picture.width}×{picture.height} · 1 step · " in message.content
    assert "Upscale (Subtle)" not in larger.buttons


async def test_the_recipe_is_told_whole(studio: Studio) -> None:
    grid = await drawn(studio, prompt="an owl " + "very " * 300 + "wise")
    assert "…" in grid.content
    said = await told(studio, "otto", grid, "Recipe")
    assert "--seed 7" in said.content
    recipe = json.loads(await studio.playground.read(said.attachments[0]))
    assert recipe["prompt"].endswith("wise")
    again = await shown(studio, grid)
    recipe = json.loads(await studio.playground.read(again.attachments[1]))
    assert recipe["prompt"].endswith("wise")


async def test_a_picture_is_marked_and_unmarked(studio: Studio) -> None:
    grid = await drawn(studio)
    single = await result(await studio.playground.press("mira", grid, label="U1"))
    assert "Added to your favourites" in (await told(studio, "mira", single, "⭐")).content
    assert "Removed from" in (await told(studio, "mira", single, "⭐")).content


async def test_show_brings_pictures_back_by_the_name_of_the_file(studio: Studio) -> None:
    grid = await drawn(studio)
    again = await shown(studio, grid)
    assert len(again.attachments) == 1
    assert list(again.buttons) == list(grid.buttons)
    assert (await opened(studio.playground, again)).size == (
        await opened(studio.playground, grid)
    ).size


async def test_pictures_shown_again_answer_menus_and_reactions(studio: Studio) -> None:
    again = await shown(studio, await drawn(studio))
    said = await answer(await studio.playground.command("mira", "Recipe", target=again))
    await showing(said, "--seed 7")
    await studio.playground.react("mira", again, "✉️")
    home = await studio.playground.message(
        lambda m: m.channel_id != again.channel_id and m.id > again.id and len(m.attachments) == 2
    )
    await studio.recorded(select(CopyRow).where(CopyRow.message_id == home.id))
    said = await answer(await studio.playground.command("mira", "Recipe", target=home))
    await showing(said, "--seed 7")
    await studio.playground.command("mira", "Delete", target=again)
    await again.until(lambda now: now.deleted, 30)


async def test_nobody_shows_what_somebody_else_may_have_made_in_private(studio: Studio) -> None:
    name = (await drawn(studio, "otto")).attachments[0].filename
    for typed, sentence in (
        (name, "Only the person who asked"),
        ("00000000", "No pictures match `00000000`"),
        ("a red apple", "No pictures match `a red apple`"),
    ):
        assert sentence in await refused(studio, "mira", "show", {"id": typed})
    name = (await drawn(studio)).attachments[0].filename
    again = await answer(await studio.playground.command("otto", "show", {"id": name}))
    await again.until(lambda now: now.attachments, 30)


async def test_favourites_come_first_among_the_pictures_to_show(studio: Studio) -> None:
    kept = await drawn(studio, prompt="a favourite heron")
    await drawn(studio, prompt="a second heron")

    async def found() -> list[str]:
        given = await studio.playground.complete("mira", "show", {"id": "heron"}, "id")
        return [choice["name"] for choice in given]

    async def first(beginning: str) -> None:
        for _ in range(300):
            if (await found())[0].startswith(beginning):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(await found())

    await first("a second heron · ")
    await studio.playground.react("mira", kept, "⭐")
    await first("⭐ a favourite heron · ")
    await studio.playground.unreact("mira", kept, "⭐")
    await first("a second heron · ")


async def test_an_envelope_sends_pictures_and_recipe_home(studio: Studio) -> None:
    grid = await drawn(studio)
    await studio.playground.react("mira", grid, "✉️")
    home = await studio.playground.message(
        lambda m: m.channel_id != grid.channel_id and m.id > grid.id and len(m.attachments) == 2
    )
    assert "--seed 7" in home.content


async def test_an_arrow_round_draws_again_for_whoever_puts_it_there(studio: Studio) -> None:
    grid = await drawn(studio)
    await studio.playground.react("otto", grid, "🔄")
    again = await studio.playground.message(
        lambda m: m.id > grid.id and "Rerolled by" in m.content and FINISHED in m.content, 60
    )
    assert f"<@{studio.playground.people['otto'].id}>" in again.content
    assert again.channel_id == grid.channel_id
    assert "--seed 7" not in again.content
    assert list(again.buttons) == list(grid.buttons)


@pytest.mark.parametrize(("person", "gone"), [("mira", True), ("otto", True), ("gus", False)])
async def test_a_cross_deletes_for_the_owner_and_for_moderators(
    studio: Studio, person: str, gone: bool
) -> None:
    grid = await drawn(studio)
    await studio.playground.react(person, grid, "❌")
    if gone:
        await grid.until(lambda now: now.deleted, 30)
    else:
        await told(studio, "mira", grid, "Recipe")
        assert not grid.deleted


async def test_the_messages_menu_tells_the_recipe_and_deletes(studio: Studio) -> None:
    grid = await drawn(studio)
    press = await studio.playground.command("otto", "Recipe", target=grid)
    said = await answer(press)
    await said.until(lambda now: now.content, 30)
    assert "--seed 7" in said.content
    await studio.playground.command("mira", "Delete", target=grid)
    await grid.until(lambda now: now.deleted, 30)


async def test_cancel_ends_all_of_ones_own(studio: Studio) -> None:
    slow = await studio.playground.command("mira", "imagine", {"prompt": "a cat --steps 100"})
    message = await showing(await answer(slow), "(")
    press = await studio.playground.command("mira", "cancel", {})
    said = await answer(press)
    await said.until(lambda now: "Cancelled 1" in now.content, 30)
    await message.until(lambda now: "cancelled" in now.content, 30)


async def test_info_and_help_answer_in_private(studio: Studio) -> None:
    for command, options, text in (
        ("info", {}, "**Queue**"),
        ("help", {}, "`weights`"),
        ("help", {"about": "weights"}, "--repeat"),
        ("help", {"about": "--seed"}, "--seed"),
        ("help", {"about": "nonsense"}, "no topic"),
    ):
        press = await studio.playground.command("mira", command, dict(options))
        said = await answer(press)
        await showing(said, text)
        assert said.ephemeral_to == "mira"


async def test_everything_is_said_in_the_persons_language(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = studio.playground.people
    monkeypatch.setitem(people, "mira", replace(people["mira"], locale="de"))
    slow = await studio.playground.command("mira", "imagine", {"prompt": "a cat --steps 100"})
    message = await showing(await answer(slow), "(")
    press = await studio.playground.command("mira", "cancel", {})
    await showing(await answer(press), "Auftrag abgebrochen")
    await showing(message, "(abgebrochen)")
    press = await studio.playground.command("mira", "imagine", {"prompt": f"a cat {QUICK}"})
    grid = await showing(await answer(press), "1 Schritt ·")
    press = await studio.playground.press("mira", grid, label="V2")
    varied = await showing(await answer(press), "1 Schritt ·")
    assert "Variationen (stark) von Bild #2" in varied.content
