"""The path from a recipe to pictures that families of flow matching share.

A transformer predicts the velocity, noise minus picture (flow matching, Lipman et al. 2023, arXiv
2210.02747), and Euler steps follow it back: at noise level σ the latents are (1 - σ) × picture +
σ × noise.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle
from typing import Any, Final, Self

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from PIL import Image
from torch import Tensor

from generation.conditioning.flux_adapter import ImageLooks
from generation.conditioning.latent_control import BoundControl
from generation.conditioning.native_references import (
    NativeReference,
    NativeReferences,
    write_instruction,
)
from generation.conditioning.redux import ImageWords
from generation.controls import match_flow_level, unshift_level
from generation.pictures.canvas import Init
from generation.recipe import NOTHING, Recipe, share_of_steps
from generation.sampling.autoencoder import fit_pixels, tile_vae
from generation.sampling.batch import Batch, Condition, denoise, draw_noise
from generation.sampling.engine import Engine, Watch, device_of
from generation.sampling.estimates import GRID_OF_ESTIMATES, Estimates, estimate_in_portions
from generation.sampling.inpaint import Origin, read_origin
from generation.sampling.noise import draw_starting_noise
from generation.sampling.seamless import choose_roll, read_seamless
from generation.sampling.soundness import compute_with_vae
from generation.tensors.overlap import apply_in_tiles
from generation.variety import split_by_picture

SAMPLER: Final = "Euler"
"""The one sampler of these families."""


@dataclass(frozen=True, slots=True)
class FlowCondition(Condition):
    """What steers the transformer.

    Attributes:
        references: Images whose tokens follow those of the pictures.
        guidance: The guidance scale, for families that have one.
        avoid: What to move away from, with guidance; None without.
        logits: What is added to attention's for each of the tokens; None for nothing.
        looks: Images that attentions of their own read, (rows, tokens, width) each.
        control: What keeps the pictures to a structure at this step; None if nothing does.
    """

    references: Sequence[NativeReference] = ()
    guidance: float = 1.0
    logits: Tensor | None = None
    looks: tuple[Tensor, ...] = ()
    control: BoundControl | None = None
    avoid: "FlowCondition | None" = None

    def repeat(self, count: int) -> Self:
        """The rows for a batch of ``count`` pictures, from one row."""
        avoid = self.avoid and self.avoid.repeat(count)
        looks = tuple(one.repeat_interleave(count, 0) for one in self.looks)
        return replace(Condition.repeat(self, count), looks=looks, avoid=avoid)


@dataclass(frozen=True, slots=True)
class FlowFamily:
    """The code half of a card.

    Latents are (pictures, channels, height, width); ``grain`` pixels of a side become one of them.

    Attributes:
        id: The card's id.
        pipeline: Name of the diffusers pipeline class that its checkpoints name.
        grain: Pixels a latent, on each side.
        channels: Pipeline to the number of its latents' channels.
        embed: Pipeline, a text and its references to what steers the transformer, one row.
        predict: Pipeline, latents, noise level and condition to the velocity, noise minus picture.
        read: Pipeline and pixels (1, 3, height, width) in [-1, 1] to latents.
        show: Pipeline and latents to pixels.
        shift: Pipeline, latents of one picture and steps to the logarithm of the schedule's shift.
        options: What to load the pipeline with, besides the weights.
        look: Pipeline and an image to its latents as a native reference; None if it reads none.
        see: Pipeline and a source to what shows images to the model beside the words; None if
            there is nothing.
        prepare: Completes a pipeline after loading; None if nothing is missing.
        avoids: Whether guidance moves away from what a recipe does not want.
    """

    id: str
    pipeline: str
    grain: int
    channels: Callable[[Any], int]
    embed: Callable[[Any, str, Sequence[NativeReference]], FlowCondition]
    predict: Callable[[Any, Tensor, Tensor, FlowCondition], Tensor]
    read: Callable[[Any, Tensor], Tensor]
    show: Callable[[Any, Tensor], Tensor]
    shift: Callable[[Any, int, int], float]
    options: Mapping[str, object] = field(default_factory=dict)
    look: Callable[[Any, Image.Image], Tensor] | None = None
    see: Callable[[Any, str], ImageWords | ImageLooks] | None = None
    prepare: Callable[[Any], None] | None = None
    avoids: bool = False

    def draw(self, engine: Engine, recipe: Recipe, start: Init, watch: Watch) -> list[Image.Image]:
        """See ``Engine.draw``."""
        pipe, tiled = engine.pipe, bool(recipe.size.tile_side)
        texts = [_read_texts(self, engine, said) for said in split_by_picture(recipe)]
        levels, size = schedule(self, pipe, recipe), _measure_latents(self, recipe)
        structures, steer = engine.conditioning.structures, None
        if recipe.conditions.structure is not None and structures is not None:
            steer = structures.steer(recipe)
        with tile_vae(pipe.vae, wanted=tiled):
            origin = read_origin(start, lambda picture: self._encode(pipe, picture, recipe), size)
        batches = start_batches(self, engine, recipe, origin, texts, level=levels[0])

        def advance_batch(batch: TextBatch, step: int) -> None:
            # A transformer cannot be made to wrap around as convolutions can, so a seamless picture
            # is moved under it: what was its edge lies inside at the next step.
            roll = choose_roll(step, size) if recipe.sampling.seamless else (0, 0)
            here, there = levels[step], levels[step + 1]
            side = recipe.size.tile_side // self.grain
            # The layout is decided early; left alone at the end, the model draws its own details.
            kept = steer and step + 1 <= steer.end * (len(levels) - 1)
            control: Any = steer.residuals if steer and kept else None
            advance(
                self, pipe, batch, here=here, there=there, roll=roll, side=side, control=control
            )

        images: Any = engine.conditioning.references
        sees = isinstance(images, ImageLooks) and bool(recipe.seen_images)
        with images.attach(recipe) if sees else nullcontext():
            return denoise(
                engine,
                recipe,
                batches,
                steps=share_of_steps(recipe.steps, recipe.sampling.stop),
                advance=advance_batch,
                decode=partial(_decode, self, pipe),
                start=start,
                watch=watch,
            )

    def estimate(
        self, engine: Engine, recipes: Sequence[Recipe], told: Callable[[int], None]
    ) -> list[Estimates]:
        """See ``Engine.estimate``."""
        pipe, first = engine.pipe, recipes[0]
        grid = replace(first, sampling=replace(first.sampling, steps=GRID_OF_ESTIMATES))
        levels = schedule(self, pipe, grid)
        shape = self.channels(pipe), *_measure_latents(self, first)
        noise = draw_starting_noise(first.noise[0], shape)[0].to(engine.device)

        def look(latents: Tensor | None, step: int, portion: Sequence[Texts]) -> Tensor:
            level = levels[step]
            given = noise if latents is None else _mix(latents, noise, level)
            lines = [
                torch.stack([w * _predict(self, pipe, level, c, given) for c, w in texts]).sum(0)
                for texts in portion
            ]
            return torch.cat([given - level * line for line in lines])

        texts = [_read_texts(self, engine, one) for one in recipes]
        return estimate_in_portions(engine, texts, look, told)

    def _encode(self, pipe: Any, picture: Image.Image, recipe: Recipe) -> Tensor:  # noqa: ANN401
        pixels = fit_pixels(pipe, picture, recipe)

        def read(pixels: Tensor) -> Tensor:
            # In the format that the autoencoder has at the time.
            encode = lambda: self.read(pipe, pixels.to(pipe.vae.dtype))  # noqa: E731
            return compute_with_vae(pipe.vae, encode, shows=False)

        return read_seamless(read, pixels, self.grain) if recipe.sampling.seamless else read(pixels)


@dataclass(slots=True, kw_only=True)
class TextBatch(Batch):
    """A batch with what it is drawn from.

    Attributes:
        texts: Conditions of one row each, with their weights.
    """

    texts: "Texts"


Texts = Sequence[tuple[FlowCondition, float]]
"""Conditions with weights that sum up to 1."""


def _read_texts(family: FlowFamily, engine: Engine, recipe: Recipe) -> Texts:
    """Phrases of positive weight, each read for itself.

    Their predictions are averaged, which is how pictures of several concepts are composed without
    mixing what a text encoder makes of each (Liu et al. 2022, arXiv 2206.01714).
    """
    # A prompt of unwanted phrases alone is allowed; it shows nothing in particular.
    wanted = [phrase for phrase in recipe.conditions.phrases if phrase.weight > 0] or [NOTHING]
    total = sum(phrase.weight for phrase in wanted)
    references: Sequence[NativeReference] = ()
    natives = engine.conditioning.references
    if isinstance(natives, NativeReferences):
        references = natives.list_references(recipe)
    # The model knows images by number alone, so what each is for is said in words.
    lead = write_instruction(recipe) if references else ""

    def embed_text(text: str) -> FlowCondition:
        read = partial(family.embed, engine.pipe, text, references)
        # What words become may depend on the images that are read with them, so it is not kept.
        condition = read() if references else engine.texts.get(family.id, text, read)
        if isinstance(natives, ImageWords) and recipe.seen_images:
            tokens, logits = natives.append(condition.tokens, recipe)
            condition = replace(condition, tokens=tokens, logits=logits)
        if isinstance(natives, ImageLooks) and recipe.seen_images:
            condition = replace(condition, looks=natives.list_tokens(recipe))
        return replace(condition, references=references, guidance=recipe.sampling.guidance)

    # Without guidance above 1 there is nothing to move away from, and a second pass costs as much
    # as the first.
    avoid = (
        embed_text(_join_unwanted(recipe))
        if family.avoids and recipe.sampling.guidance > 1
        else None
    )
    shown = [(embed_text(lead + phrase.text), phrase.weight / total) for phrase in wanted]
    return [(replace(condition, avoid=avoid), weight) for condition, weight in shown]


def _join_unwanted(recipe: Recipe) -> str:
    """The negative prompt and the phrases of negative weight, in one text."""
    pushed = [phrase.text for phrase in recipe.conditions.phrases if phrase.weight < 0]
    return ", ".join(filter(None, [recipe.conditions.negative.text, *pushed]))


def schedule(family: FlowFamily, pipe: Any, recipe: Recipe) -> Tensor:  # noqa: ANN401
    """The noise levels that a recipe visits, (steps + 1,), falling from at most 1 to 0.

    A picture that starts from an image begins at the level that is as noisy as Stable Diffusion is
    at that strength, and takes as many steps as any or the share that the strength leaves.
    """
    # The last level is stretched to its place for whole schedules; one step alone would be 0 / 0.
    stretched = recipe.inputs.strength == 1 and recipe.sampling.steps > 1
    whole = {} if stretched else {"shift_terminal": None}
    sampler = FlowMatchEulerDiscreteScheduler.from_config(pipe.scheduler.config, **whole)
    height, width = _measure_latents(family, recipe)
    mu = family.shift(pipe, height * width, recipe.sampling.steps)
    dynamic = bool(sampler.config.use_dynamic_shifting)
    factor = float(np.exp(mu)) if dynamic else float(sampler.config.shift)
    # set_timesteps shifts whatever it is given, so the wanted level is shifted back first.
    first = unshift_level(match_flow_level(recipe.inputs.strength), factor)
    # The grid of diffusers' pipelines, 1 to 1/steps, begun at a lower level.
    even = np.linspace(first, first / recipe.steps, recipe.steps)
    sampler.set_timesteps(sigmas=even.tolist(), mu=mu if dynamic else None)
    levels: Tensor = sampler.sigmas
    return levels.to(device_of(pipe))


def compute_shift(pipe: Any, size: int, _steps: int) -> float:  # noqa: ANN401
    """The logarithm of the shift for a number of latents, where the schedule is dynamic.

    It grows along a straight line with the patches of two by two latents (Esser et al. 2024).
    """
    config = pipe.scheduler.config
    # The defaults are those of diffusers' calculate_shift, for files that do not state them.
    few, many = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    slope = (high - low) / (many - few)
    return float(size // 4 * slope + (low - slope * few))


def start_batches(
    family: FlowFamily,
    engine: Engine,
    recipe: Recipe,
    origin: Origin | None,
    texts: Sequence[Texts],
    *,
    level: Tensor,
) -> list[TextBatch]:
    """Batches at their first noise level: noise alone, or as much as that over ``origin``.

    ``texts`` are those of all batches, or of each.
    """
    shape = family.channels(engine.pipe), *_measure_latents(family, recipe)
    batches = []
    for (noise, _), read in zip(draw_noise(engine, recipe, shape), cycle(texts)):
        latents = noise if origin is None else _mix(origin.latents, noise, level)
        clean = torch.zeros_like(latents)
        batches.append(
            TextBatch(latents=latents, clean=clean, noise=noise, origin=origin, texts=read)
        )
    return batches


def _mix(clean: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """Clean latents under as much of the noise as a level says, from 0 to 1."""
    return (1 - level) * clean + level * noise


def _measure_latents(family: FlowFamily, recipe: Recipe) -> tuple[int, int]:
    """Height and width of one picture's latents."""
    return recipe.size.height // family.grain, recipe.size.width // family.grain


