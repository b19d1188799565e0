from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt.errors import PromptError
from prompt.reading.grammar import Prompt, format_prompt, parse, parse_closely
from prompt.reading.plain import split_plain
from prompt.reading.separators import blank_unprintable
from tests.prompt.strategies import prompts, texts


@pytest.mark.parametrize(
    "text",
    [
        "an owl",
        "an owl --ar 3:2",
        "an owl —ar 3:2 --tile —s 50",
        "a well-known owl, 35mm --ar 3:2 --no fog, people --tile --seed 4",
        "水墨画 山水 --ar 9:16 --niji 6",
        "an  owl  --ar  3:2  --v",
        "an owl --sampler Euler a --style raw-ab --p ab12 cd34 --sref 12 random",
        "owl:: forest::2 fog::-.5 --sref 12::2",
        "https://a.example/b.png?ex=1&hm=2 an owl --iw 2",
        "",
    ],
)
def test_most_prompts_go_the_short_way(text: str) -> None:
    assert split_plain(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "owl –ar 3:2",
        "owl — ar 3:2",
        "owl—ar 3:2",
        "owl —- ar 3:2",
        "owl —people --ar 3:2",
        "owl --ar 3:2 at dusk",
        "owl --ar 3x2",
        "owl --chaos 101",
        "owl --wat",
        "owl --seed 1 --seed 2",
        "owl --tile cat",
        "owl - cat",
        "owl --no x -v 5",
        "owl (--ar 3:2)",
        "owl\n--ar 3:2",
        "owl --style raw paint",
        "owl --sref 12 paint",
        "owl --AR 3:2",
    ],
)
def test_what_needs_a_closer_look_takes_the_long_one(text: str) -> None:
    assert split_plain(text) is None


def outcome(way: Callable[[str], Prompt], text: str) -> tuple[object, ...]:
    try:
        prompt = way(text)
    except PromptError as error:
        return error.sentences, error.position, error.suggestion
    return prompt, prompt.notes, prompt.places


def check_same(text: str) -> None:
    if "{" not in text and "}" not in text and split_plain(text) is not None:
        assert outcome(parse, text) == outcome(parse_closely, blank_unprintable(text))


@given(texts)
def test_both_ways_lead_to_the_same_prompt(text: str) -> None:
    check_same(text)


@given(
    prompts(),
    st.sampled_from(["", " ", " at dusk", " a b", " -1", " x-y", ","]),
    st.lists(st.booleans(), max_size=6),
)
def test_both_ways_lead_to_the_same_prompt_from_a_canonical_one(
    prompt: Prompt, end: str, phones: list[bool]
) -> None:
    text = format_prompt(prompt) + end
    for phone in phones:
        text = text.replace(" --", " —" if phone else " \0", 1)
    check_same(text.replace("\0", "--"))
