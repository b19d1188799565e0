import pytest
from hypothesis import given

from generation.catalogue.card import SAMPLERS
from prompt.flags.sources import PromptSource
from prompt.flags.table import BY_NAME, FLAGS
from prompt.guidance.completion import LONGEST, complete, list_names
from prompt.reading.grammar import parse
from tests.prompt.strategies import texts


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("a cat --as", ["a cat --aspect"]),
        ("a cat —sam", ["a cat --sampler", "a cat --sameseed"]),
        ("a cat --AR", ["a cat --ar"]),
        ("--dr", ["--draft"]),
        ("a cat --sampler eu", ["a cat --sampler Euler a", "a cat --sampler Euler"]),
        ("a cat --ar 16", ["a cat --ar 16:9"]),
        ("a cat --preset in", ["a cat --preset ink"]),
        ("a cat --ar 3:2 --q 0", ["a cat --ar 3:2 --q 0.25", "a cat --ar 3:2 --q 0.5"]),
    ],
)
def test_the_flag_at_the_end_is_written_out(text: str, ways: list[str]) -> None:
    assert complete(text, presets=("ink", "oil")) == ways


@pytest.mark.parametrize(
    "text", ["", "a cat", "a cat --zzz", "a cat --seed 7 ", "state-of", "a --x y"]
)
def test_elsewhere_there_is_nothing_to_complete(text: str) -> None:
    assert complete(text) == []


def test_after_bare_dashes_flags_that_act_come_first() -> None:
    ways = complete("a cat --", limit=5)
    assert ways == [f"a cat --{row.name}" for row in FLAGS[:5]]


@pytest.mark.parametrize(
    ("text", "source", "ways"),
    [
        ("owl --re", PromptSource.IMAGINE, ["owl --repeat", "owl --relax"]),
        ("owl --re", PromptSource.KEPT, ["owl --relax"]),
        ("owl --iw", PromptSource.IMAGINE, ["owl --iw"]),
        ("owl --iw", PromptSource.IMG2IMG, []),
        ("owl --iw 0", PromptSource.IMG2IMG, []),
        ("owl --preset i", PromptSource.KEPT, []),
        ("owl --preset i", PromptSource.IMG2IMG, ["owl --preset ink"]),
    ],
)
def test_only_flags_that_make_a_difference_are_offered(
    text: str, source: PromptSource, ways: list[str]
) -> None:
    assert complete(text, presets=("ink",), source=source) == ways


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("owl --lora i", ["owl --lora ink"]),
        ("owl --lora ink:0.8 b", ["owl --lora ink:0.8 bricks"]),
        ("owl --lora ", ["owl --lora ink", "owl --lora bricks"]),
        ("owl --lora oil", []),
    ],
)
def test_loras_are_completed_by_name(text: str, ways: list[str]) -> None:
    assert complete(text, loras=("ink", "bricks")) == ways


def test_a_choice_is_never_longer_than_discord_takes() -> None:
    start = "x" * (LONGEST - 8)
    assert complete(f"{start} --ar") == [f"{start} --ar"]
    assert complete(f"{start} --aspe") == []


def test_every_sampler_is_offered() -> None:
    assert complete("owl --sampler ") == [f"owl --sampler {name}" for name in SAMPLERS]


def test_names_begin_as_typed() -> None:
    assert list_names("--gui") == ["guidance"]
    assert set(list_names("")) == {row.name for row in FLAGS}


@given(texts)
def test_completed_values_can_be_read(text: str) -> None:
    assert all(len(source) <= LONGEST for source in complete(text))


@pytest.mark.parametrize("name", [row.name for row in FLAGS if row.examples])
def test_examples_are_values(name: str) -> None:
    row = BY_NAME[name]
    for example in row.examples:
        parsed = parse(f"owl --{name} {example}")
        assert parsed.notes == ()
        assert row.allows(parsed.flags[name])
