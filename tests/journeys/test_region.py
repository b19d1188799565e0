"""Painting over a picture: from the button to the page, and from there to four new pictures."""

import io
from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image, ImageDraw, ImageFilter

from generation.pictures.grid import cut_picture
from playground import Message
from tests.journeys.studio import (
    BOT,
    FINISHED,
    PATIENCE,
    Studio,
    answer,
    opened,
    recipe_of,
    result,
    showing,
)
from tests.journeys.test_canvas import QUICK, single
from tests.ports import free_port

ELLIPSE = (0.2, 0.3, 0.7, 0.8)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(shared_studio: Studio) -> AsyncIterator[None]:
    """A bot with a painting page, for every test here."""
    studio = shared_studio
    port = free_port()
    named = {"EASEL_PUBLIC_URL": f"http://127.0.0.1:{port}", "EASEL_PAGE_PORT": str(port)}
    studio.environment |= named
    if studio.runs(BOT):
        await studio.end(BOT)
    yield
    for name in named:
        del studio.environment[name]
    if studio.runs(BOT):
        await studio.end(BOT)


@pytest.fixture
def painting(page: None, studio: Studio) -> Studio:
    """The product with that page."""
    return studio


async def link(studio: Studio, picture: Message, person: str = "mira") -> str:
    """The link that a press of the button gives, in private."""
    press = await studio.playground.press(person, picture, label="Vary (Region)")
    said = await showing(await answer(press), "12 hours")
    assert said.ephemeral_to == person
    (button,) = said.components[0]["components"]
    return str(button["url"])


def mask(shape: tuple[float, float, float, float] = ELLIPSE, side: int = 256) -> Image.Image:
    image = Image.new("L", (side, side))
    ImageDraw.Draw(image).ellipse([round(side * edge) for edge in shape], fill=255)
    return image


async def send(url: str, image: Image.Image, prompt: str) -> tuple[int, str]:
    """What the page is answered when it sends a mask."""
    address, _, text = url.partition("#")
    data = io.BytesIO()
    image.save(data, "PNG")
    form = aiohttp.FormData({"prompt": prompt})
    form.add_field("mask", data.getvalue(), filename="mask.png")
    headers = {"Authorization": f"Bearer {text}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{address.partition('?')[0]}job", data=form) as response,
    ):
        return response.status, (await response.json())["said"]


async def look(url: str, what: str) -> int:
    """The status with which the page is answered when it asks for the picture or the prompt."""
    address, _, text = url.partition("#")
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {text}"}) as session,
        session.get(f"{address.partition('?')[0]}{what}") as response,
    ):
        return response.status


async def newest(studio: Studio, since: int) -> Message:
    """The pictures that were asked for on the page, once they are finished."""
    made = await studio.playground.message(
        lambda m: m.id > since and "Variations (Region)" in m.content, PATIENCE
    )
    return await showing(made, FINISHED)


def last(studio: Studio) -> int:
    return max(message.id for message in studio.playground.messages)


async def small(studio: Studio, picture: Message, redrawn: Image.Image) -> Image.Image:
    """A picture before it was enlarged, as large as what was drawn into it."""
    whole = await opened(studio.playground, picture)
    return whole.resize(redrawn.size, Image.Resampling.LANCZOS)


def kept_exactly(before: Image.Image, after: Image.Image, painted: Image.Image) -> bool:
    """Whether nothing changed but what is painted over, and that did."""
    shown = painted.resize(before.size)
    near = np.asarray(shown.filter(ImageFilter.MaxFilter(7))) > 0
    pixels = [np.asarray(each.convert("RGB"), int) for each in (before, after)]
    inside = np.asarray(shown) > 0
    changed = np.abs(pixels[0] - pixels[1]).sum(2)
    return not changed[~near].any() and bool(changed[inside].mean() > 1)


async def test_what_is_painted_over_is_drawn_anew_and_the_rest_stays_to_the_pixel(
    painting: Studio,
) -> None:
    picture = await single(painting)
    url = await link(painting, picture)
    await painting.end(BOT)
    await painting.start(BOT)
    since = last(painting)
    status, said = await send(url, mask(), f"a hat {QUICK}")
    assert (status, said.splitlines()[0]) == (201, "Queued: the pictures will appear in Discord.")
    made = await newest(painting, since)
    recipe = await recipe_of(painting, made)
    assert recipe.prompt == "a hat"
    assert len(recipe.noise) == 4
    assert recipe.inputs.canvas is not None
    assert recipe.inputs.canvas.mask
    assert made.channel_id == picture.channel_id
    alone = await result(await painting.playground.press("mira", made, label="U1"))
    redrawn = cut_picture(await opened(painting.playground, made), 0)
    assert kept_exactly(await small(painting, picture, redrawn), redrawn, mask())
    assert "upscaled" in alone.content


async def test_no_pass_is_written_to_a_log(painting: Studio) -> None:
    url = await link(painting, await single(painting))
    await send(url, mask(), "a hat --chaos 900")
    await send(url[:-1], mask(), "a hat")
    assert url.partition("#")[2][:40] not in painting.log()
    assert str(painting.playground.token) not in painting.log()
