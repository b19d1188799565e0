"""Words and marks by which drawings are found: folded, cut, and never more than they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.gallery.terms import (
    Search,
    mark_channel,
    mark_flags,
    mark_model,
    mark_person,
    split_words,
    write_terms,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A Red Apple", ["a", "red", "apple"]),
        ("Café, ÜBER-groß_art", ["cafe", "uber", "gross", "art"]),
        ("赤いりんご", [*"赤いりんご"]),
        ("が ガ", ["が", "ガ"]),
        ("2つの cats", ["2", "つ", "の", "cats"]),
        ("ᚠp1 'x' \"y\" -- * (", ["p1", "x", "y"]),
        ("ﬁre ４２", ["fire", "42"]),
        ("", []),
    ],
)
def test_words_are_folded_alike_however_they_are_spelled(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    words = split_words(text)
    assert split_words(" ".join(words)) == words


@given(st.text(), st.text())
def test_no_words_are_a_mark(text: str, parameters: str) -> None:
    terms = write_terms({"prompt": text}, person_id=5, channel_id=6, model="m").split()
    marks = {mark_person(5), mark_channel(6), mark_model("m")}
    assert {term for term in terms if not term[0].isascii() and term in marks} == marks
    assert not marks & set(split_words(text))


def test_a_flag_is_marked_by_its_name_and_with_its_value() -> None:
    name, value = mark_flags("--ar 3:2")
    assert mark_flags("--ar") == [name]
    assert mark_flags("--AR  3:2 --tile") == [name, value, *mark_flags("--tile")]
    assert value not in mark_flags("--ar 2:3")


@given(st.text())
def test_whatever_is_typed_is_a_search_of_words_alone(text: str) -> None:
    written = Search.read(text).write_tsquery()
    words = split_words(text)
    assert written.count("'") == 2 * min(len(written.split("'")) // 2, len(words))
    assert Search.read(text).write_fts5().count('"') == written.count("'")
