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
    Sought,
    Span,
    Start,
    Structure,
    Upscaler,
    VariationNoise,
    seed_noise,
)
from generation.recipe.layout import find_version, flatten
from tests.generation.strategies import noises, recipes, seeds
from tests.recipes import change, make

PLAIN = make(
    family="easel",
    model="tiny",
    prompt="a red apple",
    phrases=(Phrase(text="a red apple"),),
    width=128,
    height=96,
    noise=seed_noise(7, 4),
    steps=12,
    guidance=4.0,
    sampler="Euler",
)

OLD: dict[str, Any] = {"version": 4, **flatten(PLAIN.to_json())}
"""The same as it was written before there were groups."""

LORA = Lora(name="ink", weight=0.8, version="3f2a")

STYLE = Reference(role="style", images=(Ingredient(image="ab" * 32),), scale=1.0)


@given(recipes)
def test_json_keeps_everything(recipe: Recipe) -> None:
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_json_says_its_version_and_no_defaults() -> None:
    data = PLAIN.to_json()
    assert data["version"] == VERSION
    groups = {"size", "noise", "sampling", "conditions"}
    assert data.keys() == {"version", "family", "model", "prompt", *groups}
    assert data["conditions"] == {"phrases": [{"text": "a red apple"}]}


def flat(recipe: Recipe, version: int = 4) -> dict[str, Any]:
    """A recipe as versions 1 to 4 wrote it."""
    return {"version": version, **flatten(recipe.to_json())}


@given(recipes)
def test_earlier_versions_are_read(recipe: Recipe) -> None:
    told = flat(recipe)
    if find_version(recipe.to_json()) > told["version"]:
        with pytest.raises(RecipeError):
            Recipe.from_json(told)
    else:
        assert Recipe.from_json(json.loads(json.dumps(told))) == recipe


def test_every_field_of_earlier_versions_is_read() -> None:
    recipe = Recipe.from_json(
        {
            "version": 4,
            "family": "easel",
            "model": "easel-1",
            "prompt": "a cat",
            "parameters": "--ar 2:1",
            "phrases": [{"text": "a cat", "weight": 2}],
            "negative": "fog",
            "width": 256,
            "height": 128,
            "pictures": [{"seed": 1, "turns": [{"seed": 2, "strength": 0.2}]}],
            "steps": 9,
            "guidance": 3.0,
            "sampler": "Euler",
            "start": {"image": "aa", "strength": 0.5},
            "upscale": 2,
            "canvas": {"image": "bb", "mask": "cc"},
            "blend": [{"image": "dd"}],
            "pull": 0.5,
            "references": [{"role": "style", "images": [{"image": "ee"}], "scale": 1.0}],
            "edit": [{"image": "ff"}],
            "loras": [{"name": "ink", "weight": 1.0}],
            "upscaler": {"name": "x4"},
            "patch": 64,
            "spread": 0.1,
            "oddness": 0.2,
            "stop": 0.9,
            "detail": 0.3,
            "tile": True,
            "refined": 0.4,
            "structure": {"kind": "canny", "image": "gg"},
        }
    )
    assert recipe == make(
        family="easel",
        model="easel-1",
        prompt="a cat",
        parameters="--ar 2:1",
        phrases=(Phrase(text="a cat", weight=2),),
        negative="fog",
        width=256,
        height=128,
        noise=(Noise(seed=1, variations=(VariationNoise(seed=2, strength=0.2),)),),
        steps=9,
        guidance=3.0,
        sampler="Euler",
        start=Start(image="aa", strength=0.5),
        upscale=2,
        canvas=Canvas(image="bb", mask="cc"),
        blend=(Ingredient(image="dd"),),
        blend_scale=0.5,
        references=(Reference(role="style", images=(Ingredient(image="ee"),), scale=1.0),),
        edit=(Ingredient(image="ff"),),
        loras=(Lora(name="ink", weight=1.0),),
        upscaler=Upscaler(name="x4"),
        tile_side=64,
        chaos=0.1,
        weirdness=0.2,
        stop=0.9,
        detail=0.3,
        seamless=True,
        refinement=0.4,
        structure=Structure(kind="canny", image="gg"),
    )


