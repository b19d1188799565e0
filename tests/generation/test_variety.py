"""Words that each picture's seed adds."""

from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.card import Card
from generation.catalogue.families import CARDS
from generation.derive import Parent, extend, narrow, reroll, upscale_creatively, zoom_out
from generation.recipe import Noise, Phrase, Recipe, seed_noise
from generation.variety import add_variety, settle_words, split_by_picture
from tests.generation.samples import APPLE
from tests.generation.strategies import noises, recipes, seeds
from tests.recipes import change

EVERY = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
shares = st.floats(0.01, 1)


def weights(phrases: tuple[Phrase, ...]) -> float:
    return sum(phrase.weight for phrase in phrases)


@EVERY
def test_four_pictures_of_a_grid_have_four_looks_and_ideas(card: Card) -> None:
    for first in (0, 2, 3, 2**32 - 4, 12345):
        asked = change(APPLE, family=card.id, chaos=1.0, weirdness=1.0, noise=seed_noise(first, 4))
        assert len({one.conditions.phrases for one in split_by_picture(asked)}) == 4


@EVERY
def test_vocabularies_are_whole(card: Card) -> None:
    known = card.vocabulary
    assert known.taste
    assert len(set(known.ideas)) == len(known.ideas) >= 4
    sizes = [len(table) for table in known.looks]
    assert min(sizes) >= 4
    assert all(gcd(a, b) == 1 for k, a in enumerate(sizes) for b in sizes[:k])


@given(recipes, noises, shares)
def test_words_keep_the_weight_of_the_persons_own(
    recipe: Recipe, noise: Noise, share: float
) -> None:
    straying = change(recipe, chaos=share, weirdness=share)
    made = add_variety(straying, noise)
    if recipe.conditions.phrases:
        assert weights(made) == pytest.approx(weights(recipe.conditions.phrases))
    assert [one for one in made if one.weight <= 0] == [
        one for one in recipe.conditions.phrases if one.weight <= 0
    ]


@given(recipes)
def test_without_a_share_the_words_are_the_persons_own(recipe: Recipe) -> None:
    plain = change(recipe, chaos=0.0, weirdness=0.0)
    assert split_by_picture(plain) == [plain]
    assert settle_words(plain, 0) is plain


@given(recipes, st.integers(0, 3), shares)
def test_a_picture_alone_has_the_words_it_has_in_the_grid(
    recipe: Recipe, place: int, share: float
) -> None:
    grid = change(recipe, chaos=share)
    assert (
        split_by_picture(narrow(grid, place))[0].conditions.phrases
        == split_by_picture(grid)[place].conditions.phrases
    )


@given(recipes, st.integers(0, 3), shares, seeds)
def test_what_is_made_from_a_picture_keeps_its_words(
    recipe: Recipe, place: int, share: float, seed: int
) -> None:
    grid = change(recipe, weirdness=share)
    parent = Parent(grid, place, "ab" * 32)
    words = split_by_picture(grid)[place].conditions.phrases
    for made in (upscale_creatively(parent, seed), extend(parent, seed, zoom_out(grid, 2))):
        assert {one.conditions.phrases for one in split_by_picture(made)} == {words}
        assert made.size.refinement == 0


def test_other_seeds_bring_other_words() -> None:
    grid = change(APPLE, weirdness=0.5)
    assert (
        split_by_picture(reroll(grid, 1))[0].conditions.phrases
        != split_by_picture(reroll(grid, 2))[0].conditions.phrases
    )
