"""The path from a recipe to pictures that families of flow matching share.

A transformer predicts the straight line from a picture to noise (Lipman et al. 2023, arXiv
2210.02747), and Euler steps follow it back: at noise level σ the latents are (1 - σ) × picture +
σ × noise. Pictures travel in lanes as in ``diffusion``, and the rules for them are the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice, pairwise
from typing import Any, Final

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from PIL import Image
from torch import Tensor

from generation.asides import told
from generation.canvas import Begun
from generation.controls import flow_level, steps_until, unshifted
from generation.families.diffusion import Engine, Watch, fitted, lanes_abreast, place, tiled
from generation.families.known import Known, drawn_latents
from generation.families.noise import starting_noise
from generation.families.seamless import read_meeting, rolled
from generation.patches import in_patches
from generation.recall import TEXTS
from generation.recipe import Phrase, Recipe

SAMPLER: Final = "Euler"
"""The one sampler of these families."""


@dataclass(frozen=True, slots=True)
class FlowFamily:
    """The code half of a card.

    Latents are (pictures, channels, height, width); ``grain`` pixels of a side become one of them.

    Attributes:
        id: The card's id.
        pipeline: Name of the diffusers pipeline class that its checkpoints name.
        grain: Pixels a latent, on each side.
        channels: Pipeline to the number of its latents' channels.
        embed: Pipeline and a text to what the transformer reads, (1, tokens, width).
        predict: Pipeline, latents, noise level and embedding to the line towards noise.
        read: Pipeline and pixels (1, 3, height, width) in [-1, 1] to latents.
        show: Pipeline and latents to pixels.
        shift: Pipeline, latents of one picture and steps to the logarithm of the schedule's shift.
        options: What to load the pipeline with, besides the weights.
    """

    id: str
    pipeline: str
    grain: int
    channels: Callable[[Any], int]
    embed: Callable[[Any, str], Tensor]
    predict: Callable[[Any, Tensor, Tensor, Tensor], Tensor]
    read: Callable[[Any, Tensor], Tensor]
    show: Callable[[Any, Tensor], Tensor]
    shift: Callable[[Any, int, int], float]
    options: Mapping[str, object] = field(default_factory=dict)

    def draw(self, engine: Engine, recipe: Recipe, start: Begun, watch: Watch) -> list[Image.Image]:
        """See ``Engine.draw``."""
        pipe, count = engine.pipe, len(recipe.pictures)
        texts = [_texts(self, pipe, said.phrases) for said in told(recipe)]
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


Texts = Sequence[tuple[Tensor, float]]
"""Embeddings with weights that sum up to 1."""


def _texts(family: FlowFamily, pipe: Any, phrases: Sequence[Phrase]) -> Texts:  # noqa: ANN401
    """Phrases of positive weight, each read for itself.

    Their predictions are averaged, which is how pictures of several concepts are composed without
    mixing what a text encoder makes of each (Liu et al. 2022, arXiv 2206.01714).
    """
    wanted = [phrase for phrase in phrases if phrase.weight > 0] or [Phrase(text="")]
    total = sum(phrase.weight for phrase in wanted)

    def read(text: str) -> Tensor:
        made: Tensor = TEXTS.get(pipe, text, partial(family.embed, pipe, text))
        return made

    return [(read(phrase.text), phrase.weight / total) for phrase in wanted]


def schedule(family: FlowFamily, pipe: Any, recipe: Recipe) -> Tensor:  # noqa: ANN401
    """The noise levels that a recipe visits, (steps + 1,), falling from at most 1 to 0.

    A picture that starts from an image takes as many steps as any, from the level that is as noisy
    as Stable Diffusion is at that strength.
    """
    sampler = FlowMatchEulerDiscreteScheduler.from_config(pipe.scheduler.config)
    height, width = _size(family, recipe)
    mu = family.shift(pipe, height * width, recipe.steps)
    dynamic = bool(sampler.config.use_dynamic_shifting)
    factor = float(np.exp(mu)) if dynamic else float(sampler.config.shift)
    first = unshifted(flow_level(recipe.strength), factor)
    even = np.linspace(first, first / recipe.steps, recipe.steps)
    sampler.set_timesteps(sigmas=even.tolist(), mu=mu if dynamic else None)
    levels: Tensor = sampler.sigmas
    return levels.to(place(pipe))


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
    for tokens, weight in lane.texts:
        rows = tokens.expand(len(lane.latents), -1, -1)
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
    rows: Tensor,
    latents: Tensor,
) -> Tensor:
    return family.predict(pipe, latents, level, rows).float()


def _decode(family: FlowFamily, pipe: Any, latents: Tensor) -> list[Image.Image]:  # noqa: ANN401
    """The pictures of latents, one by one to spare memory."""
    pixels = [family.show(pipe, row[None]) for row in latents]
    return [pipe.image_processor.postprocess(one.float())[0] for one in pixels]
