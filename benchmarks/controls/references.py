"""Whether references do what they say: style without content, and blends between two things.

The bundled model draws, and the judge that comes beside it says what is to be seen. The images
referred to are the model's own drawings that the judge names right, so nothing else is needed.

    python -m benchmarks.controls.references style --things 6
    python -m benchmarks.controls.references blend --pairs 6
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from PIL import Image

from benchmarks.controls.bench import THINGS, Bench, open_bench
from generation.embeddings import spherical_mean
from generation.families.references import Seen
from generation.recipe import Ingredient, Reference

EXAMPLES: Final = ("apple", "flower", "heart", "star", "car")
SCALES: Final = (0.5, 1.0, 1.5)
BLOCKS: Final = ("", "up_blocks.", "down_blocks.")
SHARES: Final = tuple(k / 8 for k in range(9))


def in_blocks(bench: Bench, blocks: str) -> Bench:
    """The bench with the style adapter in some blocks alone."""
    rows = tuple(
        replace(row, parts={"style": blocks}) if "style" in row.parts else row
        for row in bench.sees.rows
    )
    sees = replace(bench.sees, rows=rows)
    return replace(bench, engine=replace(bench.engine, references=sees), sees=sees)


def measure_style(bench: Bench, count: int) -> Iterator[dict[str, object]]:
    """Shares of pictures in the reference's style, and with the prompt's thing.

    Args:
        bench: What to measure with.
        count: Things in the prompts; each is drawn after a reference of each style.
    """
    shown = {
        style: bench.sees.look(picture)
        for style in range(len(bench.styles))
        if (picture := _first(bench, style)) is not None
    }
    for style, seen in shown.items():
        bench.sees.memory[str(style)] = seen
    things = [thing for thing in THINGS if thing not in EXAMPLES][:count]
    yield {"blocks": "none", "scale": 0.0, **_styled(bench, shown, things, 0.0)}
    for blocks in BLOCKS:
        there = in_blocks(bench, blocks)
        for scale in SCALES:
            figures = _styled(there, shown, things, scale)
            yield {"blocks": blocks or "all", "scale": scale, **figures}


def _first(bench: Bench, style: int) -> Image.Image | None:
    found = (bench.example(thing, style) for thing in EXAMPLES)
    return next((picture for picture in found if picture is not None), None)


def _styled(
    bench: Bench, shown: Mapping[int, Seen], things: Sequence[str], scale: float
) -> dict[str, object]:
    styles, kept, count = 0, 0, 0
    for style in shown:
        reference = Reference(
            role="style", images=(Ingredient(image=str(style)),), scale=scale or 1.0
        )
        for seed, thing in enumerate(things):
            recipe = bench.recipe(f"a {thing}", 100 + seed)
            if scale:
                recipe = replace(recipe, references=(reference,))
            drawn, named = bench.judged(bench.draw(recipe))
            styles += int(drawn[0].argmax()) == style
            kept += bench.things.index(thing) in named[0].topk(5).indices.tolist()
            count += 1
    return {"pictures": count, "style": round(styles / count, 3), "thing": round(kept / count, 3)}


def measure_blend(bench: Bench, count: int) -> Iterator[dict[str, object]]:
    """From one image to another: how even the way is, and what its middle shows.

    Args:
        bench: What to measure with.
        count: Pairs of images.
    """
    usable = dict(bench.examples())
    pairs = list(pairwise(usable))[:count]
    for way in ("spherical mean", "unnormalised mean", "mixed pixels"):
        steps, both = [], 0
        for number, (one, other) in enumerate(pairs):
            seen = (usable[one], usable[other])
            path = [_between(bench, seen, share, way, number) for share in SHARES]
            frames = [np.asarray(picture, float) for picture in path]
            steps.append([float(np.abs(a - b).mean()) for a, b in pairwise(frames)])
            top = bench.judged([path[len(path) // 2]])[1][0].topk(5).indices.tolist()
            both += all(bench.things.index(thing) in top for thing in (one, other))
        lengths = np.array(steps)
        jumps = lengths.max(1) / lengths.mean(1)
        yield {
            "way": way,
            "pairs": len(pairs),
            "worst jump over mean step": round(float(jumps.mean()), 2),
            "mean step (levels of 255)": round(float(lengths.mean()), 2),
            "middle shows both in five": round(both / len(pairs), 3),
        }


def _between(
    bench: Bench, images: tuple[Image.Image, Image.Image], share: float, way: str, seed: int
) -> Image.Image:
    if way == "mixed pixels":
        whole = bench.sees.look(Image.blend(*images, share)).whole
    else:
        whole = torch.cat([bench.sees.look(image).whole for image in images])
        weights = torch.tensor([1 - share, share]).clamp_min(1e-6)
        mean = spherical_mean(whole, weights) if way == "spherical mean" else weights @ whole
        whole = mean[None]
    part = bench.remember("between", whole)
    (picture,) = bench.draw(replace(bench.recipe("", seed), blend=(part,)))
    return picture


def main() -> None:
    """Measure what the arguments name and print a JSON object for each point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("style", "blend"))
    parser.add_argument("--things", type=int, default=6)
    parser.add_argument("--pairs", type=int, default=6)
    given = parser.parse_args()
    bench = open_bench()
    points = (
        measure_style(bench, given.things)
        if given.what == "style"
        else measure_blend(bench, given.pairs)
    )
    for point in points:
        print(json.dumps(point), flush=True)


if __name__ == "__main__":
    main()