@pytest.mark.parametrize(
    ("different", "version"),
    [
        ({"canvas": Canvas(image="ab", edges=Edges(left=0.5))}, 2),
        ({"blend": (Ingredient(image="ab"),)}, 2),
        ({"edit": (Ingredient(image="ab"),)}, 4),
        ({"references": (STYLE,)}, 3),
        ({"blend_scale": 0.5}, 3),
        ({"structure": Structure(kind="canny", image="ab")}, 4),
        ({"loras": (LORA,)}, 4),
        ({"upscaler": Upscaler(name="x4")}, 4),
        ({"tile_side": 64}, 4),
        ({"canvas": Canvas(image="ab", mask="cd")}, 4),
        *(({name: 0.5}, 4) for name in ("chaos", "weirdness", "stop", "detail", "refinement")),
        ({"seamless": True}, 4),
        ({"phrases": (Phrase(text="a red apple", spans=(Span(start=0, end=1, weight=1.2),)),)}, 5),
        ({"phrases": (Phrase(text="a red apple", breaks=(3,)),)}, 5),
        ({"negative": Phrase(text="fog", spans=(Span(start=0, end=3, weight=0.5),))}, 5),
        ({"weighting": "comfyui"}, 5),
        ({"start": Start(image="ab", strength=0.5), "shortened": True}, 5),
        ({"clip_skip": 2}, 5),
        ({"rescale": 0.7}, 5),
        ({"float8": True}, 5),
        ({"edit": (Ingredient(image="ab"),), "restored": True}, 5),
        ({"canvas": Canvas(image="ab", sought=Sought(words="a lamp", finder="cd"))}, 5),
    ],
)
def test_later_fields_need_a_later_version(different: dict[str, Any], version: int) -> None:
    recipe = change(PLAIN, **different)
    assert find_version(recipe.to_json()) == version
    with pytest.raises(RecipeError):
        Recipe.from_json(flat(recipe, version - 1))


WRONG: tuple[dict[str, Any], ...] = (
    {"version": 1, "canvas": {"image": "ab" * 32}},
    {"steps": "many"},
    {"steps": 0},
    {"pictures": []},
    {"pictures": "one"},
    {"pictures": ["one"]},
    {"pictures": [{"seed": -1}]},
    {"version": True},
)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        "recipe",
        {**PLAIN.to_json(), "version": VERSION + 1},
        {**PLAIN.to_json(), "sampling": {"steps": 1}},
        {**PLAIN.to_json(), "noise": []},
        {**PLAIN.to_json(), "version": 4},
        *({**OLD, **wrong} for wrong in WRONG),
        {key: value for key, value in OLD.items() if key != "phrases"},
    ],
)
def test_other_json_is_no_recipe(data: object) -> None:
    with pytest.raises(RecipeError):
        Recipe.from_json(data)


@pytest.mark.parametrize(
    "different",
    [
        *({"noise": ()}, {"width": 0}, {"height": -1}, {"steps": 0}, {"upscale": 0}),
        *(
            {"references": (STYLE, STYLE)},
            {"blend_scale": 0.0},
            {"loras": (LORA, LORA)},
            {"tile_side": -1},
        ),
        *({name: 1.1} for name in ("chaos", "weirdness", "stop", "refinement")),
        *({"chaos": -0.1}, {"stop": 0.0}, {"detail": -0.1}, {"detail": float("nan")}),
    ],
)
def test_impossible_recipes_do_not_exist(different: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        change(PLAIN, **different)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Noise, {"seed": -1}),
        (Noise, {"seed": SEED_LIMIT}),
        (VariationNoise, {"seed": SEED_LIMIT, "strength": 0.5}),
        (VariationNoise, {"seed": 0, "strength": 1.1}),
        (VariationNoise, {"seed": 0, "strength": float("nan")}),
        (Start, {"image": "ab", "strength": -0.1}),
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
        PLAIN.sampling.steps = 3  # type: ignore[misc]


