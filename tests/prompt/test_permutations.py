import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt.errors import PromptError
from prompt.reading.permutations import DEEPEST, combine, escape, expand, unescape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("an owl", ["an owl"]),
        ("a {red, green} owl", ["a red owl", "a green owl"]),
        ("{a,b}{c,d}", ["ac", "ad", "bc", "bd"]),
        ("{a {b, c}, d}", ["a b", "a c", "d"]),
        ("owl --ar {3:2, 1:1}", ["owl --ar 3:2", "owl --ar 1:1"]),
        ("owl --{v 5, tile}", ["owl --v 5", "owl --tile"]),
        ("owl{, --tile}", ["owl", "owl--tile"]),
        (r"{red\, green, blue}", ["red, green", "blue"]),
        (r"a \{b, c\} {d, e}", [r"a \{b, c\} d", r"a \{b, c\} e"]),
        (r"a\, b {c}", [r"a\, b c"]),
        ("{a}", ["a"]),
        ("{}", [""]),
        ("a { b", ["a { b"]),
        ("a } { b", ["a } { b"]),
    ],
)
def test_stands_for(text: str, expected: list[str]) -> None:
    assert expand(text, 40) == expected


@pytest.mark.parametrize("text", ["{a,b,c}", "{a,b}{c,d}", "{a,{b,c}}", "{,}" * 2000])
def test_more_than_the_limit_is_refused(text: str) -> None:
    with pytest.raises(PromptError, match="more than 2 prompts"):
        expand(text, 2)


def test_exactly_the_limit_is_not() -> None:
    assert len(expand("{a,b}{c,d}", 4)) == 4


def test_nesting_is_bounded() -> None:
    deepest = DEEPEST - 1
    assert expand("{" * deepest + "a" + "}" * deepest, 1) == ["a"]
    with pytest.raises(PromptError, match="nested at most 9 deep"):
        expand("{" * (deepest + 1) + "a" + "}" * (deepest + 1), 1)


@given(st.text(alphabet="ab{},\\ ", max_size=20))
def test_escaped_text_stands_for_itself(text: str) -> None:
    (alone,) = expand(escape(text), 1)
    assert unescape(alone) == text


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3), max_size=4))
def test_groups_multiply(groups: list[list[str]]) -> None:
    count = 1
    for group in groups:
        count *= len(group)
    assert len(expand(" ".join(f"{{{','.join(group)}}}" for group in groups), 100)) == count


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([], None),
        (["an owl"], "an owl"),
        (["an owl", "an owl"], "an owl"),
        (["a red owl --ar 3:2", "a green owl --ar 3:2"], "a {red, green} owl --ar 3:2"),
        (["an owl", "an owl --tile"], "an owl {, --tile}"),
        (["red, owl", "blue, owl"], r"{red\,, blue\,} owl"),
        (["a --no x, y", "b --no x, y"], "{a, b} --no x, y"),
    ],
)
def test_one_text_stands_for_several(texts: list[str], whole: str | None) -> None:
    assert combine(texts) == whole


@given(
    st.lists(
        st.lists(
            st.sampled_from(["owl", "red,", "--ar", "3:2", r"\{", "猫"]), min_size=1, max_size=5
        ).map(" ".join),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
def test_it_stands_for_just_those(texts: list[str]) -> None:
    found = expand(combine(texts) or "", 40)
    assert [" ".join(text.split()) for text in found] == texts
