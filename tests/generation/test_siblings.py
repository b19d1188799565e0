"""Siblings of a family that their own files tell apart: guided bases, and distilled ones."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generation.catalogue.card import Capability
from generation.catalogue.checkpoints import choose_card
from generation.families.load import load
from generation.sampling.engine import Engine
from tests.generation.checkpoints import build_flux1_dev
from tests.generation.samples import recipe_for
from tests.generation.test_families import draw, same
from tests.recipes import change

Folders = Callable[[str], Path]

SIBLINGS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "flux2-klein-base": ("flux2-klein", "model_index.json", {"is_distilled": False}),
    "z-image-base": ("z-image", "scheduler/scheduler_config.json", {"shift": 6.0}),
    "flux1-schnell": ("flux1-dev", "", {}),
}
"""By name: the family, and the file that tells it apart, with what stands there."""


@pytest.fixture(scope="module", params=SIBLINGS)
def sibling(
    request: pytest.FixtureRequest, folders: Folders, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Engine]:
    """The name of each in turn, and a tiny one, loaded by what its files alone say."""
    family, name, stated = SIBLINGS[request.param]
    folder = tmp_path_factory.mktemp("sibling") / "folder"
    if not name:
        build_flux1_dev(folder, guided=False)
    else:
        shutil.copytree(folders(family), folder)
        change_json(folder / name, **stated)
    return request.param, load(choose_card(str(folder)), str(folder), torch.device("cpu"))


def change_json(path: Path, **stated: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **stated}), encoding="utf-8")


def test_is_told_by_its_files_and_draws_as_its_pipeline_does(sibling: tuple[str, Engine]) -> None:
    name, engine = sibling
    assert engine.card.called == name
    recipe = recipe_for(engine, guidance=engine.card.guidance)
    engine.pipe.set_progress_bar_config(disable=True)
    theirs = engine.pipe(
        prompt=recipe.prompt,
        width=64,
        height=64,
        num_inference_steps=recipe.sampling.steps,
        guidance_scale=recipe.sampling.guidance,
        generator=torch.Generator().manual_seed(recipe.noise[0].seed),
    ).images[0]
    assert np.array_equal(np.asarray(draw(engine, recipe)[0]), np.asarray(theirs))


def test_what_it_claims_beyond_its_family_changes_pictures(sibling: tuple[str, Engine]) -> None:
    name, engine = sibling
    plain = draw(engine, recipe_for(engine))[0]
    for capability, changed in (
        (Capability.GUIDANCE, recipe_for(engine, guidance=9.0)),
        (Capability.NEGATIVE, change(recipe_for(engine), negative="green leaves")),
    ):
        claimed = capability in engine.card.capabilities
        assert claimed == (name != "flux1-schnell")
        assert same(draw(engine, changed)[0], plain) != claimed
