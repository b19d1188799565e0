import json
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.recipe import (
    SEED_LIMIT,
    VERSION,
    Canvas,
    Edges,
    Ingredient,
    Lora,
    Noise,
    Phrase,
    Recipe,
    RecipeError,
    Reference,
    Region,
    Span,
    Start,
    Structure,
    Turn,
    Upscaler,
    seeded,
)
from tests.generation.strategies import noises, recipes, seeds

PLAIN = Recipe(
    family="easel",
    model="tiny",
    prompt="a red apple",
    phrases=(Phrase(text="a red apple"),),
    width=128,
    height=96,
    pictures=seeded(7, 4),
    steps=12,
    guidance=4.0,
    sampler="Euler",
)

LORA = Lora(name="ink", weight=0.8, version="3f2a")

STYLE = Reference(role="style", images=(Ingredient(image="ab" * 32),), scale=1.0)


@given(recipes)
def test_json_keeps_everything(recipe: Recipe) -> None:
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_json_says_its_version_and_no_defaults() -> None:
    data = PLAIN.to_json()
    assert data["version"] == 1
    assert not {"start", "upscale", "negative", "parameters"} & data.keys()


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ({"canvas": Canvas(image="ab", edges=Edges(left=0.5))}, 2),
        ({"blend": (Ingredient(image="ab"),)}, 2),
        ({"edit": (Ingredient(image="ab"),)}, 4),
        ({"references": (STYLE,)}, 3),
        ({"pull": 0.5}, 3),
        ({"structure": Structure(kind="canny", image="ab")}, 4),
        ({"loras": (LORA,)}, 4),
        ({"upscaler": Upscaler(name="x4")}, 4),
        ({"patch": 64}, 4),
        ({"canvas": Canvas(image="ab", mask="cd")}, 4),
        *(({name: 0.5}, 4) for name in ("spread", "oddness", "stop", "detail", "refined")),
        ({"tile": True}, 4),
        ({"phrases": (Phrase(text="a red apple", spans=(Span(start=0, end=1, weight=1.2),)),)}, 5),
        ({"phrases": (Phrase(text="a red apple", breaks=(3,)),)}, 5),
        ({"negative": "fog", "negative_spans": (Span(start=0, end=3, weight=0.5),)}, 5),
        ({"weighting": "comfyui"}, 5),
    ],
)
def test_later_fields_need_a_later_version(change: dict[str, Any], version: int) -> None:
    data = replace(PLAIN, **change).to_json()
    assert data["version"] == version
    with pytest.raises(RecipeError):
        Recipe.from_json({**data, "version": version - 1})


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        "recipe",
        {**PLAIN.to_json(), "version": VERSION + 1},
        {**PLAIN.to_json(), "canvas": {"image": "ab" * 32}},
        {**PLAIN.to_json(), "steps": "many"},
        {**PLAIN.to_json(), "steps": 0},
        {**PLAIN.to_json(), "pictures": []},
        {**PLAIN.to_json(), "pictures": [{"seed": -1}]},
        {key: value for key, value in PLAIN.to_json().items() if key != "phrases"},
    ],
)
def test_other_json_is_no_recipe(data: object) -> None:
    with pytest.raises(RecipeError):
        Recipe.from_json(data)


