"""The guide-driven model as an engine: from a recipe to pictures.

It reads top to bottom: the images that the recipe names become a guide, or else a plan of its words
does; its words and references become a look, its seeds noise; then all pictures take a step at a
time, and are decoded.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Self

import torch
from PIL import Image, ImageOps
from torch import Tensor

from generation.catalogue.card import Card
from generation.controls import LARGEST_IMAGE_WEIGHT, strength_for_image_weight
from generation.guided.checkpoint import Networks
from generation.guided.denoiser import Guide
from generation.guided.drawing import (
    GRAIN,
    RIGHT,
    Known,
    Request,
    Walk,
    fill_up,
    finish,
    lend_colours,
    place_strength,
    snap_cells,
    take_steps,
)
from generation.guided.latents import PATCH
from generation.guided.look_vectors import LookVectors
from generation.guided.plans import Plans, is_pixel_art, mix_plans, settle_styles
from generation.guided.poses import pose
from generation.guided.sayings import Saying, say_references
from generation.judge import name_reference
from generation.pictures.canvas import Init, InpaintCanvas
from generation.questions.question import Seen
from generation.recipe import Ingredient, Lora, Recipe, share_of_steps
from generation.sampling.engine import Batching, Upscalers, Watch
from generation.sampling.inpaint import mask_latents
from generation.sampling.noise import draw_starting_noise
from generation.sampling.parallel import open_map
from generation.sampling.soundness import has_overflowed, require_finite, require_pictures
from generation.tensors.pixels import to_picture, to_pixels
from generation.upscaling.spandrel_upscaler import SpandrelUpscaler
from generation.variety import split_by_picture
from storage.queue.jobs import NO_MODEL, RenderError

_STEPS: Final = 1 / 3
"""Steps from noise alone that drawing by a plan takes of those that a recipe says."""

_GUIDANCE: Final = 1 / 4
"""Share of the guidance beyond its card's with which a plan is drawn by."""

