import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.recipe import Phrase
from generation.styles import TABLES, apply_styles, list_words, read_code
from tests.generation.strategies import phrases

TABLES_DIGEST = "c3498348a5f5f050ef23995e04175f6f2f2303e8b1afdf3548770f24d36e02ee"
"""Codes that people wrote down must mean the same for ever."""

codes = st.integers(0, 2**40)


@given(codes)
def test_a_code_always_means_the_same(code: int) -> None:
    assert list_words(code) == list_words(code)


def test_codes_mean_what_they_meant() -> None:
    meant = "\n".join(list_words(code) for code in range(1000))
    assert hashlib.sha256(meant.encode()).hexdigest() == TABLES_DIGEST


@given(codes)
def test_a_style_has_a_word_of_each_table(code: int) -> None:
    words = list_words(code)
    assert all(any(word in words for word in table) for table in TABLES)


def test_codes_differ_and_use_every_word() -> None:
    styles = [list_words(code) for code in range(3000)]
    assert len(set(styles)) > 2980
    parts = {part for style in styles for part in style.split(", ")}
    assert parts == {word for table in TABLES for word in table}


def test_no_word_stands_in_two_tables() -> None:
    words = [word for table in TABLES for word in table]
    assert len(words) == len(set(words))


@given(st.integers(0, 2**32))
def test_a_random_number_draws_one_code(number: int) -> None:
    assert 0 <= read_code(number) == read_code(number) < 2**32


@given(st.lists(phrases, max_size=3), st.floats(0, 1))
def test_weights_stay_what_they_were(before: list[Phrase], share: float) -> None:
    after = apply_styles(before, [("ink", 2), ("oil", 1)], share)
    for text in {phrase.text for phrase in before}:
        was = sum(phrase.weight for phrase in before if phrase.text == text)
        now = [p for p in after if p.text in {text, f"{text}, ink", f"{text}, oil"}]
        assert sum(phrase.weight for phrase in now) == pytest.approx(was)


def test_a_style_goes_behind_the_words() -> None:
    apple = Phrase(text="an apple")
    assert apply_styles([apple], [("ink", 3)], 1) == (Phrase(text="an apple, ink"),)
    assert apply_styles([apple], [("ink", 3)], 0) == (apple,)
    assert apply_styles([], [("ink", 3)], 1) == (Phrase(text="ink"),)
    half = apply_styles([apple], [("ink", 1), ("oil", 1)], 0.5)
    assert [phrase.weight for phrase in half] == [0.5, 0.25, 0.25]


def test_what_is_pushed_away_has_no_style() -> None:
    fog = Phrase(text="fog", weight=-0.5)
    assert fog in apply_styles([Phrase(text="an apple"), fog], [("ink", 1)], 1)
