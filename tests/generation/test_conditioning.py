import copy
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from generation.catalogue.card import Capability, Card
from generation.catalogue.families import CARDS
from generation.conditioning.cache import TextCache
from generation.conditioning.text import Embedding, Tower, embed
from generation.recipe import Phrase, Span, Weighting
from generation.sampling.diffusion import Family
from generation.sampling.engine import Engine
from prompt.resolution.orders import read_orders
from prompt.resolution.wording import choose_weighting, weigh_words
from tests.generation.samples import APPLE
from tests.recipes import change

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
        return embed(towers, weighted, Phrase(text=negative), zeros_for_empty=zeros)


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
@example([("", 5e-324), ("", -1.0)], "0")
@example([("", 5e-324), ("a", -1.0), ("b", -5e-324)], "")
@given(st.lists(st.tuples(st.text(max_size=60), st.floats(-2, 2)), max_size=4), st.text())
def test_whatever_the_text_both_sides_are_finite_and_of_one_shape(
    towers: list[Tower], phrases: list[tuple[str, float]], negative: str
) -> None:
    show, avoid = read(towers, *phrases, negative=negative)
    assert show.tokens.shape == avoid.tokens.shape
    assert show.tokens.shape[1] % 77 == 0
    assert show.tokens.isfinite().all()
    assert avoid.tokens.isfinite().all()


WEIGHTED = (("a ", 1.0), ("red", 1.4), (" apple, ", 1.0), ("grey", 1 / 1.1), (" dog", -0.5))
"""Stretches of one text, as both programs cut ``a (red:1.4) apple, [grey]( dog:-0.5)``."""


def phrase(*stretches: tuple[str, float], breaks: Sequence[int] = ()) -> Phrase:
    spans, text = [], ""
    for words, weight in stretches:
        if weight != 1.0:
            spans.append(Span(start=len(text), end=len(text) + len(words), weight=weight))
        text += words
    return Phrase(text=text, spans=tuple(spans), breaks=tuple(breaks))


def reference(tower: Tower, stretches: Sequence[tuple[str, float]], weighting: str) -> torch.Tensor:
    """The arithmetic of AUTOMATIC1111 or ComfyUI for one window, written from their sources."""
    words = tower.tokenizer
    rows = [(words.bos_token_id, 1.0)]
    for text, weight in stretches:
        rows += [(token, weight) for token in words(text, add_special_tokens=False).input_ids]
    rows += [(words.eos_token_id, 1.0)]
    window = tower.encoder.config.max_position_embeddings
    rows += [(words.pad_token_id, 1.0)] * (window - len(rows))

    def run(ids: Sequence[int]) -> torch.Tensor:
        read = tower.encoder(torch.tensor([ids]), output_hidden_states=True)
        layers: torch.Tensor = (
            read.last_hidden_state if tower.layer is None else read.hidden_states[tower.layer]
        )
        return tower.encoder.final_layer_norm(layers) if tower.normed else layers

    z = run([token for token, _ in rows])
    if weighting == "a1111":
        original_mean = z.mean()
        z = z * torch.tensor([weight for _, weight in rows])[None, :, None]
        return z * (original_mean / z.mean())
    empty = run([rows[0][0], words.eos_token_id, *[words.pad_token_id] * (window - 2)])
    for place, (_, weight) in enumerate(rows):
        if weight != 1.0:
            z[0, place] = (z[0, place] - empty[0, place]) * weight + empty[0, place]
    return z


