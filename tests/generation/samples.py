"""Recipes and pictures for the tests that draw."""

from dataclasses import replace
from typing import Any

from PIL import Image

from generation.families.diffusion import Engine
from generation.recipe import Phrase, Recipe, Start, seeded

APPLE = Recipe(
    family="easel",
    model="easel-1",
    prompt="a red apple",
    phrases=(Phrase(text="a red apple"),),
    width=64,
    height=64,
    pictures=seeded(7, 1),
    steps=3,
    guidance=4.0,
    sampler="DPM++ 2M Karras",
)


def recipe_for(engine: Engine, **different: Any) -> Recipe:
    """A red apple, one picture, few steps, except for what is ``different``."""
    own: dict[str, Any] = {"family": engine.card.id, "sampler": APPLE.sampler}
    if APPLE.sampler not in engine.card.samplers:
        own |= {"sampler": engine.card.sampler, "guidance": engine.card.guidance}
    return replace(APPLE, **{**own, **different})


def start(strength: float) -> Start:
    """A start whose picture the test hands over itself."""
    return Start(image="0" * 64, strength=strength)


def photograph() -> Image.Image:
    """A picture with large shapes in several colours, wider than it is tall."""
    image = Image.new("RGB", (96, 72), (70, 130, 180))
    image.paste((34, 139, 34), (0, 48, 96, 72))
    image.paste((220, 40, 30), (30, 20, 66, 60))
    return image


def quiet(*_: object) -> None:
    """A watch that looks away."""
