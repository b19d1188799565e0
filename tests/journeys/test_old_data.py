"""A data folder that 0.1.0 left behind: today's product opens it, and its buttons still work."""

import io
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from discord import ButtonStyle
from PIL import Image

from cli.imagine import draw
from generation.recipe import Recipe
from playground import Interaction, Message, Playground
from playground.state import components, records
from storage.decisions.choices import ServerChoices
from storage.files import Files
from storage.prepare import migrate
from tests.journeys.studio import BOT, PATIENCE, Studio, answer
from tests.journeys.test_canvas import png
from tests.ports import free_port
from tests.storage.conftest import settings_for

OLD = Path(__file__).parent / "old_data"
POSTED: dict[str, Any] = json.loads((OLD / "messages.json").read_text(encoding="utf-8"))
PERSON = "mira"


def connect(data: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(data / "easel.db")
    connection.row_factory = sqlite3.Row
    return connection


def jobs(data: Path) -> list[sqlite3.Row]:
    connection = connect(data)
    try:
        return connection.execute("select * from jobs order by created_at").fetchall()
    finally:
        connection.close()


def kinds() -> list[tuple[int, str]]:
    """A message and a custom id for every kind of button, under recipes of every version."""
    versions = {row["id"]: json.loads(row["recipe"])["version"] for row in jobs(OLD)}
    found: dict[tuple[str, int], tuple[int, str]] = {}
    for message in POSTED["messages"]:
        for row in message["components"]:
            for button in row["components"]:
                _, action, job, _ = button["custom_id"].split(":")
                found.setdefault((action, versions[job]), (message["id"], button["custom_id"]))
    return list(found.values())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def old(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    """Today's bot on a copy of that folder, and a stand-in where 0.1.0's messages still are.

    No worker runs: what a button asks for is decided when it is accepted.
    """
    data = tmp_path_factory.mktemp("old") / "data"
    shutil.copytree(OLD, data)
    migrate(settings_for(data))
    async with Playground(port=0) as standin:
        for posted in POSTED["messages"]:
            message = records.Message(author_id=standin.world.bot.id, created=0, **posted)
            message.components = components.normalised(message.components)
            standin.world.messages[message.id] = message
        whole = Studio(standin, data)
        whole.environment |= {
            "EASEL_PUBLIC_URL": "http://127.0.0.1:1",
            "EASEL_PAGE_PORT": str(free_port()),
        }
        await whole.decide(ServerChoices(unfinished=100))
        try:
            await whole.start(BOT)
            yield whole
        finally:
            await whole.close()


async def asked_for(studio: Studio, interaction: Interaction) -> tuple[sqlite3.Row, Recipe]:
    """The job that an interaction queued, and its recipe."""
    message = await answer(interaction)
    await message.until(lambda now: now.content, PATIENCE)
    (job,) = (job for job in jobs(studio.data) if job["message_id"] == message.id)
    return job, Recipe.from_json(json.loads(job["recipe"]))


async def told(interaction: Interaction) -> Message:
    """A private answer."""
    message = await answer(interaction)
    await message.until(lambda now: now.content, PATIENCE)
    assert message.ephemeral_to == PERSON
    return message


def _is_starred(message: Message, custom_id: str) -> bool:
    (button,) = (each for each in message.buttons.values() if each["custom_id"] == custom_id)
    return bool(button["style"] == ButtonStyle.success.value)


@pytest.mark.parametrize(("message", "custom_id"), kinds())
async def test_every_kind_of_button_does_what_it_says(
    old: Studio, message: int, custom_id: str
) -> None:
    (shown,) = (m for m in old.playground.messages if m.id == message)
    press = await old.playground.press(PERSON, shown, custom_id=custom_id)
    _, action, parent, _ = custom_id.split(":")
    if action == "region":
        (button,) = (await told(press)).components[0]["components"]
        assert button["url"].startswith("http://127.0.0.1:1")
    elif action == "recipe":
        assert "job " in (await told(press)).content
    elif action == "favourite":
        await press.acknowledged()
        await shown.until(lambda now: _is_starred(now, custom_id), PATIENCE)
        saved = connect(old.data).execute("select job_id from favourites").fetchall()
        assert parent in {row["job_id"] for row in saved}
    else:
        if action == "zoom":
            words = {"prompt": "a star", "zoom": "1.5"}
            press = await old.playground.submit(PERSON, press, words)
        job, recipe = await asked_for(old, press)
        assert job["parent_id"] == parent
        assert job["title"].partition(":")[0] == action
        assert (recipe.family, recipe.model) == ("easel", "easel-1")


async def test_the_preset_and_the_option_of_ones_own_open(old: Studio) -> None:
    preset = await old.playground.command(PERSON, "imagine", {"prompt": "a cat", "preset": "mine"})
    _, recipe = await asked_for(old, preset)
    assert ("--ar 3:2" in recipe.parameters, "--chaos 20" in recipe.parameters) == (True, True)
    option = await old.playground.command(PERSON, "imagine", {"prompt": "a cat --mine"})
    _, recipe = await asked_for(old, option)
    assert "--ar 16:9" in recipe.parameters


async def test_the_draft_opens(old: Studio) -> None:
    """The form was opened before, and is sent now; Discord keeps the image longer than we do."""
    world = old.playground.world
    link = old.playground.host("photograph.png", png("red"))
    connection = connect(old.data)
    (row,) = connection.execute("select id, body from drafts").fetchall()
    with connection:
        body = json.dumps(json.loads(row["body"]) | {"picture": link})
        connection.execute("update drafts set body = ? where id = ?", (body, row["id"]))
    connection.close()
    form = POSTED["form"]
    assert form["custom_id"].endswith(row["id"])
    opened = world.interact(
        records.InteractionType.COMMAND,
        world.people[PERSON].id,
        world.channels[old.playground.channel("general")],
        {"type": records.CommandType.MESSAGE_MENU, "name": "Start from this image"},
    )
    opened.answer, opened.answered = records.Answer.MODAL, world.clock.now()
    opened.modal = form | {"components": components.normalised(form["components"], modal=True)}
    world.interactions.settle(opened)
    sent = await old.playground.submit(PERSON, Interaction(opened, old.playground), {"prompt": "x"})
    _, recipe = await asked_for(old, sent)
    assert recipe.inputs.start is not None


@pytest.mark.parametrize("job", jobs(OLD), ids=lambda job: job["title"])
def test_every_recipe_is_read(job: sqlite3.Row) -> None:
    recipe = Recipe.from_json(json.loads(job["recipe"]))
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize("title", ["imagine", "region:1"])
def test_a_recipe_drawn_again_gives_the_same_pixels(title: str, tmp_path: Path) -> None:
    connection = connect(OLD)
    rows = connection.execute(
        "select recipe, sha256 from jobs join images on images.job_id = jobs.id"
        " where title = ? and kind = 'picture' and position = 0",
        (title,),
    ).fetchall()
    connection.close()
    settings = settings_for(tmp_path, images=str(OLD / "images"))
    files = Files.of(settings)
    row = next(row for row in rows if files.has(row["sha256"]))
    written = json.loads(row["recipe"])
    written["pictures"] = written["pictures"][:1]
    output = tmp_path / "again.png"
    again = draw(Recipe.from_json(written), settings, output, lambda *_: None)[output]
    before, after = (
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)
        for data in (files.get(row["sha256"]), again)
    )
    # Processors differ in the last bit of what they compute.
    assert np.abs(before - after).max() <= 1
