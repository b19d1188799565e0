"""The recipe: everything needed to make the same pictures again.

Commands write recipes, buttons derive recipes from recipes, the worker cooks recipes and the
database keeps them as JSON. A recipe is immutable and fully resolved: no default, preset or random
choice is left open in it.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError

from faults import UserError

SEED_LIMIT: Final = 2**32
"""Seeds are whole numbers from 0 up to, but not including, this (Midjourney's own range)."""


VERSION: Final = 5
"""The newest version of the format that is known here."""

_SINCE: Final = {
    "canvas": 2,
    "blend": 2,
    "references": 3,
    "pull": 3,
    "loras": 4,
    "upscaler": 4,
    "patch": 4,
    "spread": 4,
    "oddness": 4,
    "stop": 4,
    "detail": 4,
    "tile": 4,
    "refined": 4,
    "canvas.mask": 4,
    "edit": 4,
    "structure": 4,
    "phrases.spans": 5,
    "phrases.breaks": 5,
    "negative_spans": 5,
    "negative_breaks": 5,
    "weighting": 5,
}
"""The version that each later field, or field of a part, came with: who knows only earlier ones
would draw it wrong.
"""

Role = Literal["style", "face", "figure", "object"]
"""What is taken from a reference."""


StructureKind = Literal["scribble", "lineart", "canny", "depth", "pose"]
"""What is kept of an image that the pictures are built on."""


Weighting = Literal["a1111", "comfyui"]
"""Whose arithmetic weighs tokens: see ``generation.conditioning.text``."""


class RecipeError(UserError, ValueError):
    """A recipe that cannot exist, or JSON that is not a recipe of a version known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a phrase whose tokens weigh more or less than the others.

    Attributes:
        start: Index of its first character in the phrase's text.
        end: Index behind its last character.
        weight: Factor on its tokens; 1 is neutral, 0 and less are allowed.
    """

    start: int
    end: int
    weight: float

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or not math.isfinite(self.weight):
            raise RecipeError(f"{self} is no stretch of text with a weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A stretch of prompt text that is a concept of its own.

    Attributes:
        text: The words.
        weight: Its share beside the other phrases: 1 is neutral, negative pushes away.
        spans: Stretches of the text with token weights, in order and apart from each other.
        breaks: Indices in the text, rising, at which a new window of the text encoder begins.
    """

    text: str
    weight: float = 1.0
    spans: tuple[Span, ...] = ()
    breaks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        ends = [place for span in self.spans for place in (span.start, span.end)]
        if ends != sorted(ends) or (ends and ends[-1] > len(self.text)):
            raise RecipeError("spans are in order, and lie in their phrase")
        places = [0, *self.breaks, len(self.text)]
        if places != sorted(places):
            raise RecipeError("breaks are in order, and lie in their phrase")

    @property
    def is_weighted(self) -> bool:
        """Whether its tokens have weights, or its windows borders, of their own."""
        return bool(self.spans or self.breaks)

    @property
    def chunks(self) -> tuple[tuple[tuple[str, float], ...], ...]:
        """The text cut at its breaks, each part in stretches of one token weight."""
        borders = (0, *self.breaks, len(self.text))
        return tuple(tuple(self._weigh(*ends)) for ends in pairwise(borders))

    def _weigh(self, start: int, end: int) -> Iterator[tuple[str, float]]:
        for span in self.spans:
            low, high = max(span.start, start), min(span.end, end)
            if low >= high:
                continue
            if start < low:
                yield self.text[start:low], 1.0
            yield self.text[low:high], span.weight
            start = high
        if start < end:
            yield self.text[start:end], 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One step from a picture's noise towards fresh noise.

    Attributes:
        seed: Seed of the fresh noise.
        strength: Share of the way, 0 (same picture) to 1 (unrelated picture).
    """

    seed: int
    strength: float

    def __post_init__(self) -> None:
        _check_seed(self.seed)
        if not 0 <= self.strength <= 1:
            raise RecipeError(f"variation strength {self.strength} is outside 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The starting noise of one picture: a seed, then any number of turns away from it.

    A variation is its parent's noise with one more turn, so a variation of a variation is still
    reproducible from numbers alone.
    """

    seed: int
    turns: tuple[Turn, ...] = ()

    def __post_init__(self) -> None:
        _check_seed(self.seed)

    def turned(self, seed: int, strength: float) -> Self:
        """This noise, one turn further towards the noise of ``seed``."""
        return replace(self, turns=(*self.turns, Turn(seed=seed, strength=strength)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The picture that generation starts from (img2img).

    Attributes:
        image: SHA-256 of the image's bytes, in hexadecimal.
        strength: Denoising strength in (0, 1]: small keeps the image, 1 forgets it.
    """

    image: str
    strength: float

    def __post_init__(self) -> None:
        if not 0 < self.strength <= 1:
            raise RecipeError(f"denoising strength {self.strength} is outside 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """How much is drawn around a picture, on each side.

    Attributes:
        left: Share of the picture's own width, from 0 for nothing; ``right`` likewise.
        top: Share of the picture's own height, from 0 for nothing; ``bottom`` likewise.
    """

    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0

    def __post_init__(self) -> None:
        if min(self.left, self.right, self.top, self.bottom) < 0:
            raise RecipeError("edges are added, never taken away")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A rectangle in a picture; all numbers are shares of its width or height, from 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise RecipeError(f"{self} is no rectangle in a picture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A finished picture that is kept but for what is drawn around it, or anew in it.

    Attributes:
        image: SHA-256 of the picture's bytes, in hexadecimal.
        edges: What is drawn around it.
        regions: What is drawn anew in it.
        mask: SHA-256 of a black and white image of the picture's proportions: where it is
            white, the picture is drawn anew, too. Empty for none.
        strength: Denoising strength of what is drawn, in (0, 1]: below 1 it begins from colours
            carried on from the border.
    """

    image: str
    edges: Edges = field(default_factory=Edges)
    regions: tuple[Region, ...] = ()
    mask: str = ""
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not self.image:
            raise RecipeError("a canvas needs a picture")
        if not 0 < self.strength <= 1:
            raise RecipeError(f"denoising strength {self.strength} is outside 0 to 1")

    @property
    def repaints(self) -> bool:
        """Whether anything in the picture itself is drawn anew."""
        return bool(self.regions or self.mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """One of several images that are blended.

    Attributes:
        image: SHA-256 of the image's bytes, in hexadecimal.
        weight: Its share beside the weights of the others, above 0.
    """

    image: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise RecipeError(f"the weight {self.weight} of an image is not above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Images that the pictures take something from, without starting from them.

    Attributes:
        role: What is taken: ``style``, ``face``, ``figure`` (a person as a whole) or ``object``.
        images: Where from; of several, each by its share.
        scale: How much, above 0: 1 as an image adapter was trained, or as a model that reads
            images itself does.
    """

    role: Role
    images: tuple[Ingredient, ...]
    scale: float

    def __post_init__(self) -> None:
        if not self.images or not self.scale > 0:
            raise RecipeError("a reference needs an image and a scale above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """An image whose structure the pictures keep to (ControlNet, Zhang et al. 2023).

    Attributes:
        kind: What is kept: of a drawing its strokes, of a photograph edges, distances or a pose.
        image: SHA-256 of the image's bytes, in hexadecimal.
        scale: Conditioning scale above 0: 1 as the network was trained, more holds tighter.
        end: Share of the steps that it takes part in, above 0 and at most 1; from the first one on.
        shown: Whether the map itself is the picture: what the network reads of the image.
    """

    kind: StructureKind
    image: str
    scale: float = 1.0
    end: float = 1.0
    shown: bool = False

    def __post_init__(self) -> None:
        if not self.image or not self.scale > 0 or not 0 < self.end <= 1:
            raise RecipeError("a structure needs an image, a scale above 0 and an end up to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """A LoRA that the model wears while it draws.

    Attributes:
        name: How people name it.
        weight: How much it counts: 1 as it was trained, below 0 the other way.
        version: The revision or the SHA-256 that tells its file from others of that name.
    """

    name: str
    weight: float
    version: str = ""

    def __post_init__(self) -> None:
        if not self.name or not self.weight or not math.isfinite(self.weight):
            raise RecipeError("a LoRA needs a name and a weight other than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upscaler:
    """A learned upscaler.

    Attributes:
        name: Of its file, without the ending.
        version: The revision or the SHA-256 that tells its file from others of that name.
    """

    name: str
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the pixels of a set of pictures.

    Attributes:
        family: Id of the card that cooks it.
        model: Name of the checkpoint, never a path.
        prompt: The person's words without flags and image links, for people to read.
        parameters: The person's flags but the seed, in canonical spelling, for people to read.
        phrases: The same words as the model reads them, weighted.
        negative: What the pictures should not show.
        negative_spans: Token weights in that, as a phrase has them; ``negative_breaks`` likewise.
        weighting: Whose arithmetic weighs tokens.
        width: Width of one picture in pixels as the model draws it.
        height: Height of one picture in pixels as the model draws it.
        pictures: The noise of each picture, in the order of the grid.
        steps: Denoising steps.
        guidance: Classifier-free guidance scale; 1 is none.
        sampler: Name of the sampler, as on the family's card.
        start: Starting image, or None for text to image.
        upscale: How many times larger each finished picture is made, 1 for not at all.
        canvas: The picture to draw around or to repaint, or None.
        blend: The images to blend, empty for none.
        pull: How much the blend counts, above 0, as a reference's scale.
        references: Images that style, person or thing are taken from; each role once.
        edit: Images that are changed as the words say, in the order in which words may name them
            (image 1, image 2, …); a weight of 1 is the model's own.
        loras: What the model wears; each name once.
        upscaler: What enlarges finished pictures; None for a resampling filter.
        patch: Side in pixels of the overlapping squares that a large picture is drawn in, each step
            their mean; 0 to draw it whole.
        spread: Share, from 0 to 1, of words of its own that each picture's seed adds.
        oddness: Share, from 0 to 1, of an odd idea that each picture's seed adds.
        stop: Share of the steps, above 0 and up to 1, after which the picture is shown as it then
            seems to become.
        detail: How much detail and local contrast are added to the finished picture, as a share
            of what there is, from 0.
        tile: Whether opposite edges meet without a seam.
        refined: Denoising strength, from 0 to 1, of a second drawing at twice the width and height;
            0 for none.
        structure: The image whose structure is kept, or None.
    """

    family: str
    model: str
    prompt: str
    parameters: str = ""
    phrases: tuple[Phrase, ...]
    negative: str = ""
    negative_spans: tuple[Span, ...] = ()
    negative_breaks: tuple[int, ...] = ()
    weighting: Weighting = "a1111"
    width: int
    height: int
    pictures: tuple[Noise, ...]
    steps: int
    guidance: float
    sampler: str
    start: Start | None = None
    upscale: int = 1
    canvas: Canvas | None = None
    blend: tuple[Ingredient, ...] = ()
    pull: float = 1.0
    references: tuple[Reference, ...] = ()
    edit: tuple[Ingredient, ...] = ()
    loras: tuple[Lora, ...] = ()
    upscaler: Upscaler | None = None
    patch: int = 0
    spread: float = 0.0
    oddness: float = 0.0
    stop: float = 1.0
    detail: float = 0.0
    tile: bool = False
    refined: float = 0.0
    structure: Structure | None = None

    def __post_init__(self) -> None:
        if not self.pictures:
            raise RecipeError("a recipe makes at least one picture")
        if min(self.width, self.height, self.steps, self.upscale) < 1:
            raise RecipeError("width, height, steps and upscale are at least 1")
        roles = [reference.role for reference in self.references]
        if not self.pull > 0 or len(roles) > len(set(roles)):
            raise RecipeError("a pull is above 0, and every role has one reference")
        if self.patch < 0:
            raise RecipeError("a patch has a side")
        if len(self.loras) > len({lora.name for lora in self.loras}):
            raise RecipeError("a LoRA is worn once")
        shares = (self.spread, self.oddness, self.refined)
        if not all(0 <= share <= 1 for share in shares) or not 0 < self.stop <= 1:
            raise RecipeError("spread, oddness, refined and stop are shares")
        if not self.detail >= 0:
            raise RecipeError("detail is added, never taken away")

    @property
    def version(self) -> int:
        """The first version of the format that knows every field in use, from 1 to ``VERSION``."""
        return max((_SINCE.get(name, 1) for name in _used(self._told)), default=1)

    @property
    def unwanted(self) -> Phrase:
        """What the pictures should not show, as a phrase."""
        return Phrase(text=self.negative, spans=self.negative_spans, breaks=self.negative_breaks)

    @property
    def seen(self) -> tuple[str, ...]:
        """SHA-256 of every image that is looked at as a whole, wherever the recipe names it."""
        parts = (self.edit, self.blend, *(reference.images for reference in self.references))
        return tuple(dict.fromkeys(one.image for part in parts for one in part))

    @property
    def strays(self) -> bool:
        """Whether each picture is drawn from words of its own."""
        return self.spread > 0 or self.oddness > 0

    @property
    def scale(self) -> int:
        """How many times the recipe's width and height the drawn pictures have."""
        return 2 if self.refined else 1

    @property
    def strength(self) -> float:
        """Denoising strength in (0, 1]: of the start or the canvas, 1 without either."""
        return (self.start or self.canvas or _FROM_NOTHING).strength

    def to_json(self) -> dict[str, object]:
        """The recipe as JSON-ready data; values equal to their default are left out."""
        return {"version": self.version, **self._told}

    @property
    def _told(self) -> dict[str, object]:
        data: dict[str, object] = _ADAPTER.dump_python(self, mode="json", exclude_defaults=True)
        return data

    @classmethod
    def from_json(cls, data: object) -> "Recipe":
        """The recipe that ``to_json`` wrote.

        Raises:
            RecipeError: ``data`` is not a recipe of a known version.
        """
        try:
            recipe = _ADAPTER.validate_python(data)
            told = _VERSION.validate_python(data).version
        except ValidationError as error:
            raise RecipeError("this is not a recipe of a known version") from error
        if recipe.version > told:
            raise RecipeError(f"version {told} of a recipe has no such fields")
        return recipe

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal of what decides the pixels; equal digests, equal pictures."""
        pixels = replace(self, prompt="", parameters="")
        return hashlib.sha256(_ADAPTER.dump_json(pixels, exclude_defaults=True)).hexdigest()


@dataclass(frozen=True, slots=True)
class _Told:
    version: Annotated[int, Field(ge=1, le=VERSION, strict=True)]


_ADAPTER: Final = TypeAdapter(Recipe)
_VERSION: Final = TypeAdapter(_Told)
_FROM_NOTHING: Final = Start(image="", strength=1.0)


def _used(told: dict[str, object], part: str = "") -> Iterator[str]:
    """Names of all fields that are told; those of parts after the part's own and a dot."""
    for name, value in told.items():
        yield part + name
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from _used(item, f"{part}{name}.")


def _check_seed(seed: int) -> None:
    if not 0 <= seed < SEED_LIMIT:
        raise RecipeError(f"seed {seed} is outside 0 to {SEED_LIMIT - 1}")


def seeded(seed: int, count: int) -> tuple[Noise, ...]:
    """Noise for ``count`` pictures from one seed: the seed itself, then the ones that follow it."""
    return tuple(Noise(seed=(seed + k) % SEED_LIMIT) for k in range(count))
