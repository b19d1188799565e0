"""What is asked for around finished pictures: square, zoom, pan, blend."""

import pytest

from tests.journeys.studio import BOT, Studio, answer, recipe_of, refusal, result
from tests.journeys.test_canvas import QUICK, blended, single


async def test_wrong_weights_are_said(studio: Studio) -> None:
    said = await answer(await blended(studio, weights="1 2 3"))
    assert "`1 2 3` does not fit 2 images" in said.content


async def test_a_square_is_made_of_a_wide_picture(studio: Studio) -> None:
    picture = await single(studio, "a cat --ar 2:1")
    square = await result(await studio.playground.press("mira", picture, label="Make Square"))
    recipe = await recipe_of(studio, square)
    assert recipe.size.width == recipe.size.height
    assert recipe.inputs.canvas is not None


async def test_a_picture_too_long_to_go_on_is_refused(studio: Studio) -> None:
    picture = await single(studio, "a cat --ar 4:1")
    said = await refusal(
        studio.playground, await studio.playground.press("mira", picture, label="➡️")
    )
    assert "this would be longer" in said.content


async def test_a_custom_zoom_is_asked_for_and_survives_a_restart(studio: Studio) -> None:
    picture = await single(studio, "a cat --ar 2:1")
    press = await studio.playground.press("mira", picture, label="Custom Zoom")
    await press.acknowledged()
    await studio.end(BOT)
    await studio.start(BOT)
    wrong = await studio.playground.submit("mira", press, {"zoom": "9", "prompt": "a cat"})
    assert "`9` does not zoom out" in (await answer(wrong)).content
    words = {"zoom": "1.5", "prompt": f"a cat --ar 1:1 {QUICK}"}
    zoomed = await result(await studio.playground.submit("mira", press, words))
    recipe = await recipe_of(studio, zoomed)
    assert recipe.size.width == recipe.size.height
    assert recipe.inputs.canvas is not None
    edges = recipe.inputs.canvas.edges
    assert (edges.left, edges.top) == pytest.approx((0.25, 1), abs=0.1)
