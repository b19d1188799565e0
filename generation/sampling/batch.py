"""Batches: pictures that go through the steps together, whatever the kind of model.

A batch is computed as one tensor; batches never mix, so a picture's pixels depend on its own
batch's shape alone. On a CPU a batch holds one picture: kernels round differently for other batch
sizes, and there a batch saves little; a small model's batches are computed side by side, each on
one core. Elsewhere a batch holds up to a grid: one picture is drawn as one, and is then like its
quarter of the grid but for rounding. Where it has to be that to the bit, batches are filled up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

import torch
from PIL import Image
from torch import Tensor

from generation.pictures.canvas import Init
from generation.recipe import Recipe
from generation.sampling.autoencoder import tile_vae
from generation.sampling.engine import Engine, Watch, device_of
from generation.sampling.inpaint import Origin
from generation.sampling.ladder import climb, list_ways_to_decode
from generation.sampling.noise import draw_starting_noise
from generation.sampling.parallel import open_map
from generation.sampling.soundness import require_finite, require_pictures


@dataclass(frozen=True, slots=True)
class Condition:
    """What steers a denoiser.

    Attributes:
        tokens: Text embeddings, (rows, tokens, width).
        extra: Further inputs of the family's denoiser by name, (rows, …) each.
    """

    tokens: Tensor
    extra: Mapping[str, Tensor] = field(default_factory=dict)

    def repeat(self, count: int) -> Self:
        """The rows for a batch of ``count`` pictures: each row ``count`` times, in order."""
        # Interleaved, not tiled: all rows to avoid come first, which is how guidance parts them.
        extra = {name: rows.repeat_interleave(count, 0) for name, rows in self.extra.items()}
        return replace(self, tokens=self.tokens.repeat_interleave(count, 0), extra=extra)


@dataclass(slots=True, kw_only=True)
class Batch:
    """Pictures on their way through the steps.

    Attributes:
        latents: Noisy latents of the latest step, (pictures, channels, height, width), in float32.
        clean: The latest estimate of the clean latents, of the same shape.
        noise: The starting noise, of the same shape.
        origin: The image that they started from, if they did.
    """

    latents: Tensor
    clean: Tensor
    noise: Tensor
    origin: Origin | None

    def select_result(self, stop: float) -> Tensor:
        """Latents to decode: those of the last step, or the clean estimate if stopped early."""
        return self.latents if stop == 1 else self.clean


B = TypeVar("B", bound=Batch)


def draw_noise(
    engine: Engine, recipe: Recipe, shape: Sequence[int]
) -> Iterator[tuple[Tensor, list[torch.Generator]]]:
    """Starting noise for each batch, and a generator a picture for what samplers add later.

    Args:
        engine: Says how many pictures make a batch.
        recipe: The pictures.
        shape: Channels, height and width of one picture's latents.
    """
    size = engine.batching.size
    for first in range(0, len(recipe.noise), size):
        row = recipe.noise[first : first + size]
        if engine.batching.filled:
            # Kernels are chosen by the batch's size, and with them how sums are rounded: pixels may
            # depend on how many pictures there are beside one, but not on which.
            row = (*row, *[row[0]] * (size - len(row)))
        drawn = [draw_starting_noise(picture, shape) for picture in row]
        noise = torch.cat([tensor for tensor, _ in drawn]).to(device_of(engine.pipe))
        yield noise, [generator for _, generator in drawn]


def denoise(
    engine: Engine,
    recipe: Recipe,
    batches: Sequence[B],
    *,
    steps: int,
    advance: Callable[[B, int], None],
    decode: Callable[[Tensor], list[Image.Image]],
    start: Init,
    watch: Watch,
    during: Callable[[int], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> list[Image.Image]:
    """Take all batches through the steps together; the pictures that they become, in order.

    Args:
        engine: What draws.
        recipe: What is drawn.
        batches: Where the pictures start.
        steps: How many steps to take.
        advance: Moves a batch by the step of a number, counted from 0.
        decode: From a batch's latents to pictures.
        start: What the pictures start from.
        watch: Called after every step; whatever it raises ends the drawing.
        during: What holds while all batches take the step of a number.

    Raises:
        RenderError: ``no_picture`` if what was computed is no picture, ``out_of_memory`` if there
            is none to decode it, however sparingly.
    """
    count = len(recipe.noise)

    def show(batch: B) -> list[Image.Image]:
        return decode(require_finite(batch.select_result(recipe.sampling.stop)))

    def preview() -> list[Image.Image]:
        return [small for batch in batches for small in engine.preview(batch.clean)][:count]

    tiled = tile_vae(engine.pipe.vae, wanted=bool(recipe.size.tile_side))
    with open_map(engine.batching.parallel) as each, tiled:
        # All batches take a step before any takes the next, so that previews show the whole grid
        # and a cancellation is felt within one step.
        for step in range(steps):
            with during(step):
                each(lambda batch, step=step: advance(batch, step), batches)
            watch(step + 1, steps, preview)
        # By size alone: however many there are, they are decoded one by one.
        drawn = climb(
            engine,
            ("decode", recipe.size),
            list_ways_to_decode(engine),
            lambda _: each(show, batches),
        )
    # The last batch may have been filled up with pictures that nobody asked for.
    return require_pictures([picture for pictures in drawn for picture in pictures][:count], start)
