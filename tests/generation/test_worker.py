import io
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from generation import worker
from generation.catalogue.families import BUNDLED, EASEL_2, UnknownFamilyError, find_card
from generation.catalogue.headers import WeightsError
from generation.catalogue.memory_plans import read_room
from generation.catalogue.served import list_served
from generation.derive import enlarge, narrow
from generation.families.model_error import ModelError
from generation.pictures.grid import cut_picture
from generation.pictures.metadata import read_recipe
from generation.recipe import Canvas, Recipe, Start, layout, seed_noise
from generation.runtime.render import PREVIEW_LIMIT, Pictures, encode_preview, pace, render
from generation.sampling.engine import Engine
from generation.sampling.flow import FlowFamily
from generation.worker import choose_device, load_engine, main, make
from storage.files import Files
from storage.queue.jobs import Made, Rendered, RenderError, UnknownJobError
from storage.settings import Settings
from tests.generation.samples import (
    APPLE,
    batched,
    encoded,
    never,
    photograph,
    quiet,
    recipe_for,
    rendering,
)
from tests.recipes import change

GRID = change(APPLE, noise=seed_noise(7, 4))


class Cancelled(BaseException):
    pass


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "images")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a new installation."""
    data = tmp_path / "data"
    data.mkdir()
    return Settings(_env_file=None, data=data)  # type: ignore[call-arg]


def opened(files: Files, made: Made) -> Image.Image:
    return Image.open(io.BytesIO(files.get(made.sha256)))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Where ``rendered`` is."""
    return Files(tmp_path_factory.mktemp("kept") / "images")


@pytest.fixture(scope="module")
def rendered(engines: Callable[[str], Engine], kept: Files) -> Rendered:
    """What a job of four pictures makes."""
    return rendering(engines("easel"), kept, never)(GRID.to_json(), quiet)


def test_a_grid_is_four_pictures_and_all_of_them(kept: Files, rendered: Rendered) -> None:
    assert rendered.grid is not None
    assert [(made.width, made.height) for made in rendered.pictures] == [(256, 256)] * 4
    assert (rendered.grid.width, rendered.grid.height) == (512, 512)
    grid = opened(kept, rendered.grid)
    for k, made in enumerate(rendered.pictures):
        assert cut_picture(grid, k).tobytes() == opened(kept, made).tobytes()
        assert made.digest == narrow(GRID, k).digest
    assert rendered.grid.digest == GRID.digest


def test_every_file_carries_its_recipe(kept: Files, rendered: Rendered) -> None:
    assert rendered.grid is not None
    assert read_recipe(kept.get(rendered.grid.sha256)) == GRID
    for k, made in enumerate(rendered.pictures):
        assert read_recipe(kept.get(made.sha256)) == narrow(GRID, k)


def test_a_quarter_alone_is_the_same_file(easel: Engine, kept: Files, rendered: Rendered) -> None:
    alone = rendering(easel, kept, never)(narrow(GRID, 2).to_json(), quiet)
    assert alone.grid is None
    assert alone.pictures[0] == rendered.pictures[2]


def test_enlarging_takes_the_stored_picture(easel: Engine, kept: Files, rendered: Rendered) -> None:
    stored = {made.digest: made.sha256 for made in rendered.pictures}
    asked = enlarge(GRID, 1, 3).to_json()
    drawn: list[int] = []

    def count(step: int, *_: object) -> None:
        drawn.append(step)

    quick = rendering(easel, kept, stored.get)(asked, count)
    assert drawn == []
    slow = rendering(easel, kept, never)(asked, count)
    assert drawn
    assert quick == slow
    assert (quick.pictures[0].width, quick.pictures[0].height) == (768, 768)


def test_enlarging_makes_a_picture_that_was_lost(easel: Engine, files: Files) -> None:
    job = rendering(easel, files, lambda _: "0" * 64)
    assert job(enlarge(APPLE, 0, 2).to_json(), quiet).pictures[0].width == 512


def test_a_mask_that_is_gone_is_said(easel: Engine, files: Files) -> None:
    canvas = Canvas(image=files.put(encoded(photograph())), mask="f" * 64)
    with pytest.raises(RenderError, match="missing_image"):
        rendering(easel, files, never)(change(APPLE, canvas=canvas).to_json(), quiet)


def test_starts_from_a_stored_image(easel: Engine, files: Files) -> None:
    begun = change(APPLE, start=Start(image=files.put(encoded(photograph())), strength=0.3))
    job = rendering(easel, files, never)
    assert job(begun.to_json(), quiet).pictures[0] != job(APPLE.to_json(), quiet).pictures[0]


