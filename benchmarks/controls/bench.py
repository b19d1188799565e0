"""What measurements of controls share: the bundled model, which draws, and the judge beside it.

The images that controls are given are the model's own drawings that the judge names right, so
nothing else is needed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Final, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from generation.catalogue.families import BUNDLED, find_card
from generation.conditioning.image_adapters import ImageFeatures, References
from generation.families.load import load
from generation.judge import Judge, load_judge, load_labels
from generation.pictures.canvas import Init
from generation.recipe import (
    Conditions,
    Ingredient,
    Inputs,
    Phrase,
    Recipe,
    Sampling,
    Size,
    seed_noise,
)
from generation.sampling.engine import Batching, Engine

THINGS: Final = ("apple", "cat", "dog", "star", "pizza", "car", "fish", "tree", "house", "book")
"""Things that prompts name."""

_TRIES: Final = 6

T = TypeVar("T")

Point = Mapping[str, object]
"""One line of figures by name."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements need.

    Attributes:
        engine: Draws.
        sees: Its image adapters.
        judge: Names what a picture shows.
        styles: Names of styles, in the judge's order.
        things: Names of things, likewise.
        sheets: Rows of example pictures, by name: filled while measuring.
    """

    engine: Engine
    sees: References
    judge: Judge
    styles: Sequence[str]
    things: Sequence[str]
    sheets: dict[str, list[list[Image.Image]]] = field(default_factory=dict)

    @torch.inference_mode()
    def judged(self, pictures: Sequence[Image.Image]) -> tuple[Tensor, Tensor, Tensor]:
        """Probabilities of style, of thing and of colour, one row for each picture."""
        pixels = [torch.from_numpy(np.array(p)).permute(2, 0, 1).float() for p in pictures]
        said = self.judge(torch.stack(pixels) / 127.5 - 1)
        return said.style.softmax(1), said.thing.softmax(1), said.colour.softmax(1)

    def draw(self, recipe: Recipe, begun: Init = None) -> list[Image.Image]:
        """A recipe's pictures at the size the model draws, as one batch on this core."""
        engine = replace(self.engine, batching=Batching(len(recipe.noise)))
        return engine.draw(recipe, begun, lambda *_: None)

    def recipe(self, text: str, seed: int, count: int = 1, *, planned: bool = False) -> Recipe:
        """Pictures of a text with the model's own settings, by a plan or by the model alone."""
        own = self.engine.card
        return Recipe(
            family=own.id,
            model=own.model,
            prompt=text,
            size=Size(width=own.side, height=own.side),
            noise=seed_noise(seed, count),
            sampling=Sampling(steps=own.steps, guidance=own.guidance, sampler=own.sampler),
            inputs=Inputs(plan=own.plan) if planned else Inputs(),
            conditions=Conditions(phrases=(Phrase(text=text),)),
        )

    def example(self, thing: str, style: int, *, planned: bool = False) -> Image.Image | None:
        """A drawing that the judge names right, or None if a few tries give none.

        Args:
            thing: What it shows.
            style: In which style, by its number.
            planned: Whether it is drawn by a plan; the model by itself draws no pixel art.
        """
        for seed in range(_TRIES):
            asked = f"a {thing}, {self.styles[style]} style"
            (picture,) = self.draw(self.recipe(asked, seed, planned=planned))
            if all(self.shows([picture], thing) + self.drawn_in([picture], style)):
                return picture
        return None

    def examples(self) -> Iterator[tuple[str, Image.Image]]:
        """A flat drawing of each thing that the model draws recognisably."""
        style = self.styles.index("flat")
        for thing in THINGS:
            if (picture := self.example(thing, style)) is not None:
                yield thing, picture

    def shows(self, pictures: Sequence[Image.Image], thing: str) -> list[bool]:
        """Whether the thing is among the judge's first five, of each picture."""
        wanted = self.things.index(thing)
        return [wanted in row for row in self.judged(pictures)[1].topk(5).indices.tolist()]

    def drawn_in(self, pictures: Sequence[Image.Image], style: int) -> list[bool]:
        """Whether the judge takes each picture for one of that style."""
        return [found == style for found in self.judged(pictures)[0].argmax(1).tolist()]

    @torch.inference_mode()
    def embedded(self, picture: Image.Image) -> Tensor:
        """What the model's vision tower says of a picture, (width,), of length 1."""
        whole: Tensor = self.sees.look(picture).whole
        return torch.nn.functional.normalize(whole)[0]

    def remember(self, name: str, whole: Tensor) -> Ingredient:
        """An embedding under a name, as if an image had been looked at."""
        self.sees.memory[name] = ImageFeatures(whole, whole)
        return Ingredient(image=name)


def open_bench() -> Bench:
    """The bundled model, its adapters and the judge."""
    engine = load(find_card("easel"), str(BUNDLED), torch.device("cpu"))
    folder = BUNDLED.with_name("judge-1")
    labels = load_labels(folder)
    assert isinstance(engine.conditioning.references, References)
    return Bench(
        engine,
        engine.conditioning.references,
        load_judge(folder),
        labels["styles"],
        labels["things"],
    )


def portions(items: Sequence[T], count: int) -> Iterator[tuple[T, int, int]]:
    """Each item with the first of its seeds and how many it has: ``count`` in all, shared evenly.

    Args:
        items: What pictures are drawn of, at least one.
        count: Seeds in all; if there are fewer than items, the last ones get none and are left out.
    """
    each, more = divmod(count, len(items))
    sizes = [each + (number < more) for number in range(len(items))]
    for item, last, size in zip(items, accumulate(sizes), sizes, strict=True):
        if size:
            yield item, last - size, size


Measure = Callable[[Bench, int], Iterator[Point]]
"""Measures with so many pictures at each point, and gives the points one by one."""
