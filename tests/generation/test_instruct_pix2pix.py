"""An image in channels beside the noise: equal to diffusers' pipeline, and weighed."""

import numpy as np
import pytest
import torch

from generation.recipe import Ingredient, Recipe
from generation.sampling.engine import Engine
from generation.sampling.samplers import make_scheduler
from tests.generation.samples import SEEN, recipe_for, seen
from tests.generation.test_families import Engines, distance, draw, same
from tests.recipes import change

A, B, _ = SEEN


@pytest.fixture
def pix(engines: Engines) -> Engine:
    return engines("instruct-pix2pix")


def edited(recipe: Recipe, image: str, weight: float = 1.0) -> Recipe:
    return change(recipe, edit=(Ingredient(image=image, weight=weight),))


@pytest.mark.parametrize("weight", [1.0, 2.0])
def test_agrees_with_the_diffusers_pipeline(pix: Engine, weight: float) -> None:
    recipe = edited(recipe_for(pix, sampler="Euler a"), A, weight)
    pipe = pix.pipe
    own, pipe.scheduler = pipe.scheduler, make_scheduler("Euler a", pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    try:
        theirs = pipe(
            recipe.prompt,
            image=seen(A).resize((64, 64)),
            num_inference_steps=recipe.sampling.steps,
            guidance_scale=recipe.sampling.guidance,
            image_guidance_scale=1 + 0.5 * weight,
            generator=torch.Generator().manual_seed(recipe.noise[0].seed),
        ).images[0]
    finally:
        pipe.scheduler = own
    references = pix.conditioning.references
    assert references is not None
    # Another test's image of that name is larger.
    references.memory.clear()
    references.learn(recipe, lambda sha256: seen(sha256).resize((64, 64)))
    ours = draw(pix, recipe)[0]
    assert np.abs(np.asarray(ours, int) - np.asarray(theirs, int)).max() <= 1
    references.memory.clear()


def test_another_image_gives_another_picture_and_none_is_none(pix: Engine) -> None:
    recipe = recipe_for(pix, steps=2)
    plain, one, other = (
        draw(pix, each)[0] for each in (recipe, edited(recipe, A), edited(recipe, B))
    )
    assert not same(plain, one)
    assert not same(one, other)
    alone = change(recipe, guidance=1.0)
    assert distance(draw(pix, alone)[0], draw(pix, edited(alone, A))[0]) > 0.05
