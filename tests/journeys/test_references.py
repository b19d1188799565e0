"""Pictures that take something from images: blends, style and person, codes."""

import io
import re

import numpy as np
from PIL import Image

from playground import Interaction, Message
from tests.journeys.studio import Studio, opened, recipe_of, result

QUICK = "--steps 2 --seed 7 --batch 1"


def png(colour: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(data, "PNG")
    return data.getvalue()


async def imagine(studio: Studio, prompt: str, **files: str) -> Interaction:
    attached = {name: (f"{name}.png", png(colour)) for name, colour in files.items()}
    return await studio.playground.command("mira", "imagine", {"prompt": prompt}, files=attached)


async def pixels(studio: Studio, message: Message) -> np.ndarray:
    return np.asarray(await opened(studio.playground, message), float)


async def test_an_attached_style_changes_the_picture(studio: Studio) -> None:
    plain = await result(await imagine(studio, f"a cat {QUICK}"))
    red = await result(await imagine(studio, f"a cat {QUICK} --sw 300", style="red"))
    blue = await result(await imagine(studio, f"a cat {QUICK} --sw 300", style="blue"))
    shown = [await pixels(studio, message) for message in (plain, red, blue)]
    assert np.abs(shown[0] - shown[1]).mean() > 0.5
    assert np.abs(shown[1] - shown[2]).mean() > 0.05
    (reference,) = (await recipe_of(studio, red)).conditions.references
    assert reference.role == "style"


async def test_a_random_style_says_its_code_and_is_had_again(studio: Studio) -> None:
    first = await result(await imagine(studio, f"a cat --sref random {QUICK}"))
    found = re.search(r"--sref (\d+)", first.content)
    assert found is not None
    again = await result(await imagine(studio, f"a cat --sref {found[1]} {QUICK}"))
    assert (await pixels(studio, first) == await pixels(studio, again)).all()
