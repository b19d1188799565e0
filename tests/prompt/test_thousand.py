"""The thousand prompts are read right, and what they are read as can be written and read again."""

from contextlib import suppress

from prompt.errors import PromptError
from prompt.reading.grammar import parse
from prompt.resolution.orders import read_orders
from tests.prompt.thousand import read_thousand

THOUSAND = list(read_thousand())


def test_there_are_a_thousand_and_three_hundred_of_them_are_broken() -> None:
    assert len(THOUSAND) == 1000
    assert sum(one.section.startswith("Broken") for one in THOUSAND) == 300


def test_each_is_read_right_or_known_not_to_be() -> None:
    assert [one.typed for one in THOUSAND if one.is_read_right() != one.reached] == []
    assert sum(one.reached for one in THOUSAND) >= 998


def test_formatting_and_reading_is_the_identity() -> None:
    for one in THOUSAND:
        with suppress(PromptError):
            for order in read_orders(one.typed):
                assert parse(order.prompt.spelling) == order.prompt
