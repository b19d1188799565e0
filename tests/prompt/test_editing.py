"""What people ask of finished pictures, placed by rules: measured on sentences in six languages."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt.editing.restyling import merge_wishes, restyle_words
from prompt.editing.understanding import LONGEST, MOST, understand
from prompt.editing.wishes import Wish, WishKind

SENTENCES: Final = Path(__file__).parent / "edits" / "sentences.tsv"
ASKED: Final = "ask"


def read_sentences() -> list[tuple[str, str, str, bool]]:
    """Language, sentence, wishes, and whether it was held out, of each line."""
    found, held = [], False
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        held = held or line == "# held out"
        if line and not line.startswith("#"):
            language, sentence, wishes = line.split("\t")
            found.append((language, sentence, wishes, held))
    return found


def place(sentence: str) -> str:
    wishes = understand(sentence)
    return " + ".join(map(str, wishes)) if wishes else ASKED


@pytest.mark.parametrize("held", [False, True])
def test_most_are_placed_rightly_and_next_to_none_wrongly(held: bool) -> None:
    rows = [row for row in read_sentences() if row[3] is held]
    assert len(rows) >= 50
    wrong = [(s, w, place(s)) for _, s, w, _ in rows if place(s) not in {w, ASKED}]
    right = [s for _, s, w, _ in rows if place(s) == w]
    assert len(wrong) <= 0.02 * len(rows), wrong
    assert len(right) >= 0.9 * len(rows)


@pytest.mark.parametrize(
    ("sentence", "amount"),
    [
        ("warmer", 1),
        ("a little warmer", 0.5),
        ("make it much warmer", 2),
        ("etwas heller", 0.5),
        ("too dark, brighten it a little", 0.5),
        ("コントラストを少し下げて", 0.5),
    ],
)
def test_how_much_is_understood(sentence: str, amount: float) -> None:
    wishes = understand(sentence)
    assert wishes
    assert [wish.amount for wish in wishes] == [amount]


@pytest.mark.parametrize(
    ("sentence", "meant"),
    [
        ("remove the cat and the dog", [Wish(WishKind.REMOVE, "cat and the dog")]),
        ("Replace the red car with a blue bike!", [Wish(WishKind.REPLACE, "red car", "blue bike")]),
        ("make the car dark red", [Wish(WishKind.RECOLOUR, "car", "dark red")]),
        ("make it red", None),
        ("turn it into a pirate ship", [Wish(WishKind.RESTYLE, "pirate ship")]),
        ("MAKE IT 16 : 9", [Wish(WishKind.RATIO, "16:9")]),
        ("".join(f"add {name} and " for name in "abcdefghijkl") + ";", None),
        ("", None),
        ("a" * (LONGEST + 1), None),
    ],
)
def test_words_within_a_wish_are_its_own(sentence: str, meant: list[Wish] | None) -> None:
    assert understand(sentence) == (None if meant is None else tuple(meant))


WORDS: Final = st.sampled_from(
    [
        "make",
        "it",
        "a little",
        "and",
        "then",
        ",",
        "the",
        "remove",
        "warmer",
        "please",
        "left",
        "、",
    ]
)


@given(st.lists(WORDS, max_size=60).map(" ".join))
def test_any_words_are_a_few_wishes_or_none(sentence: str) -> None:
    wishes = understand(sentence)
    assert wishes is None or 1 <= len(wishes) <= MOST


@pytest.mark.parametrize(
    ("prompt", "look", "meant"),
    [
        ("a fox", "watercolour", "a fox, watercolour"),
        ("a fox, oil painting", "watercolour", "a fox, watercolour"),
        ("a red apple, 3d style, on a table", "pixel art", "a red apple, on a table, pixel art"),
        ("a fox, oil painting, night", "winter", "a fox, oil painting, winter"),
        ("an oil painting of a fox", "watercolour", "an oil painting of a fox, watercolour"),
        ("", "night", "night"),
        ("a fox, watercolour", "cyberpunk", "a fox, watercolour, cyberpunk"),
    ],
)
def test_a_look_takes_the_place_of_one_of_its_kind(prompt: str, look: str, meant: str) -> None:
    assert restyle_words(prompt, look) == meant


@pytest.mark.parametrize(
    ("before", "wish", "meant"),
    [
        ("", "make it night", "make it night"),
        ("make it night", "at golden hour", "at golden hour"),
        ("make it night", "as a watercolour", "make it night, as a watercolour"),
        ("as a watercolour, make it night", "in winter", "as a watercolour, in winter"),
        ("make her smile", "in winter", "make her smile, in winter"),
    ],
)
def test_wishes_for_a_whole_picture_are_merged(before: str, wish: str, meant: str) -> None:
    assert merge_wishes(before, wish) == meant