def advance(
    family: FlowFamily,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    batch: TextBatch,
    *,
    here: Tensor,
    there: Tensor,
    roll: tuple[int, int],
    side: int = 0,
    control: BoundControl | None = None,
) -> None:
    """One Euler step of one batch, from one noise level to a lower one.

    The transformer sees the latents rolled by ``roll``, down and to the right, and with a ``side``
    in overlapping tiles of it.
    """
    line, given = torch.zeros_like(batch.latents), batch.latents.roll(roll, (-2, -1))
    control = control and control.roll(roll)
    for condition, weight in batch.texts:
        rows = replace(condition.repeat(len(batch.latents)), control=control)
        look = partial(_predict, family, pipe, here, rows)
        seen = apply_in_tiles(look, given, side, overlap=side // 4) if side else look(given)
        line += weight * seen
    # Rolled back before the step, since latents, noise and mask keep their own places.
    line = line.roll((-roll[0], -roll[1]), (-2, -1))
    # The line is straight, so following it to the end tells where the pictures seem to be going.
    batch.clean = batch.latents - here * line
    batch.latents = batch.latents + (there - here) * line
    if batch.origin is not None and batch.origin.mask is not None:
        # Under the noise of the start, so that the kept part moves along a line as well.
        known = _mix(batch.origin.latents, batch.noise, there)
        batch.latents = batch.origin.mask.keep(batch.latents, known)


def _predict(
    family: FlowFamily,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    level: Tensor,
    rows: FlowCondition,
    latents: Tensor,
) -> Tensor:
    return family.predict(pipe, latents, level, rows).float()


def guide(
    predict: Callable[[Any, Tensor, Tensor, FlowCondition], Tensor],
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    latents: Tensor,
    level: Tensor,
    condition: FlowCondition,
) -> Tensor:
    """A velocity by classifier-free guidance (Ho and Salimans 2022), a pass for each side.

    Args:
        predict: What one condition alone has predicted.
        pipe: The pipeline.
        latents: Of pictures.
        level: Their noise level.
        condition: What they show, and what they avoid if there is guidance.
    """
    show = predict(pipe, latents, level, condition)
    if condition.avoid is None:
        return show
    avoid = predict(pipe, latents, level, condition.avoid)
    return avoid + condition.guidance * (show - avoid)


def _decode(family: FlowFamily, pipe: Any, latents: Tensor) -> list[Image.Image]:  # noqa: ANN401
    """The pictures of latents, one by one to spare memory."""
    pixels = [
        compute_with_vae(pipe.vae, partial(family.show, pipe, row[None]), shows=True)
        for row in latents
    ]
    return [pipe.image_processor.postprocess(one.float())[0] for one in pixels]
