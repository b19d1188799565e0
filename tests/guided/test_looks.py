"""Looks, read out of what people type."""

import pytest

from generation.catalogue.looks import ALSO, LOOKS, find_looks


@pytest.mark.parametrize("look", LOOKS)
def test_every_look_is_known_by_all_its_names(look: str) -> None:
    for word in (look, look.upper(), *ALSO[look]):
        assert find_looks(word) == (look,), word


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("a watercolor of my cat at night", ("watercolour", "night")),
        ("Pencil drawing, foggy", ("pencil sketch", "fog")),
        ("oil painting oil painting", ("oil painting",)),
        ("make it look like a fisherman's dream", ()),
        ("pinkish inkwell", ()),
        ("8-bit, ukiyo-e", ("pixel art", "woodblock print")),
        ("", ()),
    ],
)
def test_looks_are_told_from_other_words(text: str, looks: tuple[str, ...]) -> None:
    assert find_looks(text) == looks
