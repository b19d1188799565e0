import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.reading.grammar import Prompt, parse
from prompt.resolution.presets import (
    BETWEEN,
    WORDS,
    Layer,
    Origin,
    check_name,
    check_preset,
    choose,
    describe_origin,
    merge,
)
from tests.prompt.strategies import prompts, texts

PRESET = Layer(Origin.PRESET, "ink", "ink drawing --ar 3:2 --cfg 5")
PERSON = Layer(Origin.PERSON, "", "--cfg 3 --steps 9")
SERVER = Layer(Origin.SERVER, "house", "oil --steps 4 --iw 2", words=False)


def test_what_is_typed_counts_most_and_each_layer_before_the_next() -> None:
    merged = merge(parse("a cat --ar 1:1"), [PRESET, PERSON, SERVER])
    assert merged.prompt.text == "a cat, ink drawing"
    assert merged.prompt.flags == {"ar": (1, 1), "cfg": 5, "steps": 9, "iw": 2}
    assert merged.origins == {
        "ar": "typed",
        "words": "preset ink",
        "cfg": "preset ink",
        "steps": "your preferences",
        "iw": "this server's default house",
    }


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("--iw 2", "--strength 0.3"),
        ("--quality 2", "--steps 9"),
        ("--draft", "--quality 4"),
        ("--v 6", "--niji 5"),
        ("--v 6", "--model sdxl"),
        ("--fast", "--relax"),
    ],
)
def test_what_is_typed_also_counts_before_other_flags_for_the_same_thing(
    typed: str, stored: str
) -> None:
    typed_alone = parse(f"a cat {typed}")
    merged = merge(typed_alone, [Layer(Origin.PERSON, "", stored)])
    assert merged.prompt == typed_alone
    assert set(merged.origins.values()) == {"typed"}


@pytest.mark.parametrize(
    ("typed", "added", "text"),
    [
        ("", "ink", "ink"),
        ("a cat::2 a dog::1", "ink", "a cat::2 a dog, ink::1"),
        ("a cat", "ink::2 oil::1", "a cat::1 ink::2 oil::1"),
        ("a cat::1 fog::-0.5", "ink", "a cat::1 fog::-0.5 ink::1"),
    ],
)
def test_words_join_the_last_phrase_where_that_is_plain(typed: str, added: str, text: str) -> None:
    whole = merge(parse(typed), [Layer(Origin.PRESET, "x", added)]).prompt
    assert whole.phrases == parse(text).phrases


def test_what_cannot_be_read_any_more_is_left_out_with_a_note() -> None:
    merged = merge(parse("a cat"), [Layer(Origin.PRESET, "old", "--ar x"), PERSON])
    assert merged.prompt.notes == ("What preset `old` adds could not be read and was left out.",)
    assert "steps" in merged.origins


def test_layers_add_only_what_goes_with_the_way() -> None:
    layer = Layer(Origin.PERSON, "", "--iw 0 --strength 0.2 --no fog")
    assert merge(parse("--ar 1:1"), [layer], PromptSource.BLEND).origins == {
        "ar": "typed",
        "no": "your preferences",
    }
    assert merge(parse("owl"), [layer]).origins.keys() == {"iw", "strength", "no"}


def test_added_words_tell_all_the_places_that_they_came_from() -> None:
    suffix = Layer(Origin.PERSON, "", "at night")
    origins = merge(parse("a cat"), [PRESET, suffix, SERVER]).origins
    assert origins[WORDS].split(BETWEEN) == ["preset ink", "your preferences"]
    assert [describe_origin(place) for place in origins[WORDS].split(BETWEEN)] == [
        "preset `ink`",
        "personal preferences",
    ]


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("typed", "typed"),
        ("preset ink", "preset `ink`"),
        ("this server's default house", "the server's default `house`"),
        ("usual /img2img", "the default of /img2img"),
        ("a later version's {word}", "a later version's {word}"),
    ],
)
def test_an_origin_is_worded(kept: str, told: str) -> None:
    assert describe_origin(kept) == told


@given(prompts(), st.lists(texts, max_size=3))
def test_it_never_raises_and_never_changes_what_was_typed(
    prompt: Prompt, stored: list[str]
) -> None:
    merged = merge(prompt, [Layer(Origin.PRESET, "x", text) for text in stored])
    assert prompt.flags.items() <= merged.prompt.flags.items()
    assert {merged.origins[name] for name in prompt.flags} <= {"typed"}


def test_a_preset_is_the_persons_before_the_servers() -> None:
    assert choose("Ink", {"ink": "mine"}, {"ink": "ours"}).text == "mine"
    with pytest.raises(PromptError, match="did you mean `ink`"):
        choose("inc", {"ink": "mine"})
    with pytest.raises(PromptError, match="/preset list"):
        choose("zzz", {"ink": "mine"}, {})


def test_stored_text_is_canonical() -> None:
    assert check_preset("ink  drawing —aspect 3:2") == "ink drawing --ar 3:2"
    for wrong in ("", "https://a.example/b.png ink", "ink --preset x", "ink --repeat 2", "{a, b}"):
        with pytest.raises(PromptError):
            check_preset(wrong)


@pytest.mark.parametrize("text", ["ink --repeat 2", "ink --preset other", "--r 2"])
def test_what_cannot_be_kept_is_refused_with_where_it_works(text: str) -> None:
    with pytest.raises(PromptError, match="leave it out here; it works with /imagine, /img2img"):
        check_preset(text)


def test_all_that_is_wrong_with_a_preset_is_said_at_once() -> None:
    with pytest.raises(PromptError) as caught:
        check_preset("ink --repeat 2 --preset other")
    assert len(caught.value.sentences) == 2


def test_names_are_low_and_without_spaces() -> None:
    assert check_name(" Ink_2 ") == "ink_2"
    for wrong in ("", "two words", "x" * 33, "a/b"):
        with pytest.raises(PromptError):
            check_name(wrong)
