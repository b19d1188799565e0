"""The recipe: everything needed to make the same pictures again.

Commands write recipes, buttons derive recipes from recipes, the worker cooks recipes and the
database keeps them as JSON. A recipe is immutable and fully resolved: no default, preset or random
choice is left open in it.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

from pydantic import TypeAdapter, ValidationError

SEED_LIMIT: Final = 2**32
"""Seeds are whole numbers from 0 up to, but not including, this (Midjourney's own range)."""


class RecipeError(ValueError):
    """A recipe that cannot exist, or JSON that is not a recipe of a version known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A stretch of prompt text and its weight (1 is neutral, negative pushes away)."""

    text: str
    weight: float = 1.0


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
class Recipe:
    """Everything that decides the pixels of a set of pictures.

    Attributes:
        family: Id of the card that cooks it.
        model: Name of the checkpoint, never a path.
        prompt: The person's words without flags and image links, for people to read.
        parameters: The person's flags but the seed, in canonical spelling, for people to read.
        phrases: The same words as the model reads them, weighted.
        negative: What the pictures should not show.
        width: Width of one picture in pixels as the model draws it.
        height: Height of one picture in pixels as the model draws it.
        pictures: The noise of each picture, in the order of the grid.
        steps: Denoising steps.
        guidance: Classifier-free guidance scale; 1 is none.
        sampler: Name of the sampler, as on the family's card.
        start: Starting image, or None for text to image.
        upscale: How many times larger each finished picture is made, 1 for not at all.
        version: Version of this format.
    """

    family: str
    model: str
    prompt: str
    parameters: str = ""
    phrases: tuple[Phrase, ...]
    negative: str = ""
    width: int
    height: int
    pictures: tuple[Noise, ...]
    steps: int
    guidance: float
    sampler: str
    start: Start | None = None
    upscale: int = 1
    version: Literal[1] = 1

    def __post_init__(self) -> None:
        if not self.pictures:
            raise RecipeError("a recipe makes at least one picture")
        if min(self.width, self.height, self.steps, self.upscale) < 1:
            raise RecipeError("width, height, steps and upscale are at least 1")

    def to_json(self) -> dict[str, object]:
        """The recipe as JSON-ready data; values equal to their default are left out."""
        data: dict[str, object] = _ADAPTER.dump_python(self, mode="json", exclude_defaults=True)
        return {"version": self.version, **data}

    @classmethod
    def from_json(cls, data: object) -> "Recipe":
        """The recipe that ``to_json`` wrote.

        Raises:
            RecipeError: ``data`` is not a recipe of a known version.
        """
        try:
            return _ADAPTER.validate_python(data)
        except ValidationError as error:
            raise RecipeError("this is not a recipe of a known version") from error

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal of what decides the pixels; equal digests, equal pictures."""
        pixels = replace(self, prompt="", parameters="")
        return hashlib.sha256(_ADAPTER.dump_json(pixels, exclude_defaults=True)).hexdigest()


_ADAPTER: Final = TypeAdapter(Recipe)


def _check_seed(seed: int) -> None:
    if not 0 <= seed < SEED_LIMIT:
        raise RecipeError(f"seed {seed} is outside 0 to {SEED_LIMIT - 1}")


def seeded(seed: int, count: int) -> tuple[Noise, ...]:
    """Noise for ``count`` pictures from one seed: the seed itself, then the ones that follow it."""
    return tuple(Noise(seed=(seed + k) % SEED_LIMIT) for k in range(count))
