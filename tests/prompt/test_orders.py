import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.card import Card
from generation.catalogue.families import find_card
from prompt.errors import PromptError
from prompt.reading.grammar import Prompt
from prompt.resolution.orders import (
    MOST_ORDERS,
    check_all,
    list_prompts,
    name_alternatives,
    read_orders,
)


def test_a_plain_prompt_is_one_order() -> None:
    (order,) = read_orders("a red apple --ar 3:2")
    assert (order.prompt.text, order.copy) == ("a red apple", 0)


def test_braces_multiply_also_within_flags() -> None:
    found = read_orders("a {red, green} bird --ar {1:1, 3:2}")
    assert [order.prompt.spelling for order in found] == [
        "a red bird --ar 1:1",
        "a red bird --ar 3:2",
        "a green bird --ar 1:1",
        "a green bird --ar 3:2",
    ]


def test_choices_in_a_long_text_are_bounded_together() -> None:
    with pytest.raises(PromptError, match="up to 60000 are read"):
        read_orders(f"{{{', '.join('abcdefghijklm')}}} {'owl ' * 1400}")


def test_repetitions_are_counted() -> None:
    found = read_orders("a {red, green} bird --r 2")
    assert [(order.prompt.text, order.copy) for order in found] == [
        ("a red bird", 0),
        ("a red bird", 1),
        ("a green bird", 0),
        ("a green bird", 1),
    ]


def test_each_option_may_be_repeated_as_it_says() -> None:
    assert len(read_orders("a bird --repeat {2, 3}")) == 5


@pytest.mark.parametrize("text", ["a {b, c} --repeat 40", "{a, b} {c, d} --r 11"])
def test_more_than_may_be_are_refused(text: str) -> None:
    with pytest.raises(PromptError, match=r"This makes .* jobs"):
        read_orders(text)


def test_one_wrong_option_refuses_all() -> None:
    with pytest.raises(PromptError, match="--seed"):
        read_orders("a bird --seed {1, -1}")


@given(st.lists(st.integers(1, 4), min_size=1, max_size=2), st.integers(1, 3))
def test_there_are_as_many_as_the_product(sizes: list[int], repeat: int) -> None:
    groups = ["{" + ", ".join("abcd"[:size]) + "}" for size in sizes]
    wanted = repeat
    for size in sizes:
        wanted *= size
    if wanted <= MOST_ORDERS:
        assert len(read_orders(f"{' x '.join(groups)} --repeat {repeat}")) == wanted


def test_what_is_shown_names_each_prompt_once() -> None:
    assert list_prompts(read_orders("a {red, green, blue} bird --r 2"), 2) == [
        "a red bird --repeat 2",
        "a green bird --repeat 2",
    ]


def test_a_refusal_of_one_suggests_all() -> None:
    with pytest.raises(PromptError, match="did you mean `--seed`") as caught:
        read_orders("a {red, green} owl --seeds 7")
    assert caught.value.suggestion == "a {red, green} owl --seed 7"


def test_what_a_family_cannot_draw_of_one_is_left_out_of_all() -> None:
    wanted = [order.prompt for order in read_orders("a {red, green} owl --ar {30:1, 3:2}")]
    with pytest.raises(PromptError, match="not `--ar 30:1`") as caught:
        check_all(wanted, find_card("easel"), attached=0)
    found = [order.prompt.spelling for order in read_orders(caught.value.suggestion or "")]
    assert found == [
        f"a {hue} owl --ar {ratio}" for hue in ("red", "green") for ratio in ("4:1", "3:2")
    ]


def test_nothing_is_refused_that_a_family_can_draw() -> None:
    check_all(
        [order.prompt for order in read_orders("a {red, green} owl")],
        find_card("easel"),
        attached=0,
    )


KLEIN = find_card("flux2-klein")


class TestAnotherModel:
    def refused(self, text: str, *others: Card, attached: int = 1) -> PromptError:
        prompts = [order.prompt for order in read_orders(text)]
        with pytest.raises(PromptError) as caught:
            check_all(prompts, find_card("easel"), attached=attached)
        served = (find_card("easel"), *others)
        return name_alternatives(caught.value, prompts, served, attached=attached)

    def test_that_can_is_named_and_put_into_the_prompt(self) -> None:
        error = self.refused("make it green --edit", find_card("sdxl"), KLEIN)
        assert error.sentences[-1] == "`--model flux2-klein` can draw this."
        assert error.suggestion == "make it green --model flux2-klein --edit"

    def test_has_to_draw_all_of_them(self) -> None:
        error = self.refused("{a cat --edit, a dog --no fog}", KLEIN)
        assert "can draw" not in error.sentence
        whole = self.refused("a {red, blue} cat --edit", KLEIN).suggestion
        assert [o.prompt.spelling for o in read_orders(whole or "")] == [
            f"a {colour} cat --model flux2-klein --edit" for colour in ("red", "blue")
        ]

    @pytest.mark.parametrize("chosen", ["--model easel", "--v 7", "--niji"])
    def test_is_not_named_where_one_was_chosen(self, chosen: str) -> None:
        assert "can draw" not in self.refused(f"a cat --edit {chosen}", KLEIN).sentence

    @pytest.mark.parametrize("name", ["sdxl", "dalle"])
    def test_that_is_not_served_has_those_named_that_are(self, name: str) -> None:
        error = self.refused(f"a cat --model {name}", KLEIN)
        assert error.sentences[-1] == "Here `--model` may be `easel`, `flux2-klein`."
        assert error.suggestion == "a cat"
        assert len(self.refused(f"a cat --model {name}").sentences) == 1

    def test_each_prompt_is_checked_for_what_draws_it(self) -> None:
        def draws(prompt: Prompt) -> Card:
            return KLEIN if "model" in prompt.flags else find_card("easel")

        wanted = [o.prompt for o in read_orders("make it green {--model flux2-klein,} --edit")]
        check_all(wanted[:1], draws, attached=1)
        with pytest.raises(PromptError, match="bundled"):
            check_all(wanted, draws, attached=1)
