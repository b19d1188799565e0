"""Flags of a person's own."""

import pytest

from prompt.reading.shortcuts import expand, is_free

MINE = {"mine": "--ar 3:2 --mine", "ink": "ink drawing"}


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("a cat --mine", "a cat --ar 3:2 --mine"),
        ("a cat —Ink --seed 7", "a cat ink drawing --seed 7"),
        ("a --minebird mine a--mine", "a --minebird mine a--mine"),
    ],
)
def test_a_shortcut_is_written_out_once_where_it_stands_alone(typed: str, whole: str) -> None:
    assert expand(typed, MINE) == whole


@pytest.mark.parametrize(
    ("name", "free"), [("mine", True), ("ar", False), ("chaos", False), ("two words", False)]
)
def test_names_of_flags_are_taken(name: str, free: bool) -> None:
    assert is_free(name) is free
