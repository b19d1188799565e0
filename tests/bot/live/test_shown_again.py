"""Pictures seen again by their owner, in the person's language, and what is told about the bot."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from playground import Message
from storage.database.tables import CopyRow
from tests.bot.live.house import PATIENCE
from tests.journeys.studio import WORKER, Studio, answer, refused, result, showing

QUICK = "--steps 1 --seed 7"


async def drawn(studio: Studio, person: str = "mira", prompt: str = "a cat") -> Message:
    press = await studio.playground.command(person, "imagine", {"prompt": f"{prompt} {QUICK}"})
    return await result(press)


async def shown(studio: Studio, grid: Message) -> Message:
    """The pictures again, by the name of their file."""
    short = grid.attachments[0].filename.removeprefix("easel-").partition(".")[0]
    again = await answer(await studio.playground.command("mira", "show", {"id": short}))
    await again.until(lambda now: now.attachments, PATIENCE)
    return again


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
    await again.until(lambda now: now.deleted, PATIENCE)


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
    await again.until(lambda now: now.attachments, PATIENCE)


async def test_favourites_come_first_among_the_pictures_to_show(studio: Studio) -> None:
    kept = await drawn(studio, prompt="a blue penguin")
    await drawn(studio, prompt="a red penguin")

    async def found() -> list[str]:
        given = await studio.playground.complete("mira", "show", {"id": "penguin"}, "id")
        return [choice["name"] for choice in given]

    async def first(beginning: str) -> None:
        for _ in range(300):
            if (await found())[0].startswith(beginning):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(await found())

    await first("a red penguin")
    await studio.playground.react("mira", kept, "⭐")
    await first("⭐ a blue penguin")
    await studio.playground.unreact("mira", kept, "⭐")
    await first("a red penguin")


async def test_info_and_help_answer_in_private(studio: Studio) -> None:
    for command, options, text in (
        ("info", {}, "**Queue**"),
        ("help", {}, "Press an example"),
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
    await studio.end(WORKER)
    press = await studio.playground.command("mira", "imagine", {"prompt": "a cat"})
    message = await showing(await answer(press), "(")
    press = await studio.playground.command("mira", "cancel", {})
    await showing(await answer(press), "Auftrag abgebrochen")
    await showing(message, "(abgebrochen)")
    await studio.start(WORKER)
    press = await studio.playground.command("mira", "imagine", {"prompt": f"a cat {QUICK}"})
    grid = await showing(await answer(press), "1 Schritt ·")
    press = await studio.playground.press("mira", grid, label="V2")
    varied = await showing(await answer(press), "1 Schritt ·")
    assert "Variationen (stark) von Bild #2" in varied.content
