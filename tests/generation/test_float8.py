"""Weights and products in floating-point numbers of 8 bits, on tiny models and on the CPU."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cli.describe import describe as describe_model
from cli.imagine import plan
from generation.catalogue.families import find_card
from generation.catalogue.memory_plans import (
    Room,
    choose_plan,
    describe,
    estimate_footprint,
    read_room,
)
from generation.catalogue.served import choose_usual, list_served
from generation.families import load as loading
from generation.families.load import load
from generation.sampling.engine import Engine
from generation.tensors.float8 import Linear8, Switch, multiply, reduce_layers, reduce_rows
from generation.tensors.precision import is_float8_quick
from storage.queue.jobs import RenderError
from storage.settings import Settings
from tests.generation.lora_kinds import build_kind
from tests.generation.samples import batched, recipe_for
from tests.generation.test_families import Folders, distance, draw, same
from tests.generation.test_lora_kinds import try_on
from tests.recipes import change

CPU = torch.device("cpu")
EIGHT = Room(wanted="fp8", multiplies=True)


@given(st.integers(1, 5), st.integers(1, 40), st.floats(-6, 4), st.integers(0, 2**31))
def test_rows_in_8_bits_are_near_what_they_were(
    rows: int, columns: int, size: float, seed: int
) -> None:
    noise = torch.randn((rows, columns), generator=torch.Generator().manual_seed(seed))
    whole = noise * 10**size
    small, factors = reduce_rows(whole)
    # Three bits behind the point, and steps that end where numbers are nearly nothing.
    near = whole.abs() / 16 + factors * 2**-9
    assert bool(((small.float() * factors - whole).abs() <= near).all())
    # No row depends on those beside it.
    assert torch.equal(reduce_rows(whole[:1])[0].float(), small[:1].float())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_products_are_near_and_those_of_a_whole_picture_stay_wide(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(64, 48), nn.Linear(48, 5)).to(dtype)
    tokens, whole = torch.randn(2, 7, 64).to(dtype), torch.randn(2, 64).to(dtype)
    before = network(tokens).float()
    reduce_layers(network)
    assert {type(one) for one in network} == {Linear8}
    wide, plain = network(tokens), network(whole)
    with multiply(network, eight=True):
        eight = network(tokens)
        assert torch.equal(network(whole), plain)
        assert torch.equal(network(tokens[:1]), eight[:1])
    assert eight.dtype == dtype
    assert not torch.equal(eight, wide)
    assert torch.equal(network(tokens), wide)
    for made in (wide, eight):
        assert (made.float() - before).abs().mean() < 0.06 * before.abs().mean()


def test_a_network_still_says_what_it_computes_in() -> None:
    layer = Linear8(nn.Linear(16, 16).bfloat16(), Switch())
    assert layer.weight.dtype == torch.bfloat16
    assert sum(one.numel() * one.element_size() for one in layer.parameters()) == 256 + 32 + 32


def test_weights_shared_with_embeddings_are_not_kept_twice() -> None:
    network = nn.ModuleDict({"words": nn.Embedding(32, 16), "head": nn.Linear(16, 32, bias=False)})
    network["head"].weight = network["words"].weight
    reduce_layers(network)
    assert type(network["head"]) is nn.Linear


@pytest.mark.parametrize(
    ("family", "dtype"),
    [
        ("sdxl", torch.float32),
        ("z-image", torch.bfloat16),
        ("flux1-dev", torch.bfloat16),
        ("flux2-dev", torch.float32),
    ],
)
def test_every_kind_of_model_draws_so_and_says_it(
    folders: Folders,
    engines: Callable[[str], Engine],
    monkeypatch: pytest.MonkeyPatch,
    family: str,
    dtype: torch.dtype,
) -> None:
    monkeypatch.setattr(loading, "choose_precision", lambda _: dtype)
    card, folder = find_card(family), str(folders(family))
    plain = engines(family) if dtype == torch.float32 else load(card, folder, CPU)
    small = batched(load(card, folder, CPU, room=EIGHT))
    assert describe(small.memory) == "resident, 8 bits, multiplied in fp8"
    recipe = recipe_for(plain, guidance=card.guidance)
    (before,), (wide,) = draw(plain, recipe), draw(small, recipe)
    allowed = change(recipe, float8=True)
    (eight,) = draw(small, allowed)
    assert 0 < distance(wide, before) < 4
    assert 0 < distance(eight, before) < 6
    assert not same(eight, wide)
    # Where the device cannot, the recipe's word changes nothing.
    assert same(draw(plain, allowed)[0], before)


def test_it_wears_loras_and_refuses_what_is_added_to_weights(
    folders: Folders, engines: Callable[[str], Engine], tmp_path: Path
) -> None:
    small = load(find_card("flux2-klein"), str(folders("flux2-klein")), CPU, room=EIGHT)
    pipe = engines("flux2-klein").pipe
    thin = build_kind(tmp_path / "thin.safetensors", pipe, "peft", "diffusers", r"to_q$")
    assert try_on(small, thin) > 0
    added = build_kind(tmp_path / "added.safetensors", pipe, "LoHa", "diffusers", r"to_q$")
    with pytest.raises(RenderError, match="lora"):
        try_on(small, added)


@pytest.mark.parametrize(
    ("capability", "able"), [((7, 5), False), ((8, 6), False), ((8, 9), True), ((9, 0), True)]
)
def test_the_very_card_decides(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], *, able: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    is_float8_quick.cache_clear()
    assert is_float8_quick(torch.device("cuda:1")) is (able and torch.version.hip is None)
    is_float8_quick.cache_clear()
    assert not is_float8_quick(CPU)
    # Off unless it is asked for.
    for setting, multiplied in (("fp8", able), ("8bit", False), ("auto", False)):
        room, card = read_room(80, setting, multiplies=able), find_card("sdxl")
        assert choose_plan(card, estimate_footprint(card), room).multiplied is multiplied


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"model": "sdxl", "memory": "fp8"}, True),
        ({"model": "sdxl", "memory": "8bit"}, False),
        ({"memory": "fp8"}, False),
    ],
)
def test_recipes_and_what_is_shown_of_a_model_say_it(chosen: dict[str, Any], *, said: bool) -> None:
    make: Callable[..., Settings] = Settings
    settings = make(_env_file=None, **chosen)
    assert plan("a cat", settings).recipe.sampling.float8 is said
    shown = dict(describe_model(choose_usual(list_served(settings))))
    assert ("fp8" in shown.get("numbers", "")) is said
