"""What is asked for around finished pictures: square, zoom, pan, blend."""

from collections.abc import Iterator

import pytest

from generation.catalogue.families import CARDS
from tests.journeys.studio import (
    BOT,
    Studio,
    answer,
    public,
    recipe_of,
    refusal,
    result,
    showing,
)
from tests.journeys.test_canvas import QUICK, blended, png, single


@pytest.fixture
def unable() -> Iterator[None]:
    """Families that can do nothing but draw: in place, since all hold their cards."""
    before = {card: card.capabilities for card in CARDS}
    for card in CARDS:
        object.__setattr__(card, "capabilities", frozenset())
    yield
    for card, capabilities in before.items():
        object.__setattr__(card, "capabilities", capabilities)


async def test_what_the_model_cannot_do_is_said_before_anything_is_queued(
    studio: Studio, request: pytest.FixtureRequest
) -> None:
    finished = await single(studio, "a cat --ar 2:1")
    request.getfixturevalue("unable")
    for label, words in (
        ("Zoom Out 2x", "cannot draw beyond the edges"),
        ("Zoom Out 1.5x", "cannot draw beyond the edges"),
        ("Custom Zoom", "cannot draw beyond the edges"),
        ("Make Square", "cannot draw beyond the edges"),
        ("⬅️", "cannot draw beyond the edges"),
        ("Vary (Region)", "cannot redraw a part"),
    ):
        said = await answer(await studio.playground.press("otto", finished, label=label))
        assert words in said.content
        assert said.ephemeral_to == "otto"
    said = await showing(await answer(await blended(studio)), "cannot blend images")
    assert said.ephemeral_to == "mira"
    drawn = {"drawing": ("drawing.png", png("white"))}
    press = await studio.playground.command("mira", "sketch", {"prompt": "a cat"}, files=drawn)
    assert "cannot follow the lines of a drawing" in (await answer(press)).content
    assert public(studio.playground, finished.id + 1) == []


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
