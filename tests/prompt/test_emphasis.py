"""Token weights: read, written, and dropped for models that have none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generation.recipe import Phrase
from prompt.reading.emphasis import (
    drop_weights,
    format_emphasis,
    read_comfyui,
    read_emphasis,
)

BITS = st.sampled_from(
    [*"()[]:., \\-", "a", "cat", "B", "7", "1.2", ":1.2)", "BREAK", "NEW", '"', "\\(", "((", "]]"]
)
TYPED = st.lists(BITS, max_size=14).map(lambda bits: " ".join("".join(bits).split()))


def stretches(phrase: Phrase) -> list[tuple[str, float]]:
    return [(phrase.text[span.start : span.end], span.weight) for span in phrase.spans]


@pytest.mark.parametrize(
    ("typed", "text", "weights"),
    [
        ("a (red:1.3) car", "a red car", [("red", 1.3)]),
        ("((cute cat)), [dog]", "cute cat, dog", [("cute cat", 1.21), ("dog", 0.9090909091)]),
        ("((a:1.2) b)", "a b", [("a", 1.32), ("b", 1.1)]),
        ("(score_9:1.2)", "score_9", [("score_9", 1.2)]),
        ("(year 2024:1.2)", "year 2024", [("year 2024", 1.2)]),
        ("(blurry:0)", "blurry", [("blurry", 0.0)]),
        ("(cat:1,2)", "cat", [("cat", 1.2)]),
        ("(owl:1.2 )", "owl", [("owl", 1.2)]),
        ("(cat:-1)", "cat", [("cat", -1.0)]),
        (r"a \(literal\) bracket", "a (literal) bracket", []),
        ("a (16:9) frame (1:1.85)", "a (16:9) frame (1:1.85)", []),
        ("(John 3:16) at (10:30)", "(John 3:16) at (10:30)", []),
        ("(cat:1.2", "(cat:1.2", []),
        ("a :) b", "a :) b", []),
        ("()", "()", []),
        ("a(cat:2)b", "acatb", [("cat", 2.0)]),
        (r"(saber \(fate\):1.2)", "saber (fate)", [("saber (fate)", 1.2)]),
        ("((✨)) (🦊)", "✨ 🦊", [("✨", 1.21), ("🦊", 1.1)]),
        ("(!) (…)", "(!) (…)", []),
    ],
)
def test_reads(typed: str, text: str, weights: list[tuple[str, float]]) -> None:
    phrase = read_emphasis(typed)
    assert (phrase.text, stretches(phrase)) == (text, weights)


@pytest.mark.parametrize(
    ("typed", "text", "weights"),
    [
        ("((a:1.2) b)", "a b", [("a", 1.2), ("b", 1.1)]),
        ("(a (b:1.1) c:0.5)", "a b c", [("a", 0.5), ("b", 1.1), ("c", 0.5)]),
        ("((red) fox) [snow]", "red fox [snow]", [("red", 1.21), ("fox", 1.1)]),
    ],
)
def test_reads_as_comfyui(typed: str, text: str, weights: list[tuple[str, float]]) -> None:
    phrase = read_comfyui(typed)
    assert (phrase.text, stretches(phrase)) == (text, weights)
    assert read_emphasis(format_emphasis(phrase)) == phrase


@pytest.mark.parametrize(
    ("typed", "chunks"),
    [
        ("a cat, BREAK, a dog", ["a cat", "a dog"]),
        ("BREAK a BREAK BREAK b BREAK", ["a", "b"]),
        ("(a BREAK b:1.2)", ["a", "b"]),
        ("COFFEE BREAK", ["COFFEE BREAK"]),
        ('a sign "BREAK" b', ['a sign "BREAK" b']),
        ("BREAKFAST", ["BREAKFAST"]),
    ],
)
def test_breaks(typed: str, chunks: list[str]) -> None:
    parts = ["".join(text for text, _ in chunk).strip() for chunk in read_emphasis(typed).chunks]
    assert parts == chunks


@given(TYPED)
@example("a ( b ) c")
@example(r"\(a\) (b:1.2)")
@example("A BREAK NEW (x)")
@example("[NEW\\ ]")
def test_what_is_written_is_read_again(typed: str) -> None:
    phrase = read_emphasis(typed)
    assert read_emphasis(format_emphasis(phrase)) == phrase


@given(TYPED)
def test_dropping_weights_keeps_the_words(typed: str) -> None:
    phrase = read_emphasis(typed)
    plain, lost = drop_weights(phrase)
    assert not plain.is_weighted
    assert set(phrase.text) - set("()[]") <= set(plain.text)
    assert bool(lost) == (
        bool(phrase.breaks)
        or any(round(span.weight, 4) not in {1.0, 1.1, 0.9091} for span in phrase.spans)
    )
