import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.cards import card
from prompt.errors import PromptError
from prompt.grammar import PROMPT_LIMIT
from prompt.orders import MOST_ORDERS, check_all, orders, shown
from tests.prompt.patience import HOSTILE, grows_evenly


def test_a_plain_prompt_is_one_order() -> None:
    (order,) = orders("a red apple --ar 3:2")
    assert (order.prompt.text, order.copy) == ("a red apple", 0)


def test_braces_multiply_also_within_flags() -> None:
    found = orders("a {red, green} bird --ar {1:1, 3:2}")
    assert [order.prompt.spelled for order in found] == [
        "a red bird --ar 1:1",
        "a red bird --ar 3:2",
        "a green bird --ar 1:1",
        "a green bird --ar 3:2",
    ]


def test_repetitions_are_counted() -> None:
    found = orders("a {red, green} bird --r 2")
    assert [(order.prompt.text, order.copy) for order in found] == [
        ("a red bird", 0),
        ("a red bird", 1),
        ("a green bird", 0),
        ("a green bird", 1),
    ]


def test_each_option_may_be_repeated_as_it_says() -> None:
    assert len(orders("a bird --repeat {2, 3}")) == 5


@pytest.mark.parametrize("text", ["a {b, c} --repeat 40", "{a, b} {c, d} --r 11"])
def test_more_than_may_be_are_refused(text: str) -> None:
    with pytest.raises(PromptError, match=r"stands for .* jobs"):
        orders(text)


def test_one_wrong_option_refuses_all() -> None:
    with pytest.raises(PromptError, match="--seed"):
        orders("a bird --seed {1, -1}")


@given(st.lists(st.integers(1, 4), min_size=1, max_size=2), st.integers(1, 3))
def test_there_are_as_many_as_the_product(sizes: list[int], repeat: int) -> None:
    groups = ["{" + ", ".join("abcd"[:size]) + "}" for size in sizes]
    wanted = repeat
    for size in sizes:
        wanted *= size
    if wanted <= MOST_ORDERS:
        assert len(orders(f"{' x '.join(groups)} --repeat {repeat}")) == wanted


def test_what_is_shown_names_each_prompt_once() -> None:
    assert shown(orders("a {red, green, blue} bird --r 2"), 2) == [
        "a red bird --repeat 2",
        "a green bird --repeat 2",
    ]


@pytest.mark.parametrize("length", [PROMPT_LIMIT, 100_000])
@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_in_proportion_to_length(unit: str, length: int) -> None:
    assert grows_evenly(orders, unit, length)


def test_a_refusal_of_one_suggests_all() -> None:
    with pytest.raises(PromptError, match="did you mean `--seed`") as caught:
        orders("a {red, green} owl --seeds 7")
    assert caught.value.suggestion == "a {red, green} owl --seed 7"


def test_what_a_family_cannot_draw_of_one_is_left_out_of_all() -> None:
    wanted = [order.prompt for order in orders("a {red, green} owl --ar {30:1, 3:2}")]
    with pytest.raises(PromptError, match="not `--ar 30:1`") as caught:
        check_all(wanted, card("easel"), attached=0)
    found = [order.prompt.spelled for order in orders(caught.value.suggestion or "")]
    assert found == [
        f"a {hue} owl --ar {ratio}" for hue in ("red", "green") for ratio in ("4:1", "3:2")
    ]


def test_nothing_is_refused_that_a_family_can_draw() -> None:
    check_all([order.prompt for order in orders("a {red, green} owl")], card("easel"), attached=0)
