"""A member types ``/imagine`` and gets a grid whose buttons work."""

import io

import numpy as np
import pytest
from PIL import Image

from generation.derive import narrow
from generation.pictures.grid import cut_picture
from generation.pictures.metadata import read_recipe
from generation.recipe import Recipe
from playground import Message, Playground
from tests import photographs
from tests.journeys.studio import FINISHED, Studio, answer, opened, recipe_of, result, showing


async def test_words_become_a_grid(studio: Studio) -> None:
    standin = studio.playground
    press = await standin.command(
        "mira", "imagine", {"prompt": "a red apple --ar 3:2 --seed 7 --steps 8 --chaos 1"}
    )
    await press.acknowledged()
    assert press.latency is not None
    assert press.latency < 1
    message = await result(press)
    assert "**a red apple --ar 3:2 --seed 7 --steps 8 --chaos 1** — " in message.content
    assert f"<@{standin.people['mira'].id}>" in message.content
    assert "seed 7" in message.content
    assert "8 steps" in message.content
    assert list(message.buttons) == ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4", "Recipe"]
    grid = await opened(standin, message)
    assert grid.size == (640, 416)
    assert grid.width / grid.height == pytest.approx(3 / 2, rel=0.05)
    earlier = [version.content for version in message.history]
    assert any("queued" in content for content in earlier)
    assert any("%" in content for content in earlier)
    assert any(version.attachments for version in message.history), "no preview was shown"


async def test_u_is_the_same_picture_larger(studio: Studio) -> None:
    standin = studio.playground
    grid = await _imagine(standin, "a red apple --seed 7 --steps 1 --batch 2")
    press = await standin.press("mira", grid, label="U2")
    single = await result(press)
    picture = await opened(standin, single)
    second = cut_picture(await opened(standin, grid), 1, 2)
    assert picture.size == (second.width * 2, second.height * 2)
    larger = second.resize(picture.size, Image.Resampling.LANCZOS)
    assert picture.tobytes() == larger.tobytes()
    assert single.reference == grid.id


async def test_a_single_picture_has_its_own_buttons_and_grows_once_more(studio: Studio) -> None:
    grid = await _imagine(studio.playground, "a cat --steps 1 --seed 7 --batch 2")
    single = await result(await studio.playground.press("mira", grid, label="U2"))
    assert {
        *("Upscale (Subtle)", "Upscale (Creative)", "Upscale 4x (Creative)"),
        *("Vary (Subtle)", "Vary (Strong)", "Vary (Region)", "Edit", "🔄"),
        *("Zoom Out 2x", "Zoom Out 1.5x", "Custom Zoom"),
        *("⬅️", "➡️", "⬆️", "⬇️", "Describe", "⭐", "Recipe"),
    } <= {*single.buttons}
    larger = await result(await studio.playground.press("mira", single, label="Upscale (Subtle)"))
    before, after = [await opened(studio.playground, m) for m in (single, larger)]
    assert after.width == 2 * before.width
    for message, picture in ((single, before), (larger, after)):
        assert f"\n-# {picture.width}×{picture.height} · 1 step · " in message.content
    assert "Upscale (Subtle)" not in larger.buttons


async def test_result_larger_than_the_upload_limit(studio: Studio) -> None:
    studio.playground.upload_limit = 100_000
    message = await answer(await studio.imagine("a red apple --seed 7 --steps 1"))
    await showing(message, FINISHED)
    assert message.attachments[0].size <= 100_000


async def test_v_gives_four_others_and_each_can_be_varied_again(studio: Studio) -> None:
    standin = studio.playground
    grid = await _imagine(standin, "a red apple --seed 7 --steps 1")
    varied = await result(await standin.press("mira", grid, label="V2"))
    assert "Variations (Strong) of image #2" in varied.content
    parent = np.asarray(cut_picture(await opened(standin, grid), 1), dtype=float)
    sheet = await opened(standin, varied)
    children = [np.asarray(cut_picture(sheet, k), dtype=float) for k in range(4)]
    for child in children:
        assert np.abs(child - parent).mean() > 2
    again = await result(await standin.press("mira", varied, label="V1"))
    assert np.abs(np.asarray(await opened(standin, again), dtype=float) - np.asarray(sheet)).mean()


