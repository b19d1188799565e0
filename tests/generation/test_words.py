"""What flags that add to words or end early do to drawing, for every family."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, count
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.controls.seams import measure_edge_excess
from generation.catalogue.card import Capability, Card
from generation.derive import REDRAWN, narrow, vary
from generation.recipe import Phrase, Recipe, seed_noise, share_of_steps
from generation.runtime.render import draw_refined, pace, render
from generation.sampling.engine import Engine
from generation.sampling.flow import FlowFamily
from generation.sampling.seamless import wrap_edges
from generation.variety import split_by_picture
from storage.files import MissingFileError
from tests.generation.samples import KINDS, batched, each_kind, photograph, quiet, recipe_for, start
from tests.recipes import change

Engines = Callable[[str], Engine]


def draw(engine: Engine, recipe: Recipe) -> list[Image.Image]:
    return engine.draw(recipe, photograph() if recipe.inputs.start else None, quiet)


def rendered(engine: Engine, recipe: Recipe) -> list[Image.Image]:
    def read(sha256: str) -> bytes:
        raise MissingFileError(sha256)

    return list(render(engine, recipe, quiet, read=read, find=lambda _: None).single)


def distance(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


CHANGES: dict[str, dict[str, Any]] = {
    "spread": {"chaos": 0.4},
    "oddness": {"weirdness": 0.6},
    "stop": {"stop": 0.5},
    "tile": {"seamless": True},
    "all": {"chaos": 0.3, "weirdness": 0.2, "stop": 0.5, "seamless": True},
}


def _changed() -> Iterator[tuple[str, str]]:
    """Each change with a UNet and with a model of flow matching; all at once with every kind."""
    for family in KINDS:
        each = CHANGES if family in {"sd15", "z-image"} else ["all"]
        yield from ((family, name) for name in each)


@pytest.fixture(scope="module")
def unchanged() -> Callable[[Engine, Recipe], list[Image.Image]]:
    """The pictures of a recipe, drawn once."""
    drawn: dict[str, list[Image.Image]] = {}

    def draw_once(engine: Engine, recipe: Recipe) -> list[Image.Image]:
        if recipe.digest not in drawn:
            drawn[recipe.digest] = draw(engine, recipe)
        return drawn[recipe.digest]

    return draw_once


@pytest.mark.parametrize(("family", "name"), list(_changed()))
def test_a_picture_alone_is_its_quarter_and_not_the_plain_one(
    engines: Engines,
    unchanged: Callable[[Engine, Recipe], list[Image.Image]],
    family: str,
    name: str,
) -> None:
    engine, begun = engines(family), start(0.6) if name == "all" else None
    plain = recipe_for(engine, noise=seed_noise(3, 2), start=begun, steps=2)
    grid = change(plain, **CHANGES[name])
    pictures = draw(engine, grid)
    assert same(draw(engine, narrow(grid, 1))[0], pictures[1])
    assert not any(map(same, pictures, unchanged(engine, plain)))


@each_kind
def test_what_strays_is_drawn_alike_in_lanes_of_four(engine: Engine, recipe: Recipe) -> None:
    grid = change(recipe, noise=seed_noise(3, 2), chaos=0.4)
    assert all(
        map(
            same,
            draw(engine, grid),
            draw(batched(engine, size=4), grid),
        )
    )


@each_kind
def test_each_picture_is_drawn_from_its_own_words(engine: Engine, recipe: Recipe) -> None:
    grid = change(recipe, noise=seed_noise(3, 2), chaos=1.0, weirdness=0.5)
    for k, (said, picture) in enumerate(
        zip(split_by_picture(grid), draw(engine, grid), strict=True)
    ):
        plain = change(narrow(recipe, 0), noise=(grid.noise[k],), phrases=said.conditions.phrases)
        assert same(draw(engine, plain)[0], picture)


class TestStop:
    @each_kind
    def test_takes_its_share_of_the_steps(self, engine: Engine, recipe: Recipe) -> None:
        steps: list[tuple[int, int]] = []
        asked = change(recipe, steps=5, stop=0.3)
        engine.draw(asked, None, lambda step, of, _: steps.append((step, of)))
        assert steps == [(1, 2), (2, 2)]

    def test_the_sooner_the_softer_and_the_farther_from_the_whole(self, easel: Engine) -> None:
        recipe = recipe_for(easel, steps=8, sampler="DPM++ 2M")
        *early, whole = (draw(easel, change(recipe, stop=s))[0] for s in (0.25, 0.5, 0.75, 1.0))
        far = [distance(picture, whole) for picture in early]
        assert far == sorted(far, reverse=True)
        assert _crispness(early[0]) < _crispness(whole)


def _crispness(picture: Image.Image) -> float:
    """Mean difference of neighbouring pixels."""
    pixels = np.asarray(picture, float)
    return float(np.abs(np.diff(pixels, axis=0)).mean() + np.abs(np.diff(pixels, axis=1)).mean())


class TestTile:
    def test_opposite_edges_meet(self, easel: Engine) -> None:
        """On coloured ground, where a seam shows; at the size that people see."""
        words = (Phrase(text="red strawberry, green background"),)
        plain = recipe_for(easel, width=128, height=128, steps=6, phrases=words)
        plain = change(plain, noise=seed_noise(1, 1), detail=0.5)
        seams, none = (
            np.mean([measure_edge_excess(one) for one in rendered(easel, asked)])
            for asked in (plain, change(plain, seamless=True))
        )
        assert none < 0.2 * seams

    def test_upscaled_tiles_meet(self, easel: Engine) -> None:
        tiled = change(recipe_for(easel), seamless=True, upscale=2)
        assert measure_edge_excess(rendered(easel, tiled)[0]) < 1.0

    def test_no_place_is_an_edge(self, unet: Engine) -> None:
        """Latents that are rolled by whole blocks are denoised and decoded alike, rolled."""
        pipe, roll = unet.pipe, (4, 8)
        given = torch.randn((1, pipe.unet.config.in_channels, 16, 16))
        condition = unet.family.encode(pipe, recipe_for(unet, guidance=1.0), unet.texts)  # type: ignore[attr-defined]

        def made(latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            predicted: torch.Tensor = pipe.unet(
                latents, 500, condition.context, added_cond_kwargs=condition.extra
            ).sample
            return predicted, pipe.vae.decode(latents).sample

        with torch.inference_mode(), wrap_edges([pipe.unet, pipe.vae], wanted=True):
            here, there = made(given), made(given.roll(roll, (-2, -1)))
        for one, other in zip(here, there, strict=True):
            grain = one.shape[-1] // 16
            moved = one.roll((roll[0] * grain, roll[1] * grain), (-2, -1))
            torch.testing.assert_close(other, moved, atol=1e-4, rtol=1e-3)

    def test_no_place_is_an_edge_to_an_autoencoder(self, engine: Engine) -> None:
        """Latents that are rolled are decoded alike, rolled; without wrapping they are not."""
        pipe, family, roll = engine.pipe, engine.family, (3, 5)
        if not isinstance(family, FlowFamily):
            pytest.skip("seen with its UNet")
        given = torch.randn((1, family.channels(pipe), 8, 8))

        def apart(*, wanted: bool) -> float:
            with torch.inference_mode(), wrap_edges([pipe.vae], wanted=wanted):
                here = family.show(pipe, given)
                there = family.show(pipe, given.roll(roll, (-2, -1)))
            grain = here.shape[-1] // given.shape[-1]
            moved = here.roll((roll[0] * grain, roll[1] * grain), (-2, -1))
            return float((there - moved).abs().max())

        assert apart(wanted=True) < 1e-4 < 1e-2 < apart(wanted=False)

    @each_kind
    def test_a_tile_leaves_nothing_behind(
        self, engine: Engine, recipe: Recipe, once: Callable[[Engine, Recipe], Image.Image]
    ) -> None:
        class Stopped(BaseException):
            pass

        def stop(*_: object) -> None:
            raise Stopped

        before, tiled = once(engine, recipe), change(recipe, seamless=True)
        draw(engine, tiled)
        with pytest.raises(Stopped):
            engine.draw(tiled, None, stop)
        assert same(draw(engine, recipe)[0], before)


class TestRefined:
    def test_is_twice_as_large_and_begins_from_the_small_one(self, engines: Engines) -> None:
        engine = engines("sd15")
        recipe = recipe_for(engine, width=64, height=48, steps=6)
        (small,), (large,) = (
            rendered(engine, change(recipe, refinement=r)) for r in (0.0, REDRAWN)
        )
        assert large.size == (2 * small.width, 2 * small.height)
        begun = start(REDRAWN)
        again = change(recipe, width=128, height=96, start=begun, steps=share_of_steps(6, 1 / 3))
        by_hand = engine.draw(again, small.resize(large.size, Image.Resampling.LANCZOS), quiet)[0]
        assert same(large, by_hand)

    @each_kind
    def test_alone_is_its_quarter(self, engine: Engine, recipe: Recipe) -> None:
        if Capability.HD not in engine.card.capabilities:
            pytest.skip(f"{engine.card.title} does not claim it")
        grid = change(recipe, noise=seed_noise(3, 2), refinement=REDRAWN, chaos=0.3)
        pictures = rendered(engine, grid)
        assert same(rendered(engine, narrow(grid, 1))[0], pictures[1])

    def test_progress_never_goes_back(self, engines: Engines) -> None:
        seen: list[tuple[int, int]] = []
        engine = engines("sd15")
        recipe = recipe_for(engine, noise=seed_noise(1, 2), refinement=REDRAWN)
        watch = pace(lambda step, steps, _: seen.append((step, steps)), count(0.0, 1.0).__next__)
        draw_refined(engine, recipe, None, watch)
        assert seen == [(step, 4) for step in (1, 2, 3, 4)]


def test_variations_keep_the_words_of_their_parent(recipe: Recipe) -> None:
    grid = change(recipe, noise=seed_noise(3, 4), chaos=0.4, weirdness=0.4)
    parent = split_by_picture(grid)[2].conditions.phrases
    assert {said.conditions.phrases for said in split_by_picture(vary(grid, 2, seed=9))} == {parent}


def test_the_wider_the_spread_the_more_the_pictures_differ(easel: Engine) -> None:
    recipe = recipe_for(easel, sampler="DPM++ 2M", noise=seed_noise(1, 3))
    spreads = [_spread(draw(easel, change(recipe, chaos=s))) for s in (0.0, 0.4, 1.0)]
    assert spreads == sorted(spreads)
    assert spreads[-1] > 2 * spreads[0]


def _spread(pictures: list[Image.Image]) -> float:
    return float(np.mean([distance(*pair) for pair in combinations(pictures, 2)]))


def test_a_family_without_it_is_not_drawn_with(easel: Engine) -> None:
    unable: Card = replace(easel.card, capabilities=frozenset())
    with pytest.raises(Exception, match="model"):
        rendered(replace(easel, card=unable), recipe_for(easel, seamless=True))
