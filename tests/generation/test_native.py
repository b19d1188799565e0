"""Images that a family reads itself, on tiny checkpoints of every family that does."""

import math
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generation.catalogue.card import Capability
from generation.conditioning.native_references import (
    AREA,
    LONGEST_RATIO,
    SHORTEST,
    NativeReference,
    NativeReferences,
    compute_attention_bias,
    crop_to_ratio,
    fit_reference,
    weigh_images,
    write_instruction,
)
from generation.controls import HEAVIEST_IMAGE, match_flow_level
from generation.derive import (
    Parent,
    blend,
    extend,
    narrow,
    repaint,
    select_ninth,
    upscale_creatively,
)
from generation.recipe import Edges, Ingredient, Phrase, Recipe, Reference, Role, seed_noise
from generation.sampling.engine import Engine
from generation.sampling.flow import schedule
from tests.generation.samples import (
    APPLE,
    NATIVE,
    SEEN,
    batched,
    looking,
    recipe_for,
    seen,
    start,
)
from tests.generation.strategies import recipes
from tests.generation.test_families import distance, draw, same
from tests.recipes import change

A, B, C = SEEN
ROLES: tuple[Role, ...] = ("style", "face")


def edited(recipe: Recipe, *images: str, weight: float = 1.0) -> Recipe:
    return change(recipe, edit=tuple(Ingredient(image=image, weight=weight) for image in images))


def mixed(recipe: Recipe, *images: str, pull: float = 1.0) -> Recipe:
    return change(blend(recipe, [Ingredient(image=image) for image in images]), blend_scale=pull)


@pytest.mark.parametrize("images", [(A,), (B, A, C)])
def test_agrees_with_the_diffusers_pipeline_to_the_bit(
    native: Engine, images: tuple[str, ...]
) -> None:
    if native.card.id == "flux1-kontext" and len(images) > 1:
        pytest.skip("diffusers' pipeline takes one image alone")
    recipe = edited(recipe_for(native), *images)
    native.pipe.set_progress_bar_config(disable=True)
    guided: dict[str, Any] = {"guidance_scale": recipe.sampling.guidance}
    if Capability.NEGATIVE in native.card.capabilities:
        guided = {"true_cfg_scale": recipe.sampling.guidance, "negative_prompt": " "}
    if native.card.id == "flux1-kontext":
        # It would make every picture a megapixel.
        guided["max_area"] = 64 * 64
    theirs = native.pipe(
        image=[seen(image) for image in images],
        prompt=recipe.prompt,
        width=64,
        height=64,
        num_inference_steps=recipe.sampling.steps,
        **guided,
        generator=torch.Generator().manual_seed(recipe.noise[0].seed),
    ).images[0]
    assert same(draw(native, recipe)[0], theirs)


def test_another_image_and_another_order_give_other_pictures(native: Engine) -> None:
    recipe = recipe_for(native, steps=1)
    asked = [recipe, edited(recipe, A), edited(recipe, B), edited(recipe, A, B)]
    pictures = [draw(native, one)[0] for one in (*asked, edited(recipe, B, A))]
    assert len({picture.tobytes() for picture in pictures}) == 5


@pytest.mark.parametrize(
    ("native", "part"),
    [
        *((family, "edit") for family in NATIVE),
        # What weighs them is one for all, and told to each of these two in its own way.
        *product(("flux2-klein", "qwen-image-edit"), ("blend", "style")),
    ],
    indirect=["native"],
)
def test_more_weight_leads_further_from_the_picture_without_the_image(
    native: Engine, part: str
) -> None:
    recipe = change(recipe_for(native, steps=1), phrases=(Phrase(text=""),))
    nothing = {"edit": 1e-9, "blend": 1e-9, "style": 1e-9}[part]

    def weighed(weight: float) -> Recipe:
        if part == "edit":
            return edited(recipe, A, weight=weight)
        return (
            mixed(recipe, A, pull=weight)
            if part == "blend"
            else looking(recipe, "style", A, scale=weight)
        )

    without = draw(native, weighed(nothing))[0]
    far = [distance(without, draw(native, weighed(w))[0]) for w in (0.1, 1, 4)]
    assert far == sorted(far)
    assert far[0] < far[-1]


def test_next_to_no_weight_is_as_good_as_no_image(native: Engine) -> None:
    if native.card.id == "qwen-image-edit":
        pytest.skip("its language model sees the image whatever its weight")
    recipe = recipe_for(native, steps=1)
    with_nothing = draw(native, edited(recipe, A, weight=1e-12))[0]
    assert distance(with_nothing, draw(native, recipe)[0]) < 0.01


def test_a_weight_of_one_needs_no_mask() -> None:
    one = NativeReference(seen(A), torch.zeros(1, 2, 3, 5))
    assert compute_attention_bias(7, [one, one], torch.zeros(1)) is None


