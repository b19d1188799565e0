"""What is asked for with a drawing, and everything that goes wrong on the way."""

from storage.decisions.choices import PersonChoices
from tests.journeys.studio import Studio, answer, recipe_of, refusal, result
from tests.journeys.test_sketch import QUICK, drawing, sketch


async def test_a_photograph_gives_edges_to_imagine(studio: Studio) -> None:
    press = await studio.playground.command(
        "mira",
        "imagine",
        {"prompt": f"a ball --control canny --cs 0.8 --ce 0.5 {QUICK}"},
        files={"image": ("drawing.png", drawing())},
    )
    recipe = await recipe_of(studio, await result(press))
    assert recipe.conditions.structure is not None
    assert (
        recipe.conditions.structure.kind,
        recipe.conditions.structure.scale,
        recipe.conditions.structure.end,
    ) == (
        "canny",
        0.8,
        0.5,
    )


async def test_a_remix_keeps_to_the_drawing(studio: Studio) -> None:
    message = await result(await sketch(studio, "a ball", drawing()))
    before = await recipe_of(studio, message)
    await studio.prefer("mira", PersonChoices(remix=True))
    press = await studio.playground.press("mira", message, label="Vary (Strong)")
    await press.acknowledged()
    await studio.prefer("mira", PersonChoices())
    words = {"prompt": f"a moon {before.parameters}"}
    submitted = await studio.playground.submit("mira", press, words)
    after = await recipe_of(studio, await result(submitted))
    assert after.prompt == "a moon"
    assert after.conditions.structure == before.conditions.structure


async def test_what_cannot_be_is_said(studio: Studio) -> None:
    standin = studio.playground
    pose = await answer(await sketch(studio, "a ball", drawing(), keep="pose"))
    assert "can follow `scribble`, `lineart`, `canny` of an image" in pose.content
    assert pose.ephemeral_to == "mira"
    alone = await standin.command("mira", "imagine", {"prompt": "a ball --control canny"})
    assert "`--control` needs an image" in (await answer(alone)).content
    broken = await sketch(studio, "a ball", b"no picture")
    assert "image" in (await refusal(standin, broken)).content
