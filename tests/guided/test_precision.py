"""Precision: bfloat16 only where the processor has instructions for it."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from generation.families.load import choose_precision
from generation.guided.checkpoint import Networks, quicken
from generation.tensors import precision


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    precision.is_bfloat16_quick.cache_clear()
    yield
    precision.is_bfloat16_quick.cache_clear()


@pytest.mark.parametrize(
    ("able", "quick"),
    [
        ({}, False),
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False}, False),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"neon": True, "bf16": True}, True),
    ],
)
def test_a_processor_computes_as_it_is_able_to(
    monkeypatch: pytest.MonkeyPatch, able: dict[str, bool], quick: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
    with precision.lower_precision("cpu"):
        made = nn.Linear(2, 2)(torch.ones(1, 2))
    assert (made.dtype == torch.bfloat16) is quick


@pytest.mark.parametrize(
    ("capability", "quick"),
    [
        ((6, 1), False),
        ((7, 0), False),
        ((7, 5), False),
        ((8, 0), True),
        ((8, 9), True),
        ((12, 0), True),
    ],
)
def test_of_two_cards_each_tells_for_itself(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], quick: bool
) -> None:
    cards = {torch.device("cuda", 0): (9, 0), torch.device("cuda", 1): capability}
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", cards.__getitem__)
    assert precision.is_bfloat16_quick(torch.device("cuda", 0))
    assert precision.is_bfloat16_quick(torch.device("cuda", 1)) is quick
    for card, dtype in zip(
        cards, (torch.bfloat16, torch.bfloat16 if quick else torch.float16), strict=True
    ):
        assert choose_precision(card) == dtype


def test_a_pytorch_that_does_not_tell_is_taken_for_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not precision.is_bfloat16_quick("cpu")
    assert not precision.is_bfloat16_quick("mps")


def test_weights_are_held_as_they_are_computed_with(
    monkeypatch: pytest.MonkeyPatch, networks: Networks
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
    kinds = {weight.dtype for weight in quicken(networks).denoiser.parameters()}
    assert kinds == {torch.float32}
