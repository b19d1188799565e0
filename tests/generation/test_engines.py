"""Several models in one worker: loaded when needed, released when their memory is."""

import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from generation.catalogue.families import find_card
from generation.catalogue.served import Models, ServedModel
from generation.derive import enlarge
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.recipe import Recipe, seed_noise
from generation.runtime.pool import Engines, estimate_memory
from generation.runtime.render import render
from generation.sampling.engine import Engine
from generation.tensors.memory import measure_free
from storage.files import Files
from storage.queue.jobs import RenderError
from tests.generation.samples import APPLE, batched, never, quiet, rendering
from tests.generation.test_ladder import failing
from tests.recipes import change

CPU = torch.device("cpu")
ROOM = 64.0
"""GiB of a device that a test makes up."""


@pytest.fixture
def models(folders: Callable[[str], Path]) -> Models:
    """The bundled model, a tiny one of FLUX.2 klein, and two of SDXL."""

    def one(family: str, name: str = "") -> ServedModel:
        named = replace(find_card(family), name=name)
        return ServedModel(card=named, source=str(folders(family)), model=name or family)

    each = [one("easel"), one("flux2-klein"), one("sdxl", "photo"), one("sdxl", "paint")]
    return {served.card.called: served for served in each}


class Device:
    """A device of so many GiB, in which every model takes what its card states.

    Attributes:
        loads: Names of what was loaded, in order.
        faults: What the next loads raise.
    """

    def __init__(
        self,
        models: Models,
        memory: float = ROOM,
        find: Callable[[ServedModel], Engine] = lambda one: load(one.card, one.source, CPU),
    ) -> None:
        self.loads: list[str] = []
        self.faults: list[Exception] = []
        self._models, self._memory, self._find = models, memory, find
        self.engines = Engines(models, self._load, CPU, self._room)

    def _load(self, one: ServedModel) -> Engine:
        self.loads.append(one.card.called)
        if self.faults:
            raise self.faults.pop(0)
        return self._find(one)

    def _room(self) -> float:
        taken = (estimate_memory(self._models[name].card, CPU) for name in self.engines.loaded)
        return self._memory - sum(taken)


@pytest.fixture
def quick(models: Models, engines: Callable[[str], Engine]) -> Callable[..., Device]:
    """Devices on which loading takes no time."""
    return partial(Device, models, find=lambda one: replace(engines(one.card.id), card=one.card))


def asked(one: ServedModel) -> Recipe:
    return change(
        APPLE,
        family=one.card.id,
        model=one.model,
        width=64,
        height=64,
        steps=1,
        sampler=one.card.sampler,
        guidance=one.card.guidance,
    )


def used(device: Device, models: Models, *names: str) -> None:
    for name in names:
        assert device.engines.get_for(asked(models[name]), quiet).card.called == name


def test_a_model_is_loaded_at_its_first_job_and_kept(
    models: Models, quick: Callable[..., Device]
) -> None:
    device = quick()
    used(device, models, "easel", "flux2-klein", "easel", "flux2-klein")
    assert device.loads == ["easel", "flux2-klein"]
    assert device.engines.loaded == ("easel", "flux2-klein")


def test_the_one_out_of_use_longest_makes_room(
    models: Models, quick: Callable[..., Device]
) -> None:
    """On a CPU, where numbers are twice as wide: 2 GiB, 32, and 24 for each of SDXL."""
    device = quick(60)
    used(device, models, "easel", "photo", "flux2-klein", "easel")
    assert device.engines.loaded == ("photo", "flux2-klein", "easel")
    used(device, models, "paint")
    assert device.engines.loaded == ("flux2-klein", "easel", "paint")
    used(device, models, "photo")
    assert device.engines.loaded == ("easel", "paint", "photo")


def test_what_no_device_would_hold_is_tried_alone(
    models: Models, quick: Callable[..., Device]
) -> None:
    device = quick(8)
    used(device, models, "easel", "flux2-klein")
    assert device.engines.loaded == ("flux2-klein",)


def test_two_checkpoints_of_a_family_are_two(models: Models, quick: Callable[..., Device]) -> None:
    device = quick()
    used(device, models, "photo", "paint", "photo")
    assert device.loads == ["photo", "paint"]


def test_a_member_is_told_of_loading_alone(models: Models, quick: Callable[..., Device]) -> None:
    device, told = quick(), list[tuple[int, int, bytes | None]]()
    for _ in range(2):
        device.engines.get_for(asked(models["easel"]), lambda *now: told.append(now))
    assert told == [(0, 0, None)]


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("out of memory"), RuntimeError("can't allocate memory"), MemoryError()],
)
def test_out_of_memory_while_loading_releases_all_others_and_tries_again(
    models: Models, quick: Callable[..., Device], error: Exception
) -> None:
    device = quick()
    used(device, models, "easel", "photo")
    device.faults = [error]
    used(device, models, "flux2-klein")
    assert device.loads[2:] == ["flux2-klein", "flux2-klein"]
    assert device.engines.loaded == ("flux2-klein",)


