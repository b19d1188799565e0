"""An engine: a loaded model with all that it draws with."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, Self

import torch
from PIL import Image
from torch import Tensor

from generation.catalogue.card import Card
from generation.catalogue.memory_plans import WHOLE, MemoryPlan
from generation.conditioning.cache import TextCache
from generation.conditioning.controlnet import Structures
from generation.conditioning.edited_images import EditedImages
from generation.conditioning.flux_adapter import ImageLooks
from generation.conditioning.image_adapters import References
from generation.conditioning.lora import Loras
from generation.conditioning.native_references import NativeReferences
from generation.conditioning.redux import ImageWords
from generation.derive import GRID
from generation.pictures.canvas import Init
from generation.pictures.tiling import enlarge_seamless
from generation.recipe import Lora, Recipe
from generation.sampling.parallel import open_map
from generation.sampling.seamless import wrap_edges
from generation.tensors.float8 import multiply
from generation.upscaling.bundled import Compact, enlarge, has_squares, sharpen
from generation.upscaling.spandrel_upscaler import SpandrelUpscaler
from storage.queue.jobs import NO_MODEL, RenderError

Find = Callable[[str], Image.Image]
"""The image with a SHA-256."""

Watch = Callable[[int, int, Callable[[], list[Image.Image]]], None]
"""Steps done, steps in all, and a function that gives small previews of the pictures."""


class Drawer(Protocol):
    """A loaded model of any kind: what is asked of it wherever recipes become pictures."""

    @property
    def card(self) -> Card:
        """Its card."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def parameters(self) -> int:
        """How many weights its denoiser has."""

    @property
    def upscalers(self) -> "Upscalers":
        """What makes its pictures larger."""

    @property
    def evict(self) -> Callable[[], bool]:
        """Has other engines on the device released; whether there were any."""

    @property
    def rungs(self) -> dict[Hashable, int]:
        """Which way of computing found enough memory, by what was computed; the first is 0."""

    def look(self, recipe: Recipe, find: Find) -> None:
        """See ``Engine.look``."""

    def apply_loras(self, loras: Sequence[Lora]) -> None:
        """See ``Engine.apply_loras``."""

    def map(self, recipe: Recipe) -> Image.Image:
        """See ``Engine.map``."""

    def draw(self, recipe: Recipe, start: Init, watch: Watch) -> list[Image.Image]:
        """See ``Engine.draw``."""

    def enlarge(self, pictures: Sequence[Image.Image], recipe: Recipe) -> list[Image.Image]:
        """See ``Engine.enlarge``."""

    def forget(self) -> None:
        """Let go of what it keeps for the next recipe, where memory is short."""

    def alone(self) -> "Drawer":
        """The model with one picture computed at a time."""

    def with_evict(self, evict: Callable[[], bool]) -> "Drawer":
        """The model with something that has others released."""

    def with_spandrel(self, upscaler: SpandrelUpscaler | None) -> "Drawer":
        """The model with an upscaler that the host named."""


class Planned(Drawer, Protocol):
    """A loaded model that draws by plans of words."""

    def plan(self, recipe: Recipe) -> Image.Image:
        """The plan of a recipe's words as a picture, for a model that draws over it."""

    def can_say(self, recipe: Recipe) -> bool:
        """Whether all that a recipe refers to, which it looked at, can be told in words."""


