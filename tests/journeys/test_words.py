"""Flags that add to words, end early or wrap around, through the front door."""

import io
import re
import signal

from PIL import Image

from benchmarks.controls.seams import measure_edge_excess
from tests.journeys.studio import WORKER, Studio, opened, recipe_of, result

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


async def test_words_are_weighed_by_a_worker_that_was_killed_meanwhile(studio: Studio) -> None:
    prompt = {"prompt": "please draw a blue car, line art, masterpiece"}
    asked = await (await studio.playground.command("mira", "shorten", prompt)).ended()
    await studio.end(WORKER, signal.SIGKILL)
    await studio.start(WORKER)
    assert asked.message
    shown = await asked.message.until(lambda now: "easel:card:short:" in str(now.components), 60)
    assert "~~please~~" in shown.content
    assert "**car**" in shown.content or "**blue**" in shown.content


async def test_a_picture_is_described_from_what_its_worker_sees(studio: Studio) -> None:
    typed = {"prompt": "a yellow star --batch 1 --seed 103"}
    alone = await result(await studio.playground.command("mira", "imagine", typed))
    stripped = io.BytesIO()
    with Image.open(io.BytesIO(await studio.playground.read(alone.attachments[0]))) as image:
        # Without what its file says of its prompt.
        image.convert("RGB").save(stripped, "PNG")
    files = {"image": ("a.png", stripped.getvalue())}
    asked = await (await studio.playground.command("mira", "describe", files=files)).ended()
    assert asked.message
    shown = await asked.message.until(lambda now: "easel:card:use:" in str(now.components), 60)
    assert "*measured*" in shown.content
    # Which yellow it is called was measured, and depends on what was drawn.
    assert re.search(r"an? (yellow|amber|golden) star", shown.content)