@pytest.mark.parametrize("weighting", ["a1111", "comfyui"])
@pytest.mark.parametrize("family", ["towers", "pair"])
@torch.inference_mode()
def test_token_weights_are_the_reference_arithmetic(
    request: pytest.FixtureRequest, family: str, weighting: Weighting
) -> None:
    read_by: list[Tower] = request.getfixturevalue(family)
    ours, _ = embed(read_by, [phrase(*WEIGHTED)], weighting=weighting)
    theirs = [reference(tower, WEIGHTED, weighting) for tower in read_by]
    torch.testing.assert_close(ours.tokens, torch.cat(theirs, dim=-1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weighting", ["a1111", "comfyui"])
def test_token_weights_in_what_is_unwanted(towers: list[Tower], weighting: Weighting) -> None:
    with torch.inference_mode():
        _, avoid = embed(towers, [], phrase(*WEIGHTED), weighting=weighting)
        theirs = reference(towers[0], WEIGHTED, weighting)
    torch.testing.assert_close(avoid.tokens, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_token_weights_of_vectors_without_a_mean_are_taken_as_they_are(
    towers: list[Tower], scale: float
) -> None:
    (tower,) = towers
    normed = copy.deepcopy(tower.encoder)
    torch.nn.init.constant_(normed.final_layer_norm.weight, scale)
    torch.nn.init.zeros_(normed.final_layer_norm.bias)
    bare = [replace(tower, encoder=normed)]
    with torch.inference_mode():
        ours, _ = embed(bare, [phrase(*WEIGHTED)])
        plain, _ = embed(bare, [Phrase(text="".join(words for words, _ in WEIGHTED))])
    torch.testing.assert_close(ours.tokens[:, -1], plain.tokens[:, -1])
    assert ours.tokens.isfinite().all()


def test_token_weights_leave_the_summary_of_a_text_alone(pair: list[Tower]) -> None:
    with torch.inference_mode():
        ours, _ = embed(pair, [phrase(("a ", 1.0), ("red", 1.4), (" apple", 1.0))])
    plain, _ = read(pair, ("a red apple", 1.0))
    assert torch.equal(pooled(ours), pooled(plain))
    assert not torch.equal(ours.tokens, plain.tokens)


def test_a_break_begins_a_window(towers: list[Tower]) -> None:
    with torch.inference_mode():
        show, avoid = embed(towers, [Phrase(text="a cat a dog", breaks=(6,))])
    parts = [read(towers, (part, 1.0))[0].tokens for part in ("a cat", "a dog")]
    assert torch.equal(show.tokens, torch.cat(parts, dim=1))
    assert avoid.tokens.shape == show.tokens.shape


def test_a_weight_of_1_changes_nothing(towers: list[Tower]) -> None:
    one = Phrase(text="a red apple", spans=(Span(start=2, end=5, weight=1.0),))
    with torch.inference_mode():
        weighted, _ = embed(towers, [one])
    assert torch.equal(weighted.tokens, read(towers, ("a red apple", 1.0))[0].tokens)


def read_as_a1111(text: str) -> list[tuple[str, float]]:
    """Stretches and weights as ``parse_prompt_attention`` of AUTOMATIC1111 finds them."""
    made: list[tuple[str, float]] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}
    signs = r"\\([()\[\]])|([(\[])|:\s*([+-]?[.\d]+)\s*\)|([)\]])|([^\\()\[\]:]+|[:\\])"

    def scale(start: int, factor: float) -> None:
        made[start:] = [(words, weight * factor) for words, weight in made[start:]]

    for plain, opening, weight, closing, words in re.findall(signs, text):
        if opening:
            opened[opening].append(len(made))
        elif weight:
            scale(opened["("].pop(), float(weight))
        elif closing:
            scale(opened["(" if closing == ")" else "["].pop(), 1.1 if closing == ")" else 1 / 1.1)
        else:
            made.append((plain or words, 1.0))
    return made


def read_as_comfyui(text: str, weight: float = 1.0) -> list[tuple[str, float]]:
    """Stretches and weights as ``token_weights`` of ComfyUI finds them: numbers count alone."""
    parts, depth = [""], 0
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "(" and depth == 1:
            parts.append("")
        parts[-1] += sign
        if sign == ")" and depth == 0:
            parts.append("")
    made: list[tuple[str, float]] = []
    for part in filter(None, parts):
        body, _, typed = part[1:-1].rpartition(":")
        if not part.startswith("("):
            made.append((part, weight))
        elif re.fullmatch(r"[\d.]+", typed):
            made += read_as_comfyui(body, float(typed))
        else:
            made += read_as_comfyui(part[1:-1], weight * 1.1)
    return made


def write_graph(wanted: str, unwanted: str) -> str:
    """A graph of ComfyUI in its own form."""
    nodes = {
        "3": {"class_type": "KSampler", "inputs": {"positive": ["6", 0], "negative": ["7", 0]}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": wanted}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": unwanted}},
    }
    return json.dumps(nodes)


PASTED: dict[Weighting, tuple[str, Callable[[str], list[tuple[str, float]]]]] = {
    "a1111": ("{}\nNegative prompt: {}\nSteps: 20, Seed: 1", read_as_a1111),
    "comfyui": ("", read_as_comfyui),
}
READ_BY = [card for card in CARDS if Capability.EMPHASIS in card.capabilities]


WEIGHED = (
    ("a (red:1.4) apple, ((grey)) dog", "(blurry:1.3), bad"),
    ("((red:1.2) apple) on a [table]", "((fog:0.7) rain:1.5)"),
    ("(a (cat:0) and a (bird):0.8), tree", "dog"),
    ("(((a) b:1.3) c)", "(d:0.25) e"),
)


def _pasted() -> Iterator[tuple[Card, tuple[str, str]]]:
    """Every way to write weights by one card, since what reads them is before any model."""
    for card in READ_BY:
        yield from product([card], WEIGHED if card is READ_BY[0] else WEIGHED[:1])


@pytest.mark.parametrize(
    ("card", "texts"), list(_pasted()), ids=lambda one: getattr(one, "id", "") or one[0]
)
@pytest.mark.parametrize("clip_skip", [1, 2])
@pytest.mark.parametrize("weighting", PASTED)
@torch.inference_mode()
def test_pasted_weights_condition_as_where_they_come_from(
    engines: Engines, card: Card, clip_skip: int, weighting: Weighting, texts: tuple[str, str]
) -> None:
    (wanted, unwanted), (form, read_theirs) = texts, PASTED[weighting]
    typed = form.format(wanted, unwanted) if form else write_graph(wanted, unwanted)
    (order,) = read_orders(typed)
    phrases, avoided, _ = weigh_words(order.prompt, replace(card, avoided="", added=""))
    recipe = change(
        APPLE,
        phrases=phrases,
        negative=avoided,
        weighting=choose_weighting(order.prompt.flags, avoided, *phrases),
        clip_skip=clip_skip,
    )
    pipe, family = engines(card.id).pipe, engines(card.id).family
    assert isinstance(family, Family)
    theirs = [
        torch.cat(
            [reference(one, read_theirs(text), weighting) for one in list_towers(pipe, clip_skip)],
            -1,
        )
        for text in (unwanted, wanted)
    ]
    ours = family.encode(pipe, recipe, TextCache()).tokens
    torch.testing.assert_close(ours, torch.cat(theirs), rtol=1e-5, atol=1e-6)


def list_towers(pipe: Any, clip_skip: int) -> list[Tower]:
    """The encoders of a pipeline, and what AUTOMATIC1111 and ComfyUI read of each."""
    if hasattr(pipe, "text_encoder_2"):
        return [
            Tower(pipe.tokenizer, pipe.text_encoder, layer=-2),
            Tower(pipe.tokenizer_2, pipe.text_encoder_2, layer=-2),
        ]
    layer = -clip_skip if clip_skip > 1 else None
    return [Tower(pipe.tokenizer, pipe.text_encoder, layer=layer, normed=clip_skip > 1)]