def test_adapters_that_find_no_memory_are_out_of_memory_too(
    models: Models, quick: Callable[..., Device]
) -> None:
    device, error = quick(), ModelError("the image adapters could not be loaded")
    error.__cause__ = torch.OutOfMemoryError("out of memory")
    used(device, models, "easel")
    device.faults = [error]
    used(device, models, "photo")
    assert device.engines.loaded == ("photo",)


@pytest.mark.parametrize("error", [ModelError("damaged"), torch.OutOfMemoryError("out of memory")])
def test_a_model_that_cannot_be_loaded_ends_its_job_alone(
    models: Models, quick: Callable[..., Device], error: Exception
) -> None:
    device = quick()
    device.faults = [error]
    with pytest.raises(RenderError, match="model"):
        device.engines.get_for(asked(models["photo"]), quiet)
    assert device.loads == ["photo"]
    used(device, models, "photo", "easel")


def test_a_recipe_of_no_model_here_is_named(models: Models, quick: Callable[..., Device]) -> None:
    device = quick()
    for gone in (replace(APPLE, family="sd15"), replace(APPLE, family="sdxl", model="gone")):
        with pytest.raises(RenderError, match="model"):
            device.engines.get_for(gone, quiet)
    assert not device.loads


def test_out_of_memory_while_drawing_releases_others_before_anything_is_drawn_smaller(
    models: Models,
    quick: Callable[..., Device],
) -> None:
    device = quick()
    used(device, models, "easel", "flux2-klein")
    engine = device.engines.get_for(APPLE, quiet)
    assert isinstance(engine, Engine)
    whole = batched(engine, size=4)
    lanes: list[int] = []
    with failing(engine.pipe, "denoising", 1):
        counted = engine.pipe.unet.register_forward_pre_hook(
            lambda _, given: lanes.append(len(given[0]))
        )
        try:
            render(
                whole, change(APPLE, noise=seed_noise(7, 4)), quiet, read=bytes.fromhex, find=never
            )
        finally:
            counted.remove()
    assert device.engines.loaded == ("easel",)
    assert set(lanes) == {8}


def test_a_released_model_is_gone_and_draws_the_same_when_it_is_back(
    models: Models, tmp_path: Path
) -> None:
    device = Device(models, 33)
    make = rendering(device.engines, Files(tmp_path), never)
    recipes = {name: asked(models[name]).to_json() for name in ("photo", "paint")}
    first = {name: make(recipe, quiet) for name, recipe in recipes.items()}
    paint = device.engines.get(models["paint"])
    assert isinstance(paint, Engine)
    part = weakref.ref(paint.pipe.unet)
    del paint
    assert make(recipes["photo"], quiet) == first["photo"]
    assert part() is None
    assert make(recipes["paint"], quiet) == first["paint"]
    assert device.loads == ["photo", "paint", "photo", "paint"]


def test_what_was_drawn_is_enlarged_without_the_model_that_drew_it(
    models: Models, quick: Callable[..., Device], tmp_path: Path
) -> None:
    device, stored = quick(33), dict[str, str]()
    make = rendering(device.engines, Files(tmp_path), stored.get)
    small = asked(models["flux2-klein"])
    large = enlarge(small, 0, 2)
    slow = make(large.to_json(), quiet)
    stored |= {made.digest: made.sha256 for made in make(small.to_json(), quiet).pictures}
    used(device, models, "easel")
    loads = list(device.loads)
    assert make(large.to_json(), quiet) == slow
    assert device.loads == loads
    assert device.engines.loaded == ("easel",)
    stored |= dict.fromkeys(stored, "f" * 64)
    assert make(large.to_json(), quiet) == slow
    assert device.loads == [*loads, "flux2-klein"]


def test_each_model_computes_on_as_many_cores_as_alone(
    models: Models, quick: Callable[..., Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    device, cores = quick(), list[str]()
    monkeypatch.setattr(
        "generation.runtime.pool.share_cores", lambda one: cores.append(one.card.id)
    )
    used(device, models, "easel", "flux2-klein", "easel")
    assert cores == ["easel", "flux2-klein", "easel"]


def test_a_gpu_says_what_it_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (6 * 2**30, 24 * 2**30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 3 << 30)
    assert measure_free(torch.device("cuda", 1)) == 6
    # A limit is one for all models: what those that are loaded take is no longer there.
    assert [measure_free(torch.device("cuda", 1), limit) for limit in (5, 20)] == [2, 6]


def test_memory_is_of_the_machine_where_there_is_no_gpu() -> None:
    assert 0.1 < measure_free(CPU) < 100_000
    assert estimate_memory(find_card("sdxl"), CPU) == 2 * find_card("sdxl").memory
