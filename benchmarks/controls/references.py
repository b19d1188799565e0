"""Whether references do what they say: style without content, a thing kept, blends between two.

The bundled model draws, and the judge that comes beside it says what is to be seen. The images
referred to are the model's own drawings that the judge names right, so nothing else is needed.
Style and thing are always told together: a copy of the reference scores high on one alone.

    python -m benchmarks.controls.references style --pictures 200
    python -m benchmarks.controls.references character --pictures 200
    python -m benchmarks.controls.references blend --pictures 200
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice, pairwise, product
from typing import Final

import numpy as np
import torch
from PIL import Image

from benchmarks.controls.bench import THINGS, Bench, open_bench
from generation.controls import scales_for_character_weight
from generation.embeddings import spherical_mean
from generation.families.references import Seen
from generation.recipe import Ingredient, Recipe, Reference, Role

EXAMPLES: Final = ("apple", "flower", "heart", "star", "car")
SCALES: Final = (0.5, 1.0, 1.5)
BLOCKS: Final = ("", "up_blocks.", "down_blocks.")
SHARES: Final = tuple(k / 8 for k in range(9))
WEIGHTS: Final = (0.0, 50.0, 100.0)
SCENES: Final = ("on a red background", "on a blue background", "line art", "pixel art")
"""New grounds and styles for a thing that a reference shows."""


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
        count: Pictures at each scale, spread over styles, things and seeds.
    """
    shown = {
        style: bench.sees.look(picture)
        for style in range(len(bench.styles))
        if (picture := _first(bench, style)) is not None
    }
    for style, seen in shown.items():
        bench.sees.memory[str(style)] = seen
    things = [thing for thing in THINGS if thing not in EXAMPLES]
    yield {"blocks": "none", "scale": 0.0, **_styled(bench, shown, things, 0.0, count)}
    for blocks in BLOCKS:
        there = in_blocks(bench, blocks)
        for scale in SCALES:
            figures = _styled(there, shown, things, scale, count)
            yield {"blocks": blocks or "all", "scale": scale, **figures}


def _first(bench: Bench, style: int) -> Image.Image | None:
    found = (bench.example(thing, style) for thing in EXAMPLES)
    return next((picture for picture in found if picture is not None), None)


def _styled(
    bench: Bench, shown: Mapping[int, Seen], things: Sequence[str], scale: float, count: int
) -> dict[str, object]:
    styles, kept = 0, 0
    rounds = list(islice(cycle(product(shown, things)), count))
    for seed, (style, thing) in enumerate(rounds):
        recipe = bench.recipe(f"a {thing}", 100 + seed)
        if scale:
            recipe = referring(recipe, "style", str(style), scale)
        drawn, named = bench.judged(bench.draw(recipe))
        styles += int(drawn[0].argmax()) == style
        kept += bench.things.index(thing) in named[0].topk(5).indices.tolist()
    return {"pictures": count, "style": round(styles / count, 3), "thing": round(kept / count, 3)}


def referring(recipe: Recipe, role: Role, image: str, scale: float) -> Recipe:
    """The recipe with a reference to one image."""
    one = Reference(role=role, images=(Ingredient(image=image),), scale=scale)
    return replace(recipe, references=(one,))


def measure_character(bench: Bench, count: int) -> Iterator[dict[str, object]]:
    """Shares of pictures with the reference's thing, and in the scene or style of the prompt.

    The prompt names the scene alone. Without a reference nothing tells of the thing: the floor.

    Args:
        bench: What to measure with.
        count: Pictures at each weight, spread over things, scenes and seeds.
    """
    usable = dict(bench.examples())
    for thing, picture in usable.items():
        bench.sees.memory[thing] = bench.sees.look(picture)
    rounds = list(islice(cycle(product(usable, SCENES)), count))
    for weight in (None, *WEIGHTS):
        figures = np.array(
            [_recognised(bench, *one, weight, seed) for seed, one in enumerate(rounds)], float
        )
        same, obeyed = figures.mean(0)
        yield {
            "--cw": "no reference" if weight is None else weight,
            "pictures": count,
            "thing in five": round(float(same), 3),
            "scene": round(float(obeyed), 3),
        }


