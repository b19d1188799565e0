import copy
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generation.conditioning.text import Embedding, Tower, embed
from generation.recipe import Phrase
from generation.sampling.diffusion import Engine

Engines = Callable[[str], Engine]
PROMPTS = (
    *("", "a red apple", "A Dog, in the RAIN!!", "a c++ book", "日本語 🍎 ñ", "!"),
    "a (red:1.4) [grey] apple++ cat-- ((dog)) AND <lora:x:1>",
)


@pytest.fixture
def towers(engines: Engines) -> list[Tower]:
    pipe = engines("sd15").pipe
    return [Tower(pipe.tokenizer, pipe.text_encoder)]


@pytest.fixture
def pair(engines: Engines) -> list[Tower]:
    pipe = engines("sdxl").pipe
    return [
        Tower(pipe.tokenizer, pipe.text_encoder, layer=-2),
        Tower(pipe.tokenizer_2, pipe.text_encoder_2, layer=-2),
    ]


def read(
    towers: Sequence[Tower], *phrases: tuple[str, float], negative: str = "", zeros: bool = False
) -> tuple[Embedding, Embedding]:
    weighted = [Phrase(text=text, weight=weight) for text, weight in phrases]
    with torch.inference_mode():
        return embed(towers, weighted, negative, zeros_for_empty=zeros)


def pooled(embedding: Embedding) -> torch.Tensor:
    assert embedding.pooled is not None
    return embedding.pooled


@pytest.mark.parametrize("text", PROMPTS)
@pytest.mark.parametrize("negative", ["", "blue, blurry"])
@torch.inference_mode()
def test_short_text_is_what_the_sd15_pipeline_makes(
    engines: Engines, towers: list[Tower], text: str, negative: str
) -> None:
    show, avoid = read(towers, (text, 1.0), negative=negative)
    theirs, their_negative = engines("sd15").pipe.encode_prompt(text, "cpu", 1, True, negative)
    assert torch.equal(show.tokens, theirs)
    assert torch.equal(avoid.tokens, their_negative)


@pytest.mark.parametrize("text", PROMPTS)
@pytest.mark.parametrize("negative", [None, "blue, blurry"])
@torch.inference_mode()
def test_short_text_is_what_the_sdxl_pipeline_makes(
    engines: Engines, pair: list[Tower], text: str, negative: str | None
) -> None:
    show, avoid = read(pair, (text, 1.0), negative=negative or "", zeros=True)
    theirs = engines("sdxl").pipe.encode_prompt(text, device="cpu", negative_prompt=negative)
    ours = (show.tokens, avoid.tokens, pooled(show), pooled(avoid))
    assert all(map(torch.equal, ours, theirs))


def test_long_text_takes_as_many_windows_as_it_needs(towers: list[Tower]) -> None:
    words = towers[0].tokenizer
    long = " ".join(["apple"] * 150)
    assert len(words(long, add_special_tokens=False, verbose=False).input_ids) == 150
    show, avoid = read(towers, (long, 1.0))
    more, _ = read(towers, (long + " apple", 1.0))
    assert show.tokens.shape[1] == avoid.tokens.shape[1] == 2 * 77
    assert more.tokens.shape[1] == 3 * 77


def test_each_window_is_encoded_for_itself(towers: list[Tower]) -> None:
    first, second = " ".join(["apple"] * 75), " ".join(["cat"] * 75)
    both, _ = read(towers, (f"{first} {second}", 1.0))
    parts = [read(towers, (part, 1.0))[0].tokens for part in (first, second)]
    assert torch.equal(both.tokens, torch.cat(parts, dim=1))


def test_a_long_negative_makes_the_positive_as_long(pair: list[Tower]) -> None:
    show, avoid = read(pair, ("cat", 1.0), negative="dog " * 100, zeros=True)
    assert show.tokens.shape == avoid.tokens.shape == (1, 2 * 77, 64)


def test_phrases_are_averaged_by_weight(pair: list[Tower]) -> None:
    (cat, _), (dog, _) = read(pair, ("cat", 1.0)), read(pair, ("dog", 1.0))
    mixed, _ = read(pair, ("cat", 3.0), ("dog", 1.0))
    torch.testing.assert_close(mixed.tokens, 0.75 * cat.tokens + 0.25 * dog.tokens)
    torch.testing.assert_close(pooled(mixed), 0.75 * pooled(cat) + 0.25 * pooled(dog))


def test_one_phrase_alone_is_itself_whatever_its_weight(towers: list[Tower]) -> None:
    assert torch.equal(read(towers, ("cat", 0.3))[0].tokens, read(towers, ("cat", 1.0))[0].tokens)


def test_half_a_negative_weight_is_the_negative_prompt(pair: list[Tower]) -> None:
    _, by_weight = read(pair, ("tulips", 1.0), ("red", -0.5), zeros=True)
    _, by_flag = read(pair, ("tulips", 1.0), negative="red", zeros=True)
    assert torch.equal(by_weight.tokens, by_flag.tokens)
    assert torch.equal(pooled(by_weight), pooled(by_flag))


def test_a_smaller_negative_weight_goes_part_of_the_way(towers: list[Tower]) -> None:
    _, empty = read(towers, ("tulips", 1.0))
    _, full = read(towers, ("tulips", 1.0), negative="red")
    _, half = read(towers, ("tulips", 2.0), ("red", -0.5))
    torch.testing.assert_close(half.tokens, (empty.tokens + full.tokens) / 2)


def test_negative_phrases_share_what_they_push(towers: list[Tower]) -> None:
    _, red = read(towers, ("tulips", 1.0), negative="red")
    _, blue = read(towers, ("tulips", 1.0), negative="blue")
    _, both = read(towers, ("tulips", 1.0), ("red", -3.0), ("blue", -1.0))
    torch.testing.assert_close(both.tokens, 0.75 * red.tokens + 0.25 * blue.tokens)


def test_without_a_wanted_phrase_nothing_in_particular_is_wanted(towers: list[Tower]) -> None:
    assert torch.equal(read(towers, ("red", -1.0))[0].tokens, read(towers, ("", 1.0))[0].tokens)


def test_a_smaller_window_is_the_encoders_own(engines: Engines) -> None:
    pipe = engines("sd15").pipe
    config = copy.deepcopy(pipe.text_encoder.config)
    config.max_position_embeddings = 24
    narrow = type(pipe.text_encoder)(config)
    show, _ = read([Tower(pipe.tokenizer, narrow)], ("apple " * 23, 1.0))
    assert show.tokens.shape[1] == 2 * 24


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(max_size=60), st.floats(-2, 2)), max_size=4), st.text())
def test_whatever_the_text_both_sides_are_finite_and_of_one_shape(
    towers: list[Tower], phrases: list[tuple[str, float]], negative: str
) -> None:
    show, avoid = read(towers, *phrases, negative=negative)
    assert show.tokens.shape == avoid.tokens.shape
    assert show.tokens.shape[1] % 77 == 0
    assert show.tokens.isfinite().all()
    assert avoid.tokens.isfinite().all()