def test_the_mask_is_the_logarithm_of_the_weight_for_words_and_picture_alone() -> None:
    light = NativeReference(seen(A), torch.zeros(1, 2, 1, 2), 0.5)
    heavy = NativeReference(seen(B), torch.zeros(1, 2, 1, 1), 3.0)
    mask = compute_attention_bias(4, [light, heavy], torch.zeros(1, dtype=torch.bfloat16))
    assert mask is not None
    assert (mask.shape, mask.dtype) == ((1, 1, 7, 7), torch.bfloat16)
    row = [0] * 4 + [math.log(0.5)] * 2 + [math.log(3)]
    for place in range(4):
        assert mask[0, 0, place].tolist() == pytest.approx(row, rel=1e-2)
    assert not mask[0, 0, 4:].any()


@pytest.mark.parametrize("strength", [0.3, 1.0])
@pytest.mark.parametrize("steps", [1, 2])
def test_few_steps_are_taken_from_the_level_asked_for(
    native: Engine, steps: int, strength: float
) -> None:
    recipe = recipe_for(native, steps=steps, start=start(strength))
    levels = schedule(native.family, native.pipe, recipe).tolist()  # type: ignore[arg-type]
    assert levels[0] == pytest.approx(match_flow_level(strength), abs=1e-4)
    assert len(levels) == steps + 1
    assert levels == sorted(levels, reverse=True)


def test_the_order_of_blended_images_changes_no_bit(native: Engine) -> None:
    recipe = recipe_for(native, steps=1)
    turned = ((A, B, C), (B, C, A), (C, A, B))
    pictures = [draw(native, mixed(recipe, *order))[0] for order in turned]
    assert all(same(pictures[0], other) for other in pictures[1:])


def test_a_picture_alone_is_its_quarter_of_the_grid(native: Engine) -> None:
    grid = edited(recipe_for(native, noise=seed_noise(3, 2), steps=2), B)
    grid = looking(grid, "style", A, C, scale=0.5)
    pictures = draw(native, grid)
    assert same(draw(native, narrow(grid, 1))[0], pictures[1])
    together = draw(batched(native, size=2), grid)
    assert max(map(distance, pictures, together)) < 0.5


def test_an_image_is_read_once(native: Engine) -> None:
    sees, looked = native.conditioning.references, list[str]()
    assert isinstance(sees, NativeReferences)

    def find(sha256: str) -> Any:
        looked.append(sha256)
        return seen(sha256)

    sees.memory.clear()
    recipe = looking(edited(recipe_for(native), A, B), "style", A)
    sees.learn(recipe, find)
    sees.learn(recipe, find)
    assert looked == [A, B]


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([8, 16, 32]))
def test_references_are_within_what_models_take(width: int, height: int, grain: int) -> None:
    made = fit_reference(crop_to_ratio(Image.new("RGB", (width, height))), grain)
    assert made.width % grain == made.height % grain == 0
    assert min(made.size) >= SHORTEST
    assert made.width * made.height <= AREA
    assert max(made.size) <= LONGEST_RATIO * (min(made.size) + grain)


@given(recipes)
def test_weights_are_bounded_and_every_image_is_read_once(recipe: Recipe) -> None:
    found = weigh_images(recipe)
    assert set(found) == set(recipe.seen_images)
    assert all(0 < weight <= HEAVIEST_IMAGE for weight in found.values())


class TestWords:
    def test_of_an_edit_are_the_persons_own(self) -> None:
        assert write_instruction(edited(APPLE, A, B)) == ""

    def test_number_the_images_as_the_model_gets_them(self) -> None:
        recipe = looking(looking(edited(APPLE, C), "style", B), "figure", C, A)
        assert list(weigh_images(recipe)) == [C, B, A]
        assert write_instruction(recipe) == (
            "Take the style of image 2 and the person in image 1 and image 3. "
        )

    def test_name_every_role(self) -> None:
        for role, word in (("face", "face"), ("figure", "person"), ("object", "thing")):
            assert word in write_instruction(looking(APPLE, role, A))  # type: ignore[arg-type]

    def test_say_that_images_are_merged(self) -> None:
        assert (
            write_instruction(mixed(APPLE, B, A)) == "Merge image 1 and image 2 into one picture. "
        )

    def test_reach_the_text_encoder(self, native: Engine) -> None:
        recipe = recipe_for(native, steps=1)
        styled, faced = (draw(native, looking(recipe, role, A))[0] for role in ROLES)
        assert not same(styled, faced)


def test_shares_of_a_blend_are_relative_and_equal_shares_are_the_models_own() -> None:
    parts = [Ingredient(image=A, weight=3), Ingredient(image=B, weight=1)]
    assert weigh_images(change(APPLE, blend=tuple(parts))) == {A: 1.5, B: 0.5}
    assert weigh_images(mixed(APPLE, A, B, C)) == {A: 1, B: 1, C: 1}
    whole = Reference(role="style", images=(parts[0],), scale=1)
    assert weigh_images(change(APPLE, references=(whole,))) == {A: 1}


def test_what_is_made_of_an_edited_picture_is_not_edited_again() -> None:
    parent = Parent(edited(APPLE, A), image="d" * 64)
    made = [
        upscale_creatively(parent, 1),
        extend(parent, 1, Edges(left=1)),
        repaint(parent, 1, [select_ninth(0)]),
    ]
    assert all(recipe.inputs.edit == () for recipe in made)