async def test_reroll_keeps_the_recipe_and_changes_the_seeds(studio: Studio) -> None:
    standin = studio.playground
    grid = await _imagine(standin, "a red apple --ar 1:2 --seed 7 --steps 1 --batch 1")
    other = await result(await standin.press("otto", grid, label="🔄"))
    first, second = [await _recipe(standin, message) for message in (grid, other)]
    assert first.noise != second.noise
    assert (first.size.width, first.size.height, first.conditions.phrases) == (
        second.size.width,
        second.size.height,
        second.conditions.phrases,
    )
    assert f"<@{standin.people['otto'].id}>" in other.content


async def test_the_picture_carries_its_recipe(studio: Studio) -> None:
    standin = studio.playground
    grid = await _imagine(standin, "a red apple --seed 7 --no worms --steps 1 --batch 3")
    png = await standin.read(grid.attachments[0])
    recipe = read_recipe(png)
    assert recipe is not None
    assert recipe.noise[0].seed == 7
    assert recipe.conditions.negative.text == "worms"
    assert "Seed: 7" in str(Image.open(io.BytesIO(png)).info["parameters"])
    assert narrow(recipe, 2).noise[0].seed == 9


async def test_a_higher_image_weight_keeps_more_of_a_photograph(studio: Studio) -> None:
    standin = studio.playground
    photograph = photographs.CHELSEA.read()
    kept = []
    for weight in (1, 3):
        press = await standin.command(
            "mira",
            "imagine",
            {"prompt": f"a cat --ar 3:2 --seed 5 --iw {weight} --steps 4 --batch 1 --model easel"},
            files={"image": ("cat.png", photograph)},
        )
        picture = await opened(standin, await result(press))
        kept.append(_likeness(picture, Image.open(io.BytesIO(photograph))))
    assert kept[1] > kept[0] + 0.1


async def test_a_photograph_becomes_art_in_its_own_shape(studio: Studio) -> None:
    photograph = photographs.CHELSEA.read()
    press = await studio.playground.command(
        "mira",
        "imagine",
        {"prompt": "a watercolour --seed 5 --steps 2 --batch 1"},
        files={"image": ("cat.png", photograph)},
    )
    message = await result(press)
    assert "Easel 2" in message.content
    assert (await recipe_of(studio, message)).family == "easel2"
    picture = await opened(studio.playground, message)
    original = Image.open(io.BytesIO(photograph))
    assert picture.width / picture.height == pytest.approx(
        original.width / original.height, rel=0.02
    )
    assert _likeness(picture, original) > 0.7


async def test_an_image_by_link_and_in_a_direct_message(studio: Studio) -> None:
    standin = studio.playground
    link = standin.host("cat.png", photographs.CHELSEA.read())
    press = await standin.command(
        "mira",
        "imagine",
        {"prompt": f"{link} a cat --iw 2 --steps 1 --batch 1 --model easel"},
        channel="@mira",
    )
    message = await result(press)
    assert "image at strength" in message.content


def _likeness(picture: Image.Image, original: Image.Image) -> float:
    """Correlation of pixel values between a picture and the image it began from."""
    small = original.convert("RGB").resize(picture.size)
    left, right = (np.asarray(image, dtype=float).ravel() for image in (picture, small))
    return float(np.corrcoef(left, right)[0, 1])


async def _imagine(standin: Playground, prompt: str) -> Message:
    return await result(await standin.command("mira", "imagine", {"prompt": prompt}))


async def _recipe(standin: Playground, message: Message) -> Recipe:
    recipe = read_recipe(await standin.read(message.attachments[0]))
    assert recipe is not None
    return recipe
