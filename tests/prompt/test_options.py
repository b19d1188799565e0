"""Options of commands: values beside a prompt."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.resolution.options import add_options, read_options, write_options
from prompt.resolution.orders import read_orders
from tests.prompt.strategies import flags

LINK, OTHER = "https://a.example/1.png", "https://a.example/2.png"


@pytest.mark.parametrize(
    ("typed", "options", "counts"),
    [
        ("an owl", {"strength": 0.3}, {"strength": 0.3}),
        ("an owl --strength 0.7", {"strength": 0.3}, {"strength": 0.7}),
        ("an owl --controlscale 0.5", {"cs": 0.8, "control": "canny"}, None),
        (f"an owl --sref {OTHER}", {"sref": (LINK,)}, {"sref": (OTHER, LINK)}),
        (f"an owl --sref {LINK}", {"sref": (LINK,)}, {"sref": (LINK,)}),
    ],
)
def test_what_is_typed_counts_and_lists_take_in_both(
    typed: str, options: dict[str, Any], counts: dict[str, Any] | None
) -> None:
    made = add_options(parse(typed), options).flags
    assert made == (counts or {"cs": 0.5, "control": "canny"})


def test_every_prompt_of_several_has_them() -> None:
    some = read_orders("a {red, green} owl --strength {0.3, 0.5}", options={"strength": 0.9})
    assert [order.prompt.flags["strength"] for order in some] == [0.3, 0.5, 0.3, 0.5]
    some = read_orders("a {red, green} owl", options={"strength": 0.9})
    assert [order.prompt.flags["strength"] for order in some] == [0.9, 0.9]


def test_a_suggestion_says_them_too() -> None:
    with pytest.raises(PromptError) as refused:
        read_orders("an owl --seeed 5", options={"sref": (LINK,)})
    assert refused.value.suggestion == f"an owl --seed 5 --sref {LINK}"


@given(st.data())
def test_they_survive_being_kept(data: st.DataObject) -> None:
    options = data.draw(flags("strength", "cs", "control", "sref", "cref", "ar"))
    assert read_options(write_options(options)) == options
