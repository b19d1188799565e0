"""Conversations about pictures: what stays where nothing was asked, and how little wears out.

Run with ``OMP_NUM_THREADS=1 python -m benchmarks.conversations``; with ``--first 5 --conversations
5 --kept FILE`` a few at a time. Twenty conversations of five
turns each begin at a picture of the bundled model; in every second one things are named, and where
they are is found. Of each turn it is told

- exact wishes: the share of pixels that are what arithmetic makes of the picture before them;
- wishes about parts: the share of the pixels outside these parts that are as they were;
- wishes about things: the share that is found, and the same of the pixels outside of them;

The baseline is what editors do that redraw the picture of the last turn: the same five turns, each
drawn from the picture before it at strength 0.35. Five turns without any change in words tell how
much a picture wears out so, as PSNR against the first (infinite for ours).
"""

import argparse
import asyncio
import io
import json
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, cast

import numpy as np
import torch
from PIL import Image, ImageChops

from benchmarks.psnr import measure_psnr
from bot.requests.edit_plans import FOUND, plan
from bot.requests.editor import Editor
from bot.requests.finding import locate_in
from bot.requests.models import ServedModels
from generation.catalogue.families import BUNDLED, find_card
from generation.derive import Parent, narrow, select_ninth
from generation.families.load import load
from generation.pictures.canvas import frame
from generation.pictures.metadata import encode_png
from generation.pictures.retouch import retouch
from generation.recipe import Inputs, Recipe, Retouch, Start
from generation.runtime.render import render
from generation.sampling.engine import Drawer
from prompt.reading.grammar import parse
from prompt.resolution.resolve import resolve
from storage.files import Files
from storage.settings import Settings

Turns = Sequence[tuple[str, tuple[int, ...]]]
"""What is said in turn, and which of the nine parts are chosen for it."""

CONVERSATIONS: Final = 20
FIRST: Final = (
    "a red apple", "a black cat", "a blue car", "a yellow flower", "a house", "a brown dog",
    "a green tree", "a pink pig", "an orange fish", "a purple butterfly",
)  # fmt: skip
TURNS: Final[Turns] = (
    ("warmer", ()),
    ("as pixel art", ()),
    ("replace it with a star", (8,)),
    ("a bit darker, and mirror it", ()),
    ("black and white", ()),
)
NAMED: Final[Turns] = (
    ("make the {thing} green", ()),
    ("mirror it, and make the background blue", ()),
    ("replace the {thing} with a star", ()),
    ("warmer", ()),
    ("remove the star", ()),
)
CHAINED: Final = 0.35
"""Denoising strength of an editor that draws from the last picture."""


@dataclass(slots=True)
class Store:
    """Pictures by their hash, and by the digest of what makes them."""

    by_hash: dict[str, bytes] = field(default_factory=dict)
    by_digest: dict[str, str] = field(default_factory=dict)

    async def aget(self, name: str) -> bytes:
        """As files give them."""
        return self.by_hash[name]

    async def aput(self, data: bytes) -> str:
        """As files take them."""
        name = f"{len(self.by_hash):064x}"
        self.by_hash[name] = data
        return name

    def keep(self, recipe: Recipe, picture: Image.Image) -> str:
        """Keeps a picture; its name."""
        name = f"{len(self.by_hash):064x}"
        self.by_hash[name] = encode_png(picture, recipe)
        self.by_digest[narrow(recipe, 0).digest] = name
        return name


def make(engine: Drawer, recipe: Recipe, store: Store) -> tuple[Parent, Image.Image]:
    """The one picture of a recipe, as something to go on from."""
    alone = narrow(recipe, 0)
    made = render(
        engine, alone, lambda *_: None, read=store.by_hash.__getitem__, find=store.by_digest.get
    ).single[0]
    return Parent(alone, 0, store.keep(alone, made)), made


def share_same(one: Image.Image, other: Image.Image, without: Image.Image | None = None) -> float:
    """Share of pixels that are equal, outside a mask; 1 where that leaves none."""
    same = (np.asarray(one) == np.asarray(other)).all(-1)
    left = same if without is None else same[np.asarray(without) == 0]
    return float(left.mean()) if left.size else 1.0


def cover(size: tuple[int, int], places: tuple[int, ...]) -> Image.Image:
    """A mask, bright over some of the nine parts."""
    mask, (width, height) = Image.new("L", size), size
    for place in places:
        part = select_ninth(place)
        left, top = math.floor(part.left * width), math.floor(part.top * height)
        mask.paste(255, (left, top, math.ceil(part.right * width), math.ceil(part.bottom * height)))
    return mask