def _recognised(
    bench: Bench, thing: str, scene: str, weight: float | None, seed: int
) -> tuple[bool, bool]:
    """Whether the thing is among the judge's first five, and whether the scene is the prompt's."""
    recipe = bench.recipe(scene, 300 + seed)
    if weight is not None:
        _, figure = scales_for_character_weight(weight, faces=False)
        recipe = referring(recipe, "figure", thing, figure)
    (picture,) = bench.draw(recipe)
    drawn, named = bench.judged([picture])
    same = bench.things.index(thing) in named[0].topk(5).indices.tolist()
    if scene in bench.styles:
        return same, bench.styles[int(drawn[0].argmax())] == scene
    red, _, blue = np.asarray(picture, float)[[0, 0, -1, -1], [0, -1, 0, -1]].mean(0)
    return same, bool(red > blue + 60 if "red" in scene else blue > red + 60)


def measure_blend(bench: Bench, count: int) -> Iterator[dict[str, object]]:
    """From one image to another: how even the way is, what its middle shows, and in any order.

    Args:
        bench: What to measure with.
        count: Pictures at each share, spread over pairs and seeds.
    """
    usable = dict(bench.examples())
    pairs = list(islice(cycle(pairwise([*usable, next(iter(usable))])), count))
    for way, mixed in MIXED.items():
        steps, both, turned = [], 0, 0.0
        for seed, (one, other) in enumerate(pairs):
            seen = (usable[one], usable[other])
            path = [_between(bench, mixed(bench, *seen, share), seed) for share in SHARES]
            frames = [np.asarray(picture, float) for picture in path]
            steps.append([float(np.abs(a - b).mean()) for a, b in pairwise(frames)])
            top = bench.judged([path[len(path) // 2]])[1][0].topk(5).indices.tolist()
            both += all(bench.things.index(thing) in top for thing in (one, other))
            back = np.asarray(_between(bench, mixed(bench, *seen[::-1], 0.5), seed), float)
            turned = max(turned, float(np.abs(back - frames[len(frames) // 2]).max()))
        lengths = np.array(steps)
        jumps = lengths.max(1) / lengths.mean(1)
        yield {
            "way": way,
            "pictures": len(pairs),
            "worst jump over mean step": round(float(jumps.mean()), 2),
            "worst jump of the mean path": round(float(lengths.mean(0).max() / lengths.mean()), 2),
            "mean step (levels of 255)": round(float(lengths.mean()), 2),
            "middle shows both in five": round(both / len(pairs), 3),
            "largest change by order (levels of 255)": turned,
        }


Mixed = Callable[[Bench, Image.Image, Image.Image, float], torch.Tensor]
"""From two images and the share of the second to an embedding (1, width)."""


def _pixels(bench: Bench, one: Image.Image, other: Image.Image, share: float) -> torch.Tensor:
    return bench.sees.look(Image.blend(one, other, share)).whole


def _plain(bench: Bench, one: Image.Image, other: Image.Image, share: float) -> torch.Tensor:
    return torch.lerp(bench.sees.look(one).whole, bench.sees.look(other).whole, share)


def _sphere(bench: Bench, one: Image.Image, other: Image.Image, share: float) -> torch.Tensor:
    whole = torch.cat([bench.sees.look(image).whole for image in (one, other)])
    return spherical_mean(whole, torch.tensor([1 - share, share]).clamp_min(1e-6))[None]


MIXED: Final[dict[str, Mixed]] = {
    "spherical mean": _sphere,
    "unnormalised mean": _plain,
    "mixed pixels": _pixels,
}


def _between(bench: Bench, whole: torch.Tensor, seed: int) -> Image.Image:
    part = bench.remember("between", whole)
    (picture,) = bench.draw(replace(bench.recipe("", seed), blend=(part,)))
    return picture


MEASURES: Final[dict[str, Callable[[Bench, int], Iterator[dict[str, object]]]]] = {
    "style": measure_style,
    "character": measure_character,
    "blend": measure_blend,
}


def main() -> None:
    """Measure what the arguments name and print a JSON object for each point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("--pictures", type=int, default=20, help="at each point")
    given = parser.parse_args()
    for point in MEASURES[given.what](open_bench(), given.pictures):
        print(json.dumps(point), flush=True)


if __name__ == "__main__":
    main()
