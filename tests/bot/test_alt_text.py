"""Alt text: what a screen reader says of pictures, whatever their recipe."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.alt_text import write_alt_text
from bot.text.languages import LANGUAGES, speaking
from generation.recipe import Ingredient, Structure, seed_noise
from tests.bot.samples import recipe

IMAGE = "0" * 64


@given(st.text(max_size=6000), st.integers(1, 4), st.sampled_from(["en", *LANGUAGES]))
def test_it_fits_and_is_never_empty(prompt: str, count: int, language: str) -> None:
    with speaking(language):
        said = write_alt_text(recipe(prompt, noise=seed_noise(7, count)))
    assert 0 < len(said) <= 1024


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("an (owl:1.3), ((snow))", "4 generated pictures: an owl, snow"),
        ("cat:: hat::2 dog::-0.5", "4 generated pictures: cat, hat"),
        ("an owl https://a.example/b.png?sig=1 in snow", "4 generated pictures: an owl in snow"),
        ("", "4 generated pictures: image"),
        ("owl " * 300, f"4 generated pictures: {'owl ' * 250}o…"),
    ],
)
def test_words_are_said_without_marks_links_and_what_is_unwanted(prompt: str, said: str) -> None:
    assert write_alt_text(recipe(prompt)) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"noise": seed_noise(7, 1)}, "ein erzeugtes Bild: make it night"),
        ({"edit": (Ingredient(image=IMAGE),)}, "4 Bilder, geändert wie gewünscht: make it night"),
        (
            {"structure": Structure(kind="depth", image=IMAGE, shown=True)},
            "eine Kontrollkarte (depth): was aus einem Bild gelesen wurde",
        ),
    ],
)
def test_it_says_what_kind_of_picture_it_is(changes: dict[str, Any], said: str) -> None:
    with speaking("de"):
        assert write_alt_text(recipe("make it night", **changes)) == said
