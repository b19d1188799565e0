"""Around, in and out of finished pictures: zoom, pan, square, region, creative upscale, blend."""

import io

import numpy as np
import pytest
from PIL import Image

from generation.pictures.grid import cut_picture
from playground import Interaction, Message
from tests.journeys.studio import (
    Studio,
    opened,
    recipe_of,
    result,
)

QUICK = "--steps 1 --seed 7 --batch 1"


async def single(studio: Studio, prompt: str = "a cat") -> Message:
    """A finished picture by itself."""
    press = await studio.playground.command("mira", "imagine", {"prompt": f"{prompt} {QUICK}"})
    return await result(await studio.playground.press("mira", await result(press), label="U1"))


def apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference in levels of 0 to 255, both as large as the smaller."""
    size = min(one.size, other.size)
    shown = [np.asarray(each.convert("RGB").resize(size), float) for each in (one, other)]
    return float(np.abs(shown[0] - shown[1]).mean())


def png(colour: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(data, "PNG")
    return data.getvalue()


async def blended(studio: Studio, **options: object) -> Interaction:
    files = {"image1": ("red.png", png("red")), "image2": ("blue.png", png("blue"))}
    return await studio.playground.command("mira", "blend", options, files=files)


async def test_a_creative_upscale_redraws_the_picture_larger(studio: Studio) -> None:
    picture = await single(studio)
    press = await studio.playground.press("mira", picture, label="Upscale (Creative)")
    large = await result(press)
    assert "Upscaled (Creative)" in large.content
    assert (await recipe_of(studio, large)).inputs.start is not None
    assert not [label for label in large.buttons if label.startswith("Upscale")]


async def test_zooming_out_keeps_the_picture_in_the_middle(studio: Studio) -> None:
    picture = await single(studio, "a cat --ar 2:1")
    wide = await result(await studio.playground.press("mira", picture, label="Zoom Out 2x"))
    recipe = await recipe_of(studio, wide)
    assert recipe.inputs.canvas is not None
    assert (recipe.inputs.canvas.edges.left, recipe.inputs.canvas.edges.bottom) == (0.5, 0.5)
    assert recipe.size.width / recipe.size.height == pytest.approx(2, rel=0.1)
    shown = cut_picture(await opened(studio.playground, wide), 0)
    middle = shown.crop(
        (shown.width // 4, shown.height // 4, 3 * shown.width // 4, 3 * shown.height // 4)
    )
    whole = await opened(studio.playground, picture)
    assert apart(middle, whole) < 4 < apart(shown, whole)


async def test_regions_are_drawn_anew_and_the_rest_is_kept(studio: Studio) -> None:
    playground, picture = studio.playground, await single(studio)
    press = await playground.press("mira", picture, label="Vary (Region)")
    await press.acknowledged()
    words = {"prompt": f"a hat {QUICK}", "parts": ["1", "4"]}
    changed = await result(await playground.submit("mira", press, words))
    recipe = await recipe_of(studio, changed)
    assert recipe.prompt == "a hat"
    assert recipe.inputs.canvas is not None
    assert len(recipe.inputs.canvas.regions) == 2
    shown = cut_picture(await opened(playground, changed), 0)
    whole = await opened(playground, picture)
    kept = (shown.width * 3 // 4, 0, shown.width, shown.height)
    twice = tuple(edge * whole.width // shown.width for edge in kept)
    assert apart(shown.crop(kept), whole.crop((twice[0], twice[1], twice[2], twice[3]))) < 4
