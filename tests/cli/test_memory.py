"""What doctor says of memory, on cards that a test makes up."""

from collections.abc import Iterable

import pytest
import torch

from cli import memory
from cli.findings import Finding, State
from generation.catalogue.memory_plans import count_usable
from storage.settings import Settings


def examined(
    monkeypatch: pytest.MonkeyPatch, card: float | None, **chosen: str
) -> dict[str, Finding]:
    """What is found on a card of so many GiB, or without one, by name."""
    gpu = None if card is None else torch.device("cuda", 1)
    monkeypatch.setattr(memory, "_find_gpu", lambda _: gpu)
    monkeypatch.setattr("generation.tensors.memory.measure_room", lambda _: count_usable(card or 0))
    settings = Settings(_env_file=None, **chosen)  # type: ignore[call-arg, arg-type]
    found: Iterable[Finding] = memory.examine_memory(settings)
    return {one.name.removeprefix("memory "): one for one in found}


def test_each_model_has_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(monkeypatch, 12, model="sdxl", models="flux2-klein, qwen-image-edit")
    assert found["sdxl"].says == "resident, two at a time: 9.4 of 11.1 GiB"
    assert found["flux2-klein"].says.startswith("each part loaded as it computes: 10.7")
    assert found["flux2-klein"].state is State.OK
    assert found["qwen-image-edit"].state is State.FAULT
    assert "sdxl, flux2-klein, z-image" in found["qwen-image-edit"].says


def test_adapters_and_networks_count(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = {"adapters": "h94/IP-Adapter", "controlnets": "acme/union"}
    found = examined(monkeypatch, 12, model="sdxl", models="z-image", **beside)
    assert found["sdxl"].says.startswith("text encoders parked, 8 bits")
    # It can take neither.
    assert found["z-image"] == examined(monkeypatch, 12, model="z-image")["z-image"]


def test_a_setting_that_asks_for_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(monkeypatch, 8, model="sdxl", memory="resident")["sdxl"]
    assert (found.state, found.mend) == (
        State.NOTE,
        "set EASEL_MEMORY=auto, which fits it to the card",
    )


def test_a_setting_that_means_nothing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = examined(monkeypatch, 8, memory="much").values()
    assert (found.state, found.mend) == (State.FAULT, "correct EASEL_MEMORY")


def test_without_a_gpu_there_is_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examined(monkeypatch, None, model="sdxl") == {}
