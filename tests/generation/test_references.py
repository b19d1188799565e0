"""Style, person, thing and blend on every family that claims them, on tiny adapters."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from generation.catalogue.card import Capability
from generation.catalogue.extras import extend_card
from generation.catalogue.families import CARDS, find_card
from generation.conditioning.image_adapters import Adapters, References, load_references
from generation.derive import blend, narrow
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.recipe import Ingredient, Recipe, Role, seed_noise
from generation.sampling.engine import Engine
from generation.sampling.samplers import make_scheduler
from tests.generation.samples import SEEN, batched, looking, recipe_for, seen, steered
from tests.generation.test_families import distance, draw, same

A, B, C = SEEN
Once = Callable[[Engine, Recipe], Image.Image]
ROLES: tuple[Role, ...] = ("style", "face", "figure", "object")

without_the_bundled = pytest.mark.parametrize("unet", ["sd15", "sdxl"], indirect=True)
"""Its weights take longest, and what joins embeddings is the same."""


def able(engine: Engine, role: Role) -> None:
    if role == "face" and not engine.card.faces:
        pytest.skip(f"{engine.card.title} knows no faces")


def references(engine: Engine) -> References:
    assert isinstance(engine.conditioning.references, References)
    return engine.conditioning.references


def mixed(recipe: Recipe, **weights: float) -> Recipe:
    return blend(recipe, [Ingredient(image=n * 64, weight=w) for n, w in weights.items()])


@pytest.mark.parametrize("role", ROLES)
def test_other_references_give_other_pictures(unet: Engine, role: Role, once: Once) -> None:
    able(unet, role)
    recipe = recipe_for(unet, steps=1)
    plain = once(unet, recipe)
    one, other = (once(unet, looking(recipe, role, image)) for image in (A, B))
    assert min(distance(plain, one), distance(plain, other), distance(one, other)) > 0.01
    assert same(draw(unet, looking(recipe, role, A))[0], one)


@pytest.mark.parametrize("role", ["style", "figure"])
def test_more_scale_leads_further_from_the_plain_picture(
    unet: Engine, role: Role, once: Once
) -> None:
    recipe = recipe_for(unet, steps=1)
    plain = once(unet, recipe)
    far = [
        distance(plain, draw(unet, looking(recipe, role, scale=scale))[0])
        for scale in (1e-12, 0.1, 0.4)
    ]
    assert far[0] <= 0.01
    assert far == sorted(far)
    assert far[1] < far[2]


@without_the_bundled
def test_without_references_adapters_change_no_bit(
    unet: Engine, folders: Callable[[str], Path]
) -> None:
    recipe = recipe_for(unet)
    bare = load(find_card(unet.card.id), str(folders(unet.card.id)), torch.device("cpu"))
    bare = steered(bare, references=None)
    draw(unet, looking(recipe, "style"))
    assert same(draw(unet, recipe)[0], draw(bare, recipe)[0])


def test_a_scale_of_nothing_changes_no_bit(unet: Engine) -> None:
    recipe = recipe_for(unet)
    references(unet).learn(looking(recipe, "style"), seen)
    looks = references(unet).list_looks(looking(recipe, "style"))
    silent = [replace(look, scale=0.0) for look in looks]
    with references(unet).attach(silent):
        condition = unet.family.encode(unet.pipe, recipe, unet.texts)  # type: ignore[attr-defined]
        seeing = replace(condition, images=tuple(look.tokens for look in silent))
        quietly = _step(unet, seeing)
    assert torch.equal(quietly, _step(unet, condition))


@torch.inference_mode()
def _step(engine: Engine, condition: Any) -> torch.Tensor:
    config = engine.pipe.unet.config
    noise = torch.randn(2, config.in_channels, 8, 8, generator=torch.Generator().manual_seed(0))
    made: torch.Tensor = engine.pipe.unet(
        noise,
        500,
        encoder_hidden_states=condition.context,
        added_cond_kwargs=condition.extra,
        return_dict=False,
    )[0]
    return made


def test_nothing_stays_behind_when_a_drawing_ends_early(unet: Engine, once: Once) -> None:
    recipe = recipe_for(unet, steps=2)
    before = once(unet, recipe)
    references(unet).learn(looking(recipe, "style"), seen)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unet.draw(looking(recipe, "style"), None, stop)
    assert same(draw(unet, recipe)[0], before)


def test_a_picture_alone_is_its_quarter_of_the_grid(unet: Engine) -> None:
    plain = recipe_for(unet, noise=seed_noise(3, 2), steps=2)
    grid = looking(mixed(plain, a=1, b=2), "style", B, C)
    grid = looking(grid, "figure", C, scale=0.5)
    pictures = draw(unet, grid)
    assert same(draw(unet, narrow(grid, 1))[0], pictures[1])
    together = draw(batched(unet, size=2), grid)
    assert max(map(distance, pictures, together)) < 0.5


@without_the_bundled
def test_the_order_of_blended_images_changes_no_bit(unet: Engine) -> None:
    recipe, parts = recipe_for(unet, steps=1), {"a": 1.0, "b": 2.0, "c": 0.5}
    # Every image once in every place.
    turned = [list(parts.items())[k:] + list(parts.items())[:k] for k in range(3)]
    pictures = [draw(unet, mixed(recipe, **dict(order)))[0] for order in turned]
    assert all(same(pictures[0], other) for other in pictures[1:])


@without_the_bundled
@pytest.mark.parametrize("role", ["style", "figure"])
def test_the_order_of_references_changes_no_bit(unet: Engine, role: Role) -> None:
    recipe = recipe_for(unet, steps=2)
    one, other = (draw(unet, looking(recipe, role, *o))[0] for o in ((A, B, C), (C, A, B)))
    assert same(one, other)


@without_the_bundled
def test_one_image_twice_is_the_image(unet: Engine) -> None:
    recipe = recipe_for(unet, steps=1)
    assert same(draw(unet, mixed(recipe, a=1))[0], draw(unet, mixed(recipe, a=5))[0])


def test_more_weight_draws_the_blend_nearer(unet: Engine) -> None:
    sees = references(unet)
    recipe = recipe_for(unet)
    sees.learn(mixed(recipe, a=1, b=1), seen)
    (row,) = (row for row in sees.rows if "blend" in row.parts)

    def cosine(weight: float) -> float:
        images = mixed(recipe, a=weight, b=1).inputs.blend
        ((embedding, _),) = sees._combine(row, images)
        return float(torch.cosine_similarity(embedding, sees.memory[A].whole))

    near = [cosine(weight) for weight in (0.1, 0.5, 1, 2, 10)]
    assert near == sorted(set(near))


@without_the_bundled
def test_references_join_start_and_guidance_of_one(unet: Engine) -> None:
    recipe = recipe_for(unet, steps=1, guidance=1.0)
    styled = draw(unet, looking(recipe, "style"))[0]
    assert not same(styled, draw(unet, recipe)[0])


def test_style_is_read_in_its_blocks_alone(engines: Callable[[str], Engine]) -> None:
    for family, blocks in (("sd15", "up_blocks.1."), ("sdxl", "up_blocks.0.attentions.1.")):
        sees = references(engines(family))
        recipe = looking(recipe_for(engines(family)), "style")
        sees.learn(recipe, seen)
        with sees.attach(sees.list_looks(recipe)):
            parts = {n: sees.unet.attn_processors[n] for n in sees.attentions}
        active = {name for name, part in parts.items() if any(part.scale)}
        assert active == {name for name in parts if name.startswith(blocks)} != set()


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_agrees_with_the_diffusers_pipeline_but_for_rounding(
    family: str,
    engines: Callable[[str], Engine],
    folders: Callable[[str], Path],
    adapters: Callable[[str], str],
) -> None:
    engine = engines(family)
    recipe = looking(mixed(recipe_for(engine), a=1), "figure", B, scale=0.5)
    ours = draw(engine, recipe)[0]
    pipe = load(find_card(family), str(folders(family)), torch.device("cpu")).pipe
    known: Adapters = engine.family.adapters  # type: ignore[attr-defined]
    folder, files = adapters(family), [Path(row.file) for row in known.each[:2]]
    pipe.register_modules(feature_extractor=references(engine).processor)
    pipe.load_ip_adapter(
        folder,
        subfolder=[str(file.parent) for file in files],
        weight_name=[file.name for file in files],
        image_encoder_folder=known.encoder,
    )
    pipe.set_ip_adapter_scale([1.0, 0.5])
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = make_scheduler(recipe.sampling.sampler, pipe.scheduler.config)
    theirs = pipe(
        recipe.prompt,
        width=64,
        height=64,
        num_inference_steps=recipe.sampling.steps,
        guidance_scale=recipe.sampling.guidance,
        generator=torch.Generator().manual_seed(recipe.noise[0].seed),
        ip_adapter_image=[seen(A), seen(B)],
    ).images[0]
    assert distance(ours, theirs) < 0.01


def test_an_image_is_looked_at_once(easel: Engine) -> None:
    sees, looked = references(easel), list[str]()

    def find(sha256: str) -> Any:
        looked.append(sha256)
        return seen(sha256)

    sees.memory.clear()
    recipe = looking(mixed(recipe_for(easel), a=1, b=1), "style", A)
    sees.learn(recipe, find)
    sees.learn(recipe, find)
    assert looked == [A, B]


@pytest.mark.parametrize("each", CARDS, ids=lambda each: each.id)
def test_cards_claim_references_where_there_are_adapters(each: Any) -> None:
    known = extend_card(each, "some/adapters")
    claims = Capability.STYLE in known.capabilities
    assert claims == (each.id in {"easel", "easel2", "sd15", "sdxl", "flux1-dev"} or each.native)
    assert extend_card(each, "") is each


def test_adapters_of_another_family_are_refused(
    folders: Callable[[str], Path], adapters: Callable[[str], str]
) -> None:
    for wrong in (adapters("sdxl"), str(folders("sd15"))):
        with pytest.raises(ModelError, match="image adapters could not be loaded"):
            load(find_card("sd15"), str(folders("sd15")), torch.device("cpu"), wrong)


def test_blocks_without_attention_are_refused(
    engines: Callable[[str], Engine],
    folders: Callable[[str], Path],
    adapters: Callable[[str], str],
) -> None:
    pipe = load(find_card("sd15"), str(folders("sd15")), torch.device("cpu")).pipe
    known: Adapters = engines("sd15").family.adapters  # type: ignore[attr-defined]
    first = replace(known.each[0], parts={"style": "up_blocks.0."})
    with pytest.raises(ValueError, match="no attention"):
        load_references(pipe, replace(known, each=(first,)), adapters("sd15"))
