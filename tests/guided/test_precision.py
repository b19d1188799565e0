"""Precision: bfloat16 only where the processor has instructions for it."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

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
