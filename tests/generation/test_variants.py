"""Known checkpoints with settings of their own, on tiny ones of their family."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import EulerDiscreteScheduler
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from generation.catalogue.card import Card
from generation.catalogue.checkpoints import choose_card
from generation.catalogue.families import VARIANTS, find_card
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.recipe import Recipe
from generation.sampling.engine import Engine
from generation.sampling.samplers import make_scheduler, schedule
from tests.generation.samples import photograph, recipe_for, start
from tests.generation.test_families import draw, same
from tests.recipes import change

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CPU = torch.device("cpu")


@pytest.fixture(scope="module", params=[each.name for each in VARIANTS if each.id == "sdxl"])
def variant(request: pytest.FixtureRequest, folders: Callable[[str], Path]) -> Engine:
    """A tiny checkpoint with the settings of each known one."""
    chosen = choose_card(request.param)
    return load(chosen, str(folders(chosen.id)), CPU)


def own(engine: Engine) -> Recipe:
    """A recipe with the card's own numbers, of steps those that a distilled one was taught."""
    known = engine.card
    steps = known.steps if known.distilled else 4
    return recipe_for(engine, steps=steps, guidance=known.guidance, sampler=known.sampler)


def test_agrees_with_the_diffusers_pipeline_as_its_authors_call_it(variant: Engine) -> None:
    recipe, pipe = own(variant), variant.pipe
    sampler = make_scheduler(recipe.sampling.sampler, pipe.scheduler.config)
    view = type(pipe).from_pipe(pipe, scheduler=sampler)
    view.set_progress_bar_config(disable=True)
    theirs = view(
        recipe.prompt,
        width=64,
        height=64,
        num_inference_steps=recipe.sampling.steps,
        guidance_scale=recipe.sampling.guidance if recipe.sampling.guidance > 1 else 0.0,
        generator=torch.Generator().manual_seed(recipe.noise[0].seed),
    ).images[0]
    assert same(draw(variant, recipe)[0], theirs)


def test_a_distilled_one_begins_in_full_noise(variant: Engine) -> None:
    sampler = make_scheduler(variant.card.sampler, variant.pipe.scheduler.config)
    first = schedule(sampler, variant.card.steps, 1.0, distilled=variant.card.distilled)[0]
    assert (first == 999) == variant.card.distilled


@pytest.mark.parametrize("strength", [0.01, 0.3, 0.52, 0.75, 1.0])
def test_a_distilled_one_takes_only_steps_that_it_knows(strength: float) -> None:
    sampler = EulerDiscreteScheduler(timestep_spacing="trailing")
    known = schedule(sampler, 8, 1.0, distilled=True).tolist()
    taken = schedule(sampler, 8, strength, distilled=True).tolist()
    assert taken == known[-len(taken) :]
    assert abs(len(taken) / 8 - strength) <= 1 / 8


def test_a_distilled_one_starts_from_images(variant: Engine) -> None:
    steps: list[tuple[int, int]] = []
    asked = change(own(variant), start=start(0.5))
    variant.draw(asked, photograph(), lambda step, of, _: steps.append((step, of)))
    count = asked.sampling.steps // 2 if variant.card.distilled else asked.sampling.steps
    assert steps == [(step, count) for step in range(1, count + 1)]


@pytest.fixture
def shelf(tmp_path: Path, folders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the hub that holds a tiny checkpoint in the place of the published one."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    cached(tmp_path, find_card("sdxl").model, folders("sdxl"))
    return tmp_path


def cached(shelf: Path, hub: str, folder: Path) -> None:
    """Put a folder into the cache as the commit that was fetched last."""
    place = shelf / f"models--{hub.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    (place / "snapshots").mkdir()
    (place / "snapshots" / COMMIT).symlink_to(folder)


def lightning(folder: Path, shelf: Path, factor: float) -> Card:
    """SDXL-Lightning, with a UNet that is the folder's with its weights multiplied."""
    known = choose_card("sdxl-lightning")
    repository, _, name = known.unet.partition("#")
    unet = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    (place := shelf / "lightning").mkdir()
    save_file({key: factor * tensor for key, tensor in unet.items()}, place / name)
    cached(shelf, repository, place)
    return known


def test_a_unet_of_its_own_takes_the_place_of_the_bases(
    shelf: Path, folders: Callable[[str], Path]
) -> None:
    known = lightning(folders("sdxl"), shelf, 0.5)
    engine, plain = load(known, known.model, CPU), load(find_card("sdxl"), known.model, CPU)
    one, other = (each.pipe.unet.conv_in.weight for each in (engine, plain))
    assert torch.equal(one, 0.5 * other)
    assert not same(draw(engine, own(engine))[0], draw(plain, own(engine))[0])


def test_what_was_not_fetched_is_not_loaded(shelf: Path) -> None:
    with pytest.raises(ModelError, match="ByteDance/SDXL-Lightning is not on this machine yet"):
        load(choose_card("sdxl-lightning"), find_card("sdxl").model, CPU)
    for model in ("someone/else", f"{find_card('sdxl').model}@{'f' * 40}"):
        with pytest.raises(ModelError, match="`easel models fetch` shows its licence"):
            load(find_card("sdxl"), model, CPU)


def test_a_pinned_revision_is_loaded(shelf: Path) -> None:
    assert load(find_card("sdxl"), f"{find_card('sdxl').model}@{COMMIT}", CPU).card.id == "sdxl"