@pytest.mark.parametrize(
    "change",
    [
        *({"pictures": ()}, {"width": 0}, {"height": -1}, {"steps": 0}, {"upscale": 0}),
        *({"references": (STYLE, STYLE)}, {"pull": 0.0}, {"loras": (LORA, LORA)}, {"patch": -1}),
        *({name: 1.1} for name in ("spread", "oddness", "stop", "refined")),
        *({"spread": -0.1}, {"stop": 0.0}, {"detail": -0.1}, {"detail": float("nan")}),
    ],
)
def test_impossible_recipes_do_not_exist(change: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        replace(PLAIN, **change)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Noise, {"seed": -1}),
        (Noise, {"seed": SEED_LIMIT}),
        (Turn, {"seed": SEED_LIMIT, "strength": 0.5}),
        (Turn, {"seed": 0, "strength": 1.1}),
        (Turn, {"seed": 0, "strength": float("nan")}),
        (Start, {"image": "ab", "strength": 0}),
        (Start, {"image": "ab", "strength": 1.5}),
        (Edges, {"left": -0.1}),
        (Region, {"left": 0.5, "top": 0, "right": 0.5, "bottom": 1}),
        (Region, {"left": 0, "top": 0, "right": 1.1, "bottom": 1}),
        (Canvas, {"image": ""}),
        (Ingredient, {"image": "ab", "weight": 0}),
        (Reference, {"role": "style", "images": (), "scale": 1}),
        (Reference, {"role": "style", "images": (Ingredient(image="ab"),), "scale": 0}),
        (Ingredient, {"image": "ab", "weight": float("nan")}),
        (Lora, {"name": "ink", "weight": 0.0}),
        (Lora, {"name": "", "weight": 1.0}),
        (Lora, {"name": "ink", "weight": float("inf")}),
    ],
)
def test_impossible_parts_do_not_exist(kind: type, values: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        kind(**values)


def test_is_immutable() -> None:
    with pytest.raises(FrozenInstanceError):
        PLAIN.steps = 3  # type: ignore[misc]


class TestDigest:
    @given(recipes)
    def test_is_the_same_after_json(self, recipe: Recipe) -> None:
        assert Recipe.from_json(recipe.to_json()).digest == recipe.digest

    @given(recipes, st.text(max_size=5))
    def test_does_not_see_what_is_only_for_people(self, recipe: Recipe, text: str) -> None:
        assert replace(recipe, prompt=text, parameters=text).digest == recipe.digest

    @pytest.mark.parametrize(
        "change",
        [
            {"family": "sdxl"},
            {"model": "other"},
            {"phrases": (Phrase(text="a red apple", weight=2),)},
            {"negative": "fog"},
            {"width": 136},
            {"height": 104},
            {"pictures": seeded(8, 4)},
            {"steps": 13},
            {"guidance": 4.5},
            {"sampler": "DDIM"},
            {"start": Start(image="ab" * 32, strength=0.5)},
            {"upscale": 2},
            {"canvas": Canvas(image="ab" * 32, edges=Edges(left=0.5))},
            {"canvas": Canvas(image="ab" * 32, mask="cd" * 32)},
            {"blend": (Ingredient(image="ab" * 32),)},
            {"references": (STYLE,)},
            {"references": (replace(STYLE, scale=0.5),)},
            {"pull": 0.5},
            {"loras": (LORA,)},
            {"upscaler": Upscaler(name="x4", version="ab")},
            {"patch": 64},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_sees_all_that_decides_pixels(self, change: dict[str, Any]) -> None:
        assert replace(PLAIN, **change).digest != PLAIN.digest

    def test_stays_what_it_was(self) -> None:
        assert PLAIN.digest == PLAIN_DIGEST
        ninth = Region(left=0, top=0, right=0.5, bottom=0.5)
        canvas = Canvas(image="ab" * 32, edges=Edges(left=0.5), regions=(ninth,))
        assert replace(PLAIN, canvas=canvas).digest == CANVAS_DIGEST


PLAIN_DIGEST = "b3132aef5c2ea4c3256b2ad19edefee3de6e34332e92b8e0fa0bceb79b39698a"
CANVAS_DIGEST = "4125a3e41ab81094f809513c4d17effcfaf2605803ac06f8f04a0c7a560afb5f"
"""Stored pictures are found by digest, so the same recipes must keep theirs for ever."""


def test_knows_every_image_that_is_looked_at() -> None:
    more = replace(STYLE, role="object", images=(Ingredient(image="cd"),))
    seeing = replace(PLAIN, blend=STYLE.images, references=(STYLE, more))
    assert seeing.seen == ("ab" * 32, "cd")
    assert PLAIN.seen == ()


class TestNoise:
    @given(seeds, st.integers(1, 9))
    def test_seeds_follow_each_other_and_wrap(self, seed: int, count: int) -> None:
        row = seeded(seed, count)
        assert [noise.seed for noise in row] == [(seed + k) % SEED_LIMIT for k in range(count)]
        assert seeded(seed, count + 1)[:count] == row

    @given(noises, seeds, st.floats(0, 1))
    def test_a_turn_is_added_at_the_end(self, noise: Noise, seed: int, strength: float) -> None:
        turned = noise.turned(seed, strength)
        assert turned.seed == noise.seed
        assert turned.turns == (*noise.turns, Turn(seed=seed, strength=strength))


@pytest.mark.parametrize(
    "numbers", [{"image": ""}, {"scale": 0.0}, {"scale": -1.0}, {"end": 0.0}, {"end": 1.1}]
)
def test_a_structure_that_cannot_be_is_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        Structure(**{"kind": "canny", "image": "ab", **numbers})


def test_a_structure_of_no_known_kind_is_refused() -> None:
    data = replace(PLAIN, structure=Structure(kind="canny", image="ab")).to_json()
    other = json.loads(json.dumps(data).replace("canny", "smell"))
    with pytest.raises(RecipeError):
        Recipe.from_json(other)


def test_everything_of_a_structure_decides_the_pixels() -> None:
    kept = Structure(kind="canny", image="ab")
    changes: tuple[dict[str, Any], ...] = (
        {"kind": "pose"},
        {"image": "cd"},
        {"scale": 0.5},
        {"end": 0.5},
        {"shown": True},
    )
    others = [replace(PLAIN, structure=replace(kept, **change)) for change in changes]
    digests = {one.digest for one in (PLAIN, replace(PLAIN, structure=kept), *others)}
    assert len(digests) == 2 + len(changes)
