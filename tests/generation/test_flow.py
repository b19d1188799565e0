"""What families of flow matching must pass besides what every family must."""

import inspect
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler

from generation.catalogue.card import Capability
from generation.controls import strength_for_image_weight
from generation.recipe import Phrase, Recipe
from generation.sampling.engine import Engine
from generation.sampling.flow import FlowFamily, schedule, start_batches
from generation.sampling.inpaint import Origin
from tests.generation.samples import photograph, quiet, recipe_for, start
from tests.recipes import change


def draw(engine: Engine, recipe: Recipe) -> np.ndarray:
    picture = engine.draw(recipe, photograph() if recipe.inputs.start else None, quiet)[0]
    return np.asarray(picture, float)


def test_agrees_with_the_diffusers_pipeline_to_the_bit(flow: Engine) -> None:
    recipe = recipe_for(flow)
    flow.pipe.set_progress_bar_config(disable=True)
    scale = recipe.sampling.guidance if recipe.sampling.guidance > 1 else 0.0
    guided: dict[str, Any] = {"guidance_scale": scale}
    # FLUX's pipeline has it as well, besides the guidance that its transformer reads.
    true = "true_cfg_scale" in inspect.signature(flow.pipe.__call__).parameters
    if true and Capability.NEGATIVE in flow.card.capabilities:
        guided = {"true_cfg_scale": scale, "negative_prompt": " "}
    theirs = flow.pipe(
        prompt=recipe.prompt,
        width=64,
        height=64,
        num_inference_steps=recipe.sampling.steps,
        **guided,
        generator=torch.Generator().manual_seed(recipe.noise[0].seed),
    ).images[0]
    assert np.array_equal(draw(flow, recipe), np.asarray(theirs))


def test_takes_the_steps_asked_for_at_any_strength(flow: Engine) -> None:
    for steps, strength in product(
        (1, 2, 3, 9, 30, 61, 100), (0.02, 0.05, 0.06, 0.3, 0.49, 0.75, 0.99, 1.0)
    ):
        recipe = recipe_for(flow, steps=steps, start=start(strength))
        levels = schedule(flow.family, flow.pipe, recipe).tolist()  # type: ignore[arg-type]
        assert len(levels) == steps + 1
        assert all(here > there for here, there in pairwise(levels))
        assert levels[0] <= 1
        assert levels[-1] == 0


@pytest.mark.parametrize("size", [(64, 64), (1536, 640), (512, 2048)])
def test_an_image_weight_means_the_same_noise_as_in_stable_diffusion(
    flow: Engine, size: tuple[int, int]
) -> None:
    kept = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    width, height = size
    for weight in (0.25, 0.5, 1, 1.5, 2, 2.5, 3):
        strength = strength_for_image_weight(weight)
        recipe = recipe_for(flow, steps=8, start=start(strength), width=width, height=height)
        level = float(schedule(flow.family, flow.pipe, recipe)[0])  # type: ignore[arg-type]
        share = float(kept.alphas_cumprod[round(strength * 1000) - 1])
        assert level / (1 - level) == pytest.approx(((1 - share) / share) ** 0.5, rel=1e-3)


def test_larger_pictures_are_shifted_further(flow: Engine) -> None:
    if not flow.pipe.scheduler.config.use_dynamic_shifting:
        pytest.skip(f"{flow.card.title} shifts all sizes alike")

    def middle(side: int) -> float:
        recipe = recipe_for(flow, steps=8, width=side, height=side)
        return float(schedule(flow.family, flow.pipe, recipe)[4])  # type: ignore[arg-type]

    levels = [middle(side) for side in (256, 512, 1024)]
    assert levels == sorted(set(levels))


def test_more_strength_leaves_less_of_the_photograph_to_start_from(flow: Engine) -> None:
    family: FlowFamily = flow.family  # type: ignore[assignment]
    size = recipe_for(flow).size.height // family.grain
    origin = torch.randn((1, family.channels(flow.pipe), size, size))
    kept = []
    for strength in (0.02, 0.3, 0.75, 1.0):
        recipe = recipe_for(flow, start=start(strength))
        level = schedule(family, flow.pipe, recipe)[0]
        (batch,) = start_batches(family, flow, recipe, Origin(origin), [()], level=level)
        kept.append(float(torch.corrcoef(torch.stack([origin, batch.latents]).flatten(1))[0, 1]))
    assert kept == sorted(kept, reverse=True)
    assert kept[0] > 0.98
    assert abs(kept[-1]) < 0.3


def test_weights_of_phrases_move_the_picture_from_one_to_the_other(flow: Engine) -> None:
    def mixed(share: float) -> np.ndarray:
        phrases = (Phrase(text="a red apple", weight=1 - share), Phrase(text="snow", weight=share))
        wanted = tuple(phrase for phrase in phrases if phrase.weight)
        return draw(flow, change(recipe_for(flow, steps=1), phrases=wanted))

    one, *between, other = [mixed(share) for share in (0, 0.2, 0.8, 1)]
    assert not np.array_equal(one, other)
    distances = [np.abs(picture - one).mean() for picture in (*between, other)]
    assert distances == sorted(distances)