class Code(Protocol):
    """What every family's code half can do."""

    @property
    def id(self) -> str:
        """The card's id."""

    @property
    def pipeline(self) -> str:
        """Name of the diffusers pipeline class that its checkpoints name."""

    @property
    def options(self) -> Mapping[str, object]:
        """What to load the pipeline with, besides the weights."""

    def draw(
        self, engine: "Engine", recipe: Recipe, start: Init, watch: Watch
    ) -> list[Image.Image]:
        """See ``Engine.draw``."""

    def estimate(
        self, engine: "Engine", recipes: Sequence[Recipe], told: Callable[[int], None]
    ) -> list[tuple[Tensor, Tensor]]:
        """See ``Engine.estimate``."""

    @property
    def channels(self) -> Callable[[Any], int]:
        """Pipeline to the number of its latents' channels."""

    def read(self, pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
        """Latents of pixels (1, 3, height, width) in [-1, 1]."""


@dataclass(frozen=True, slots=True)
class Batching:
    """How many pictures are computed at once.

    Attributes:
        size: Pictures in a batch, at most.
        parallel: Batches that are computed at the same time.
        filled: Whether a batch that its pictures do not fill is filled up with the first of them.
    """

    size: int
    parallel: int = 1
    filled: bool = False

    @classmethod
    def choose(cls, device: torch.device, *, exact: bool = False, most: int = GRID) -> Self:
        """How a device is to compute pictures.

        Args:
            device: Where they are computed.
            exact: Whether a picture alone has to be its quarter of the grid to the bit.
            most: Pictures that its memory has room for.
        """
        # On a CPU it always is, since every picture is computed alone.
        return cls(1) if device.type == "cpu" else cls(min(most, GRID), filled=exact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditioning:
    """What pictures are steered with besides words, as far as it is loaded.

    Attributes:
        references: What images are seen with: image adapters, or the model itself.
        structures: ControlNets.
        loras: Changes to the model's weights.
    """

    references: References | NativeReferences | ImageWords | ImageLooks | EditedImages | None = None
    structures: Structures | None = None
    loras: Loras | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upscalers:
    """What makes pictures larger.

    Attributes:
        own: The network that came with the checkpoint, for every picture that it draws.
        spandrel: What the host named, for pictures of any model, where larger ones are asked for.
    """

    own: Compact | None = None
    spandrel: SpandrelUpscaler | None = None

    def enlarge(self, picture: Image.Image, factor: int) -> Image.Image:
        """A drawn picture so many times larger, by the checkpoint's own network if it has one."""
        if self.own is None or self.own.factor != factor or has_squares(picture):
            return sharpen(picture, factor)
        return enlarge(self.own, picture)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A loaded model.

    Attributes:
        card: Its card.
        family: Its family's code.
        pipe: The diffusers pipeline that holds the weights.
        batching: How many pictures are computed at once.
        preview: From clean latents (pictures, channels, height, width) to small pictures.
        conditioning: What steers it besides words.
        planned: Draws by plans of the words, where the checkpoint brings it.
        upscalers: What makes its pictures larger.
        texts: What its text encoders made of the latest texts.
        evict: Has other engines on the device released; whether there were any.
        rungs: Which way of computing found enough memory, by what was computed; the first is 0.
        memory: How it lies on its device.
    """

    card: Card
    family: Code
    pipe: Any
    batching: Batching
    preview: Callable[[Tensor], list[Image.Image]]
    conditioning: Conditioning = field(default_factory=Conditioning)
    planned: "Planned | None" = None
    upscalers: Upscalers = field(default_factory=Upscalers)
    texts: TextCache = field(default_factory=TextCache)
    evict: Callable[[], bool] = bool
    rungs: dict[Hashable, int] = field(default_factory=dict)
    memory: MemoryPlan = WHOLE

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return device_of(self.pipe)

    @property
    def denoiser(self) -> Any:  # noqa: ANN401 - diffusers has no types
        """Its UNet or transformer."""
        return self.pipe.unet if hasattr(self.pipe, "unet") else self.pipe.transformer

    @property
    def parameters(self) -> int:
        """How many weights the denoiser has."""
        return sum(weight.numel() for weight in self.denoiser.parameters())

    def forget(self) -> None:
        """Let go of what was made of the latest texts."""
        self.texts.clear()

    def alone(self) -> Self:
        """The engine with one picture computed at a time."""
        return replace(self, batching=Batching(1))

    def with_evict(self, evict: Callable[[], bool]) -> Self:
        """The engine with something that has others released."""
        return replace(self, evict=evict)

    def with_spandrel(self, upscaler: SpandrelUpscaler | None) -> Self:
        """The engine with an upscaler that the host named."""
        return replace(self, upscalers=replace(self.upscalers, spandrel=upscaler))

    def look(self, recipe: Recipe, find: Find) -> None:
        """See the images that a recipe takes something from or keeps to.

        Raises:
            RenderError: ``model`` if what sees them is not loaded.
        """
        if recipe.seen_images and (planned := self._find_planned(recipe)) is not None:
            planned.look(recipe, find)
            if planned.can_say(recipe):
                return
        references, structures = self.conditioning.references, self.conditioning.structures
        # A button of last week may ask for what the host has taken out since.
        if recipe.seen_images and references is None:
            raise RenderError(NO_MODEL)
        # Called with no images as well: it lets go of what only the recipe before needed.
        if references is not None:
            references.learn(recipe, find)
        if recipe.conditions.structure is not None:
            if structures is None or recipe.conditions.structure.kind not in structures.networks:
                raise RenderError(NO_MODEL)
            structures.learn(recipe, find)

    def map(self, recipe: Recipe) -> Image.Image:
        """The control map of the image that a recipe keeps to, at the drawn size.

        Raises:
            RenderError: ``model`` if no ControlNets are loaded.
        """
        if self.conditioning.structures is None:
            raise RenderError(NO_MODEL)
        return self.conditioning.structures.find_map(recipe)

    def apply_loras(self, loras: Sequence[Lora]) -> None:
        """Have these LoRAs change the model, and no others.

        Raises:
            RenderError: ``lora`` if one is gone or does not fit.
        """
        if self.conditioning.loras is not None:
            # Called with none as well: it takes off those of the job before.
            self.conditioning.loras.apply(loras)
        elif loras:
            raise RenderError("lora")

    def draw(self, recipe: Recipe, start: Init, watch: Watch) -> list[Image.Image]:
        """The recipe's pictures at the size the model draws, in order.

        Args:
            recipe: What to draw; its ``upscale`` is left to others. What it looks at was seen
                by :meth:`look` before.
            start: The picture to start from, of any size, or the frame to fill, as the recipe says.
            watch: Called after every step; whatever it raises ends the drawing.
        """
        # A batch is steered as one, so pictures with words of their own are batches of their own.
        batching = (
            replace(self.batching, size=1) if recipe.conditions.vary_by_picture else self.batching
        )
        own = replace(self, batching=batching)
        if (planned := self._choose_planned(recipe)) is not None:
            return planned.draw(recipe, None, watch)
        if start is None and recipe.inputs.plan:
            recipe, start = self._plan(recipe)
        # The autoencoder wraps throughout; from which step on the denoiser does, its family says.
        with (
            torch.inference_mode(),
            wrap_edges([self.pipe.vae], wanted=recipe.sampling.seamless),
            self._multiply(recipe),
        ):
            return self.family.draw(own, recipe, start, watch)

    def estimate(
        self, recipes: Sequence[Recipe], told: Callable[[int], None]
    ) -> list[tuple[Tensor, Tensor]]:
        """Where the same noise seems to lead by each of some recipes, at two noise levels.

        Args:
            recipes: Alike but for their words; the noise is that of the first one's first picture.
            told: Called with how many were looked at; whatever it raises ends it.

        Returns:
            For each its clean latents (channels, height, width) at either level.
        """
        with torch.inference_mode(), self._multiply(recipes[0]):
            return self.family.estimate(self, recipes, told)

    def _multiply(self, recipe: Recipe) -> AbstractContextManager[None]:
        """Within it, the denoiser multiplies as the recipe says and the memory plan allows."""
        if not self.memory.multiplied:
            return nullcontext()
        return multiply(self.denoiser, eight=recipe.sampling.float8)

    def _find_planned(self, recipe: Recipe) -> "Planned | None":
        """What draws a recipe by a plan of its words, if that is how it is drawn."""
        inputs = recipe.inputs
        if not inputs.plan or inputs.start is not None or inputs.canvas is not None:
            return None
        # What is not wanted is drawn away by guidance alone, from which a plan leads.
        return None if recipe.conditions.repels else self.planned

    def _choose_planned(self, recipe: Recipe) -> "Planned | None":
        """The same, once it has looked: of a reference that it cannot name there is no plan."""
        planned = self._find_planned(recipe)
        return planned if planned is None or planned.can_say(recipe) else None

    def _plan(self, recipe: Recipe) -> tuple[Recipe, Init]:
        """The recipe with the plan that it begins from, where words alone say what to show."""
        if self.planned is not None and not recipe.conditions.references:
            return recipe, self.planned.plan(recipe)
        # By image adapters, or by another checkpoint of the family, without a planner: from noise.
        return replace(recipe, inputs=replace(recipe.inputs, plan=0.0)), None

    def enlarge(self, pictures: Sequence[Image.Image], recipe: Recipe) -> list[Image.Image]:
        """Pictures that a recipe drew at the size that people are shown."""
        if self.card.enlarge == 1:
            return list(pictures)
        planned = self._choose_planned(recipe)
        # What was drawn once more, larger, the model drew by itself.
        if planned is not None and not recipe.size.refinement:
            return planned.enlarge(pictures, recipe)
        larger = partial(self.upscalers.enlarge, factor=self.card.enlarge)
        if recipe.sampling.seamless:
            larger = partial(enlarge_seamless, larger=larger)
        with torch.inference_mode(), open_map(self.batching.parallel) as each:
            return each(larger, pictures)


def device_of(pipe: Any) -> torch.device:  # noqa: ANN401 - diffusers has no types
    """Where a pipeline computes, wherever its parts lie just now."""
    # Offloaded parts wait on the CPU, so where their weights lie says nothing. Where none is so,
    # asking diffusers would walk through all modules, which takes as long as a small model's step.
    denoiser = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
    if hasattr(denoiser, "_hf_hook"):
        return pipe._execution_device  # type: ignore[no-any-return]
    return next(denoiser.parameters()).device  # type: ignore[no-any-return]
