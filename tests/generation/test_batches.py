"""No work that nobody asked for: what a denoiser computes, counted as on a GPU."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from generation.catalogue.card import Card
from generation.catalogue.families import CARDS, VARIANTS, find_card
from generation.derive import (
    GRID,
    Parent,
    Variation,
    extend,
    narrow,
    repaint,
    upscale_creatively,
    vary_picture,
)
from generation.recipe import Edges, Recipe, seed_noise
from generation.sampling.engine import Batching, Engine
from generation.tensors.overlap import place_tiles
from tests.generation.samples import APPLE, photograph, quiet, recipe_for, start
from tests.generation.test_families import distance
from tests.recipes import change

GPU = torch.device("cuda", 0)
UPSCALE = 1.5
"""Grids that a creative upscale may cost."""


def pretend(engine: Engine, *, exact: bool = False) -> Engine:
    """The engine with batches as on a GPU."""
    return replace(engine, batching=Batching.choose(GPU, exact=exact))


def count_rows(engine: Engine, recipe: Recipe, **given: Any) -> int:
    """Pictures' worth of rows that the denoiser sees in all steps, one for each guidance side."""
    rows: list[int] = []
    part = engine.pipe.unet if hasattr(engine.pipe, "unet") else engine.pipe.transformer

    def note(_: Any, args: Any, named: Any) -> None:
        seen = args[0] if args else named["hidden_states"]
        rows.append(len(seen))

    hook = part.register_forward_pre_hook(note, with_kwargs=True)
    try:
        engine.draw(recipe, given.get("begun"), quiet)
    finally:
        hook.remove()
    return sum(rows)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("family", ["sd15", "sdxl", "flux2-klein"])
def test_as_many_rows_as_pictures(
    engines: Callable[[str], Engine], family: str, count: int
) -> None:
    engine = engines(family)
    recipe = recipe_for(engine, noise=seed_noise(7, count), steps=1)
    sides = 1 if recipe.sampling.guidance == 1 else 2
    assert count_rows(pretend(engine), recipe) == sides * count


def test_to_be_exact_batches_are_filled(engines: Callable[[str], Engine]) -> None:
    engine = engines("sd15")
    for count, lanes in ((1, 4), (5, 8)):
        recipe = recipe_for(engine, noise=seed_noise(7, count), steps=1)
        assert count_rows(pretend(engine, exact=True), recipe) == 2 * lanes


def test_exact_a_picture_alone_is_its_quarter(unet: Engine) -> None:
    exact = pretend(unet, exact=True)
    grid = recipe_for(unet, noise=seed_noise(3, GRID), steps=2)
    (alone,) = exact.draw(narrow(grid, 2), None, quiet)
    assert alone.tobytes() == exact.draw(grid, None, quiet)[2].tobytes()


def test_otherwise_it_is_its_quarter_but_for_rounding(unet: Engine) -> None:
    loose = pretend(unet)
    grid = recipe_for(unet, noise=seed_noise(3, GRID), steps=2)
    (alone,) = loose.draw(narrow(grid, 2), None, quiet)
    assert distance(alone, loose.draw(grid, None, quiet)[2]) < 0.1


def test_on_a_cpu_every_picture_is_drawn_alone() -> None:
    for exact in (False, True):
        assert Batching.choose(torch.device("cpu"), exact=exact) == Batching(1)


@pytest.mark.parametrize(("strength", "taken"), [(0.35, 4), (0.5, 5), (0.01, 1), (1.0, 10)])
@pytest.mark.parametrize("family", ["sd15", "z-image"])
def test_a_start_takes_the_steps_that_its_strength_leaves(
    engines: Callable[[str], Engine], family: str, strength: float, taken: int
) -> None:
    engine, told = engines(family), list[tuple[int, int]]()
    asked = recipe_for(engine, steps=10, start=start(strength), shortened=True)
    engine.draw(asked, photograph(), lambda step, of, _: told.append((step, of)))
    assert told[-1] == (taken, taken)
    assert asked.steps == len(told) == taken


@pytest.mark.parametrize("family", ["sd15", "z-image"])
def test_recipes_of_before_take_all_steps(engines: Callable[[str], Engine], family: str) -> None:
    engine, told = engines(family), list[int]()
    old = recipe_for(engine, steps=3, start=start(0.35))
    engine.draw(old, photograph(), lambda step, *_: told.append(step))
    assert told == [1, 2, 3]


def test_fewer_steps_begin_at_the_same_noise(engines: Callable[[str], Engine]) -> None:
    """So that a strength keeps as much of an image as it did."""
    engine = engines("sd15")
    whole = recipe_for(engine, steps=30, start=start(0.5), sampler="DDIM")
    pictures = [
        engine.draw(change(whole, shortened=short), photograph(), quiet)[0]
        for short in (False, True)
    ]
    assert distance(*pictures) < 3


def own(card: Card, across: int = 1, down: int = 1) -> Recipe:
    """A grid by a card's own numbers, at its native size."""
    width, height = card.size(across, down)
    return change(
        APPLE,
        family=card.id,
        sampler=card.sampler,
        steps=card.steps,
        guidance=card.guidance,
        width=width,
        height=height,
        noise=seed_noise(7, GRID),
    )


@pytest.mark.parametrize("card", [*CARDS, *VARIANTS], ids=lambda card: card.called)
def test_what_is_made_from_a_finished_picture_is_shortened_where_that_helps(card: Card) -> None:
    parent = Parent(own(card), 0, "ab" * 32)
    shortens = not find_card(card.id).all_steps
    assert upscale_creatively(parent, 1).inputs.shortened == (not card.whole)
    assert extend(parent, 1, Edges(left=0.5)).inputs.shortened == shortens
    assert not repaint(parent, 1).inputs.shortened
    redrawn = Parent(upscale_creatively(parent, 1), 0, "cd" * 32)
    varied = vary_picture(redrawn, 2, Variation.SUBTLE)
    # Of the whole number of steps, which the upscale did not lose.
    assert varied.sampling.steps == card.steps
    assert varied.inputs.shortened == shortens


@pytest.mark.parametrize("ratio", [(1, 1), (3, 2), (16, 9), (1, 3)])
@pytest.mark.parametrize(
    "card", [card for card in CARDS if not card.whole], ids=lambda card: card.id
)
def test_a_creative_upscale_costs_no_more_than_a_grid_and_a_half(
    card: Card, ratio: tuple[int, int]
) -> None:
    """By squares of the native side and steps: each costs what a step of one picture does."""
    grid = own(card, *ratio)
    large = upscale_creatively(Parent(grid, 0, "ab" * 32), 3)
    side = large.size.tile_side
    squares = [
        len(place_tiles(length, side, side // 4))
        for length in (large.size.width, large.size.height)
    ]
    assert squares[0] * squares[1] * large.steps <= UPSCALE * GRID * grid.steps


@pytest.mark.parametrize("family", ["sd15", "flux2-klein"])
def test_a_creative_upscale_is_drawn_at_that_cost(
    engines: Callable[[str], Engine], family: str
) -> None:
    engine = pretend(engines(family))
    side = 8 * engine.card.multiple
    grid = recipe_for(engine, noise=seed_noise(7, GRID), steps=6, width=side, height=side)
    large = change(upscale_creatively(Parent(grid, 0, "ab" * 32), 3), tile_side=side)
    # Nine squares, two of six steps.
    per_picture = count_rows(engine, change(grid, steps=1)) // GRID
    assert count_rows(engine, large, begun=photograph()) == 9 * 2 * per_picture
