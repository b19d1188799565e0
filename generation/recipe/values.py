"""The values that a recipe is made of: each immutable, and checked when it is made."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, Literal, Self

from faults import UserError

SEED_LIMIT: Final = 2**32
"""Seeds are whole numbers from 0 up to, but not including, this (Midjourney's own range)."""

Role = Literal["style", "face", "figure", "object"]
"""What is taken from a reference."""


StructureKind = Literal["scribble", "lineart", "canny", "depth", "normal", "pose"]
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
        # NaN and infinity have no JSON, and a token so weighted no picture.
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
        if not self.spans and not self.breaks:
            return
        # Starts and ends alternate, so that one comparison finds disorder and overlap.
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
            # A span across a break counts on both sides of it.
            low, high = max(span.start, start), min(span.end, end)
            if low >= high:
                continue
            if start < low:
                yield self.text[start:low], 1.0
            yield self.text[low:high], span.weight
            start = high
        if start < end:
            yield self.text[start:end], 1.0


NOTHING: Final = Phrase(text="")
"""No words at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariationNoise:
    """Fresh noise that a picture's own is moved towards.

    Attributes:
        seed: Its seed.
        strength: Share of the way, 0 (same picture) to 1 (unrelated picture).
    """

    seed: int
    strength: float

    def __post_init__(self) -> None:
        _check_seed(self.seed)
        # NaN fails every comparison, and so is refused here, too.
        if not 0 <= self.strength <= 1:
            raise RecipeError(f"variation strength {self.strength} is outside 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The starting noise of one picture: a seed, then any number of moves towards other noise.

    A variation is its parent's noise moved once more, so a variation of a variation is still
    reproducible from numbers alone.
    """

    seed: int
    variations: tuple[VariationNoise, ...] = ()

    def __post_init__(self) -> None:
        _check_seed(self.seed)

    def vary(self, seed: int, strength: float) -> Self:
        """This noise, moved once more, towards the noise of ``seed``."""
        variation = VariationNoise(seed=seed, strength=strength)
        return replace(self, variations=(*self.variations, variation))


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The picture that generation starts from (img2img).

    Attributes:
        image: SHA-256 of the image's bytes, in hexadecimal.
        strength: Denoising strength, 0 to 1: 0 is the image itself, 1 forgets it.
    """

    image: str
    strength: float

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
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
class Sought:
    """What is looked for in a picture.

    Attributes:
        words: What it is called, in English where that is known.
        finder: What looks for it, as ``EASEL_FINDER`` names it; another may see it elsewhere.
        border: Width of what belongs to it all around, as a share of the longer side.
    """

    words: str
    finder: str
    border: float = 0.0

    def __post_init__(self) -> None:
        if not self.words or not self.finder or not 0 <= self.border < 1:
            raise RecipeError("what is looked for has a name, and something that looks for it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A finished picture that is kept but for what is drawn around it, or anew in it.

    Attributes:
        image: SHA-256 of the picture's bytes, in hexadecimal.
        edges: What is drawn around it.
        regions: What is drawn anew in it.
        mask: SHA-256 of a black and white image of the picture's proportions: where it is
            white, the picture is drawn anew, too. Empty for none.
        sought: What is drawn anew wherever it is seen in the picture; None for nothing.
        strength: Denoising strength of what is drawn, in (0, 1]: below 1 it begins from colours
            carried on from the border.
    """

    image: str
    edges: Edges = field(default_factory=Edges)
    regions: tuple[Region, ...] = ()
    mask: str = ""
    sought: Sought | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not self.image:
            raise RecipeError("a canvas needs a picture")
        # At 0 nothing would be drawn, and a canvas is there to be filled.
        if not 0 < self.strength <= 1:
            raise RecipeError(f"denoising strength {self.strength} is outside 0 to 1")

    @property
    def repaints(self) -> bool:
        """Whether anything in the picture itself is drawn anew."""
        return bool(self.regions or self.mask or self.sought)


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
        # A share of the whole: with weights of 0 there might be no whole.
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
        # A scale of 0 is no structure, which has a digest of its own.
        if not self.image or not self.scale > 0 or not 0 < self.end <= 1:
            raise RecipeError("a structure needs an image, a scale above 0 and an end up to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """A LoRA that changes the model while it draws.

    Attributes:
        name: How people name it.
        weight: How much it counts: 1 as it was trained, below 0 the other way.
        version: The revision or the SHA-256 that tells its file from others of that name.
    """

    name: str
    weight: float
    version: str = ""

    def __post_init__(self) -> None:
        # A weight of 0 draws what no LoRA draws, and should not have another digest.
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
class Tone:
    """How light and colours are moved; all 0 for not at all, each from -1 to 1.

    Attributes:
        warmth: Towards orange, or blue below 0.
        light: Brighter, or darker below 0.
        contrast: Further from the middle grey, or nearer to it below 0.
        colour: More colour, or less below 0; -1 leaves greys.
        sepia: Towards the brown of old photographs; from 0.
    """

    warmth: float = 0.0
    light: float = 0.0
    contrast: float = 0.0
    colour: float = 0.0
    sepia: float = 0.0

    def __post_init__(self) -> None:
        # Put so that NaN is refused.
        if not all(-1 <= value <= 1 for value in self._list_values()) or self.sepia < 0:
            raise RecipeError("the parts of a tone are shares")

    def add(self, other: "Tone") -> "Tone":
        """Both, one after the other, as far as a tone goes."""
        pairs = zip(self._list_values(), other._list_values(), strict=True)
        # Rounded, so that a step there and one back leave nothing, and no digest of its own.
        summed = [round(max(-1.0, min(1.0, one + more)), 4) for one, more in pairs]
        return Tone(**dict(zip(self.__slots__, summed, strict=True)))

    def scale(self, factor: float) -> "Tone":
        """The same, more or less of it."""
        values = (max(-1.0, min(1.0, factor * value)) for value in self._list_values())
        return Tone(**dict(zip(self.__slots__, values, strict=True)))

    def _list_values(self) -> tuple[float, ...]:
        return (self.warmth, self.light, self.contrast, self.colour, self.sepia)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retouch:
    """What is done to a finished picture by arithmetic alone, so that all else in it stays.

    Attributes:
        turns: Quarter turns to the right, from 0 to 3; then...
        flipped: ...whether left and right change places; then...
        crop: ...the ratio, width and height, that its middle is cut to; None for the whole.
        tone: How light and colours are moved in the end.
    """

    turns: int = 0
    flipped: bool = False
    crop: tuple[int, int] | None = None
    tone: Tone = Tone()

    def __post_init__(self) -> None:
        if not 0 <= self.turns <= 3:
            raise RecipeError("a picture is turned by up to three quarters")
        if self.crop is not None and min(self.crop) < 1:
            raise RecipeError("a ratio has two sides")

    def turn(self, quarters: int) -> "Retouch":
        """Turned further to the right by some quarters."""
        # A picture that was flipped has its own right on the left.
        turns = (self.turns + (-quarters if self.flipped else quarters)) % 4
        crop = self.crop if quarters % 2 == 0 or self.crop is None else self.crop[::-1]
        return replace(self, turns=turns, crop=crop)

    def flip(self) -> "Retouch":
        """With left and right the other way round."""
        return replace(self, flipped=not self.flipped)

    def shape(self, width: int, height: int) -> tuple[int, int]:
        """Width and height in pixels that a picture of a width and height comes to have."""
        if self.turns % 2:
            width, height = height, width
        if self.crop is None:
            return width, height
        across, down = self.crop
        return (
            _cut(width, round(height * across / down)),
            _cut(height, round(width * down / across)),
        )


def _cut(side: int, wanted: int) -> int:
    """What is left of a side where equal parts are cut from both of its ends."""
    # So that it is the same whether a picture is turned before or after.
    return side - 2 * min((side - 1) // 2, max(0, side - wanted) // 2)


def _check_seed(seed: int) -> None:
    if not 0 <= seed < SEED_LIMIT:
        raise RecipeError(f"seed {seed} is outside 0 to {SEED_LIMIT - 1}")


def seed_noise(seed: int, count: int) -> tuple[Noise, ...]:
    """Noise for ``count`` pictures from one seed: the seed itself, then the ones that follow it."""
    # Around the end, so that the last seeds have followers as well.
    return tuple(Noise(seed=(seed + k) % SEED_LIMIT) for k in range(count))