class TestDigest:
    @given(recipes)
    def test_is_the_same_after_json(self, recipe: Recipe) -> None:
        assert Recipe.from_json(recipe.to_json()).digest == recipe.digest

    @given(recipes, st.text(max_size=5))
    def test_does_not_see_what_is_only_for_people(self, recipe: Recipe, text: str) -> None:
        assert replace(recipe, prompt=text, parameters=text).digest == recipe.digest

    @pytest.mark.parametrize(
        "different",
        [
            {"family": "sdxl"},
            {"model": "other"},
            {"phrases": (Phrase(text="a red apple", weight=2),)},
            {"negative": "fog"},
            {"width": 136},
            {"height": 104},
            {"noise": seed_noise(8, 4)},
            {"steps": 13},
            {"guidance": 4.5},
            {"sampler": "DDIM"},
            {"start": Start(image="ab" * 32, strength=0.5)},
            {"start": Start(image="ab" * 32, strength=0.5), "shortened": True},
            {"upscale": 2},
            {"canvas": Canvas(image="ab" * 32, edges=Edges(left=0.5))},
            {"canvas": Canvas(image="ab" * 32, mask="cd" * 32)},
            {"blend": (Ingredient(image="ab" * 32),)},
            {"edit": (Ingredient(image="ab" * 32),), "restored": True},
            {"canvas": Canvas(image="ab" * 32, sought=Sought(words="a lamp", finder="cd"))},
            {"references": (STYLE,)},
            {"references": (replace(STYLE, scale=0.5),)},
            {"blend_scale": 0.5},
            {"loras": (LORA,)},
            {"upscaler": Upscaler(name="x4", version="ab")},
            {"tile_side": 64},
        ],
        ids=lambda different: next(iter(different)),
    )
    def test_sees_all_that_decides_pixels(self, different: dict[str, Any]) -> None:
        assert change(PLAIN, **different).digest != PLAIN.digest

    def test_stays_what_it_was(self) -> None:
        assert PLAIN.digest == PLAIN_DIGEST
        ninth = Region(left=0, top=0, right=0.5, bottom=0.5)
        canvas = Canvas(image="ab" * 32, edges=Edges(left=0.5), regions=(ninth,))
        assert change(PLAIN, canvas=canvas).digest == CANVAS_DIGEST
        begun = change(PLAIN, start=Start(image="ab" * 32, strength=0.35))
        assert Recipe.from_json(OLD | {"start": {"image": "ab" * 32, "strength": 0.35}}) == begun
        assert (begun.steps, begun.digest) == (12, START_DIGEST)


PLAIN_DIGEST = "b3132aef5c2ea4c3256b2ad19edefee3de6e34332e92b8e0fa0bceb79b39698a"
CANVAS_DIGEST = "4125a3e41ab81094f809513c4d17effcfaf2605803ac06f8f04a0c7a560afb5f"
START_DIGEST = "45a36889a5c4b402030457a386a950d1198799f1a6eb19e86f08005ada33deb5"
"""Stored pictures are found by digest, so the same recipes must keep theirs for ever."""


def test_knows_every_image_that_is_looked_at() -> None:
    more = replace(STYLE, role="object", images=(Ingredient(image="cd"),))
    seeing = change(PLAIN, blend=STYLE.images, references=(STYLE, more))
    assert seeing.seen_images == ("ab" * 32, "cd")
    assert PLAIN.seen_images == ()


class TestNoise:
    @given(seeds, st.integers(1, 9))
    def test_seeds_follow_each_other_and_wrap(self, seed: int, count: int) -> None:
        row = seed_noise(seed, count)
        assert [noise.seed for noise in row] == [(seed + k) % SEED_LIMIT for k in range(count)]
        assert seed_noise(seed, count + 1)[:count] == row

    @given(noises, seeds, st.floats(0, 1))
    def test_a_turn_is_added_at_the_end(self, noise: Noise, seed: int, strength: float) -> None:
        turned = noise.vary(seed, strength)
        assert turned.seed == noise.seed
        assert turned.variations == (
            *noise.variations,
            VariationNoise(seed=seed, strength=strength),
        )


@pytest.mark.parametrize(
    "numbers", [{"image": ""}, {"scale": 0.0}, {"scale": -1.0}, {"end": 0.0}, {"end": 1.1}]
)
def test_a_structure_that_cannot_be_is_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        Structure(**{"kind": "canny", "image": "ab", **numbers})


def test_a_structure_of_no_known_kind_is_refused() -> None:
    data = change(PLAIN, structure=Structure(kind="canny", image="ab")).to_json()
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
    others = [change(PLAIN, structure=replace(kept, **different)) for different in changes]
    digests = {one.digest for one in (PLAIN, change(PLAIN, structure=kept), *others)}
    assert len(digests) == 2 + len(changes)
