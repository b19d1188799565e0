"""The guide-driven family: what its card claims, on a tiny model of its published layout."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from generation.catalogue.card import Capability
from generation.catalogue.families import find_card
from generation.derive import (
    Parent,
    Variation,
    narrow,
    repaint,
    reroll,
    select_ninth,
    upscale_creatively,
    vary,
)
from generation.families.load import load_any
from generation.families.model_error import ModelError
from generation.guided.checkpoint import Networks, write_networks
from generation.guided.guided_engine import GuidedEngine
from generation.recipe import Ingredient, Phrase, Recipe, Reference, Start, Structure, seed_noise
from generation.runtime.render import render
from generation.sampling.engine import Batching
from generation.sampling.soundness import has_one_colour
from generation.tensors import precision
from storage.queue.jobs import RenderError, Report
from tests.generation.samples import encoded, quiet, seen
from tests.guided.conftest import scene
from tests.recipes import change, make

CPU = torch.device("cpu")
EASEL_2 = find_card("easel2")
PHOTO = Image.fromarray((scene(1, 72, 96) * 255).astype(np.uint8))


@pytest.fixture(scope="module")
def engine(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> GuidedEngine:
    folder = tmp_path_factory.mktemp("easel-2")
    write_networks(folder, replace(networks, planner=None), {})
    # Networks this small draw in a moment; the family's own size would only take longer.
    loaded = load_any(replace(EASEL_2, side=72), str(folder), CPU)
    assert isinstance(loaded, GuidedEngine)
    return loaded


def recipe(text: str = "watercolour", **different: Any) -> Recipe:
    """A photograph in 4:3, one picture, few steps, but for what is different."""
    values: dict[str, Any] = {
        "family": EASEL_2.id,
        "model": EASEL_2.model,
        "prompt": text,
        "phrases": (Phrase(text=text),) if text else (),
        "width": 80,
        "height": 64,
        "noise": seed_noise(7, 1),
        "steps": 4,
        "guidance": 1.5,
        "sampler": EASEL_2.sampler,
        "start": Start(image="f" * 64, strength=0.6),
    }
    return make(**{**values, **different})


def find(sha256: str) -> Image.Image:
    return PHOTO if sha256 == "f" * 64 else seen(sha256)


def drawn(engine: GuidedEngine, asked: Recipe, report: Report = quiet) -> tuple[Image.Image, ...]:
    def read(sha256: str) -> bytes:
        return encoded(find(sha256))

    return render(engine, asked, report, read=read, find=lambda _: None).single


def distance(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


@pytest.mark.parametrize("size", [(80, 64), (64, 104), (136, 72)])
def test_pictures_have_the_size_that_was_asked_for(
    engine: GuidedEngine, size: tuple[int, int]
) -> None:
    pictures = drawn(engine, recipe(width=size[0], height=size[1], noise=seed_noise(1, 3)))
    assert [picture.size for picture in pictures] == [size] * 3
    assert distance(pictures[0], pictures[1]) > 1


def test_a_picture_alone_is_its_part_of_the_grid(engine: GuidedEngine) -> None:
    grid = recipe(noise=seed_noise(3, 3))
    pictures = drawn(engine, grid)
    for k, picture in enumerate(pictures):
        assert distance(drawn(engine, narrow(grid, k))[0], picture) == 0
    together = replace(engine, batching=Batching(4))
    for batched, picture in zip(drawn(together, grid), pictures, strict=True):
        assert distance(batched, picture) < 2


CHANGES: dict[str, tuple[Capability | None, Callable[[Recipe], Recipe]]] = {
    "look": (None, lambda one: change(one, phrases=(Phrase(text="a fox at night, crayon"),))),
    "weights": (
        None,
        lambda one: change(
            one, phrases=(Phrase(text="watercolour"), Phrase(text="crayon", weight=2))
        ),
    ),
    "strength": (
        Capability.IMAGE_PROMPT,
        lambda one: change(one, start=Start(image="f" * 64, strength=0.9)),
    ),
    "guidance": (Capability.GUIDANCE, lambda one: change(one, guidance=3.0)),
    "variation": (Capability.VARIATION, lambda one: narrow(vary(one, 0, 5, Variation.STRONG), 0)),
    "reroll": (None, lambda one: reroll(one, 99)),
    "style": (
        Capability.STYLE,
        lambda one: change(
            one,
            references=(Reference(role="style", images=(Ingredient(image="b" * 64),), scale=1.0),),
        ),
    ),
    "blend": (
        Capability.BLEND,
        lambda one: change(one, blend=(Ingredient(image="b" * 64),)),
    ),
    "edit": (
        Capability.EDIT,
        lambda one: change(one, start=None, edit=(Ingredient(image="f" * 64, weight=2),)),
    ),
    "stop": (None, lambda one: change(one, stop=0.5)),
    "steps": (None, lambda one: change(one, steps=8)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_a_recipe_changes_the_picture(engine: GuidedEngine, name: str) -> None:
    plain, changed = recipe(), CHANGES[name][1](recipe())
    assert distance(drawn(engine, plain)[0], drawn(engine, changed)[0]) > 0
    assert distance(drawn(engine, changed)[0], drawn(engine, changed)[0]) == 0


def test_every_claim_of_the_card_is_tested() -> None:
    elsewhere = {Capability.INPAINT, Capability.HD}
    tested = {capability for capability, _ in CHANGES.values() if capability} | elsewhere
    assert tested == EASEL_2.capabilities


def test_a_subtle_variation_is_nearer_than_a_strong_one(engine: GuidedEngine) -> None:
    plain = drawn(engine, recipe())[0]

    def mean(how: Variation) -> float:
        made = drawn(engine, vary(recipe(), 0, 40, how))
        return float(np.mean([distance(plain, picture) for picture in made]))

    assert 0 < mean(Variation.SUBTLE) < mean(Variation.STRONG)


def test_without_words_a_photograph_stays_one(engine: GuidedEngine) -> None:
    plain, named = (drawn(engine, recipe(text))[0] for text in ("", "photograph"))
    assert distance(plain, named) == 0
    # Looks of drawings have a row in the table, but a model of photographs was not taught them.
    assert distance(drawn(engine, recipe("3d, flat"))[0], plain) == 0


def test_blends_of_two_keep_the_layout_of_the_first(engine: GuidedEngine) -> None:
    both = tuple(Ingredient(image=name * 64) for name in "fb")
    pictures = [
        drawn(engine, recipe("", start=None, blend=blend))[0] for blend in (both, both[::-1])
    ]
    assert distance(*pictures) > 3
    heavy = (both[0], replace(both[1], weight=5))
    assert distance(drawn(engine, recipe("", start=None, blend=heavy))[0], pictures[0]) > 0.3


def test_redraws_a_part_and_keeps_the_rest(engine: GuidedEngine) -> None:
    parent = Parent(recipe(), 0, "f" * 64)
    made = narrow(repaint(parent, 4, [select_ninth(4)]), 0)
    kept = np.asarray(PHOTO.resize((80, 64), Image.Resampling.LANCZOS), float)
    changed = np.abs(np.asarray(drawn(engine, made)[0], float) - kept).max(-1)
    assert changed[:20].max() == changed[:, :24].max() == 0
    assert changed[24:40, 30:50].mean() > 1


def test_draws_at_twice_the_size(engine: GuidedEngine) -> None:
    (picture,) = drawn(engine, recipe(refinement=1 / 3))
    assert picture.size == (160, 128)
    creative = upscale_creatively(Parent(recipe(), 0, "f" * 64), 3)
    assert creative.size.tile_side == 0
    assert drawn(engine, creative)[0].size == (160, 128)


def test_tells_every_step_and_ends_when_told(engine: GuidedEngine) -> None:
    steps: list[tuple[int, int]] = []

    def watch(step: int, of: int, previews: Callable[[], list[Image.Image]]) -> None:
        steps.append((step, of))
        assert [small.size for small in previews()] == [(80, 64)] * 2
        if step == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        engine.draw(recipe(noise=seed_noise(1, 2), steps=8), PHOTO, watch)
    assert steps == [(1, 7), (2, 7)]


@pytest.mark.parametrize(
    "different",
    [
        {"start": None},
        {"seamless": True},
        {"structure": Structure(kind="depth", image="b" * 64)},
        {"references": (Reference(role="face", images=(Ingredient(image="b" * 64),), scale=1.0),)},
    ],
)
def test_refuses_what_it_cannot_draw(engine: GuidedEngine, different: dict[str, Any]) -> None:
    with pytest.raises(RenderError, match="model"):
        drawn(engine, recipe(**different))


def test_an_incomplete_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError):
        load_any(EASEL_2, str(tmp_path), CPU)


def test_numbers_that_overflow_are_no_picture(engine: GuidedEngine) -> None:
    def overflow(_module: Any, _given: Any, made: torch.Tensor) -> torch.Tensor:
        return made * torch.nan

    for part in (engine.networks.denoiser, engine.networks.decoder):
        hook = part.register_forward_hook(overflow)
        try:
            with pytest.raises(RenderError, match="no_picture"):
                drawn(engine, recipe())
        finally:
            hook.remove()


def test_a_decoder_that_overflows_in_16_bits_works_in_float32(
    engine: GuidedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a processor with instructions for it, whatever this one has.
    monkeypatch.setattr(precision, "is_bfloat16_quick", lambda _: True)

    def overflow(_module: Any, _given: Any, made: torch.Tensor) -> torch.Tensor | None:
        return made * torch.nan if torch.is_autocast_enabled("cpu") else None

    hook = engine.networks.decoder.register_forward_hook(overflow)
    try:
        (picture,) = drawn(engine, recipe())
    finally:
        hook.remove()
    assert not has_one_colour(picture)