def leave(recipe: Recipe, picture: Image.Image, size: tuple[int, int], store: Store) -> Image.Image:
    """A mask, bright over what a recipe with a mask draws anew in a picture."""
    canvas = recipe.inputs.canvas
    assert canvas is not None
    with Image.open(io.BytesIO(store.by_hash[canvas.mask])) as mask:
        return ImageChops.invert(frame(canvas, picture, size, mask).kept)


def converse(
    engine: Drawer,
    models: ServedModels,
    first: str,
    seed: int,
    found: dict[str, list[float]],
    *,
    turns: Turns,
) -> None:
    """One conversation; what it finds goes to the lists."""
    store, editor = Store(), Editor(models)
    start = resolve(parse(first), engine.card, model="easel-1", seed=seed).recipe
    parent, picture = make(engine, start, store)
    for said, places in turns:
        words = said.format(thing=first.rsplit(maxsplit=1)[-1])
        began = time.process_time()
        planned = plan(words, [select_ninth(place) for place in places], whole=False)
        files = cast("Files", store)
        located = asyncio.run(locate_in(planned, parent.recipe, parent.image, models, files))
        names = planned.drawn is not None and planned.drawn.kind in FOUND and not places
        if names:
            found["things that are found"].append(float(bool(located.mask)))
            if not located.mask:
                continue
        made = editor.change(located)(parent, seed + 1).recipe
        after, edited = make(engine, made, store)
        found[f"seconds of {said!r}"].append(time.process_time() - began)
        if names:
            # What arithmetic does in the same turn comes after.
            drawn = draw_bare(engine, after.recipe, edited, store)
            outside = share_same(picture, drawn, leave(made, picture, drawn.size, store))
            found["outside the things, as before"].append(outside)
        elif places:
            outside = share_same(picture, edited, cover(picture.size, places))
            found["outside the parts, as before"].append(outside)
        elif planned.drawn is None:
            before = parent.recipe.finishing.retouch or Retouch()
            now = after.recipe.finishing.retouch
            drawn = draw_bare(engine, after.recipe, edited, store)
            found["exact, as arithmetic makes them"].append(
                share_same(retouch(drawn, now), edited) if before != now else 0.0
            )
        parent, picture = after, edited


def draw_bare(engine: Drawer, recipe: Recipe, made: Image.Image, store: Store) -> Image.Image:
    """A picture before what arithmetic does to it."""
    if recipe.finishing.retouch is None:
        return made
    return make(engine, replace(recipe, finishing=replace(recipe.finishing, retouch=None)), store)[
        1
    ]


def wear_out(engine: Drawer, first: str, seed: int, found: dict[str, list[float]]) -> None:
    """Five turns that ask for nothing, ours and the baseline's."""
    store = Store()
    start = resolve(parse(first), engine.card, model="easel-1", seed=seed).recipe
    parent, original = make(engine, start, store)
    chained, picture = parent, original
    for turn in range(len(TURNS)):
        again = replace(
            narrow(start, 0),
            noise=narrow(
                resolve(parse(first), engine.card, model="m", seed=seed + turn).recipe, 0
            ).noise,
            inputs=Inputs(start=Start(image=chained.image, strength=CHAINED)),
        )
        chained, picture = make(engine, again, store)
    ours = make(engine, parent.recipe, Store())[1]
    found["dB after five turns, ours"].append(measure_psnr(original, ours))
    found["dB after five turns, chained"].append(measure_psnr(original, picture))


def keep(found: dict[str, list[float]], path: Path | None) -> None:
    """Keeps what was found so far, so that a run which is cut short loses little."""
    if path:
        path.write_text(json.dumps(found), encoding="utf-8")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    parser.add_argument("--first", type=int, default=0, help="number of the first, from 0")
    parser.add_argument("--named", action="store_true", help="have things named in all of them")
    parser.add_argument("--kept", type=Path, help="file to which the values are added")
    given = parser.parse_args()
    engine = load(find_card("easel"), str(BUNDLED), torch.device("cpu"))
    models = ServedModels(Settings(model="easel"))
    kept: dict[str, list[float]] = {}
    if given.kept and given.kept.exists():
        kept = json.loads(given.kept.read_text(encoding="utf-8"))
    found: dict[str, list[float]] = defaultdict(list, kept)
    for number in range(given.first, given.first + given.conversations):
        first = FIRST[number % len(FIRST)]
        turns = NAMED if number % 2 or given.named else TURNS
        converse(engine, models, first, 100 * number, found, turns=turns)
        keep(found, given.kept)
        # Of a few: it is the baseline that takes the time.
        if number % 4 == 0 or not given.named:
            wear_out(engine, first, 100 * number, found)
            keep(found, given.kept)
    for name, values in found.items():
        count, mean, least = len(values), statistics.fmean(values), min(values)
        print(f"{name:<40} {count:>3} × mean {mean:8.4f}  least {least:8.4f}")


if __name__ == "__main__":
    main()
