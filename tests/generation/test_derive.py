from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.families import card
from generation.derive import (
    GRAIN,
    GRID,
    REDRAWN,
    Parent,
    Variation,
    blend,
    creatively,
    enlarge,
    extend,
    framed,
    mapped,
    narrow,
    redrawn,
    repaint,
    reroll,
    squared,
    varied,
    vary,
    with_upscaler,
    zoomed,
)
from generation.recipe import (
    Edges,
    Ingredient,
    Noise,
    Recipe,
    RecipeError,
    Region,
    Structure,
    Upscaler,
)
from tests.generation.samples import APPLE
from tests.generation.strategies import edges, hashes, recipes, regions, seeds

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


sizes = st.integers(8, 128).map(lambda n: n * GRAIN)


factors = st.sampled_from([2, 4])


@given(recipes, hashes, seeds, factors)
def test_a_creative_upscale_draws_the_picture_itself_larger(
    recipe: Recipe, image: str, seed: int, factor: int
) -> None:
    large = creatively(Parent(recipe, 0, image), seed, factor)
    assert (large.width, large.height) == (factor * recipe.width, factor * recipe.height)
    assert large.patch == (0 if recipe.tile else card(recipe.family).side)
    assert large.width * large.upscale >= 2 * recipe.width * recipe.upscale or factor == 4
    assert large.start is not None
    assert large.start.image == image
    assert large.pictures == (Noise(seed=seed),)
    assert redrawn(large)


@given(recipes, st.sampled_from([None, Upscaler(name="x2")]), st.integers(1, 4))
def test_only_what_is_enlarged_has_an_upscaler(
    recipe: Recipe, upscaler: Upscaler | None, factor: int
) -> None:
    made = with_upscaler(replace(recipe, upscale=factor), upscaler)
    assert made.upscaler == (upscaler if factor > 1 else None)


@given(recipes, hashes, seeds, factors)
def test_variations_of_a_creative_upscale_start_from_the_picture(
    recipe: Recipe, image: str, seed: int, factor: int
) -> None:
    large = creatively(Parent(recipe, 0, image), seed, factor)
    close, far = (varied(Parent(large, 0, image), seed, how) for how in Variation)
    assert (close.width, close.height, len(close.pictures)) == (recipe.width, recipe.height, GRID)
    assert close.start is not None
    assert far.start is not None
    assert close.start.image == far.start.image == image
    assert REDRAWN < close.start.strength < far.start.strength
    assert close.patch == 0
    assert not redrawn(close)


@given(recipes, st.floats(1, 4), st.integers(1, 9), st.integers(1, 9))
def test_a_frame_has_its_ratio_and_the_picture_in_its_middle(
    recipe: Recipe, factor: float, across: int, down: int
) -> None:
    around = framed(recipe, factor, across, down)
    wide = recipe.width * (1 + around.left + around.right)
    high = recipe.height * (1 + around.top + around.bottom)
    assert (around.left, around.top) == (around.right, around.bottom)
    assert wide / high == pytest.approx(across / down)
    assert min(wide / recipe.width, high / recipe.height) == pytest.approx(factor)


@given(sizes, sizes, hashes, seeds, edges)
def test_extending_keeps_the_area_and_takes_the_ratio_of_the_frame(
    width: int, height: int, image: str, seed: int, around: Edges
) -> None:
    parent = replace(SINGLE, width=width, height=height)
    made = extend(Parent(parent, 0, image), seed, around)
    across = width * (1 + around.left + around.right)
    down = height * (1 + around.top + around.bottom)
    side = (width * height) ** 0.5
    ideal = side * (across / down) ** 0.5, side * (down / across) ** 0.5
    assert (made.width, made.height) == pytest.approx(ideal, abs=GRAIN)
    assert made.width % GRAIN == made.height % GRAIN == 0
    assert made.canvas is not None
    assert (made.canvas.image, made.canvas.edges) == (image, around)
    assert len(made.pictures) == GRID


@given(sizes, sizes, hashes, st.sampled_from([1.5, 2.0]))
def test_zooming_out_keeps_the_size_and_squaring_makes_a_square(
    width: int, height: int, image: str, factor: float
) -> None:
    recipe = replace(SINGLE, width=width, height=height)
    parent = Parent(recipe, 0, image)
    far, square = (extend(parent, 1, e) for e in (zoomed(recipe, factor), squared(recipe)))
    assert (far.width, far.height) == (width, height)
    assert square.width == square.height


@given(recipes, hashes, seeds, st.lists(regions, max_size=3), st.just("") | hashes)
def test_repainting_and_blending_keep_the_size(
    recipe: Recipe, image: str, seed: int, where: list[Region], mask: str
) -> None:
    again = repaint(Parent(recipe, 0, image), seed, where, mask)
    mixed = blend(recipe, [Ingredient(image=image, weight=2), Ingredient(image=image)])
    for made in (again, mixed):
        assert (made.width, made.height) == (recipe.width, recipe.height)
        assert made.start is None
        assert Recipe.from_json(made.to_json()) == made
    assert again.canvas is not None
    assert (again.canvas.regions, again.canvas.mask) == (tuple(where), mask)
    assert again.canvas.repaints == bool(where or mask)
    assert len(mixed.blend) == 2


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


@given(recipes, hashes, seeds)
def test_a_map_is_the_structure_alone(recipe: Recipe, image: str, seed: int) -> None:
    kept = replace(recipe, structure=Structure(kind="depth", image=image, scale=0.5))
    shown = mapped(kept)
    assert shown.structure == Structure(kind="depth", image=image, scale=0.5, shown=True)
    assert (shown.start, shown.canvas, shown.upscale, shown.refined) == (None, None, 1, 0)
    assert len(shown.pictures) == 1
    assert mapped(shown) == shown


def test_there_is_no_map_without_a_structure() -> None:
    with pytest.raises(RecipeError):
        mapped(APPLE)


@given(recipes, places, seeds, edges)
def test_a_structure_stays_where_the_frame_does(
    recipe: Recipe, place: int, seed: int, around: Edges
) -> None:
    parent = Parent(recipe, place, "ab")
    assert reroll(recipe, seed).structure == recipe.structure
    assert vary(recipe, place, seed).structure == recipe.structure
    assert enlarge(recipe, place).structure == recipe.structure
    assert repaint(parent, seed, [Region(left=0, top=0, right=1, bottom=1)]).structure == (
        recipe.structure
    )
    assert extend(parent, seed, around).structure is None
    assert creatively(parent, seed).structure is None
