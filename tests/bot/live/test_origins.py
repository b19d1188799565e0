"""Whatever decided a picture is told: typed, a preset, preferences, the server, or the model."""

import pytest_asyncio

from playground import Message
from storage.decisions.choices import PersonChoices, ServerChoices
from tests.bot.live.house import PATIENCE
from tests.journeys.studio import Studio, answer, drawn, result, showing, told

EVERYWHERE = (
    "-# typed: `--seed 7`\n"
    "-# preset `ink`: added words `--ar 3:2` `--steps 1`\n"
    "-# personal preferences: `--cfg 3`\n"
    "-# the server's default `house`: `--no fog`\n"
    "-# the model's own: `--sampler DPM++ 2M`"
)


@pytest_asyncio.fixture(loop_scope="session")
async def layered(studio: Studio) -> Studio:
    """Every level decides something, and more than the levels above let it."""
    ink = {"name": "ink", "text": "ink drawing --ar 3:2 --steps 1"}
    house = {"name": "house", "text": "oil --cfg 7 --no fog", "whose": "server"}
    await told(studio, "mira", "preset save", ink)
    await told(studio, "otto", "preset save", house)
    await studio.prefer("mira", PersonChoices(flags="--steps 5 --cfg 3"))
    await studio.decide(ServerChoices(preset="house"))
    return studio


async def recipe_told(studio: Studio, message: Message) -> str:
    said = await answer(await studio.playground.press("mira", message, label="Recipe"))
    return (await showing(said, "job ")).content


async def test_the_recipe_and_show_tell_where_each_value_came_from(layered: Studio) -> None:
    grid, recipe = await drawn(layered, "a cat --seed 7", preset="ink")
    assert (recipe.prompt, recipe.sampling.steps, recipe.sampling.guidance) == (
        "a cat, ink drawing",
        1,
        3,
    )
    assert (await recipe_told(layered, grid)).endswith(EVERYWHERE)
    name = {"id": grid.attachments[0].filename}
    again = await answer(await layered.playground.command("mira", "show", name))
    await again.until(lambda now: now.content.endswith(EVERYWHERE), PATIENCE)


async def test_pictures_of_pictures_know_it_too(layered: Studio) -> None:
    grid, _ = await drawn(layered, "a cat --seed 7", preset="ink")
    first = await result(await layered.playground.press("mira", grid, label="U1"))
    assert (await recipe_told(layered, first)).endswith(EVERYWHERE)
    for label in ("U2", "🔄"):
        other = await result(await layered.playground.press("mira", grid, label=label))
        said = await recipe_told(layered, other)
        assert "-# typed" not in said
        assert said.endswith(EVERYWHERE.partition("\n")[2])


async def test_what_is_changed_in_a_form_was_typed(layered: Studio) -> None:
    grid, _ = await drawn(layered, "a cat", preset="ink")
    await layered.prefer("mira", PersonChoices(remix=True))
    press = await layered.playground.press("mira", grid, label="V1")
    await press.acknowledged()
    words = {"prompt": "a dog --cfg 9 --no fog --steps 1"}
    varied = await result(await layered.playground.submit("mira", press, words))
    said = await recipe_told(layered, varied)
    assert "-# typed: `--cfg 9`\n" in said
    assert "-# preset `ink`: `--ar 3:2` `--steps 1`\n" in said
    assert "-# the server's default `house`: `--no fog`\n" in said
