"""A trial of a model: how long it takes, in what memory, and whether diffusers draws the same."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final

import numpy as np
import torch
from PIL import Image

from generation.catalogue.card import Card
from generation.catalogue.memory_plans import describe
from generation.derive import GRID, narrow
from generation.pictures.canvas import Init
from generation.recipe import Conditions, Phrase, Recipe, Sampling, Size, seed_noise
from generation.runtime.render import draw_refined
from generation.sampling.engine import Drawer, Engine
from generation.sampling.samplers import make_scheduler

PROMPT: Final = "a red apple on a wooden table, soft light from a window"
"""What every model draws."""

SEED: Final = 7

_TINY: Final = 8
"""Multiples of pixels that a side of a picture has in a rehearsal."""

_UNLIKE: Final = frozenset({"QwenImageEditPlusPipeline"})
"""Pipelines of diffusers that draw from images alone, where ours draw from words, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a trial.

    Attributes:
        model: The model's name.
        plan: How it lay on the device.
        load: Seconds to load it.
        single: Seconds for one picture, the second time.
        grid: Seconds for a grid.
        memory: GiB at most: of the GPU, else of the process.
        difference: Mean difference from diffusers' own pipeline, in levels of 0 to 255; None where
            there is nothing to compare with.
        ours: The picture.
        theirs: What diffusers' own pipeline draws.
        fault: The kind of error with which it failed instead.
    """

    model: str
    plan: str
    load: float
    single: float
    grid: float
    memory: float
    difference: float | None
    ours: Image.Image
    theirs: Image.Image | None
    fault: str = ""


def try_model(load: Callable[[], Drawer], model: str, *, small: bool = False) -> Trial:
    """Load a model and draw with it, by its card's own numbers.

    Args:
        load: Loads it.
        model: Its name.
        small: Whether tiny pictures in two steps will do, to rehearse.

    Raises:
        ModelError: It cannot be loaded.
        RenderError: It cannot draw.
    """
    began = time.perf_counter()
    engine = load()
    loaded = time.perf_counter() - began
    device = engine.device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    grid = compose_recipe(engine.card, model, side=_TINY if small else 0, steps=2 if small else 0)
    alone, start = narrow(grid, 0), _make_start(engine.card)
    _draw(engine, alone, start)
    single, (ours,) = _draw(engine, alone, start)
    whole, _ = _draw(engine, grid, start)
    memory = _measure_peak(device)
    theirs, fault = None, ""
    if isinstance(engine, Engine) and type(engine.pipe).__name__ not in _UNLIKE:
        try:
            theirs = draw_plainly(engine.pipe, alone)
        # A lack of memory or of a package: what ours came to is told all the same, and that no
        # error's own words, which may hold paths.
        except Exception as error:  # noqa: BLE001 - pipelines of many models fail in many ways
            fault = type(error).__name__
    return Trial(
        model=model,
        plan=describe(engine.memory) if isinstance(engine, Engine) else "resident",
        load=loaded,
        single=single,
        grid=whole,
        memory=memory,
        difference=None if theirs is None else _measure_difference(ours, theirs),
        ours=ours,
        theirs=theirs,
        fault=fault,
    )


def compose_recipe(card: Card, model: str, *, side: int = 0, steps: int = 0) -> Recipe:
    """A grid by a card's own numbers.

    Args:
        card: The model's.
        model: Its name.
        side: Multiples of pixels that a side has instead of the native size.
        steps: Denoising steps instead of the card's own.
    """
    width, height = (side * card.multiple,) * 2 if side else card.size(1, 1)
    return Recipe(
        family=card.id,
        model=model,
        prompt=PROMPT,
        size=Size(width=width, height=height),
        noise=seed_noise(SEED, GRID),
        sampling=Sampling(steps=steps or card.steps, guidance=card.guidance, sampler=card.sampler),
        conditions=Conditions(phrases=(Phrase(text=PROMPT),)),
    )


def draw_plainly(pipe: Any, recipe: Recipe) -> Image.Image:  # noqa: ANN401 - diffusers has no types
    """A recipe's one picture as diffusers' own pipeline draws it, with our sampler."""
    before, sampling = pipe.scheduler, recipe.sampling
    if hasattr(pipe, "unet"):
        pipe.scheduler = make_scheduler(sampling.sampler, before.config)
    pipe.set_progress_bar_config(disable=True)
    scale = sampling.guidance if sampling.guidance > 1 else 0.0
    guided: dict[str, Any] = {"guidance_scale": scale}
    if scale and "true_cfg_scale" in signature(pipe.__call__).parameters:
        # FLUX.1 has the same name for a second guidance, beside the one that it reads.
        embeds = pipe.transformer.config.guidance_embeds
        guided = guided if embeds else {"true_cfg_scale": scale, "negative_prompt": " "}
    try:
        made: Image.Image = pipe(
            prompt=recipe.prompt,
            width=recipe.size.width,
            height=recipe.size.height,
            num_inference_steps=sampling.steps,
            **guided,
            generator=torch.Generator("cpu").manual_seed(recipe.noise[0].seed),
        ).images[0]
    finally:
        pipe.scheduler = before
    return made


def _draw(engine: Drawer, recipe: Recipe, start: Init) -> tuple[float, list[Image.Image]]:
    """Seconds, and the pictures at the size that the model draws."""
    began = time.perf_counter()
    drawn = draw_refined(engine, recipe, start, lambda *_: None)
    return time.perf_counter() - began, drawn


def _make_start(card: Card) -> Image.Image | None:
    """Something to begin from, for a model that draws from images alone."""
    if not card.needs_image:
        return None
    shades = Image.linear_gradient("L").resize((card.side, card.side))
    return Image.merge("RGB", (shades, shades.rotate(90), shades.rotate(180)))


def _measure_peak(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    # In KiB on Linux.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _measure_difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())
