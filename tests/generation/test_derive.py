import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.derive import GRID, Variation, enlarge, narrow, reroll, vary
from generation.recipe import Noise, Recipe
from tests.generation.strategies import recipes, seeds

places = st.integers(0, GRID - 1)
PIXELS = ("family", "model", "prompt", "phrases", "negative", "width", "height", "steps", "start")


def same_but_pictures(one: Recipe, other: Recipe) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in PIXELS)


@given(recipes, places)
def test_narrow_keeps_one_picture_and_all_else(recipe: Recipe, place: int) -> None:
    alone = narrow(recipe, place)
    assert alone.pictures == (recipe.pictures[place],)
    assert same_but_pictures(alone, recipe)
    assert narrow(alone, 0) == alone


@given(recipes, places, st.integers(1, 4))
def test_enlarge_is_narrow_and_a_factor(recipe: Recipe, place: int, factor: int) -> None:
    large = enlarge(recipe, place, factor)
    assert large.upscale == factor
    assert large.pictures == narrow(recipe, place).pictures
    assert same_but_pictures(large, recipe)


@given(recipes, places, seeds, st.sampled_from(Variation))
def test_vary_turns_one_picture_four_ways(
    recipe: Recipe, place: int, seed: int, strength: Variation
) -> None:
    varied = vary(recipe, place, seed, strength)
    parent = recipe.pictures[place]
    assert len(set(varied.pictures)) == GRID
    assert varied.upscale == 1
    assert same_but_pictures(varied, recipe)
    for picture in varied.pictures:
        assert picture.seed == parent.seed
        assert picture.turns[:-1] == parent.turns
        assert picture.turns[-1].strength == strength


@given(recipes, seeds)
def test_reroll_changes_only_the_newest_noise(recipe: Recipe, seed: int) -> None:
    again = reroll(recipe, seed)
    assert len(again.pictures) == len(recipe.pictures)
    assert same_but_pictures(again, recipe)
    for k, (new, old) in enumerate(zip(again.pictures, recipe.pictures, strict=True)):
        assert newest(new) == (seed + k) % 2**32
        assert [turn.strength for turn in new.turns] == [turn.strength for turn in old.turns]
        assert new.turns[:-1] == old.turns[:-1]
        if old.turns:
            assert new.seed == old.seed


def newest(noise: Noise) -> int:
    return noise.turns[-1].seed if noise.turns else noise.seed


@given(recipes, places, seeds, seeds)
def test_rerolled_variations_are_those_of_the_new_seed(
    recipe: Recipe, place: int, first: int, second: int
) -> None:
    assert reroll(vary(recipe, place, first), second) == vary(recipe, place, second)


@given(recipes, seeds)
def test_derived_recipes_survive_json(recipe: Recipe, seed: int) -> None:
    for derived in (narrow(recipe, 3), enlarge(recipe, 0), vary(recipe, 1, seed)):
        assert Recipe.from_json(derived.to_json()) == derived


@pytest.mark.parametrize("place", [4, 9])
def test_a_picture_that_is_not_there_is_an_error(place: int) -> None:
    plain = reroll(SINGLE, 1)
    with pytest.raises(IndexError):
        narrow(plain, place)


SINGLE = Recipe(
    family="easel",
    model="tiny",
    prompt="",
    phrases=(),
    width=8,
    height=8,
    pictures=(Noise(seed=1),),
    steps=1,
    guidance=1,
    sampler="Euler",
)
