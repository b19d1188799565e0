"""The path from a recipe to pictures that families of flow matching share.

A transformer predicts the straight line from a picture to noise (Lipman et al. 2023, arXiv
2210.02747), and Euler steps follow it back: at noise level σ the latents are (1 - σ) × picture +
σ × noise. Pictures travel in lanes as in ``diffusion``, and the rules for them are the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle, islice, pairwise
from typing import Any, Final

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from PIL import Image
from torch import Tensor

from generation.conditioning.cache import TEXTS
from generation.conditioning.native_references import Beside, Natives, instruction
from generation.controls import flow_level, steps_until, unshifted
from generation.pictures.canvas import Begun
from generation.recipe import Phrase, Recipe
from generation.sampling.diffusion import Engine, Watch, fitted, lanes_abreast, place, tiled
from generation.sampling.inpaint import Known, drawn_latents
from generation.sampling.noise import starting_noise
from generation.sampling.seamless import read_meeting, rolled
from generation.tensors.overlap import in_patches
from generation.variety import told

SAMPLER: Final = "Euler"
"""The one sampler of these families."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What steers the transformer.

    Attributes:
        tokens: Text embeddings, (rows, tokens, width).
        extra: Further inputs of the family's transformer by name, (rows, …) each.
        beside: The images that are read beside the pictures.
        guidance: The guidance scale, for families that have one.
        avoid: What to move away from, with guidance; None without.
    """

    tokens: Tensor
    extra: Mapping[str, Tensor] = field(default_factory=dict)
    beside: Sequence[Beside] = ()
    guidance: float = 1.0
    avoid: "Condition | None" = None

    def repeated(self, count: int) -> "Condition":
        """The rows for a batch of ``count`` pictures, from one row."""
        extra = {name: row.repeat_interleave(count, 0) for name, row in self.extra.items()}
        avoid = self.avoid and self.avoid.repeated(count)
        return replace(self, tokens=self.tokens.expand(count, -1, -1), extra=extra, avoid=avoid)


@dataclass(frozen=True, slots=True)
class FlowFamily:
    """The code half of a card.

    Latents are (pictures, channels, height, width); ``grain`` pixels of a side become one of them.

    Attributes:
        id: The card's id.
        pipeline: Name of the diffusers pipeline class that its checkpoints name.
        grain: Pixels a latent, on each side.
        channels: Pipeline to the number of its latents' channels.
        embed: Pipeline, a text and the images beside it to what steers the transformer, one row.
        predict: Pipeline, latents, noise level and condition to the line towards noise.
        read: Pipeline and pixels (1, 3, height, width) in [-1, 1] to latents.
        show: Pipeline and latents to pixels.
        shift: Pipeline, latents of one picture and steps to the logarithm of the schedule's shift.
        options: What to load the pipeline with, besides the weights.
        look: Pipeline and an image to its latents as a native reference; None if it reads none.
        prepare: Completes a pipeline after loading; None if nothing is missing.
        avoids: Whether guidance moves away from what a recipe does not want.
    """

    id: str
    pipeline: str
    grain: int
    channels: Callable[[Any], int]
    embed: Callable[[Any, str, Sequence[Beside]], Condition]
    predict: Callable[[Any, Tensor, Tensor, Condition], Tensor]
    read: Callable[[Any, Tensor], Tensor]
    show: Callable[[Any, Tensor], Tensor]
    shift: Callable[[Any, int, int], float]
    options: Mapping[str, object] = field(default_factory=dict)
    look: Callable[[Any, Image.Image], Tensor] | None = None
    prepare: Callable[[Any], None] | None = None
    avoids: bool = False

    def draw(self, engine: Engine, recipe: Recipe, start: Begun, watch: Watch) -> list[Image.Image]:
        """See ``Engine.draw``."""
        pipe, count = engine.pipe, len(recipe.pictures)
        texts = [_texts(self, engine, said) for said in told(recipe)]
        levels, side = schedule(self, pipe, recipe), recipe.patch // self.grain
        with tiled(pipe.vae, wanted=bool(side)):
            origin = self._origin(pipe, start, recipe, levels[0])
        begun = lanes(self, engine, recipe, origin, texts)
        steps, size = steps_until(recipe.steps, recipe.stop), _size(self, recipe)

        def previews() -> list[Image.Image]:
            return [small for lane in begun for small in engine.glimpse(lane.clean)][:count]

        with lanes_abreast(engine) as each, tiled(pipe.vae, wanted=bool(side)):
            for step, (here, there) in enumerate(islice(pairwise(levels), steps)):
                roll = rolled(step, size) if recipe.tile else (0, 0)
                move = partial(advance, self, pipe, here=here, there=there, roll=roll, side=side)
                each(move, begun)
                watch(step + 1, steps, previews)
            drawn = each(lambda lane: _decode(self, pipe, lane.shown(recipe.stop)), begun)
        return [picture for pictures in drawn for picture in pictures][:count]

    def _origin(
        self,
        pipe: Any,  # noqa: ANN401 - diffusers has no types
        start: Begun,
        recipe: Recipe,
        level: Tensor,
    ) -> "Origin | None":
        if start is None:
            return None
        if isinstance(start, Image.Image):
            return Origin(self._latents(pipe, start, recipe), level)
        latents = self._latents(pipe, start.picture, recipe)
        drawn = drawn_latents(start.kept, _size(self, recipe)).to(place(pipe))
        return Origin(latents, level, Known(latents, drawn))

    def _latents(self, pipe: Any, picture: Image.Image, recipe: Recipe) -> Tensor:  # noqa: ANN401
        pixels, read = fitted(pipe, picture, recipe), partial(self.read, pipe)
        return read_meeting(read, pixels, self.grain) if recipe.tile else read(pixels)


@dataclass(slots=True)
class Lane:
    """Pictures on their way through the steps together.

    Attributes:
        latents: Where they are, (pictures, channels, height, width), in float32.
        clean: Where they seem to be going, of the same shape.
        known: What is kept of a picture that they are drawn into, if they are.
        noise: What they started from, of the latents' shape.
        texts: What they are drawn from.
    """

    latents: Tensor
    clean: Tensor
    known: Known | None
    noise: Tensor
    texts: "Texts"

    def shown(self, stop: float) -> Tensor:
        """What is to be seen: where they are, or where they seem to go if they stopped early."""
        return self.latents if stop == 1 else self.clean


@dataclass(frozen=True, slots=True)
class Origin:
    """What pictures start from.

    Attributes:
        latents: Of the image, (1, channels, height, width).
        level: The noise level that they start at, ().
        known: What is kept of the image, if any of it is.
    """

    latents: Tensor
    level: Tensor
    known: Known | None = None

    def under(self, noise: Tensor) -> Tensor:
        """The image under as much of the noise as the level says."""
        return (1 - self.level) * self.latents + self.level * noise


Texts = Sequence[tuple[Condition, float]]
"""Conditions with weights that sum up to 1."""


def _texts(family: FlowFamily, engine: Engine, recipe: Recipe) -> Texts:
    """Phrases of positive weight, each read for itself.

    Their predictions are averaged, which is how pictures of several concepts are composed without
    mixing what a text encoder makes of each (Liu et al. 2022, arXiv 2206.01714).
    """
    wanted = [phrase for phrase in recipe.phrases if phrase.weight > 0] or [Phrase(text="")]
    total = sum(phrase.weight for phrase in wanted)
    beside: Sequence[Beside] = ()
    if isinstance(engine.references, Natives):
        beside = engine.references.beside(recipe)
    lead = instruction(recipe) if beside else ""

    def embedded(text: str) -> Condition:
        read = partial(family.embed, engine.pipe, text, beside)
        condition = read() if beside else TEXTS.get(engine.pipe, text, read)
        return replace(condition, beside=beside, guidance=recipe.guidance)

    avoid = embedded(_unwanted(recipe)) if family.avoids and recipe.guidance > 1 else None
    shown = [(embedded(lead + phrase.text), phrase.weight / total) for phrase in wanted]
    return [(replace(condition, avoid=avoid), weight) for condition, weight in shown]


def _unwanted(recipe: Recipe) -> str:
    """What the pictures should not show, in one text."""
    pushed = [phrase.text for phrase in recipe.phrases if phrase.weight < 0]
    return ", ".join(filter(None, [recipe.negative, *pushed]))


def schedule(family: FlowFamily, pipe: Any, recipe: Recipe) -> Tensor:  # noqa: ANN401
    """The noise levels that a recipe visits, (steps + 1,), falling from at most 1 to 0.

    A picture that starts from an image takes as many steps as any, from the level that is as noisy
    as Stable Diffusion is at that strength.
    """
    # The last level is stretched to its place for whole schedules; one step alone would be 0 / 0.
    stretched = recipe.strength == 1 and recipe.steps > 1
    whole = {} if stretched else {"shift_terminal": None}
    sampler = FlowMatchEulerDiscreteScheduler.from_config(pipe.scheduler.config, **whole)
    height, width = _size(family, recipe)
    mu = family.shift(pipe, height * width, recipe.steps)
    dynamic = bool(sampler.config.use_dynamic_shifting)
    factor = float(np.exp(mu)) if dynamic else float(sampler.config.shift)
    first = unshifted(flow_level(recipe.strength), factor)
    even = np.linspace(first, first / recipe.steps, recipe.steps)
    sampler.set_timesteps(sigmas=even.tolist(), mu=mu if dynamic else None)
    levels: Tensor = sampler.sigmas
    return levels.to(place(pipe))


def shift_for_patches(pipe: Any, size: int, _steps: int) -> float:  # noqa: ANN401
    """The logarithm of the shift for a number of latents, where the schedule is dynamic.

    It grows along a straight line with the patches of two by two latents (Esser et al. 2024).
    """
    config = pipe.scheduler.config
    few, many = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    slope = (high - low) / (many - few)
    return float(size // 4 * slope + (low - slope * few))


def read_scaled(pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401
    """The encoder's mode, scaled to about unit variance."""
    raw: Tensor = pipe.vae.encode(pixels).latent_dist.mode().float()
    return (raw - float(pipe.vae.config.shift_factor)) * float(pipe.vae.config.scaling_factor)


