"""The recipe and its groups.

Commands write recipes, buttons derive recipes from recipes, the worker renders recipes and the
database keeps them as JSON. A recipe is immutable and fully resolved: no default, preset or random
choice is left open in it.

Its fields stand in groups by what they say, so that a button replaces whole groups: what is made
from a finished picture gets new ``Inputs`` and a new ``Size``, and nothing of the old ones can be
left behind.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from generation.recipe import layout
from generation.recipe.values import (
    NOTHING,
    Canvas,
    Ingredient,
    Lora,
    Noise,
    Phrase,
    RecipeError,
    Reference,
    Retouch,
    Start,
    Structure,
    Upscaler,
    Weighting,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large pictures are drawn, and how.

    Attributes:
        width: Width of one picture in pixels as the model draws it.
        height: Height of one picture in pixels as the model draws it.
        tile_side: Side in pixels of the overlapping tiles that a large picture is drawn in, each
            step their mean; 0 to draw it whole.
        refinement: Denoising strength, from 0 to 1, of a second drawing at twice the width and
            height; 0 for none.
    """

    width: int
    height: int
    tile_side: int = 0
    refinement: float = 0.0

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1:
            raise RecipeError("width and height are at least 1")
        if self.tile_side < 0:
            raise RecipeError("a tile has a side")
        if not 0 <= self.refinement <= 1:
            raise RecipeError("a refinement is a share")

    @property
    def times(self) -> int:
        """How many times the width and height the drawn pictures have."""
        # Models draw things twice at a size that they do not know; the first drawing places them.
        return 2 if self.refinement else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the model is run.

    Attributes:
        steps: Denoising steps.
        guidance: Classifier-free guidance scale; 1 is none.
        sampler: Name of the sampler, as on the family's card.
        stop: Share of the steps, above 0 and up to 1, after which the picture is shown as it then
            seems to become.
        seamless: Whether opposite edges meet.
        rescale: Share, from 0 to 1, of the contrast that guidance adds which is taken back.
        float8: Whether the denoiser may multiply in floating-point numbers of 8 bits, where its
            weights are held so and the device can.
    """

    steps: int
    guidance: float
    sampler: str
    stop: float = 1.0
    seamless: bool = False
    rescale: float = 0.0
    float8: bool = False

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise RecipeError("there is at least one step")
        if not 0 < self.stop <= 1:
            raise RecipeError("a stop is a share of the steps")
        if not 0 <= self.rescale <= 1:
            raise RecipeError("what is taken back of the contrast is a share")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The images that pictures are made from.

    Attributes:
        start: Starting image, or None for text to image.
        canvas: The picture to draw around or to repaint, or None.
        blend: The images to blend, empty for none.
        blend_scale: How much the blend counts, above 0, as a reference's scale.
        edit: Images that are changed as the words say, in the order in which words may name them
            (image 1, image 2, …); a weight of 1 is the model's own.
        plan: Above 0 where pictures are drawn by a plan of the words and of references that can be
            told in words: the denoising strength with which the model draws over it where something
            is unwanted. Images go before it.
        shortened: Whether a start or a canvas takes the share alone of the steps that its strength
            leaves, as in other programs; recipes of before take all of them.
        restored: Whether all that the words did not change is put back into what became of the one
            image in ``edit``.
    """

    start: Start | None = None
    canvas: Canvas | None = None
    blend: tuple[Ingredient, ...] = ()
    blend_scale: float = 1.0
    edit: tuple[Ingredient, ...] = ()
    plan: float = 0.0
    shortened: bool = False
    restored: bool = False

    def __post_init__(self) -> None:
        if self.restored and len(self.edit) != 1:
            raise RecipeError("what is put back comes from the one image that is edited")
        if not 0 <= self.plan < 1:
            raise RecipeError("a plan is drawn over with a strength below 1")
        # Put so that NaN, which no comparison holds for, is refused; likewise below.
        if not self.blend_scale > 0:
            raise RecipeError("the scale of a blend is above 0")

    @property
    def strength(self) -> float:
        """Denoising strength, 0 to 1: of the start, the canvas or the plan, 1 without any."""
        shown = self.start or self.canvas
        return shown.strength if shown else self.plan or 1.0

    @property
    def images(self) -> tuple[str, ...]:
        """SHA-256 of each of the images, the start first."""
        start = (self.start.image,) if self.start else ()
        canvas = (self.canvas.image,) if self.canvas else ()
        return (*start, *canvas, *(one.image for one in (*self.edit, *self.blend)))

    @property
    def gives_back(self) -> bool:
        """Whether nothing is drawn: the pictures are the image that they start from."""
        return self.strength == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What steers the pictures.

    Attributes:
        phrases: The person's words as the model reads them, weighted.
        negative: What the pictures should not show; its weight says nothing.
        weighting: Whose arithmetic weighs tokens.
        chaos: Share, from 0 to 1, of words of its own that each picture's seed adds.
        weirdness: Share, from 0 to 1, of an odd idea that each picture's seed adds.
        references: Images that style, person or thing are taken from; each role once.
        structure: The image whose structure is kept, or None.
        loras: What changes the model; each name once.
        clip_skip: Which layer of CLIP is read, counted from the last as 1.
    """

    phrases: tuple[Phrase, ...]
    negative: Phrase = NOTHING
    weighting: Weighting = "a1111"
    chaos: float = 0.0
    weirdness: float = 0.0
    references: tuple[Reference, ...] = ()
    structure: Structure | None = None
    loras: tuple[Lora, ...] = ()
    clip_skip: int = 1

    def __post_init__(self) -> None:
        if self.clip_skip < 1:
            raise RecipeError("the last layer is the first that is read")
        if not all(0 <= share <= 1 for share in (self.chaos, self.weirdness)):
            raise RecipeError("chaos and weirdness are shares")
        roles = [reference.role for reference in self.references]
        # Several images of a role stand in one reference, each by its share.
        if len(roles) > len(set(roles)):
            raise RecipeError("every role has one reference")
        if len(self.loras) > len({lora.name for lora in self.loras}):
            raise RecipeError("a LoRA is applied once")

    @property
    def vary_by_picture(self) -> bool:
        """Whether each picture is drawn from words of its own."""
        return self.chaos > 0 or self.weirdness > 0

    @property
    def repels(self) -> bool:
        """Whether words say what the pictures should not show."""
        return bool(self.negative.text) or any(one.weight < 0 for one in self.phrases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finishing:
    """What is done with pictures after they are drawn.

    Attributes:
        upscale: How many times larger each is made, 1 for not at all.
        upscaler: What makes them larger; None for a resampling filter.
        detail: How much detail and local contrast are added, as a share of what there is, from 0.
        retouch: What is done to each by arithmetic alone before it is made larger; None for
            nothing.
    """

    upscale: int = 1
    upscaler: Upscaler | None = None
    detail: float = 0.0
    retouch: Retouch | None = None

    def __post_init__(self) -> None:
        if self.upscale < 1:
            raise RecipeError("upscale is at least 1")
        if not self.detail >= 0:
            raise RecipeError("detail is added, never taken away")
        # The same pictures shall have the same digest.
        if self.retouch == Retouch():
            raise RecipeError("a retouch does something")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the pixels of a set of pictures.

    Attributes:
        family: Id of the card that renders it.
        model: Name of the checkpoint, never a path.
        prompt: The person's words without flags and image links, for people to read.
        parameters: The person's flags but the seed, in canonical spelling, for people to read.
        asked: What was asked of the pictures since, in the person's words, for people to read.
        size: How large pictures are drawn.
        noise: The noise of each picture, in the order of the grid.
        sampling: How the model is run.
        inputs: The images that pictures are made from.
        conditions: What steers them.
        finishing: What is done with them afterwards.
    """

    family: str
    model: str
    prompt: str
    parameters: str = ""
    asked: tuple[str, ...] = ()
    size: Size
    noise: tuple[Noise, ...]
    sampling: Sampling
    # One for all recipes, which is safe as long as groups are frozen.
    inputs: Inputs = Inputs()
    conditions: Conditions
    finishing: Finishing = Finishing()

    def __post_init__(self) -> None:
        if not self.noise:
            raise RecipeError("a recipe makes at least one picture")

    @property
    def seen_images(self) -> tuple[str, ...]:
        """SHA-256 of every image that is looked at as a whole, wherever the recipe names it."""
        references = (reference.images for reference in self.conditions.references)
        parts = (self.inputs.edit, self.inputs.blend, *references)
        # Each once: an image that is used twice is read and encoded once.
        return tuple(dict.fromkeys(one.image for part in parts for one in part))

    @property
    def steps(self) -> int:
        """Denoising steps that its pictures take where they are not stopped early."""
        whole = self.sampling.steps
        return share_of_steps(whole, self.inputs.strength) if self.inputs.shortened else whole

    @property
    def pixels(self) -> int:
        """Pixels of all its pictures, as they are made."""
        times = self.size.times * self.finishing.upscale
        return self.size.width * self.size.height * times**2 * len(self.noise)

    def to_json(self) -> dict[str, object]:
        """The recipe as JSON-ready data; values equal to their default are left out."""
        return {"version": layout.VERSION, **self._dump()}

    def _dump(self) -> dict[str, object]:
        # Without defaults, so that a field that is added later changes no digest of before.
        data: dict[str, object] = _ADAPTER.dump_python(self, mode="json", exclude_defaults=True)
        return data

    @classmethod
    def from_json(cls, data: object) -> "Recipe":
        """The recipe that ``to_json`` wrote, in this version or an earlier one.

        Raises:
            RecipeError: ``data`` is not a recipe of a known version.
        """
        version = layout.read_version(data)
        try:
            recipe = _ADAPTER.validate_python(layout.upgrade(data, version))
        except ValidationError as error:
            raise RecipeError("this is not a recipe of a known version") from error
        # Whoever wrote that version could not know the field: better refused than drawn wrong.
        if version < layout.GROUPED and layout.find_version(recipe._dump()) > version:
            raise RecipeError(f"version {version} of a recipe has no such fields")
        return recipe

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal of what decides the pixels; equal digests, equal pictures.

        It is taken of the flat layout of versions 1 to 4: stored pictures are found by it, so a
        recipe that could be said in those keeps its digest for ever.
        """
        # What people read decides no pixel.
        flat = layout.flatten(replace(self, prompt="", parameters="", asked=())._dump())
        # As pydantic's `dump_json` writes them, of which the first digests were taken.
        return hashlib.sha256(to_json(flat, inf_nan_mode="null")).hexdigest()


def share_of_steps(steps: int, share: float) -> int:
    """A share of denoising steps, in whole ones, and at least 1.

    Args:
        steps: All steps, at least 1.
        share: From 0 to 1.
    """
    # 0.07 of 100 steps is 7.000000000000001 in floats, and has to stay 7.
    return max(1, math.ceil(steps * share - _ROUNDING))


_ROUNDING: Final = 1e-9
"""What products of floats may be off by."""

_ADAPTER: Final = TypeAdapter(Recipe)
