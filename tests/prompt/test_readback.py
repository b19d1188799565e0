"""What a prompt is read as can be written and read again, and a suggestion can be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.families import find_card
from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.reading.limits import PROMPT_LIMIT
from prompt.resolution.orders import check_all, read_orders
from prompt.resolution.suggestions import mend_suggestion

EASEL = find_card("easel")
BITS = st.sampled_from(
    [
        *("owl", "cat", "::", "::2", "::900", "\\", "\\\\", "-", "--", "—", "-chaos", "--chaos 5"),
        *("no", "--no fog", "--ar 3:2", "(red:1.3)", "[x]", "\\(", "BREAK", ",", "5", "--tile"),
    ]
)
TYPED = st.lists(BITS, min_size=1, max_size=8).map(" ".join)


@given(TYPED)
def test_what_is_read_is_written_and_read_again(typed: str) -> None:
    try:
        prompt = parse(typed)
    except PromptError:
        return
    assert parse(prompt.spelling) == prompt


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("{owl, cat} --repeat 99", "{owl, cat} --repeat 20"),
        ("owl --repeat 99", "owl --repeat 40"),
        (f"{'owl ' * 700}{{red, {'green ' * 400}}} --seeed 5", None),
    ],
)
def test_a_suggestion_can_be_sent(typed: str, suggestion: str | None) -> None:
    with pytest.raises(PromptError) as refused:
        read_orders(typed)
    mended = mend_suggestion(refused.value, EASEL).suggestion
    if suggestion is not None:
        assert mended == suggestion
    assert mended is None or read_orders(mended)


@pytest.mark.parametrize(
    ("typed", "images", "words"),
    [
        ("http://a.example/page an owl", 1, "an owl"),
        ("see http://a.example/page in snow", 0, "see http://a.example/page in snow"),
        ("an owl http://a.example/b.png in snow", 1, "an owl in snow"),
        ("an owl https://s.mj.run/a1", 1, "an owl"),
    ],
)
def test_a_link_to_a_page_amid_words_is_a_word(typed: str, images: int, words: str) -> None:
    prompt = parse(typed)
    assert (len(prompt.images), prompt.text) == (images, words)
    assert parse(prompt.spelling) == prompt


WRONG = st.sampled_from(
    [
        *("{owl, cat}", "{", "}", "{a|b}", "--repeat 99", "--repeat 30", "--chaoss 5", "--zzz"),
        *("--steps 900", "--ar 99:1", "--ar wide", "--hd", "--tile", "--cfg", "::-2", "--sref x"),
        *("https://a.example/b.png", "--video", "--model none", "--lora ink:0.8", "--s 5000"),
    ]
)
REFUSED = st.lists(st.one_of(BITS, WRONG), min_size=1, max_size=7).map(" ".join)


@given(REFUSED)
def test_every_suggestion_is_read_and_drawn(typed: str) -> None:
    try:
        orders = read_orders(typed)
        check_all([one.prompt for one in orders], EASEL, attached=0)
    except PromptError as error:
        suggestion = mend_suggestion(error, EASEL).suggestion
        if suggestion is None:
            return
        again = read_orders(suggestion)
        check_all([one.prompt for one in again], EASEL, attached=0)
        assert len(suggestion) <= PROMPT_LIMIT