def show_scaled(pipe: Any, latents: Tensor) -> Tensor:  # noqa: ANN401
    """The inverse of ``read_scaled``, as pixels."""
    raw = latents / float(pipe.vae.config.scaling_factor) + float(pipe.vae.config.shift_factor)
    pixels: Tensor = pipe.vae.decode(raw.to(pipe.vae.dtype), return_dict=False)[0]
    return pixels


def lanes(
    family: FlowFamily,
    engine: Engine,
    recipe: Recipe,
    origin: Origin | None,
    texts: Sequence[Texts],
) -> list[Lane]:
    """Lanes at their first level: noise alone, or as much noise over ``origin`` as is wanted.

    ``texts`` are those of all lanes, or of each.
    """
    count, size = len(recipe.pictures), engine.together
    shape = family.channels(engine.pipe), *_size(family, recipe)
    begun = []
    for first, read in zip(range(0, count, size), cycle(texts)):
        pictures = [recipe.pictures[min(first + k, count - 1)] for k in range(size)]
        noise = torch.cat([starting_noise(picture, shape)[0] for picture in pictures])
        noise = noise.to(place(engine.pipe))
        latents = noise if origin is None else origin.under(noise)
        known, clean = origin.known if origin else None, torch.zeros_like(latents)
        begun.append(Lane(latents=latents, clean=clean, known=known, noise=noise, texts=read))
    return begun


