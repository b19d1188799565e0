"""Which part of a picture is meant, told from the words that it was drawn from."""

import pytest

from prompt.editing.naming import name_part, say_in_english


@pytest.mark.parametrize(
    ("words", "prompt", "meant"),
    [
        ("apple", "a red apple", "figure"),
        ("red apple", "a red apple", "figure"),
        ("Apfel", "a red apple", "figure"),
        ("りんご", "ein roter Apfel", "figure"),
        ("perro", "a brown dog, pixel art", "figure"),
        ("Apfel", "a green apple on a blue background", "figure"),
        ("dog", "a hot dog", None),
        ("cat", "a black cat on a yellow background", "figure"),
        ("background", "a red apple", "ground"),
        ("Hintergrund", "a red apple", "ground"),
        ("背景", "a red apple", "ground"),
        # None that there is, a part of it, one of two, and what nobody knows.
        ("green apple", "a red apple", None),
        ("pear", "a red apple", None),
        ("apple stem", "a red apple", None),
        ("apple", "an apple and a pear", None),
        ("house", "a house with a tree", None),
        ("blorp", "a red apple", None),
        ("it", "a dog", None),
        ("", "a dog", None),
    ],
)
def test_the_one_thing_that_a_prompt_names_is_meant(
    words: str, prompt: str, meant: str | None
) -> None:
    assert name_part(words, prompt) == meant


@pytest.mark.parametrize(
    ("words", "said"),
    [("roter Hund", "a red dog"), ("dog", "dog"), ("Stehlampe am Fenster", "Stehlampe am Fenster")],
)
def test_what_is_known_is_said_in_english(words: str, said: str) -> None:
    assert say_in_english(words) == said