BEGIN: Final = 0.2
"""Where drawing by a plan begins, from 0, the plan itself, to 1, noise alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedEngine:
    """A loaded guide-driven model.

    Attributes:
        card: Its card.
        networks: Its weights.
        device: Where it computes.
        batching: How many pictures are computed at once.
        plans: Makes guides of words; None for a model that draws from images alone.
        upscalers: What makes its pictures larger.
        evict: Has other engines on the device released; whether there were any.
        rungs: Which way of computing found enough memory, by what was computed; the first is 0.
        seen: The images that the recipe looks at, by their SHA-256; filled by :meth:`look`.
        named: What the judge names in those that the recipe refers to, likewise.
    """

    card: Card
    networks: Networks
    device: torch.device
    batching: Batching
    plans: Plans | None = None
    upscalers: Upscalers = field(default_factory=Upscalers)
    evict: Callable[[], bool] = bool
    rungs: dict[Hashable, int] = field(default_factory=dict)
    seen: dict[str, Image.Image] = field(default_factory=dict)
    named: dict[str, Seen] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """How many weights the denoiser has."""
        return sum(weight.numel() for weight in self.networks.denoiser.parameters())

    def with_evict(self, evict: Callable[[], bool]) -> Self:
        """The engine with something that has others released."""
        return replace(self, evict=evict)

    def with_spandrel(self, upscaler: SpandrelUpscaler | None) -> Self:
        """The engine with an upscaler that the host named."""
        return replace(self, upscalers=replace(self.upscalers, spandrel=upscaler))

    def forget(self) -> None:
        """Let go of the images that the latest recipe looked at."""
        self.seen.clear()
        self.named.clear()

    def alone(self) -> Self:
        """The engine with one picture computed at a time."""
        return replace(self, batching=Batching(1))

    def look(self, recipe: Recipe, find: Callable[[str], Image.Image]) -> None:
        """See the images that the recipe takes something from.

        Args:
            recipe: What is about to be drawn.
            find: The image with a SHA-256.

        Raises:
            RenderError: ``model`` if it takes what this model cannot see.
        """
        references = recipe.conditions.references
        beyond = self.plans is None and any(one.role != "style" for one in references)
        if recipe.conditions.structure is not None or beyond:
            raise RenderError(NO_MODEL)
        # Emptied rather than replaced, since engines made of this one hold the same dictionaries.
        self.forget()
        self.seen.update({sha256: find(sha256) for sha256 in recipe.seen_images})
        if self.plans is not None:
            referred = (one.image for reference in references for one in reference.images)
            self.named.update({one: name_reference(self.seen[one]) for one in referred})

    def can_say(self, recipe: Recipe) -> bool:
        """Whether all that a recipe refers to, which it looked at, can be told in words."""
        said = recipe.conditions
        return say_references(said.phrases, said.references, self.named) is not None

    def apply_loras(self, loras: Sequence[Lora]) -> None:
        """Refuse LoRAs, as none fit this model.

        Raises:
            RenderError: ``lora`` if there are any.
        """
        if loras:
            raise RenderError("lora")

    def map(self, recipe: Recipe) -> Image.Image:  # noqa: ARG002
        """The control map of a recipe, which this model has none of.

        Raises:
            RenderError: ``model``, always.
        """
        raise RenderError(NO_MODEL)

    def draw(self, recipe: Recipe, start: Init, watch: Watch) -> list[Image.Image]:
        """The recipe's pictures, in order.

        Args:
            recipe: What to draw; its ``upscale`` is left to others. What it looks at was seen by
                :meth:`look` before.
            start: The picture to start from, of any size, or the frame to fill, as the recipe says.
            watch: Called after every step; whatever it raises ends the drawing.

        Raises:
            RenderError: ``model`` if it names no image, where the model draws from images alone.
        """
        with torch.inference_mode():
            return self._draw(recipe, start, watch)

    def _draw(self, recipe: Recipe, start: Init, watch: Watch) -> list[Image.Image]:
        planned = self.plans is not None or (start is None and not recipe.inputs.images)
        shown = None if planned else self._guide(recipe, start)
        walk = self._walk(recipe, planned=planned)
        # Once for all pictures that share their words, in however many batches they are drawn.
        asked = [
            self._ask_by_plan(said) if shown is None else self._ask(said, *shown)
            for said in split_by_picture(recipe)
        ]
        # A batch has one look, so pictures with words of their own are batches of their own.
        rows = self._draw_noise(recipe, self.batching.size if len(asked) == 1 else 1)
        # Generators: they do nothing before their first step is asked for below.
        walks = [
            take_steps(self.networks, pose(request, noise, self.networks.latents), noise, walk)
            for request, noise in zip(
                asked if len(asked) > 1 else asked * len(rows), rows, strict=True
            )
        ]
        steps = share_of_steps(walk.count(asked[0].begin), recipe.sampling.stop)
        cells = planned and self._in_cells(recipe)
        where: list[tuple[Tensor, Tensor]] = []

        def preview() -> list[Image.Image]:
            return [small for _, seeming in where for small in self._preview(seeming, recipe)]

        with open_map(self.batching.parallel) as each:
            # All pictures take a step before any takes the next, so that previews show the whole
            # grid and a cancellation is felt within one step.
            for step in range(steps):
                # One thread at a time advances a walk: a step begins when all have ended the last.
                where = each(next, walks)
                watch(step + 1, steps, preview)
            # Stopped early, the picture is what it then seems to become.
            ends = [now if recipe.sampling.stop == 1 else seeming for now, seeming in where]
            drawn = each(lambda latents: self._decode(latents, recipe, cells=cells), ends)
        others = [*recipe.inputs.edit, *recipe.inputs.blend]
        begun = start or (self.seen[others[0].image] if others else None)
        return require_pictures([picture for pictures in drawn for picture in pictures], begun)

    def _walk(self, recipe: Recipe, *, planned: bool) -> Walk:
        steps, guidance = recipe.sampling.steps, recipe.sampling.guidance
        if not planned:
            return Walk(steps=steps, guidance=guidance)
        # A plan says more than words do: the usual guidance of the diffusion model whose dials
        # these are is none here, which takes half the time, and fewer steps do.
        more = max(0.0, guidance - self.card.guidance)
        return Walk(steps=round(steps * _STEPS), guidance=1 + more * _GUIDANCE)

    def _ask(self, said: Recipe, guide: Tensor, known: Known | None, strength: float) -> Request:
        """A request (B = 1) by an image."""
        begin, haze = place_strength(strength)
        return Request(
            guide=guide,
            kind=Guide.PICTURE,
            look=self._look(said),
            # A model of photographs reads names of looks; sentences are for the planner.
            words=self._silence,
            haze=haze,
            begin=begin,
            known=known,
        )

    def _ask_by_plan(self, said: Recipe) -> Request:
        """A request (B = 1) by a plan of the words, or of the images that are blended."""
        if self.plans is None:
            raise RenderError(NO_MODEL)
        if parts := said.inputs.blend:
            shown = [self._encode(self.seen[one.image], said) for one in parts]
            plan = mix_plans(shown, [one.weight for one in parts], self._silence)
            look = self._read_looks(parts)
        else:
            sayings = self._say(said)
            plan = self.plans.make_mean(sayings, said.size)
            look = self._looks.say(sayings)
        guide = fill_up(plan.guide)
        drawn = None if plan.drawn is None else fill_up(plan.drawn)
        return Request(
            guide=guide,
            kind=Guide.PLAN,
            look=look,
            words=plan.words,
            begin=RIGHT * BEGIN,
            posed=not self._in_cells(said),
            known=None if drawn is None else Known(guide, drawn),
        )

    def _say(self, recipe: Recipe) -> tuple[Saying, ...]:
        """What is planned, in a style each: the words, with what they refer to."""
        said, references = recipe.conditions.phrases, recipe.conditions.references
        return tuple(
            replace(one, phrases=settle_styles(one.phrases))
            for one in say_references(said, references, self.named) or [Saying(said)]
        )

    def _in_cells(self, recipe: Recipe) -> bool:
        return all(is_pixel_art(one.phrases) for one in self._say(recipe))

    @property
    def _looks(self) -> LookVectors:
        return LookVectors(self.networks, self.card)

    @property
    def _silence(self) -> Tensor:
        """The embedding (1, 256) of no words."""
        return torch.zeros(1, self.networks.denoiser.words.in_features, device=self.device)

    def plan(self, recipe: Recipe) -> Image.Image:
        """The plan of a recipe's words as a picture, for a model that draws over it.

        Raises:
            RenderError: ``model`` if it makes none.
        """
        with torch.inference_mode():
            guide = self._ask_by_plan(recipe).guide
            return self._preview(guide, recipe)[0]

    def _draw_noise(self, recipe: Recipe, size: int) -> list[Tensor]:
        """The noise that each batch of up to ``size`` pictures starts from."""
        across, down = recipe.size.width // PATCH, recipe.size.height // PATCH
        shape = self.networks.latents.channels, down + -down % GRAIN, across + -across % GRAIN
        noises = [draw_starting_noise(noise, shape)[0] for noise in recipe.noise]
        return [
            torch.cat(noises[first : first + size]).to(self.device)
            for first in range(0, len(noises), size)
        ]

    def _guide(self, recipe: Recipe, start: Init) -> tuple[Tensor, Known | None, float]:
        """The guide (1, C, h, w), what is known of the picture, and how much of it is drawn.

        Of several images the first gives the layout, the others their colours.
        """
        inputs = recipe.inputs
        others = [*inputs.edit, *inputs.blend]
        weight, strength = 1.0, inputs.strength
        if start is None:
            weight = others[0].weight
            strength = self._strength_for(inputs.edit[0].weight if inputs.edit else 1.0)
            start, others = self.seen[others[0].image], others[1:]
        guide = self._encode(start.picture if isinstance(start, InpaintCanvas) else start, recipe)
        for one in others:
            weight += one.weight
            lent = self._encode(self.seen[one.image], recipe)
            # A running mean, in which each image counts by its share of the weight so far.
            guide = lend_colours(guide, lent, one.weight / weight)
        if not isinstance(start, InpaintCanvas):
            return guide, None, strength
        size = recipe.size.height // PATCH, recipe.size.width // PATCH
        drawn = fill_up(mask_latents(start.kept, size)).to(self.device)
        return guide, Known(guide, drawn), strength

    def _strength_for(self, weight: float) -> float:
        return strength_for_image_weight(
            min(weight, LARGEST_IMAGE_WEIGHT), self.card.image_strengths
        )

    def _encode(self, picture: Image.Image, recipe: Recipe) -> Tensor:
        """Latents (1, C, h, w) of a picture in the recipe's size, filled up to what is drawn."""
        size = recipe.size.width, recipe.size.height
        # A size in the picture's own ratio is rounded to whole latents: nothing is cut off for it.
        own = self.card.size(*picture.size) == size
        fitted = (
            picture.resize(size) if own else ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
        )
        return fill_up(self.networks.latents.encode(self._as_pixels(fitted)))

    def _as_pixels(self, picture: Image.Image) -> Tensor:
        """(1, 3, H, W) in -1 to 1."""
        return to_pixels(picture).to(self.device) * 2 - 1

    def _look(self, recipe: Recipe) -> Tensor:
        """The vector (1, told) of how pictures are to look: by words, by references, or by both.

        Without either, a photograph is drawn anew as a photograph.
        """
        named = self._looks.name(recipe.conditions.phrases)
        lent = [one for each in recipe.conditions.references for one in each.images]
        scale = sum(reference.scale for reference in recipe.conditions.references)
        if not lent:
            lent = self._list_lenders(recipe) if named is None else []
            scale = 1.0
        if not lent:
            return self._looks.plain if named is None else named
        read = self._read_looks(lent)
        if named is None:
            return self._looks.plain.lerp(read, min(1.0, scale))
        # Beside named looks a reference of scale 1 counts for as much as they do.
        return named.lerp(read, scale / (1 + scale))

    def _list_lenders(self, recipe: Recipe) -> list[Ingredient]:
        """Of several images that are blended, those that lend their look to the first one."""
        inputs = recipe.inputs
        first = 0 if inputs.start or inputs.edit else 1
        return list(inputs.blend[first:])

    def _read_looks(self, images: Sequence[Ingredient]) -> Tensor:
        """The mean vector (1, told) of how images look, each by its weight."""
        shown = [(self.seen[one.image], one.weight) for one in images]
        return self._looks.read(shown, self.device)

    def _preview(self, latents: Tensor, recipe: Recipe) -> list[Image.Image]:
        """What the coarse part of latents shows: a linear map, and quick."""
        shown = self.networks.latents.decode(_cut(latents, recipe))
        return [to_picture((one[None] + 1) / 2) for one in shown]

    def _decode(self, latents: Tensor, recipe: Recipe, *, cells: bool) -> list[Image.Image]:
        """Pictures of latents, one by one to spare memory; ``cells`` for pixel art's lattice."""
        rows = require_finite(_cut(latents, recipe))
        made = (self._finish(row[None]) for row in rows)
        return [to_picture(((snap_cells(one) if cells else one) + 1) / 2) for one in made]

    def _finish(self, latents: Tensor) -> Tensor:
        """Pixels (1, 3, H, W) in -1 to 1 of latents (1, C, h, w)."""
        made = finish(self.networks, latents)
        # bfloat16 has float32's range, but fewer digits: what it sums up may still overflow.
        if not has_overflowed(made, shows=True):
            return made
        return require_finite(finish(self.networks, latents, exact=True))

    def enlarge(self, pictures: Sequence[Image.Image], recipe: Recipe) -> list[Image.Image]:  # noqa: ARG002
        """Pictures at the size that people are shown: as they were drawn, or larger by plans."""
        if self.card.enlarge == 1:
            return list(pictures)
        larger = partial(self.upscalers.enlarge, factor=self.card.enlarge)
        with torch.inference_mode(), open_map(self.batching.parallel) as each:
            return each(larger, pictures)


def _cut(latents: Tensor, recipe: Recipe) -> Tensor:
    """Latents as large as the recipe's pictures."""
    return latents[..., : recipe.size.height // PATCH, : recipe.size.width // PATCH]
