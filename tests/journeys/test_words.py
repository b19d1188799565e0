"""Flags that add to words, end early or wrap around, through the front door."""

from generation.pictures.metadata import read_recipe
from generation.pictures.tiling import edge_excess
from generation.recipe import Recipe
from playground import Message
from tests.journeys.studio import Studio, opened, result
from tests.journeys.test_bad_input import told

QUICK = "--steps 1 --seed 7"


async def recipe_of(studio: Studio, message: Message) -> Recipe:
    recipe = read_recipe(await studio.playground.read(message.attachments[0]))
    assert recipe is not None
    return recipe


async def test_a_picture_of_a_grid_is_upscaled_and_varied_as_it_was_drawn(studio: Studio) -> None:
    typed = f"a star --chaos 100 --weird 500 --s 250 --exp 20 --stop 60 --tile {QUICK}"
    grid = await result(await studio.playground.command("mira", "imagine", {"prompt": typed}))
    drawn = await recipe_of(studio, grid)
    assert drawn.sampling.seamless
    assert (drawn.conditions.chaos, drawn.sampling.stop, drawn.finishing.detail) == (1.0, 0.6, 0.2)
    assert 0 < drawn.conditions.weirdness < 1
    assert len(drawn.conditions.phrases) == 2
    alone = await result(await studio.playground.press("mira", grid, label="U2"))
    assert edge_excess(await opened(studio.playground, alone)) < 2
    varied = await result(await studio.playground.press("mira", grid, label="V2"))
    recipe = await recipe_of(studio, varied)
    assert {noise.seed for noise in recipe.noise} == {drawn.noise[1].seed}
    assert (recipe.conditions.chaos, recipe.sampling.seamless, recipe.sampling.stop) == (
        drawn.conditions.chaos,
        True,
        drawn.sampling.stop,
    )


async def test_a_size_that_the_model_does_not_draw_is_refused_in_private(studio: Studio) -> None:
    press = await studio.playground.command("mira", "imagine", {"prompt": "a star --hd"})
    said = await told(studio.playground, press)
    assert "does not support drawing at twice the size: leave out `--hd`" in said.content
