"""Flags that add to words, end early or wrap around, through the front door."""

from benchmarks.controls.seams import measure_edge_excess
from tests.journeys.studio import Studio, opened, recipe_of, result

QUICK = "--steps 1 --seed 7"


async def test_a_picture_of_a_grid_is_upscaled_and_varied_as_it_was_drawn(studio: Studio) -> None:
    typed = f"a star --chaos 100 --weird 500 --s 250 --exp 20 --stop 60 --tile {QUICK}"
    grid = await result(await studio.playground.command("mira", "imagine", {"prompt": typed}))
    drawn = await recipe_of(studio, grid)
    assert drawn.sampling.seamless
    assert (drawn.conditions.chaos, drawn.sampling.stop, drawn.finishing.detail) == (1.0, 0.6, 0.2)
    assert 0 < drawn.conditions.weirdness < 1
    assert len(drawn.conditions.phrases) == 2
    alone = await result(await studio.playground.press("mira", grid, label="U2"))
    assert measure_edge_excess(await opened(studio.playground, alone)) < 2
    varied = await result(await studio.playground.press("mira", grid, label="V2"))
    recipe = await recipe_of(studio, varied)
    assert {noise.seed for noise in recipe.noise} == {drawn.noise[1].seed}
    assert (recipe.conditions.chaos, recipe.sampling.seamless, recipe.sampling.stop) == (
        drawn.conditions.chaos,
        True,
        drawn.sampling.stop,
    )
