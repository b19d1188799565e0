"""Several models of one worker: members choose, and every picture stays with what drew it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from generation.recipe import Recipe
from playground import Message, Playground
from storage.prepare import migrate
from tests.generation.checkpoints import build_flux2_klein
from tests.journeys.studio import (
    BOT,
    WORKER,
    Studio,
    recipe_of,
    result,
)
from tests.journeys.test_references import imagine
from tests.storage.conftest import settings_for

QUICK = "--steps 1 --batch 1 --seed 7"
KLEIN = "--model flux2-klein"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gallery(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    """A studio that serves the bundled model and two tiny checkpoints of FLUX.2 klein."""
    root = tmp_path_factory.mktemp("models")
    plain, data = build_flux2_klein(root / "plain"), tmp_path_factory.mktemp("gallery")
    other = Path(shutil.copytree(plain, root / "other"))
    migrate(settings_for(data))
    async with Playground(port=0) as standin:
        whole = Studio(standin, data)
        whole.environment["EASEL_MODELS"] = f"{plain}, Paint={other}"
        # Of weights at random nobody needs a megapixel.
        whole.cards = {"flux2-klein": {"side": 128}}
        try:
            await whole.start(BOT, WORKER)
            yield whole
        finally:
            await whole.close()


async def drawn(studio: Studio, prompt: str, **files: str) -> tuple[Message, Recipe]:
    """A finished picture and its recipe."""
    message = await result(await imagine(studio, f"{prompt} {QUICK}", **files))
    return message, await recipe_of(studio, message)


async def pressed(studio: Studio, message: Message, label: str) -> tuple[Message, Recipe]:
    """What a press makes, and its recipe."""
    made = await result(await studio.playground.press("mira", message, label=label))
    return made, await recipe_of(studio, made)


def of(recipe: Recipe) -> tuple[str, str]:
    return recipe.family, recipe.model


async def test_an_attached_image_is_edited_by_a_model_that_is_chosen(gallery: Studio) -> None:
    message, recipe = await drawn(gallery, f"make it green {KLEIN} --edit", image="red")
    assert of(recipe) == ("flux2-klein", "plain")
    assert (len(recipe.inputs.edit), recipe.inputs.start) == (1, None)
    assert "--edit" in message.content
    larger, upscaled = await pressed(gallery, message, "U1")
    assert of(upscaled) == of(recipe)
    assert upscaled.finishing.upscale > 1
    _, varied = await pressed(gallery, larger, "Vary (Subtle)")
    assert of(varied) == of(recipe)
    assert varied.inputs.edit == recipe.inputs.edit
    _, usual = await drawn(gallery, "a cat")
    assert of(usual) == ("easel", "easel-1")


async def test_two_checkpoints_of_one_family_are_told_apart(gallery: Studio) -> None:
    grid, recipe = await drawn(gallery, "a cat --model paint")
    assert of(recipe) == ("flux2-klein", "other")
    _, again = await pressed(gallery, grid, "🔄")
    assert of(again) == of(recipe)
