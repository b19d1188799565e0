import pytest

from generation.catalogue.card import Card
from generation.catalogue.families import CARDS, find_card
from prompt.guidance.help import list_acting, list_idle
from prompt.guidance.topics import TOPICS, Topic, format_topic

LONGEST = 2000
EVERY = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


@EVERY
@pytest.mark.parametrize("on", [None, *CARDS], ids=lambda on: on.id if on else "any")
def test_a_page_fits_a_message(topic: Topic, on: Card | None) -> None:
    assert len(format_topic(topic, on)) < LONGEST


def test_every_flag_that_acts_is_explained_once() -> None:
    explained = [name for topic in TOPICS for name in topic.flags]
    assert sorted(explained) == sorted(row.name for row in list_acting())


def test_every_flag_that_does_not_act_is_named() -> None:
    text = format_topic(TOPICS[-1])
    assert all(f"`--{row.name}`" in text for row in list_idle())


def test_no_name_is_used_twice() -> None:
    names = [topic.name for topic in TOPICS]
    assert len(set(names)) == len(names)


def test_a_page_can_name_the_models_own_values() -> None:
    steps = find_card("sdxl").steps
    (quality,) = (topic for topic in TOPICS if topic.name == "quality")
    assert f"Default: {steps}." in format_topic(quality, find_card("sdxl"))
    assert "Default: the model's own." in format_topic(quality)
