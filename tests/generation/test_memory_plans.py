"""How a model lies on a card: the plan, told from figures alone, and carried out in small."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from generation.catalogue.extras import extend_card
from generation.catalogue.families import CARDS, VARIANTS, find_card
from generation.catalogue.footprints import FOOTPRINTS, Footprint
from generation.catalogue.loras import read_offered
from generation.catalogue.memory_plans import (
    MemoryPlan,
    MemoryPlanError,
    Placing,
    Room,
    choose_plan,
    count_usable,
    estimate_footprint,
    list_plans,
    measure_needs,
    read_room,
)
from generation.families import placing
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.recipe import Lora
from generation.sampling.engine import Engine
from generation.tensors.memory import measure_room
from tests.generation.loras import build_lora
from tests.generation.samples import quiet, recipe_for
from tests.generation.test_families import distance, draw

CPU, GPU = torch.device("cpu"), torch.device("cuda", 1)
BESIDE = {"adapters": "h94/IP-Adapter", "controlnets": "acme/union"}


def made_up(monkeypatch: pytest.MonkeyPatch, total: float, used: float = 0.5) -> float:
    """The room on a card of so many GiB, of which the driver and others use some."""
    free = int((total - used) * 2**30), int(total * 2**30)
    monkeypatch.setattr(torch.cuda, "mem_get_info", {GPU: free}.__getitem__)
    monkeypatch.setattr(torch.cuda, "memory_reserved", {GPU: 0}.__getitem__)
    return measure_room(GPU)


@pytest.mark.parametrize(
    ("card", "total", "beside", "placed", "bits"),
    [
        ("sdxl", 8, {}, Placing.PARKED, 16),
        ("sdxl", 12, {}, Placing.RESIDENT, 16),
        ("sdxl", 12, BESIDE, Placing.PARKED, 8),
        ("sdxl", 12, {"adapters": "h94/IP-Adapter"}, Placing.PARKED, 16),
        ("sdxl", 16, BESIDE, Placing.PARKED, 16),
        ("flux2-klein", 8, {}, Placing.OFFLOADED, 8),
        ("flux2-klein", 12, {}, Placing.OFFLOADED, 16),
        ("flux2-klein", 16, {}, Placing.OFFLOADED, 16),
        ("flux2-klein", 24, {}, Placing.RESIDENT, 16),
        ("z-image", 12, {}, Placing.PARKED, 8),
        ("z-image", 24, {}, Placing.RESIDENT, 16),
        ("flux1-dev", 12, {}, Placing.PARKED, 4),
        ("flux1-dev", 24, {}, Placing.RESIDENT, 8),
        ("flux1-dev", 48, {}, Placing.RESIDENT, 16),
        ("qwen-image-edit", 16, {}, Placing.OFFLOADED, 4),
        ("qwen-image-edit", 80, {}, Placing.RESIDENT, 16),
    ],
)
def test_each_card_gets_the_quickest_plan_that_fits(
    monkeypatch: pytest.MonkeyPatch,
    card: str,
    total: int,
    beside: dict[str, str],
    placed: Placing,
    bits: int,
) -> None:
    known = find_card(card)
    room = made_up(monkeypatch, total)
    assert room == pytest.approx(count_usable(total))
    plan = choose_plan(known, estimate_footprint(known, **beside), Room(room))
    assert (plan.placing, plan.bits) == (placed, bits)
    assert plan.needs <= room


def test_eight_gib_draw_xl_one_at_a_time_decoded_in_tiles() -> None:
    xl = find_card("sdxl")
    plan = choose_plan(xl, estimate_footprint(xl), Room(count_usable(8)))
    assert (plan.at_once, plan.tiled) == (1, True)


def test_what_others_use_is_not_planned_with(monkeypatch: pytest.MonkeyPatch) -> None:
    xl = find_card("sdxl")
    room = made_up(monkeypatch, 24, used=24 - 8)
    assert choose_plan(xl, estimate_footprint(xl), Room(room)).placing is not Placing.RESIDENT


footprints = st.builds(
    Footprint,
    text=st.floats(0, 20),
    denoiser=st.floats(0.1, 40),
    picture=st.floats(0.05, 2),
    decoding=st.floats(0.1, 5),
    beside=st.floats(0, 6),
)


@given(footprints, st.floats(0.5, 100), st.floats(0, 20))
def test_more_memory_is_never_used_worse(parts: Footprint, memory: float, more: float) -> None:
    plans = [replace(plan, needs=0.0) for plan in list_plans(parts)]

    def rank(room: float) -> int:
        try:
            found = choose_plan(find_card("sdxl"), parts, Room(room))
        except MemoryPlanError:
            return len(plans)
        assert found.needs <= room
        return plans.index(replace(found, needs=0.0))

    assert rank(memory + more) <= rank(memory)


@given(footprints)
def test_fewer_bits_and_less_on_the_card_take_less(parts: Footprint) -> None:
    def need(**different: object) -> float:
        return measure_needs(parts, replace(MemoryPlan(), **different))  # type: ignore[arg-type]

    assert need(bits=4) <= need(bits=8) <= need() + 1e-9
    assert need(at_once=1) <= need()
    assert need(tiled=True) <= need()
    assert need(placing=Placing.OFFLOADED) <= need() + 0.4
    heavier = replace(parts, beside=parts.beside + 1)
    assert all(
        measure_needs(heavier, plan) > measure_needs(parts, plan) for plan in list_plans(parts)
    )


def test_every_family_has_figures() -> None:
    assert {card.id for card in CARDS} <= FOOTPRINTS.keys()
    for card in (*CARDS, *VARIANTS):
        assert next(list_plans(estimate_footprint(card))).needs < 1.2 * card.memory + 6


def test_what_fits_nowhere_is_refused_with_what_would_fit() -> None:
    large, xl = find_card("qwen-image-edit"), find_card("sdxl")
    with pytest.raises(
        MemoryPlanError, match=r"13\.6 GiB .* 4 bits, and 7\.0 .* sdxl, flux2-klein"
    ):
        choose_plan(large, estimate_footprint(large), Room(7.0))
    with pytest.raises(MemoryPlanError, match="it fits without image adapters and ControlNets"):
        choose_plan(xl, estimate_footprint(xl, **BESIDE), Room(7.0))


@pytest.mark.parametrize(
    ("setting", "placed", "bits"),
    [
        ("resident", Placing.RESIDENT, 16),
        ("parked", Placing.PARKED, 16),
        ("offload", Placing.OFFLOADED, 16),
        ("8bit", Placing.RESIDENT, 8),
        ("4bit", Placing.RESIDENT, 4),
        ("auto", Placing.RESIDENT, 16),
        ("9", Placing.OFFLOADED, 16),
        ("7.5", Placing.OFFLOADED, 8),
    ],
)
def test_a_setting_goes_before_the_memory(setting: str, placed: Placing, bits: int) -> None:
    klein = find_card("flux2-klein")
    plan = choose_plan(klein, estimate_footprint(klein), read_room(80, setting))
    assert (plan.placing, plan.bits) == (placed, bits)
    # What was asked for is tried, and the card then says whether it fits.
    if setting in {"resident", "parked", "offload"}:
        assert choose_plan(klein, estimate_footprint(klein), Room(2, setting)).placing is placed


def test_a_setting_that_means_nothing_is_refused() -> None:
    with pytest.raises(
        MemoryPlanError, match="EASEL_MEMORY cannot be `much`; write auto, resident"
    ):
        read_room(8, "much")


# Carried out, on the CPU


@pytest.mark.parametrize("setting", ["parked", "offload"])
@pytest.mark.parametrize("family", ["sd15", "sdxl", "flux2-klein"])
def test_what_comes_and_goes_draws_the_same(
    folders: Callable[[str], Path], engines: Callable[[str], Engine], family: str, setting: str
) -> None:
    card, room = find_card(family), read_room(80, setting)
    engine = load(card, str(folders(family)), CPU, room=room)
    assert engine.memory.placing == setting
    assert engine.device.type == "cpu"
    recipe = recipe_for(engine, steps=1)
    usual = draw(engines(family), recipe)[0].tobytes()
    for _ in range(2):
        (picture,) = engine.draw(recipe, None, quiet)
        assert picture.tobytes() == usual


@pytest.mark.parametrize("setting", ["parked", "offload"])
def test_what_comes_and_goes_wears_loras(
    folders: Callable[[str], Path], engines: Callable[[str], Engine], tmp_path: Path, setting: str
) -> None:
    plain = engines("sdxl")
    file = build_lora(tmp_path / "ink.safetensors", plain.pipe)
    card = extend_card(find_card("sdxl"), "", read_offered(f"ink={file}"))
    worn, drawn = [Lora(name="ink", weight=1.0)], []
    for room in (Room(), Room(wanted=setting)):
        engine = load(card, str(folders("sdxl")), CPU, room=room)
        engine.apply_loras(worn)
        drawn.append(engine.draw(recipe_for(engine, steps=1), None, quiet)[0].tobytes())
        hooked = [part for part in engine.pipe.components.values() if hasattr(part, "_hf_hook")]
        assert bool(hooked) == (room.wanted == setting)
    assert drawn[0] == drawn[1]
    assert (engine.pipe.unet in hooked) == (setting == "offload")


def test_parked_encoders_are_sent_off_as_the_denoiser_starts(
    folders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    class Hook:
        """Of a part that seems to lie on the device."""

        def __init__(self, part: nn.Module) -> None:
            self.model = nn.Linear(1, 1, device="meta")
            self.name = type(part).__name__

        def offload(self) -> None:
            sent.append(self.name)

    monkeypatch.setattr(placing, "cpu_offload_with_hook", lambda part, *_: (part, Hook(part)))
    engine = load(find_card("sdxl"), str(folders("sdxl")), CPU, room=Room(wanted="parked"))
    sent.clear()
    engine.draw(recipe_for(engine, steps=1), None, quiet)
    assert sent == ["CLIPTextModel", "CLIPTextModelWithProjection"]


def test_a_plan_of_small_tiles_and_one_at_a_time_is_kept_to(folders: Callable[[str], Path]) -> None:
    card = find_card("sdxl")
    parts_here = placing.measure_parts(
        load(card, str(folders("sdxl")), CPU).pipe, estimate_footprint(card)
    )
    least = next(plan for plan in list_plans(parts_here) if plan.tiled)
    engine = load(card, str(folders("sdxl")), CPU, room=Room(least.needs + 0.001))
    assert engine.memory == least
    assert engine.pipe.vae.use_tiling


def test_a_model_too_large_is_refused_at_loading(folders: Callable[[str], Path]) -> None:
    with pytest.raises(ModelError, match="GiB of the card's memory even with weights of 4 bits"):
        load(find_card("sdxl"), str(folders("sdxl")), CPU, room=Room(0.2))


@pytest.mark.parametrize(
    ("bits", "library", "apart"),
    [("8bit", "torch", 4), ("fp8", "torch", 4), ("4bit", "bitsandbytes", 40)],
)
def test_with_fewer_bits_it_draws_nearly_the_same(
    folders: Callable[[str], Path],
    engines: Callable[[str], Engine],
    bits: str,
    library: str,
    apart: float,
) -> None:
    card, folder = find_card("flux2-klein"), str(folders("flux2-klein"))
    if find_spec(library) is None:
        with pytest.raises(ModelError, match=rf"need {library}: pip install 'easel\[quantised\]'"):
            load(card, folder, CPU, room=Room(wanted=bits))
        return
    engine = load(card, folder, CPU, room=Room(wanted=bits))
    recipe = recipe_for(engine)
    (small,) = engine.draw(recipe, None, quiet)
    (whole,) = draw(engines("flux2-klein"), recipe)
    assert 0 < distance(small, whole) < apart


def test_the_table_in_the_docs_is_fresh() -> None:
    page = Path("docs/hosting.md")
    fresh = subprocess.run(
        [sys.executable, "-m", "generation.catalogue.memory_table", str(page)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert fresh == page.read_text(encoding="utf-8")