def test_a_recipe_of_a_newer_release_is_left_to_others(easel: Engine, files: Files) -> None:
    newer = APPLE.to_json() | {"version": layout.VERSION + 1, "novelty": True}
    job = worker.watch_device(worker.make_renderer(easel, files, never), torch.device("cpu"))
    with pytest.raises(UnknownJobError):
        job(newer, quiet)


def code(rendering: Callable[[], object]) -> str:
    with pytest.raises(RenderError) as caught:
        rendering()
    return caught.value.code


def test_a_missing_image_is_named(easel: Engine, files: Files) -> None:
    lost = change(APPLE, start=Start(image="a" * 64, strength=0.5))
    assert code(lambda: rendering(easel, files, never)(lost.to_json(), quiet)) == "missing_image"


def test_a_recipe_of_another_family_is_named(easel: Engine, files: Files) -> None:
    foreign = replace(APPLE, family="sdxl")
    assert code(lambda: rendering(easel, files, never)(foreign.to_json(), quiet)) == "model"


class Cramped:
    """An engine whose device holds only so many pictures at once."""

    def __init__(self, engine: Engine, room: int, error: Exception) -> None:
        self.tried: list[int] = []

        def refuse(unet: Any, given: Any) -> None:
            self.tried.append(len(given[0]) // 2)
            if len(given[0]) // 2 > room:
                raise error

        self.hook = engine.pipe.unet.register_forward_pre_hook(refuse)


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("out of memory"), RuntimeError("can't allocate memory: 9 bytes")],
)
def test_short_of_memory_it_draws_one_by_one(easel: Engine, error: Exception) -> None:
    wide = batched(easel, size=4)
    cramped = Cramped(easel, 1, error)
    try:
        pictures = render(wide, GRID, quiet, read=bytes.fromhex, find=never)
    finally:
        cramped.hook.remove()
    assert len(pictures.single) == 4
    assert cramped.tried == [4, *[1] * 4 * GRID.steps]


def test_out_of_memory_is_named(easel: Engine) -> None:
    cramped = Cramped(easel, 0, torch.OutOfMemoryError("out of memory"))
    try:
        assert code(lambda: render(easel, GRID, quiet, read=bytes.fromhex, find=never)) == (
            "out_of_memory"
        )
    finally:
        cramped.hook.remove()


def test_another_fault_is_not_taken_for_lack_of_memory(easel: Engine) -> None:
    cramped = Cramped(easel, 0, RuntimeError("shapes do not match"))
    try:
        with pytest.raises(RuntimeError, match="shapes"):
            render(easel, GRID, quiet, read=bytes.fromhex, find=never)
    finally:
        cramped.hook.remove()


def test_cancelling_before_the_first_step_draws_nothing(easel: Engine) -> None:
    def cancelled(*_: object) -> None:
        raise Cancelled

    cramped = Cramped(easel, 4, RuntimeError())
    try:
        with pytest.raises(Cancelled):
            render(easel, GRID, cancelled, read=bytes.fromhex, find=never)
    finally:
        cramped.hook.remove()
    assert cramped.tried == []


def test_every_step_is_reported_and_previews_are_drawn_now_and_then() -> None:
    times = iter([0.0, 0.1, 0.5, 0.6, 0.7, 1.2, 1.3])
    told: list[tuple[int, int, bytes | None]] = []
    drawn: list[int] = []

    def previews(step: int) -> list[Image.Image]:
        drawn.append(step)
        return [photograph()] * 4

    watch = pace(lambda *now: told.append(now), clock=lambda: next(times))
    for step in range(1, 5):
        watch(step, 9, partial(previews, step))
    assert drawn == [2, 4]
    assert [(step, steps) for step, steps, _ in told] == [(1, 9), (2, 9), (3, 9), (4, 9)]
    first, *later = (preview for *_, preview in told)
    assert first is None
    assert all(preview and Image.open(io.BytesIO(preview)).format == "WEBP" for preview in later)


