"""What measurements of controls share: the bundled model, which draws, and the judge beside it.

The images that controls are given are the model's own drawings that the judge names right, so
nothing else is needed.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from generation.canvas import Begun
from generation.cards import BUNDLED, card
from generation.families import load
from generation.families.diffusion import Engine
from generation.families.references import References, Seen
from generation.recipe import Ingredient, Phrase, Recipe, seeded
from training.judges import Judge, load_judge, load_labels

THINGS: Final = ("apple", "cat", "dog", "star", "pizza", "car", "fish", "tree", "house", "book")
"""Things that prompts name."""

_TRIES: Final = 6


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements need.

    Attributes:
        engine: Draws.
        sees: Its image adapters.
        judge: Names what a picture shows.
        styles: Names of styles, in the judge's order.
        things: Names of things, likewise.
    """

    engine: Engine
    sees: References
    judge: Judge
    styles: Sequence[str]
    things: Sequence[str]

    @torch.inference_mode()
    def judged(self, pictures: Sequence[Image.Image]) -> tuple[Tensor, Tensor]:
        """Probabilities of style and of thing, one row for each picture."""
        pixels = [torch.from_numpy(np.array(p)).permute(2, 0, 1).float() for p in pictures]
        said = self.judge(torch.stack(pixels) / 127.5 - 1)
        return said.style.softmax(1), said.thing.softmax(1)

    def draw(self, recipe: Recipe, begun: Begun = None) -> list[Image.Image]:
        """A recipe's pictures at the size the model draws."""
        return self.engine.draw(recipe, begun, lambda *_: None)

    def recipe(self, text: str, seed: int) -> Recipe:
        """One picture of a text with the model's own settings."""
        own = self.engine.card
        return Recipe(
            family=own.id,
            model=own.model,
            prompt=text,
            phrases=(Phrase(text=text),),
            width=own.side,
            height=own.side,
            pictures=seeded(seed, 1),
            steps=own.steps,
            guidance=own.guidance,
            sampler=own.sampler,
        )

    def example(self, thing: str, style: int) -> Image.Image | None:
        """A drawing that the judge names right, or None if a few tries give none."""
        for seed in range(_TRIES):
            (picture,) = self.draw(self.recipe(f"a {thing}, {self.styles[style]} style", seed))
            drawn, named = self.judged([picture])
            hit = self.things.index(thing) in named[0].topk(5).indices.tolist()
            if hit and int(drawn[0].argmax()) == style:
                return picture
        return None

    def examples(self) -> Iterator[tuple[str, Image.Image]]:
        """A flat drawing of each thing that the model draws recognisably."""
        style = self.styles.index("flat")
        for thing in THINGS:
            if (picture := self.example(thing, style)) is not None:
                yield thing, picture

    @torch.inference_mode()
    def embedded(self, picture: Image.Image) -> Tensor:
        """What the model's vision tower says of a picture, (width,), of length 1."""
        whole: Tensor = self.sees.look(picture).whole
        return torch.nn.functional.normalize(whole)[0]

    def remember(self, name: str, whole: Tensor) -> Ingredient:
        """An embedding under a name, as if an image had been looked at."""
        self.sees.memory[name] = Seen(whole, whole)
        return Ingredient(image=name)


def open_bench() -> Bench:
    """The bundled model, its adapters and the judge."""
    engine = load(card("easel"), str(BUNDLED), torch.device("cpu"))
    folder = BUNDLED.with_name("judge-1")
    labels = load_labels(folder)
    assert isinstance(engine.references, References)
    return Bench(engine, engine.references, load_judge(folder), labels["styles"], labels["things"])


def report(
    about: str | None, measure: Callable[[Bench, int], Iterator[Mapping[str, object]]]
) -> None:
    """Read ``--pictures`` from the command line and print a JSON object for each point.

    Args:
        about: What is measured.
        measure: Finds the points.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--pictures", type=int, default=20, help="of each kind")
    for point in measure(open_bench(), parser.parse_args().pictures):
        print(json.dumps(point), flush=True)
