"""Pictures that take something from images: blends, style and person, codes."""

import io
import re

import numpy as np
from PIL import Image

from playground import Interaction, Message
from storage.decisions.choices import PersonChoices
from tests.journeys.studio import Studio, opened, recipe_of, refusal, result

QUICK = "--steps 2 --seed 7"


def png(colour: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(data, "PNG")
    return data.getvalue()


async def imagine(studio: Studio, prompt: str, **files: str) -> Interaction:
    attached = {name: (f"{name}.png", png(colour)) for name, colour in files.items()}
    return await studio.playground.command("mira", "imagine", {"prompt": prompt}, files=attached)


async def pixels(studio: Studio, message: Message) -> np.ndarray:
    return np.asarray(await opened(studio.playground, message), float)


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


async def test_an_attached_style_changes_the_picture(studio: Studio) -> None:
    plain = await result(await imagine(studio, f"a cat {QUICK}"))
    red = await result(await imagine(studio, f"a cat {QUICK} --sw 300", style="red"))
    blue = await result(await imagine(studio, f"a cat {QUICK} --sw 300", style="blue"))
    shown = [await pixels(studio, message) for message in (plain, red, blue)]
    assert np.abs(shown[0] - shown[1]).mean() > 0.5
    assert np.abs(shown[1] - shown[2]).mean() > 0.05
    (reference,) = (await recipe_of(studio, red)).conditions.references
    assert reference.role == "style"


async def test_a_person_and_a_thing_by_link(studio: Studio) -> None:
    person, thing = (studio.playground.host(f"{one}.png", png(one)) for one in ("pink", "gold"))
    press = await imagine(studio, f"a castle --cref {person} --cw 50 --oref {thing} {QUICK}")
    recipe = await recipe_of(studio, await result(press))
    assert [one.role for one in recipe.conditions.references] == ["figure", "object"]


async def test_a_random_style_says_its_code_and_is_had_again(studio: Studio) -> None:
    first = await result(await imagine(studio, f"a cat --sref random {QUICK}"))
    found = re.search(r"--sref (\d+)", first.content)
    assert found is not None
    again = await result(await imagine(studio, f"a cat --sref {found[1]} {QUICK}"))
    assert (await pixels(studio, first) == await pixels(studio, again)).all()


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