def _size(family: FlowFamily, recipe: Recipe) -> tuple[int, int]:
    """Height and width of one picture's latents."""
    return recipe.height // family.grain, recipe.width // family.grain


def advance(
    family: FlowFamily,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    lane: Lane,
    *,
    here: Tensor,
    there: Tensor,
    roll: tuple[int, int],
    side: int = 0,
) -> None:
    """One Euler step of one lane, from one noise level to a lower one.

    The transformer sees the latents rolled by ``roll``, down and to the right, and with a ``side``
    in squares of it.
    """
    line, given = torch.zeros_like(lane.latents), lane.latents.roll(roll, (-2, -1))
    for condition, weight in lane.texts:
        rows = condition.repeated(len(lane.latents))
        look = partial(_predicted, family, pipe, here, rows)
        seen = in_patches(look, given, side, overlap=side // 4) if side else look(given)
        line += weight * seen
    line = line.roll((-roll[0], -roll[1]), (-2, -1))
    lane.clean = lane.latents - here * line
    lane.latents = lane.latents + (there - here) * line
    if lane.known is not None:
        known = Origin(lane.known.latents, there).under(lane.noise)
        lane.latents = lane.known.kept_in(lane.latents, known)


def _predicted(
    family: FlowFamily,
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    level: Tensor,
    rows: Condition,
    latents: Tensor,
) -> Tensor:
    return family.predict(pipe, latents, level, rows).float()


def _decode(family: FlowFamily, pipe: Any, latents: Tensor) -> list[Image.Image]:  # noqa: ANN401
    """The pictures of latents, one by one to spare memory."""
    pixels = [family.show(pipe, row[None]) for row in latents]
    return [pipe.image_processor.postprocess(one.float())[0] for one in pixels]
