"""Short of memory, at any stage: drawn smaller and slower, or one clear word."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import Any

import pytest
import torch

from generation.conditioning.cache import TEXTS_KEPT, ImageCache, TextCache
from generation.recipe import Recipe, seed_noise
from generation.runtime.render import render
from generation.sampling.engine import Batching, Engine, device_of
from generation.sampling.ladder import list_ways, offload_parts, set_aside, shrink_tiles
from storage.queue.jobs import DeviceFaultError, RenderError
from tests.generation.samples import (
    APPLE,
    batched,
    each_kind,
    encoded,
    looking,
    never,
    photograph,
    quiet,
    recipe_for,
    seen,
    start,
)
from tests.generation.test_families import distance, draw
from tests.recipes import change

Engines = Callable[[str], Engine]

STAGES: dict[str, Callable[[Any], tuple[Any, str]]] = {
    "reading the text": lambda pipe: (pipe.text_encoder, "forward"),
    "reading the picture": lambda pipe: (pipe.vae, "encode"),
    "looking at references": lambda pipe: (pipe.image_encoder, "forward"),
    "denoising": lambda pipe: (pipe.unet, "forward"),
    "decoding": lambda pipe: (pipe.vae, "decode"),
}


@contextmanager
def failing(pipe: Any, stage: str, times: int) -> Iterator[None]:
    """The first calls of a stage find no memory."""
    part, name = STAGES[stage](pipe)
    work, left = getattr(part, name), times

    def call(*args: Any, **given: Any) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise torch.OutOfMemoryError("out of memory")
        return work(*args, **given)

    part.__dict__[name] = call
    try:
        yield
    finally:
        del part.__dict__[name]


def everything(engine: Engine) -> Recipe:
    """A recipe that goes through every stage."""
    grid = recipe_for(engine, noise=seed_noise(7, 2), steps=2, start=start(0.6))
    return looking(grid, "style")


def rendered(engine: Engine, recipe: Recipe) -> list[bytes]:
    engine.texts.clear()
    engine.rungs.clear()
    if engine.conditioning.references is not None:
        engine.conditioning.references.memory.clear()
    files = {"0" * 64: encoded(photograph()), "a" * 64: encoded(seen("a" * 64))}
    made = render(engine, recipe, quiet, read=files.__getitem__, find=lambda _: None)
    return [picture.tobytes() for picture in made.single]


@pytest.fixture(scope="module")
def whole(engines: Engines) -> Callable[[str], list[bytes]]:
    """What a family draws of ``everything`` with all the memory that it wants."""
    return cache(lambda family: rendered(engines(family), everything(engines(family))))


@pytest.mark.parametrize("stage", list(STAGES))
@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_once_without_memory_it_is_drawn_all_the_same(
    engines: Engines, family: str, stage: str, whole: Callable[[str], list[bytes]]
) -> None:
    engine, before = engines(family), whole(family)
    with failing(engine.pipe, stage, 1):
        assert rendered(engine, everything(engine)) == before


@pytest.mark.parametrize("stage", list(STAGES))
def test_always_without_memory_it_is_one_word_and_the_next_job_is_as_ever(
    engines: Engines, stage: str, whole: Callable[[str], list[bytes]]
) -> None:
    engine, before = engines("sd15"), whole("sd15")
    with (
        failing(engine.pipe, stage, 1000),
        pytest.raises(RenderError, match="out_of_memory"),
    ):
        rendered(engine, everything(engine))
    assert rendered(engine, everything(engine)) == before


@contextmanager
def crowded(pipe: Any) -> Iterator[list[bool]]:
    """An autoencoder that finds memory in small tiles alone; gives whether each call had them."""
    vae, tiled = pipe.vae, list[bool]()
    decode, whole = vae.decode, vae.tile_latent_min_size

    def call(*args: Any, **given: Any) -> Any:
        tiled.append(vae.use_tiling and vae.tile_latent_min_size < whole)
        if not tiled[-1]:
            raise torch.OutOfMemoryError("out of memory")
        return decode(*args, **given)

    vae.__dict__["decode"] = call
    try:
        yield tiled
    finally:
        del vae.__dict__["decode"]


@contextmanager
def counted(pipe: Any) -> Iterator[list[int]]:
    """The rows that the UNet sees in each call."""
    rows: list[int] = []
    hook = pipe.unet.register_forward_pre_hook(lambda _, given: rows.append(len(given[0])))
    try:
        yield rows
    finally:
        hook.remove()


def test_no_drawing_is_redone_to_be_decoded_and_what_worked_is_remembered(easel: Engine) -> None:
    recipe, plain = recipe_for(easel, steps=2), draw(easel, recipe_for(easel, steps=2))
    engine = replace(easel, rungs={})
    with crowded(easel.pipe) as tiled, counted(easel.pipe) as rows:
        (first,) = render(engine, recipe, quiet, read=bytes.fromhex, find=never).single
        assert (tiled, len(rows)) == ([False, False, True], 2)
        (again,) = render(engine, recipe, quiet, read=bytes.fromhex, find=never).single
        assert (tiled, len(rows)) == ([False, False, True, True], 4)
        # Of another size nothing is known yet.
        render(engine, change(recipe, height=72), quiet, read=bytes.fromhex, find=never)
        assert tiled[4:] == [False, False, True]
    assert first.tobytes() == again.tobytes()
    assert distance(first, easel.enlarge(plain, recipe)[0]) < 8


def test_other_models_go_before_a_picture_is_decoded_in_tiles(easel: Engine) -> None:
    others = [True]
    engine = replace(easel, rungs={}, evict=lambda: bool(others and others.pop()))
    with failing(easel.pipe, "decoding", 1), counted(easel.pipe) as rows:
        render(engine, APPLE, quiet, read=bytes.fromhex, find=never)
    assert (others, engine.rungs, len(rows)) == ([], {}, APPLE.steps)


def test_the_way_to_draw_that_worked_is_remembered_by_size_and_number(easel: Engine) -> None:
    engine, one = batched(easel, 4), change(APPLE, steps=1)
    grid = change(one, noise=seed_noise(7, 4))
    with failing(easel.pipe, "denoising", 1), counted(easel.pipe) as rows:
        for recipe in (grid, grid, one):
            render(engine, recipe, quiet, read=bytes.fromhex, find=never)
    # The call that failed came from a batch of four; a picture alone was never short.
    assert rows == [8, *[2] * 4, *[2] * 4, 2]
    assert list(engine.rungs) == [("draw", grid.size, 4)]


def test_each_way_needs_less_than_the_one_before(easel: Engine) -> None:
    ways = []
    for way in list_ways(batched(easel, 4, 2)):
        with way() as attempt:
            assert isinstance(attempt, Engine)
            tiling = attempt.pipe.vae.use_tiling
            ways.append((attempt.batching, tiling))
    assert ways == [(Batching(4, 2), False), (Batching(1), False), (Batching(1), True)]
    assert not easel.pipe.vae.use_tiling


def test_small_tiles_show_what_the_whole_shows(easel: Engine) -> None:
    asked = change(APPLE, width=128, height=128)
    (whole,) = draw(easel, asked)
    vae, seen_sides = easel.pipe.vae, list[int]()
    before, factor = vae.tile_latent_min_size, easel.pipe.vae_scale_factor
    hook = vae.decoder.register_forward_pre_hook(
        lambda _, given: seen_sides.append(given[0].shape[-1])
    )
    try:
        with shrink_tiles(vae):
            vae.tile_sample_min_size, vae.tile_latent_min_size = 64, 64 // factor
            (tiled,) = draw(easel, asked)
    finally:
        hook.remove()
    assert max(seen_sides) <= 64 // factor
    assert len(seen_sides) > 1
    assert distance(whole, tiled) < 8
    assert vae.tile_latent_min_size == before


@each_kind
def test_small_tiles_are_half_as_wide_for_every_kind_and_as_before_afterwards(
    engine: Engine,
) -> None:
    vae, asked = engine.pipe.vae, recipe_for(engine, width=160, height=160, steps=1)

    def sides() -> dict[str, int]:
        return {name: side for name, side in vars(vae).items() if name.startswith("tile_")}

    before = {**sides(), "use_tiling": vae.use_tiling}
    halves = [name for name in sides() if not name.endswith("factor")]
    with shrink_tiles(vae):
        assert {name: sides()[name] for name in halves} == {n: before[n] // 2 for n in halves}
        assert draw(engine, change(asked, start=start(0.6)))[0].size == (160, 160)
    assert halves
    assert {**sides(), "use_tiling": vae.use_tiling} == before


@each_kind
def test_laddered_it_draws_the_same_and_is_whole_afterwards(engine: Engine) -> None:
    recipe = recipe_for(engine, start=start(0.6), steps=1)
    before = draw(engine, recipe)[0].tobytes()
    engine.texts.clear()
    with offload_parts(engine.pipe, torch.device("cpu")):
        assert device_of(engine.pipe) == torch.device("cpu")
        assert draw(engine, recipe)[0].tobytes() == before
    parts = [part for part in engine.pipe.components.values() if isinstance(part, torch.nn.Module)]
    assert not [part for part in parts if hasattr(part, "_hf_hook")]
    assert draw(engine, recipe)[0].tobytes() == before


class TestCaches:
    def test_a_text_is_encoded_once_until_it_is_out_of_use_longest(self) -> None:
        texts, asked = TextCache(), list[int]()
        for key in (*range(TEXTS_KEPT), 0, TEXTS_KEPT, 0, 1):
            texts.get("encoder", key, partial(asked.append, key))
        assert asked == [*range(TEXTS_KEPT + 1), 1]

    def test_encoders_are_apart(self) -> None:
        texts = TextCache()
        assert texts.get("one", "a", lambda: 1) == 1
        assert texts.get("other", "a", lambda: 2) == 2
        texts.clear()
        assert texts.get("one", "a", lambda: 3) == 3

    def test_all_images_of_a_recipe_are_at_hand_however_many_are_kept(self) -> None:
        images, looked = ImageCache[str, str](2), list[str]()

        def look(key: str) -> str:
            looked.append(key)
            return key.upper()

        images.learn("abc", look)
        assert [images[key] for key in "abc"] == ["A", "B", "C"]
        images.learn("cd", look)
        images.learn("b", look)
        assert looked == ["a", "b", "c", "d", "b"]
        assert len(images) == 2

    def test_the_same_words_are_read_once(self, easel: Engine) -> None:
        easel.texts.clear()
        rows: list[int] = []
        hook = easel.pipe.text_encoder.register_forward_pre_hook(lambda *_: rows.append(1))
        try:
            first = draw(easel, APPLE)[0].tobytes()
            once = len(rows)
            assert draw(easel, APPLE)[0].tobytes() == first
            draw(easel, change(APPLE, noise=seed_noise(9, 1)))
        finally:
            hook.remove()
        assert len(rows) == once > 0


class Crowded(torch.nn.Linear):
    """A part that finds no room to come back, so often."""

    def __init__(self, full: int) -> None:
        super().__init__(2, 2)
        self.moves: list[str] = []
        self.full = full

    def to(self, place: object) -> "Crowded":  # type: ignore[override]
        self.moves.append(str(place))
        # The first move is away.
        if 1 < len(self.moves) <= 1 + self.full:
            raise torch.OutOfMemoryError
        return self


class Held:
    """Something large that is on the device, until nobody has it any more."""


def look_in_vain(seen: list["weakref.ref[Held]"]) -> None:
    held = Held()
    seen.append(weakref.ref(held))
    raise torch.OutOfMemoryError


def test_what_was_set_aside_comes_back_whole_although_what_took_its_room_failed() -> None:
    parts, seen = [Crowded(0), Crowded(1), Crowded(0)], list["weakref.ref[Held]"]()
    with pytest.raises(torch.OutOfMemoryError), set_aside(parts):
        look_in_vain(seen)
    assert [part.moves for part in parts] == [["cpu", "cpu"], ["cpu", "cpu", "cpu"], ["cpu", "cpu"]]
    free = []

    class Late(Crowded):
        def to(self, place: object) -> "Crowded":  # type: ignore[override]
            free.append(bool(seen) and seen[-1]() is None)
            return super().to(place)

    with pytest.raises(torch.OutOfMemoryError), set_aside([Late(0)]):
        look_in_vain(seen)
    # What failed had let go of its room by then.
    assert free[-1]


def test_half_a_model_is_a_fault_of_the_device() -> None:
    with pytest.raises(DeviceFaultError), set_aside([Crowded(2)]):
        pass
