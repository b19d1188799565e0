"""Words that each picture's seed adds."""

from dataclasses import replace
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.card import Card
from generation.catalogue.families import CARDS
from generation.derive import Parent, creatively, extend, narrow, reroll, zoomed
from generation.recipe import Noise, Phrase, Recipe, seeded
from generation.variety import settled, told, words_of
from tests.generation.samples import APPLE
from tests.generation.strategies import noises, recipes, seeds

EVERY = pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
shares = st.floats(0.01, 1)


def weights(phrases: tuple[Phrase, ...]) -> float:
    return sum(phrase.weight for phrase in phrases)


@EVERY
def test_four_pictures_of_a_grid_have_four_looks_and_ideas(card: Card) -> None:
    for first in (0, 2, 3, 2**32 - 4, 12345):
        asked = replace(APPLE, family=card.id, spread=1.0, oddness=1.0, pictures=seeded(first, 4))
        assert len({one.phrases for one in told(asked)}) == 4


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
    straying = replace(recipe, spread=share, oddness=share)
    made = words_of(straying, noise)
    if recipe.phrases:
        assert weights(made) == pytest.approx(weights(recipe.phrases))
    assert [one for one in made if one.weight <= 0] == [
        one for one in recipe.phrases if one.weight <= 0
    ]


@given(recipes)
def test_without_a_share_the_words_are_the_persons_own(recipe: Recipe) -> None:
    plain = replace(recipe, spread=0.0, oddness=0.0)
    assert told(plain) == [plain]
    assert settled(plain, 0) is plain


@given(recipes, st.integers(0, 3), shares)
def test_a_picture_alone_has_the_words_it_has_in_the_grid(
    recipe: Recipe, place: int, share: float
) -> None:
    grid = replace(recipe, spread=share)
    assert told(narrow(grid, place))[0].phrases == told(grid)[place].phrases


@given(recipes, st.integers(0, 3), shares, seeds)
def test_what_is_made_from_a_picture_keeps_its_words(
    recipe: Recipe, place: int, share: float, seed: int
) -> None:
    grid = replace(recipe, oddness=share)
    parent = Parent(grid, place, "ab" * 32)
    words = told(grid)[place].phrases
    for made in (creatively(parent, seed), extend(parent, seed, zoomed(grid, 2))):
        assert {one.phrases for one in told(made)} == {words}
        assert made.refined == 0


def test_other_seeds_bring_other_words() -> None:
    grid = replace(APPLE, oddness=0.5)
    assert told(reroll(grid, 1))[0].phrases != told(reroll(grid, 2))[0].phrases
