"""Images as further words of FLUX.1: equal to diffusers' pipelines, and weighed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import FluxPriorReduxPipeline

from generation.catalogue.card import Capability
from generation.conditioning.redux import ImageWords, load_image_words
from generation.derive import blend, narrow
from generation.recipe import Ingredient, Recipe, seed_noise
from generation.sampling.engine import Engine
from tests.generation.adapters import build_redux
from tests.generation.samples import SEEN, batched, looking, recipe_for, seen
from tests.generation.test_families import Engines, Folders, distance, draw, same
from tests.recipes import change

A, B, _ = SEEN


@pytest.fixture
def flux(engines: Engines) -> Engine:
    return engines("flux1-dev")


def mixed(recipe: Recipe, *images: str, pull: float = 1.0) -> Recipe:
    return change(blend(recipe, [Ingredient(image=image) for image in images]), blend_scale=pull)


def test_agrees_with_the_diffusers_pipelines_to_the_bit(
    flux: Engine, adapters: Callable[[str], str]
) -> None:
    recipe, pipe = mixed(recipe_for(flux), A), flux.pipe
    parts = {name: getattr(pipe, name) for name in ("text_encoder", "text_encoder_2")}
    parts |= {name: getattr(pipe, name) for name in ("tokenizer", "tokenizer_2")}
    words = flux.conditioning.references
    assert isinstance(words, ImageWords)
    prior = FluxPriorReduxPipeline(words.encoder, words.processor, words.embedder, **parts)
    pipe.set_progress_bar_config(disable=True)
    theirs = pipe(
        **prior(seen(A), prompt=recipe.prompt),
        width=64,
        height=64,
        num_inference_steps=recipe.sampling.steps,
        guidance_scale=recipe.sampling.guidance,
        generator=torch.Generator().manual_seed(recipe.noise[0].seed),
    ).images[0]
    assert np.array_equal(np.asarray(draw(flux, recipe)[0]), np.asarray(theirs))
    assert not same(draw(flux, recipe_for(flux))[0], theirs)
    assert {Capability.BLEND, Capability.STYLE} <= flux.card.capabilities
    assert Capability.CHARACTER not in flux.card.capabilities


def test_more_weight_leads_further_and_next_to_none_is_none(flux: Engine) -> None:
    recipe = recipe_for(flux, steps=2)
    plain = draw(flux, recipe)[0]
    far = [distance(plain, draw(flux, mixed(recipe, A, pull=w))[0]) for w in (1e-12, 0.2, 1, 4)]
    assert far == sorted(far)
    assert far[0] < 0.01 < far[-1]


def test_a_picture_alone_is_its_quarter_of_the_grid(flux: Engine) -> None:
    grid = looking(mixed(recipe_for(flux, noise=seed_noise(3, 2), steps=2), B), "style", A)
    pictures = draw(flux, grid)
    assert same(draw(flux, narrow(grid, 1))[0], pictures[1])
    together = draw(batched(flux, size=2), grid)
    assert max(map(distance, pictures, together)) < 0.5


def test_one_for_another_transformer_is_refused(
    flux: Engine, folders: Folders, tmp_path: Path
) -> None:
    place = build_redux(tmp_path / "redux", folders("flux1-dev") / "transformer")
    config = place / "image_embedder" / "config.json"
    assert load_image_words(flux.pipe, str(place)).embedder.config.txt_in_features == 16
    config.write_text(config.read_text().replace("16", "24", 1))
    with pytest.raises((ValueError, RuntimeError)):
        load_image_words(flux.pipe, str(place))
