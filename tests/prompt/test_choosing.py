"""Which of several pictures a sentence is about, and which numbers only count."""

import pytest

from prompt.editing.choosing import split_number


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("3 darker", (3, "darker")),
        ("3: darker", (3, "darker")),
        ("#3 more birds", (3, "more birds")),
        ("3, more birds", (3, "more birds")),
        ("Nr. 2 heller", (2, "heller")),
        ("2 mach es wärmer", (2, "mach es wärmer")),
        ("4) make it cuter", (4, "make it cuter")),
        ("3 more birds", (0, "3 more birds")),
        ("2 cats", (0, "2 cats")),
        ("1 more", (0, "1 more")),
        ("2 times larger", (0, "2 times larger")),
        ("2 again", (2, "again")),
        ("5 darker", (0, "5 darker")),
        ("4:5", (0, "4:5")),
        ("4", (0, "4")),
        ("darker", (0, "darker")),
    ],
)
def test_a_number_is_a_picture_where_it_is_marked_or_a_wish_follows(
    words: str, meant: tuple[int, str]
) -> None:
    assert split_number(words, 4) == meant
