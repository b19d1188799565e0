"""Plans: the planner's picture of a recipe's words, which the bundled model draws over."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from generation.catalogue.families import BUNDLED, find_card
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.guided.checkpoint import Networks
from generation.guided.plans import OWN, Plans, write_plans
from generation.guided.words import Words
from generation.recipe import Inputs, Phrase, Recipe, Start, seed_noise
from generation.sampling.engine import Engine
from tests.generation.samples import photograph
from tests.recipes import make

CPU = torch.device("cpu")
EASEL = find_card("easel")


@pytest.fixture(scope="module")
def folder(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model with a planner as small as the tests' networks."""
    made = tmp_path_factory.mktemp("easel-1")
    for part in BUNDLED.iterdir():
        if part.name != OWN:
            (made / part.name).symlink_to(part)
    assert networks.planner is not None
    write_plans(made / OWN, networks.planner, networks.latents)
    return made


@pytest.fixture(scope="module")
def plans(folder: Path) -> Plans:
    return Plans.load(folder / OWN, Words.load(folder))


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    return load(EASEL, str(folder), CPU)


def recipe(*phrases: Phrase, **different: Any) -> Recipe:
    values: dict[str, Any] = {
        "family": EASEL.id,
        "model": EASEL.model,
        "prompt": "",
        "phrases": phrases or (Phrase(text="a red apple"),),
        "width": 32,
        "height": 32,
        "noise": seed_noise(7, 1),
        "steps": 6,
        "guidance": 1.0,
        "sampler": "DDIM",
    }
    return make(**{**values, **different})


def planned(asked: Recipe, strength: float) -> Recipe:
    return replace(asked, inputs=replace(asked.inputs, plan=strength))


def pixels(plans: Plans, asked: Recipe) -> NDArray[np.float64]:
    return np.asarray(plans.draw(asked), float)


@pytest.mark.parametrize("size", [(32, 32), (80, 32), (40, 64)])
def test_a_plan_lies_in_the_middle_of_its_ground(plans: Plans, size: tuple[int, int]) -> None:
    made = pixels(plans, recipe(width=size[0], height=size[1]))
    assert made.shape == (size[1], size[0], 3)
    # Nothing but ground lies on the longer sides, and ground repeats from latent to latent.
    if size[0] > size[1]:
        assert np.array_equal(made[:8, :8], made[8:16, :8])
    elif size[0] < size[1]:
        assert np.array_equal(made[:8, :8], made[:8, 8:16])


def test_what_is_said_is_planned_by_its_weight_and_what_is_unwanted_is_not(plans: Plans) -> None:
    apple, owl = Phrase(text="a red apple, 3d style"), Phrase(text="a blue owl, 3d style")
    one, other = (pixels(plans, recipe(each)) for each in (apple, owl))
    assert np.abs(one - other).max() > 2
    near = pixels(plans, recipe(replace(apple, weight=9), owl))
    assert np.abs(near - one).mean() < np.abs(near - other).mean()
    assert np.array_equal(pixels(plans, recipe(apple, replace(owl, weight=-0.5))), one)


def test_words_without_a_style_are_planned_in_one(plans: Plans) -> None:
    plain, flat, drawn = (
        pixels(plans, recipe(Phrase(text=f"a red apple{style}")))
        for style in ("", ", flat style", ", pixel art style")
    )
    assert np.array_equal(plain, flat)
    assert not np.array_equal(plain, drawn)
    assert pixels(plans, recipe(Phrase(text=""))).shape == (32, 32, 3)


def test_the_model_draws_over_the_plan_as_over_an_image(engine: Engine, plans: Plans) -> None:
    asked = recipe()
    made = engine.draw(planned(asked, 0.5), None, lambda *_: None)[0]
    shown = replace(asked, inputs=Inputs(start=Start(image="f" * 64, strength=0.5)))
    over = engine.draw(shown, plans.draw(asked), lambda *_: None)[0]
    assert np.array_equal(np.asarray(made), np.asarray(over))


def test_an_image_goes_before_a_plan(engine: Engine) -> None:
    shown = recipe(start=Start(image="f" * 64, strength=0.5))
    both = planned(shown, 0.9)
    first, second = (engine.draw(one, photograph(), lambda *_: None)[0] for one in (shown, both))
    assert np.array_equal(np.asarray(first), np.asarray(second))


def test_without_a_planner_the_model_begins_at_noise(engine: Engine) -> None:
    bare = replace(engine, conditioning=replace(engine.conditioning, plan=None))
    first = bare.draw(planned(recipe(), 0.5), None, lambda *_: None)[0]
    second = engine.draw(recipe(), None, lambda *_: None)[0]
    assert np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("config", ["{}", '{"format": "easel-plans-1"}', "["])
def test_a_damaged_planner_is_a_sentence(folder: Path, tmp_path: Path, config: str) -> None:
    for part in folder.iterdir():
        if part.name != OWN:
            (tmp_path / part.name).symlink_to(part)
    (tmp_path / OWN).mkdir()
    (tmp_path / OWN / "config.json").write_text(config)
    with pytest.raises(ModelError, match="planner"):
        load(EASEL, str(tmp_path), CPU)
