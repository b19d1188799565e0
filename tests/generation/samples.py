"""Recipes and pictures for the tests that draw."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from PIL import Image

from generation.answering.answer import answer
from generation.questions.question import Question
from generation.recipe import Ingredient, Phrase, Recipe, Reference, Role, Start, seed_noise
from generation.runtime.pool import Engines
from generation.runtime.render import Find
from generation.sampling.engine import Batching, Drawer, Engine
from generation.worker import make_renderer
from storage.files import Files
from storage.queue.jobs import Rendered, Report
from tests.recipes import change, make

APPLE = make(
    family="easel",
    model="easel-1",
    prompt="a red apple",
    phrases=(Phrase(text="a red apple"),),
    width=64,
    height=64,
    noise=seed_noise(7, 1),
    steps=2,
    guidance=4.0,
    sampler="DPM++ 2M Karras",
)


KINDS: Final = ("sd15", "sdxl", "flux2-klein", "z-image", "flux1-dev", "qwen-image")
"""A family for each network that denoises and each way to predict: the bundled model and those that
edit differ from them in weights and in what they look at besides."""

NATIVE: Final = ("flux2-klein", "flux2-dev", "flux1-kontext", "qwen-image-edit")
"""The families that read images themselves."""

each_kind = pytest.mark.parametrize("engine", KINDS, indirect=True)
"""For tests of how drawing goes, which is written once for all families of a kind."""


def recipe_for(engine: Engine, **different: Any) -> Recipe:
    """A red apple, one picture, few steps, except for what is ``different``."""
    own: dict[str, Any] = {"family": engine.card.id, "sampler": APPLE.sampling.sampler}
    if APPLE.sampling.sampler not in engine.card.samplers:
        own |= {"sampler": engine.card.sampler, "guidance": engine.card.guidance}
    return change(APPLE, **{**own, **different})


def batched(engine: Engine, size: int = 1, parallel: int = 1) -> Engine:
    """The engine with other batches, and with nothing remembered of what was short of memory."""
    return replace(engine, batching=Batching(size, parallel), rungs={})


def steered(engine: Engine, **different: Any) -> Engine:
    """The engine with other references, structures or LoRAs."""
    return replace(engine, conditioning=replace(engine.conditioning, **different))


def rendering(
    engines: Engines | Drawer, files: Files, find: Find
) -> Callable[[dict[str, Any], Report], Rendered]:
    """What a worker does with a job, and stores at once."""
    draw = make_renderer(engines, files, find)
    return lambda data, report: draw(data, report)()


def weigh(engine: Engine) -> Any:
    """What words of a prompt do to an engine's model, as a question is answered."""
    card = engine.card
    question = Question(kind="shorten", text="red apple", model=card.model, family=card.id)
    return answer(question.to_json(), engine, lambda *_: None, lambda _: b"").answer


def start(strength: float) -> Start:
    """A start whose picture the test hands over itself."""
    return Start(image="0" * 64, strength=strength)


def never(_: str) -> None:
    """Nothing was made before."""


def encoded(image: Image.Image) -> bytes:
    """A picture as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def photograph() -> Image.Image:
    """A picture with large shapes in several colours, wider than it is tall."""
    image = Image.new("RGB", (96, 72), (70, 130, 180))
    image.paste((34, 139, 34), (0, 48, 96, 72))
    image.paste((220, 40, 30), (30, 20, 66, 60))
    return image


def quiet(*_: object) -> None:
    """A watch that looks away."""


SEEN: Final = {
    name * 64: colours
    for name, colours in (
        ("a", ("red", "white")),
        ("b", ("navy", "orange")),
        ("c", ("green", "pink")),
    )
}
"""Hashes, and two colours of a picture each."""


def seen(sha256: str) -> Image.Image:
    """The picture that a hash of ``SEEN`` stands for: stripes."""
    ground, stripe = SEEN[sha256]
    image = Image.new("RGB", (96, 96), ground)
    for left in range(8, 96, 24):
        image.paste(stripe, (left, 0, left + 8 + ord(sha256[0]) % 3 * 4, 96))
    return image


def looking(recipe: Recipe, role: Role, *images: str, scale: float = 1.0) -> Recipe:
    """A recipe with a reference, to the first of ``SEEN`` if no other is named."""
    one = Reference(
        role=role,
        images=tuple(Ingredient(image=image) for image in images or ["a" * 64]),
        scale=scale,
    )
    return change(recipe, references=(*recipe.conditions.references, one))
