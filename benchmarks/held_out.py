"""What the product draws of looks that were never trained: thing, style and colour, as judged.

All combinations that training holds out (``training.world.held_out``) are drawn as words alone are,
one picture each, and judged as they are shown, made as small as the judge sees. The pack of artwork
tells which combinations there are.

    python -m benchmarks.held_out --artwork data/training/artwork
"""

import argparse
import time
from pathlib import Path

import torch
from PIL import Image

from benchmarks.controls.bench import Bench, open_bench
from benchmarks.looks import HEADINGS, Look, judge_looks
from generation.guided.dyes import COLOUR_WORDS
from training.evaluate import COMMONEST
from training.judges import rows_for_judging
from training.plan import SIDE, SIZES, Options
from training.world import World, load_world


def main() -> None:
    """Draw, judge, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artwork", type=Path, required=True, help="pack of rendered drawings")
    pack = parser.parse_args().artwork
    world = load_world(Options(out=pack, size=SIZES["small"], artwork=pack))
    looks, bench = list_looks(world), open_bench()
    began = time.process_time()
    pictures = [_show(bench, look, seed) for seed, look in enumerate(looks)]
    seconds = (time.process_time() - began) / len(looks)
    verdict = judge_looks(bench, pictures, looks)
    common = {thing.names[0] for thing in world.things[:COMMONEST]}
    groups = {
        "all": [True] * len(looks),
        f"its {COMMONEST} commonest things": [look.thing in common for look in looks],
        **{style: [look.style == style for look in looks] for style in world.styles},
        **{f"wanted {it}": [look.colour == it for look in looks] for it in ("black", "white")},
    }
    print(f"| looks | {HEADINGS} |")
    print("|---|---|---|---|---|")
    for name, chosen in groups.items():
        print(f"| {name} ({sum(chosen)}) | {verdict.tell(torch.tensor(chosen))} |")
    print(f"\n{seconds:.2f} s of the processor a picture.")


def list_looks(world: World) -> list[Look]:
    """Every combination of a known thing, a style and a colour that is held out, in order."""
    looks = world.looks
    rows = rows_for_judging(world, held=True)
    drawn = looks.drawing[rows]
    each = (world.thing[drawn].tolist(), world.style[drawn].tolist(), looks.colour[rows].tolist())
    return [
        Look(world.things[thing].names[0], world.styles[style], COLOUR_WORDS[colour])
        for thing, style, colour in sorted(set(zip(*each, strict=True)))
    ]


def _show(bench: Bench, look: Look, seed: int) -> Image.Image:
    """A look's picture as people are shown it, as small as the judge sees."""
    recipe = bench.recipe(look.say(), seed, planned=True)
    (large,) = bench.engine.enlarge(bench.draw(recipe), recipe)
    return large.resize((SIDE, SIDE), Image.Resampling.BOX)


if __name__ == "__main__":
    main()
