"""What doctor says of memory, on cards that a test makes up."""

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from cli import memory
from cli.findings import Finding, State
from generation.catalogue.memory_plans import count_usable
from storage.settings import Settings
from tests.generation.eyes import EYES


def pretend(monkeypatch: pytest.MonkeyPatch, card: float | None) -> None:
    """Has the machine have a card of so many GiB, or none."""
    gpu = None if card is None else torch.device("cuda", 1)
    monkeypatch.setattr(memory, "find_gpu", lambda _: gpu)
    monkeypatch.setattr("generation.tensors.memory.measure_room", lambda _: count_usable(card or 0))
    monkeypatch.setattr("generation.tensors.memory.is_float8_quick", lambda _: True)
    monkeypatch.setattr("generation.tensors.memory.measure_card", lambda _: card or 0)


def examined(
    monkeypatch: pytest.MonkeyPatch, card: float | None, **chosen: str
) -> dict[str, Finding]:
    """What is found on a card of so many GiB, or without one, by name."""
    pretend(monkeypatch, card)
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


def test_products_in_8_bits_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(monkeypatch, 24, model="flux1-dev", memory="fp8")["flux1-dev"]
    assert "8 bits, multiplied in fp8" in found.says


def test_a_setting_that_means_nothing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = examined(monkeypatch, 8, memory="much").values()
    assert (found.state, found.mend) == (State.FAULT, "correct EASEL_MEMORY")


def test_without_a_gpu_there_is_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examined(monkeypatch, None, model="sdxl") == {}


@pytest.fixture(scope="module")
def eye(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return EYES["qwen3-vl"](tmp_path_factory.mktemp("eyes") / "qwen")


@pytest.mark.parametrize(
    ("card", "chosen", "state", "says"),
    [
        (None, {}, State.OK, "none; the small judge"),
        (24, {"eyes": "off"}, State.OK, "none; the small judge"),
        (24, {}, State.NOTE, "Qwen/Qwen3.5-4B is not on this machine"),
        (12, {}, State.NOTE, "Qwen/Qwen3.5-2B is not on this machine"),
        (80, {"model": "qwen-image-edit"}, State.OK, "also tells what pictures show"),
        (24, {"eyes": "much"}, State.FAULT, "EASEL_EYES cannot be `much`"),
    ],
)
def test_which_eye_there_is(
    monkeypatch: pytest.MonkeyPatch,
    card: float | None,
    chosen: dict[str, str],
    state: State,
    says: str,
) -> None:
    pretend(monkeypatch, card)
    (found,) = memory.examine_eyes(Settings(_env_file=None, **chosen))  # type: ignore[call-arg, arg-type]
    assert found.state is state
    assert says in found.says


@pytest.mark.parametrize(
    ("card", "state", "says"),
    [
        (80, State.OK, "goes to the card beside Stable Diffusion XL for a question"),
        (12, State.OK, "takes the place of Stable Diffusion XL for a question"),
        (8, State.FAULT, "needs 9.3 GiB of the card's memory, and 7.3 are free"),
        (None, State.NOTE, "on the processor"),
    ],
)
def test_how_an_eye_that_is_here_finds_room(
    monkeypatch: pytest.MonkeyPatch, eye: Path, card: float | None, state: State, says: str
) -> None:
    pretend(monkeypatch, card)
    monkeypatch.setattr(memory, "find_eye_folder", lambda _: eye)
    chosen = Settings(_env_file=None, model="sdxl", eyes="qwen3-vl-4b")  # type: ignore[call-arg]
    (found,) = memory.examine_eyes(chosen)
    assert found.state is state
    assert says in found.says


@pytest.mark.parametrize(
    ("card", "memory_there", "chosen", "state", "says"),
    [
        (80, 32, {}, State.OK, "0.0 of 32.0 GiB"),
        (80, 32, {"eyes": "qwen3-vl-4b"}, State.OK, "8.3 of 32.0"),
        (80, 8, {"eyes": "qwen3-vl-4b"}, State.NOTE, "8.3 of 8.0"),
        # What draws rests there while the eye looks, and is less than it.
        (12, 32, {"eyes": "qwen3-vl-4b"}, State.OK, "8.3 of 32.0"),
        (80, 32, {"finder": "FINDER"}, State.OK, "1.0 of 32.0"),
        (12, 8, {"model": "flux2-klein"}, State.NOTE, "of 8.0"),
    ],
)
def test_what_waits_beside_the_card_is_counted(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    card: float,
    memory_there: float,
    chosen: dict[str, str],
    state: State,
    says: str,
) -> None:
    pretend(monkeypatch, card)
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: SimpleNamespace(total=memory_there * 2**30)
    )
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(2**30)
    monkeypatch.setattr(memory, "find_eye_folder", lambda _: tmp_path)
    settings = Settings(_env_file=None, **{"model": "sdxl", "eyes": "off", **chosen})  # type: ignore[call-arg, arg-type]
    (found,) = memory.examine_main_memory(settings)
    assert says in found.says
    assert found.state is state
