"""Whether references do what they say: style without content, a thing kept, blends between two.

The bundled model draws, and the judge that comes beside it says what is to be seen. The images
referred to are the model's own drawings that the judge names right, so nothing else is needed.
Style and thing are always told together: a copy of the reference scores high on one alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, product
from typing import Final

import numpy as np
import torch
from PIL import Image

from benchmarks.controls.bench import THINGS, Bench, Point, portions
from generation.conditioning.spherical import spherical_mean
from generation.controls import scales_for_character_weight
from generation.recipe import Ingredient, Inputs, Recipe, Reference, Role

EXAMPLES: Final = ("apple", "flower", "heart", "star", "car")
SCALES: Final = (0.5, 1.0, 1.5)
SHARES: Final = tuple(k / 6 for k in range(7))
WEIGHTS: Final = (0.0, 50.0, 100.0)
WAYS: Final = ("words", "adapter")
"""How references are drawn by: told in words to the planner, or by image adapters, the baseline."""

_SHOWN: Final = 3
SCENES: Final = ("on a red background", "on a blue background", "line art", "pixel art")
"""New grounds and styles for a thing that a reference shows."""


def measure_style(bench: Bench, count: int) -> Iterator[Point]:
    """Shares of pictures in the reference's style, and with the prompt's thing.

    Args:
        bench: What to measure with.
        count: Pictures at each scale, spread over styles, things and seeds.
    """
    shown = {
        str(style): picture
        for style in range(len(bench.styles))
        if (picture := _first(bench, style)) is not None
    }
    things = [thing for thing in THINGS if thing not in EXAMPLES]
    rounds = list(product(shown, things))
    rows = {style: [picture] for style, picture in shown.items()}
    bench.sheets["style"] = list(rows.values())
    for way, scale in (("none", 0.0), *product(WAYS, SCALES)):
        styles, kept = [], []
        for (style, thing), seed, some in portions(rounds, count):
            asked = bench.recipe(f"a {thing}", 100 + seed, some)
            if scale:
                asked = referring(asked, "style", style, scale)
            pictures = draw_by(bench, asked, way, shown)
            styles += bench.drawn_in(pictures, int(style))
            kept += bench.shows(pictures, thing)
            if (way, scale) == (WAYS[0], 1.0):
                rows[style].append(pictures[0])
        yield {
            "by": way,
            "scale": scale,
            "pictures": len(kept),
            "style": round(float(np.mean(styles)), 3),
            "thing": round(float(np.mean(kept)), 3),
        }


def _first(bench: Bench, style: int) -> Image.Image | None:
    found = (bench.example(thing, style, planned=True) for thing in EXAMPLES)
    return next((picture for picture in found if picture is not None), None)


def draw_by(
    bench: Bench, recipe: Recipe, way: str, shown: Mapping[str, Image.Image]
) -> list[Image.Image]:
    """A recipe's pictures by one of ``WAYS``; without references by a plan of the words alone.

    Args:
        bench: Draws.
        recipe: With or without references.
        way: Which.
        shown: The images that are referred to, by name.
    """
    if way != "adapter":
        recipe = replace(recipe, inputs=Inputs(plan=bench.engine.card.plan))
    bench.engine.look(recipe, shown.__getitem__)
    return bench.draw(recipe)


def referring(recipe: Recipe, role: Role, image: str, scale: float) -> Recipe:
    """The recipe with a reference to one image."""
    one = Reference(role=role, images=(Ingredient(image=image),), scale=scale)
    return replace(recipe, conditions=replace(recipe.conditions, references=(one,)))


def measure_character(bench: Bench, count: int) -> Iterator[Point]:
    """Shares of pictures with the reference's thing, and in the scene or style of the prompt.

    The prompt names the scene alone. Without a reference nothing tells of the thing: the floor.

    Args:
        bench: What to measure with.
        count: Pictures at each weight, spread over things, scenes and seeds.
    """
    usable = dict(bench.examples())
    rounds = list(product(usable, SCENES))
    rows = {thing: [picture] for thing, picture in usable.items()}
    bench.sheets["character"] = list(rows.values())
    for way, weight in (("none", None), *product(WAYS, WEIGHTS)):
        same, obeyed = [], []
        for (thing, scene), seed, some in portions(rounds, count):
            asked = bench.recipe(scene, 300 + seed, some)
            if weight is not None:
                _, figure = scales_for_character_weight(weight, faces=False)
                asked = referring(asked, "figure", thing, figure)
            pictures = draw_by(bench, asked, way, usable)
            same += bench.shows(pictures, thing)
            obeyed += _obeys(bench, pictures, scene)
            if (way, weight) == (WAYS[0], WEIGHTS[-1]):
                rows[thing].append(pictures[0])
        yield {
            "by": way,
            "--cw": "" if weight is None else f"{weight:g}",
            "pictures": len(same),
            "thing among five": round(float(np.mean(same)), 3),
            "scene": round(float(np.mean(obeyed)), 3),
        }


def _obeys(bench: Bench, pictures: Sequence[Image.Image], scene: str) -> list[bool]:
    """Whether each picture has the style, or at its corners the ground, that the scene names."""
    if scene in bench.styles:
        return bench.drawn_in(pictures, bench.styles.index(scene))
    return [_on_ground(picture, scene) for picture in pictures]


def _on_ground(picture: Image.Image, scene: str) -> bool:
    red, _, blue = np.asarray(picture, float)[[0, 0, -1, -1], [0, -1, 0, -1]].mean(0)
    return bool(red > blue + 60 if "red" in scene else blue > red + 60)


def measure_blend(bench: Bench, count: int) -> Iterator[Point]:
    """From one image to another: how even the way is, what its middle shows, and in any order.

    Args:
        bench: What to measure with.
        count: Pictures at each share, spread over pairs and seeds.
    """
    usable = dict(bench.examples())
    pairs = list(pairwise([*usable, next(iter(usable))]))
    for way, mixed in MIXED.items():
        steps, both, turned = [], [], 0.0
        for (one, other), seed, some in portions(pairs, count):
            seen = (usable[one], usable[other])
            path = [_between(bench, mixed(bench, *seen, share), seed, some) for share in SHARES]
            frames = [np.array([np.asarray(picture, float) for picture in point]) for point in path]
            steps += np.array(
                [np.abs(a - b).mean((1, 2, 3)) for a, b in pairwise(frames)]
            ).T.tolist()
            middle = path[len(path) // 2]
            shown = zip(*(bench.shows(middle, thing) for thing in (one, other)), strict=True)
            both += [all(pair) for pair in shown]
            back = _between(bench, mixed(bench, *seen[::-1], 0.5), seed, some)
            for here, there in zip(middle, back, strict=True):
                change = np.abs(np.asarray(here, float) - np.asarray(there, float))
                turned = max(turned, float(change.max()))
            rows = bench.sheets.setdefault("blend", [])
            if way == next(iter(MIXED)) and len(rows) < _SHOWN:
                rows.append([seen[0], *(point[0] for point in path), seen[1]])
        lengths = np.array(steps)
        jumps = lengths.max(1) / lengths.mean(1)
        yield {
            "way": way,
            "pictures": len(lengths),
            "largest jump over mean step, each path": round(float(jumps.mean()), 2),
            "of the mean path": round(float(lengths.mean(0).max() / lengths.mean()), 2),
            "mean step (levels of 255)": round(float(lengths.mean()), 2),
            "middle shows both": round(float(np.mean(both)), 3),
            "largest change by order": turned,
        }


Mixed = Callable[[Bench, Image.Image, Image.Image, float], Inputs]
"""From two images and the share of the second to what a blend of them is drawn from."""


def _plan(bench: Bench, one: Image.Image, other: Image.Image, share: float) -> Inputs:
    weights = {"one": 1 - share, "other": share}
    parts = tuple(Ingredient(image=name, weight=w) for name, w in weights.items() if w > 0)
    inputs = Inputs(blend=parts, plan=bench.engine.card.plan)
    shown = {"one": one, "other": other}
    bench.engine.look(replace(bench.recipe("", 0), inputs=inputs), shown.__getitem__)
    return inputs


def _pixels(bench: Bench, one: Image.Image, other: Image.Image, share: float) -> Inputs:
    return _embed(bench, bench.sees.look(Image.blend(one, other, share)).whole)


def _plain(bench: Bench, one: Image.Image, other: Image.Image, share: float) -> Inputs:
    whole = torch.lerp(bench.sees.look(one).whole, bench.sees.look(other).whole, share)
    return _embed(bench, whole)


def _sphere(bench: Bench, one: Image.Image, other: Image.Image, share: float) -> Inputs:
    whole = torch.cat([bench.sees.look(image).whole for image in (one, other)])
    weights = torch.tensor([1 - share, share]).clamp_min(1e-6)
    return _embed(bench, spherical_mean(whole, weights)[None])


def _embed(bench: Bench, whole: torch.Tensor) -> Inputs:
    """A blend of one image that has an embedding (1, width)."""
    return Inputs(blend=(bench.remember("between", whole),))


MIXED: Final[dict[str, Mixed]] = {
    "one plan of both": _plan,
    "spherical mean": _sphere,
    "unnormalised mean": _plain,
    "mixed pixels": _pixels,
}


def _between(bench: Bench, inputs: Inputs, seed: int, count: int) -> list[Image.Image]:
    return bench.draw(replace(bench.recipe("", seed, count), inputs=inputs))
