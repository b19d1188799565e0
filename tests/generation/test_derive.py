from collections.abc import Callable
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.families import find_card
from generation.derive import (
    GRAIN,
    GRID,
    REDRAWN,
    Parent,
    Variation,
    blend,
    enlarge,
    extend,
    fit_to_ratio,
    is_redrawn,
    make_square,
    narrow,
    repaint,
    reroll,
    reword,
    set_upscaler,
    show_map,
    upscale_creatively,
    vary,
    vary_picture,
    zoom_out,
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
from tests.recipes import GROUPS, change, make

places = st.integers(0, GRID - 1)


def same_but_pictures(one: Recipe, other: Recipe) -> bool:
    return replace(one, noise=other.noise, finishing=other.finishing) == other


@given(recipes, places)
def test_narrow_keeps_one_picture_and_all_else(recipe: Recipe, place: int) -> None:
    alone = narrow(recipe, place)
    assert alone.noise == (recipe.noise[place],)
    assert same_but_pictures(alone, recipe)
    assert narrow(alone, 0) == alone


@given(recipes, places, st.integers(1, 4))
def test_enlarge_is_narrow_and_a_factor(recipe: Recipe, place: int, factor: int) -> None:
    large = enlarge(recipe, place, factor)
    assert large.finishing.upscale == factor
    assert large.noise == narrow(recipe, place).noise
    assert same_but_pictures(large, recipe)


@given(recipes, places, seeds, st.sampled_from(Variation))
def test_vary_turns_one_picture_four_ways(
    recipe: Recipe, place: int, seed: int, strength: Variation
) -> None:
    varied = vary(recipe, place, seed, strength)
    parent = recipe.noise[place]
    assert len(set(varied.noise)) == GRID
    assert varied.finishing.upscale == 1
    assert same_but_pictures(varied, recipe)
    for picture in varied.noise:
        assert picture.seed == parent.seed
        assert picture.variations[:-1] == parent.variations
        assert picture.variations[-1].strength == strength


@given(recipes, seeds)
def test_reroll_changes_only_the_newest_noise(recipe: Recipe, seed: int) -> None:
    again = reroll(recipe, seed)
    assert len(again.noise) == len(recipe.noise)
    assert same_but_pictures(again, recipe)
    for k, (new, old) in enumerate(zip(again.noise, recipe.noise, strict=True)):
        assert newest(new) == (seed + k) % 2**32
        assert [turn.strength for turn in new.variations] == [
            turn.strength for turn in old.variations
        ]
        assert new.variations[:-1] == old.variations[:-1]
        if old.variations:
            assert new.seed == old.seed


def newest(noise: Noise) -> int:
    return noise.variations[-1].seed if noise.variations else noise.seed


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
    large = upscale_creatively(Parent(recipe, 0, image), seed, factor)
    assert (large.size.width, large.size.height) == (
        factor * recipe.size.width,
        factor * recipe.size.height,
    )
    assert large.size.tile_side == (
        0 if recipe.sampling.seamless else find_card(recipe.family).side
    )
    assert (
        large.size.width * large.finishing.upscale
        >= 2 * recipe.size.width * recipe.finishing.upscale
        or factor == 4
    )
    assert large.inputs.start is not None
    assert large.inputs.start.image == image
    assert large.noise == (Noise(seed=seed),)
    assert is_redrawn(large)


@given(recipes, st.sampled_from([None, Upscaler(name="x2")]), st.integers(1, 4))
def test_only_what_is_enlarged_has_an_upscaler(
    recipe: Recipe, upscaler: Upscaler | None, factor: int
) -> None:
    made = set_upscaler(change(recipe, upscale=factor), upscaler)
    assert made.finishing.upscaler == (upscaler if factor > 1 else None)


@given(recipes, hashes, seeds, factors)
def test_variations_of_a_creative_upscale_start_from_the_picture(
    recipe: Recipe, image: str, seed: int, factor: int
) -> None:
    large = upscale_creatively(Parent(recipe, 0, image), seed, factor)
    close, far = (vary_picture(Parent(large, 0, image), seed, how) for how in Variation)
    assert (close.size.width, close.size.height, len(close.noise)) == (
        recipe.size.width,
        recipe.size.height,
        GRID,
    )
    assert close.inputs.start is not None
    assert far.inputs.start is not None
    assert close.inputs.start.image == far.inputs.start.image == image
    assert REDRAWN < close.inputs.start.strength < far.inputs.start.strength
    assert close.size.tile_side == 0
    assert not is_redrawn(close)


@given(recipes, st.floats(1, 4), st.integers(1, 9), st.integers(1, 9))
def test_a_frame_has_its_ratio_and_the_picture_in_its_middle(
    recipe: Recipe, factor: float, across: int, down: int
) -> None:
    around = fit_to_ratio(recipe, factor, across, down)
    wide = recipe.size.width * (1 + around.left + around.right)
    high = recipe.size.height * (1 + around.top + around.bottom)
    assert (around.left, around.top) == (around.right, around.bottom)
    assert wide / high == pytest.approx(across / down)
    assert min(wide / recipe.size.width, high / recipe.size.height) == pytest.approx(factor)


@given(sizes, sizes, hashes, seeds, edges)
def test_extending_keeps_the_area_and_takes_the_ratio_of_the_frame(
    width: int, height: int, image: str, seed: int, around: Edges
) -> None:
    parent = change(SINGLE, width=width, height=height)
    made = extend(Parent(parent, 0, image), seed, around)
    across = width * (1 + around.left + around.right)
    down = height * (1 + around.top + around.bottom)
    side = (width * height) ** 0.5
    ideal = side * (across / down) ** 0.5, side * (down / across) ** 0.5
    assert (made.size.width, made.size.height) == pytest.approx(ideal, abs=GRAIN)
    assert made.size.width % GRAIN == made.size.height % GRAIN == 0
    assert made.inputs.canvas is not None
    assert (made.inputs.canvas.image, made.inputs.canvas.edges) == (image, around)
    assert len(made.noise) == GRID


@given(sizes, sizes, hashes, st.sampled_from([1.5, 2.0]))
def test_zooming_out_keeps_the_size_and_squaring_makes_a_square(
    width: int, height: int, image: str, factor: float
) -> None:
    recipe = change(SINGLE, width=width, height=height)
    parent = Parent(recipe, 0, image)
    far, square = (extend(parent, 1, e) for e in (zoom_out(recipe, factor), make_square(recipe)))
    assert (far.size.width, far.size.height) == (width, height)
    assert square.size.width == square.size.height


@given(recipes, hashes, seeds, st.lists(regions, max_size=3), st.just("") | hashes)
def test_repainting_and_blending_keep_the_size(
    recipe: Recipe, image: str, seed: int, where: list[Region], mask: str
) -> None:
    again = repaint(Parent(recipe, 0, image), seed, where, mask)
    mixed = blend(recipe, [Ingredient(image=image, weight=2), Ingredient(image=image)])
    for made in (again, mixed):
        assert (made.size.width, made.size.height) == (recipe.size.width, recipe.size.height)
        assert made.inputs.start is None
        assert Recipe.from_json(made.to_json()) == made
    assert again.inputs.canvas is not None
    assert (again.inputs.canvas.regions, again.inputs.canvas.mask) == (tuple(where), mask)
    assert again.inputs.canvas.repaints == bool(where or mask)
    assert len(mixed.inputs.blend) == 2


MAP = Structure(kind="canny", image="ab" * 32)

SINGLE = make(
    family="easel",
    model="tiny",
    prompt="",
    phrases=(),
    width=8,
    height=8,
    noise=(Noise(seed=1),),
    steps=1,
    guidance=1,
    sampler="Euler",
)


@given(recipes, hashes, seeds)
def test_a_map_is_the_structure_alone(recipe: Recipe, image: str, seed: int) -> None:
    kept = change(recipe, structure=Structure(kind="depth", image=image, scale=0.5))
    shown = show_map(kept)
    assert shown.conditions.structure == Structure(kind="depth", image=image, scale=0.5, shown=True)
    assert (
        shown.inputs.start,
        shown.inputs.canvas,
        shown.finishing.upscale,
        shown.size.refinement,
    ) == (None, None, 1, 0)
    assert len(shown.noise) == 1
    assert show_map(shown) == shown


def test_there_is_no_map_without_a_structure() -> None:
    with pytest.raises(RecipeError):
        show_map(APPLE)


@given(recipes, places, seeds, edges)
def test_a_structure_stays_where_the_frame_does(
    recipe: Recipe, place: int, seed: int, around: Edges
) -> None:
    parent = Parent(recipe, place, "ab")
    assert reroll(recipe, seed).conditions.structure == recipe.conditions.structure
    assert vary(recipe, place, seed).conditions.structure == recipe.conditions.structure
    assert enlarge(recipe, place).conditions.structure == recipe.conditions.structure
    assert repaint(
        parent, seed, [Region(left=0, top=0, right=1, bottom=1)]
    ).conditions.structure == (recipe.conditions.structure)
    assert extend(parent, seed, around).conditions.structure is None
    assert upscale_creatively(parent, seed).conditions.structure is None


KEPT = "kept"
"""What a button leaves of a group: all of it, or these fields, and the others as if never set."""

DRAWN = frozenset({"phrases", "negative", "weighting", "references", "loras", "clip_skip"})
"""Of the conditions, without those that the seed of the parent's noise added to."""

Rule = str | frozenset[str]
Button = Callable[[Parent, int], Recipe]


def rules(
    size: Rule = KEPT,
    inputs: Rule = KEPT,
    conditions: Rule = KEPT,
    finishing: Rule = KEPT,
    sampling: Rule = KEPT,
) -> dict[str, Rule]:
    return {
        "size": size,
        "inputs": inputs,
        "conditions": conditions,
        "finishing": finishing,
        "sampling": sampling,
    }


SIDES = frozenset({"width", "height"})
DETAIL = frozenset({"detail"})
CANVAS = frozenset({"canvas", "shortened"})
START = frozenset({"start", "shortened"})
BUTTONS: dict[str, tuple[Button, dict[str, Rule]]] = {
    "U": (
        lambda parent, _: enlarge(parent.recipe, parent.index),
        rules(finishing=frozenset({"upscale", "upscaler", "detail", "retouch"})),
    ),
    "creative": (
        upscale_creatively,
        rules(SIDES | {"tile_side"}, START, DRAWN, frozenset({"upscale", "detail"})),
    ),
    "V": (
        lambda parent, seed: vary(parent.recipe, parent.index, seed),
        rules(finishing=DETAIL | {"retouch"}),
    ),
    "V of a creative upscale": (
        lambda parent, seed: vary_picture(
            Parent(upscale_creatively(parent, seed), image="cd"), seed, Variation.STRONG
        ),
        rules(SIDES, START, DRAWN, frozenset({"upscale", "detail"})),
    ),
    "🔄": (lambda parent, seed: reroll(parent.recipe, seed), rules()),
    "map": (
        lambda parent, _: show_map(change(parent.recipe, structure=MAP)),
        rules(SIDES, frozenset(), DRAWN | {"structure", "chaos", "weirdness"}, DETAIL),
    ),
    "zoom and pan": (
        lambda parent, seed: extend(parent, seed, Edges(left=0.5)),
        rules(SIDES, CANVAS, DRAWN, DETAIL),
    ),
    "region": (
        lambda parent, seed: repaint(parent, seed, mask="cd"),
        rules(SIDES, CANVAS, DRAWN | {"structure"}, DETAIL),
    ),
    "blend": (
        lambda parent, _: blend(parent.recipe, [Ingredient(image="cd")]),
        rules(inputs=frozenset({"blend", "blend_scale"})),
    ),
}
"""Every button, and for each group what it leaves; the noise is the button's own."""


@given(recipe=recipes, place=places, seed=seeds)
def test_a_button_leaves_nothing_behind_that_it_should_reset(
    recipe: Recipe, place: int, seed: int
) -> None:
    for name, (button, groups) in BUTTONS.items():
        made = button(Parent(recipe, place, "ab"), seed)
        assert groups.keys() == GROUPS.keys()
        for group, rule in groups.items():
            after = getattr(made, group)
            if rule == KEPT:
                assert after == getattr(recipe, group), (name, group)
                continue
            for one in fields(after):
                if one.name not in rule:
                    assert getattr(after, one.name) == one.default, (name, group, one.name)


@given(recipe=recipes, other=recipes, place=places, seed=seeds)
def test_other_words_change_nothing_of_what_pictures_hold_to(
    recipe: Recipe, other: Recipe, place: int, seed: int
) -> None:
    for made in (
        repaint(Parent(recipe, place, "ab"), seed, mask="cd"),
        upscale_creatively(Parent(recipe, place, "ab"), seed),
    ):
        bound = reword(made, other, bound=True, sized=False)
        assert (bound.size, bound.inputs, bound.noise) == (made.size, made.inputs, made.noise)
        assert bound.conditions == replace(other.conditions, structure=made.conditions.structure)
        assert bound.finishing == replace(other.finishing, upscale=made.finishing.upscale)
        assert bound.sampling == other.sampling


@given(recipe=recipes, other=recipes, place=places, seed=seeds, sized=st.booleans())
def test_other_words_are_all_that_counts_where_nothing_is_held_to(
    recipe: Recipe, other: Recipe, place: int, seed: int, sized: bool
) -> None:
    made = vary(recipe, place, seed)
    free = reword(made, other, bound=False, sized=sized)
    sides = other.size if sized else made.size
    size = replace(free.size, width=sides.width, height=sides.height)
    assert free.size == size
    assert free.size.refinement == other.size.refinement
    assert replace(free, size=other.size, finishing=other.finishing, noise=other.noise) == other
    assert free.finishing.upscale == made.finishing.upscale
