"""What recipes take from images: blends, style, person and thing."""

from storage.decisions.choices import PersonChoices
from tests.journeys.studio import Studio, recipe_of, refusal, result
from tests.journeys.test_references import imagine, png

QUICK = "--steps 2 --seed 7"


async def test_two_images_are_blended(studio: Studio) -> None:
    files = {"image1": ("red.png", png("red")), "image2": ("blue.png", png("blue"))}
    press = await studio.playground.command(
        "mira", "blend", {"weights": "2 1", "dimensions": "2:3"}, files=files
    )
    message = await result(press)
    recipe = await recipe_of(studio, message)
    assert [part.weight for part in recipe.inputs.blend] == [2, 1]
    assert recipe.inputs.start is None
    assert recipe.size.width < recipe.size.height


async def test_several_image_prompts_are_blended(studio: Studio) -> None:
    links = [studio.playground.host(f"{one}.png", png(one)) for one in ("red", "blue")]
    message = await result(await imagine(studio, f"{' '.join(links)} a cat {QUICK}"))
    recipe = await recipe_of(studio, message)
    assert len(recipe.inputs.blend) == 2
    assert recipe.inputs.start is None


async def test_a_person_and_a_thing_by_link(studio: Studio) -> None:
    person, thing = (studio.playground.host(f"{one}.png", png(one)) for one in ("pink", "gold"))
    press = await imagine(studio, f"a castle --cref {person} --cw 50 --oref {thing} {QUICK}")
    recipe = await recipe_of(studio, await result(press))
    assert [one.role for one in recipe.conditions.references] == ["figure", "object"]


async def test_what_no_image_is_behind_a_flag_is_said(studio: Studio) -> None:
    link = studio.playground.host("words.png", b"words")
    press = await imagine(studio, f"a cat --sref {link}")
    assert "not an image" in (await refusal(studio.playground, press)).content


async def test_a_remix_keeps_the_reference(studio: Studio) -> None:
    message = await result(await imagine(studio, f"a cat {QUICK}", style="red"))
    standin = studio.playground
    await studio.prefer("mira", PersonChoices(remix=True))
    press = await standin.press("mira", message, label="V1")
    await press.acknowledged()
    await studio.prefer("mira", PersonChoices())
    before = await recipe_of(studio, message)
    words = {"prompt": f"a dog {before.parameters}"}
    after = await recipe_of(studio, await result(await standin.submit("mira", press, words)))
    assert after.prompt == "a dog"
    assert after.conditions.references == before.conditions.references
