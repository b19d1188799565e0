"""Around, in and out of finished pictures: zoom, pan, square, region, creative upscale, blend."""

import io
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image
from sqlalchemy import select

from generation.metadata import read_recipe
from generation.recipe import Recipe
from playground import Interaction, Message
from storage.connect import open_engine
from storage.tables import JobRow
from tests.journeys.studio import BOT, PATIENCE, WORKER, Studio, answer, public, result, showing
from tests.storage.conftest import settings_for

ABLE = "tests.journeys.able_bot"
QUICK = "--steps 1 --seed 7"


async def single(studio: Studio, prompt: str = "a cat") -> Message:
    """A finished picture by itself."""
    press = await studio.playground.command("mira", "imagine", {"prompt": f"{prompt} {QUICK}"})
    return await result(await studio.playground.press("mira", await result(press), label="U2"))


def png(colour: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(data, "PNG")
    return data.getvalue()


async def blended(studio: Studio, **options: object) -> Interaction:
    files = {"image1": ("red.png", png("red")), "image2": ("blue.png", png("blue"))}
    return await studio.playground.command("mira", "blend", options, files=files)


async def test_what_the_model_cannot_do_is_said_before_anything_is_queued(studio: Studio) -> None:
    picture = await single(studio, "a cat --ar 2:1")
    for label, words in (
        ("Zoom Out 2x", "cannot draw beyond the edges"),
        ("Zoom Out 1.5x", "cannot draw beyond the edges"),
        ("Custom Zoom", "cannot draw beyond the edges"),
        ("Make Square", "cannot draw beyond the edges"),
        ("⬅️", "cannot draw beyond the edges"),
        ("Vary (Region)", "cannot redraw a part"),
    ):
        said = await answer(await studio.playground.press("otto", picture, label=label))
        assert words in said.content
        assert said.ephemeral_to == "otto"
    assert public(studio.playground, picture.id + 1) == []


async def test_wrong_weights_are_said(studio: Studio) -> None:
    said = await answer(await blended(studio, weights="1 2 3"))
    assert "`1 2 3` does not weigh 2 images" in said.content


async def test_a_creative_upscale_redraws_the_picture_larger(studio: Studio) -> None:
    picture = await single(studio)
    press = await studio.playground.press("mira", picture, label="Upscale (Creative)")
    large = await result(press)
    assert "Upscaled (Creative)" in large.content
    recipe = read_recipe(await studio.playground.read(large.attachments[0]))
    assert recipe is not None
    assert recipe.start is not None
    assert not [label for label in large.buttons if label.startswith("Upscale")]


@pytest_asyncio.fixture(loop_scope="session")
async def picture(studio: Studio) -> AsyncIterator[Message]:
    """A finished picture, before a bot whose family can do everything; jobs are only queued."""
    finished = await single(studio, "a cat --ar 2:1")
    await studio.end(WORKER)
    await studio.end(BOT)
    await begin(studio)
    yield finished
    await studio.end(ABLE)


async def begin(studio: Studio) -> None:
    await studio.start(ABLE)
    await studio.playground.ready(PATIENCE)


async def queued(studio: Studio, press: Interaction) -> Recipe:
    """The recipe of the job behind an answer."""
    message = await showing(await answer(press), "(queued")
    engine = open_engine(settings_for(studio.data).database)
    with engine.connect() as connection:
        wanted = select(JobRow.recipe).where(JobRow.message_id == message.id)
        data = connection.execute(wanted).scalar_one()
    engine.dispose()
    await studio.playground.press("mira", message, label="Cancel")
    return Recipe.from_json(data)


async def test_able_models_get_recipes_with_a_canvas(studio: Studio, picture: Message) -> None:
    playground = studio.playground
    far = await queued(studio, await playground.press("mira", picture, label="Zoom Out 2x"))
    assert far.canvas is not None
    assert (far.canvas.edges.left, far.canvas.edges.bottom) == (0.5, 0.5)
    assert far.width / far.height == pytest.approx(2, rel=0.1)
    square = await queued(studio, await playground.press("mira", picture, label="Make Square"))
    assert square.width == square.height
    assert square.canvas is not None
    assert square.canvas.image == far.canvas.image

    press = await playground.press("mira", picture, label="Vary (Region)")
    await press.acknowledged()
    words = {"prompt": f"a hat {QUICK}", "parts": ["1", "4"]}
    region = await queued(studio, await playground.submit("mira", press, words))
    assert region.prompt == "a hat"
    assert region.canvas is not None
    assert len(region.canvas.regions) == 2


async def test_a_custom_zoom_is_asked_for_and_survives_a_restart(
    studio: Studio, picture: Message
) -> None:
    press = await studio.playground.press("mira", picture, label="Custom Zoom")
    await press.acknowledged()
    await studio.end(ABLE)
    await begin(studio)
    wrong = await studio.playground.submit("mira", press, {"zoom": "9", "prompt": "a cat"})
    assert "`9` is no zoom" in (await answer(wrong)).content
    words = {"zoom": "1.5", "prompt": f"a cat --ar 1:1 {QUICK}"}
    wide = await queued(studio, await studio.playground.submit("mira", press, words))
    assert wide.width == wide.height
    assert wide.canvas is not None
    assert (wide.canvas.edges.left, wide.canvas.edges.top) == pytest.approx((0.25, 1), abs=0.1)


async def test_blending_weighs_the_images(studio: Studio, picture: Message) -> None:
    assert picture.attachments
    made = await queued(studio, await blended(studio, weights="2 1", dimensions="2:3"))
    assert [part.weight for part in made.blend] == [2, 1]
    assert len({part.image for part in made.blend}) == 2
    assert made.width < made.height
    assert made.start is None