@pytest.mark.parametrize("at", [1, 3])
def test_a_cancellation_is_felt_within_one_step(
    engine: Engine, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However seldom previews are drawn: not one more step is computed than was reported.

    UNets see both sides of the guidance in one batch; a transformer sees one after the other.
    """
    monkeypatch.setattr("generation.runtime.render.PREVIEW_EVERY", 1e9)
    steps, computed = list[int](), list[int]()

    def report(step: int, *_: object) -> None:
        steps.append(step)
        if step == at:
            raise Cancelled

    part = engine.pipe.unet if hasattr(engine.pipe, "unet") else engine.pipe.transformer
    hook = part.register_forward_pre_hook(lambda *_: computed.append(1))
    recipe = recipe_for(engine, steps=6, noise=seed_noise(7, 1))
    try:
        with pytest.raises(Cancelled):
            render(engine, recipe, report, read=bytes.fromhex, find=never)
    finally:
        hook.remove()
    assert steps == [*range(at + 1)]
    guided = recipe.sampling.guidance > 1
    apart = guided and isinstance(engine.family, FlowFamily) and engine.family.avoids
    assert len(computed) == at * (2 if apart else 1)


@pytest.mark.parametrize("size", [(128, 128), (170, 64), (8, 200), (16, 16)])
@pytest.mark.parametrize("count", [1, 4])
def test_previews_are_small_whatever_they_show(size: tuple[int, int], count: int) -> None:
    noise = [Image.effect_noise(size, 200).convert("RGB") for _ in range(count)]
    preview = encode_preview(noise)
    assert len(preview) <= PREVIEW_LIMIT
    width, height = Image.open(io.BytesIO(preview)).size
    assert max(width, height) == (256 if count == 1 else 512)
    assert width / height == pytest.approx(size[0] / size[1], rel=0.1)


def test_making_without_a_queue_gives_the_same_pictures_again(settings: Settings) -> None:
    def pixels(pictures: Pictures) -> list[bytes]:
        return [image.tobytes() for image in (*pictures.single, pictures.grid) if image]

    two = change(GRID, noise=seed_noise(7, 2), steps=1)
    once, again = (pixels(make(two, settings, quiet)) for _ in range(2))
    assert len(once) == 3
    assert once == again


def test_models_that_cannot_be_used_are_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="holds no model"):
        make(APPLE, settings.model_copy(update={"model": str(tmp_path)}), quiet)
    with pytest.raises(UnknownFamilyError):
        make(APPLE, settings.model_copy(update={"family": "dalle"}), quiet)


def test_each_model_is_loaded_with_what_is_for_its_family(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings.model_copy(
        update={
            "models": "sdxl@3f2a, sd15",
            "adapters": "acme/adapters",
            "controlnets": "sdxl:acme/union, sd15:canny=acme/canny",
            "preview": "acme/tiny, sdxl:acme/tiny-xl",
        }
    )
    given: list[tuple[object, ...]] = []

    def refuse(_: object, source: str, *beside: object, **networks: object) -> None:
        given.append((source, *beside[1:], networks["controlnets"]))
        raise ModelError

    monkeypatch.setattr(worker, "load_any", refuse)
    for one in list_served(chosen).values():
        with pytest.raises(ModelError):
            load_engine(chosen, one)
    hub = "stabilityai/stable-diffusion-xl-base-1.0@3f2a"
    assert given == [
        (str(BUNDLED), "acme/adapters", "acme/tiny", ""),
        (str(EASEL_2), "acme/adapters", "", ""),
        (hub, "acme/adapters", "acme/tiny-xl", "acme/union"),
        (find_card("sd15").model, "acme/adapters", "", "canny=acme/canny"),
    ]


def test_what_a_model_needs_of_a_gpu_is_as_its_plan_says(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "find_room", lambda _, setting: read_room(11.1, setting))
    needs = partial(worker.estimate_needs, settings, torch.device("cuda", 1))
    assert needs(find_card("sdxl")) == pytest.approx(9.4, abs=0.1)
    # It will not fit; then everything else goes, before its loading says so.
    assert needs(find_card("qwen-image-edit")) == 11.1


def test_any_device_may_be_named_and_auto_finds_one() -> None:
    assert choose_device("cuda:1") == torch.device("cuda", 1)
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}


@pytest.mark.usefixtures("restored_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_either_signal_asks_the_service_to_stop(
    settings: Settings, easel: Engine, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    steps_back: list[int] = []
    told: list[tuple[str, str]] = []

    def serve(*_: object, model: str, device: str, stop: threading.Event, **__: object) -> None:
        told.append((model, device))
        assert not stop.is_set()
        signal.raise_signal(number)
        assert stop.wait(5)

    monkeypatch.setattr(worker, "serve", serve)
    monkeypatch.setattr(worker, "load_engine", lambda *_: easel)
    monkeypatch.setattr(worker, "read_past", lambda _: None)
    monkeypatch.setattr(os, "nice", steps_back.append)
    main(settings)
    assert told == [("easel-1, easel-2", "cpu")]
    assert steps_back == [worker.NICENESS]


def test_the_recipe_of_a_test_is_one_that_people_can_make(easel: Engine) -> None:
    assert Recipe.from_json(recipe_for(easel).to_json()) == APPLE
