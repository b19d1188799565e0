"""Whether a drawing on a coloured ground shows what it is asked for as well as the same on white.

Looks are drawn at random from all things, styles and colours, each once on white, the baseline, and
once on a ground of another colour, as the product draws them with the bundled model; the judge
names what it sees.

    python -m benchmarks.grounds --pictures 300
"""

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from benchmarks.controls.bench import Bench, open_bench
from benchmarks.looks import HEADINGS, Look, judge_looks
from generation.guided.dyes import COLOUR_WORDS

_SEED: Final = 5


def main() -> None:
    """Draw, judge, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300, help="looks, each drawn twice")
    count = parser.parse_args().pictures
    bench = open_bench()
    looks = list(_choose(bench, count))
    print(f"| ground | {HEADINGS} | s a picture |")
    print("|---|---|---|---|---|---|")
    on_white = [replace(one, ground="") for one in looks]
    for name, asked in (("white", on_white), ("another colour", looks)):
        began = time.process_time()
        pictures = [
            picture
            for seed, look in enumerate(asked)
            for picture in bench.draw(bench.recipe(look.say(), seed, planned=True))
        ]
        seconds = (time.process_time() - began) / count
        told = judge_looks(bench, pictures, asked).tell()
        print(f"| {name} | {told} | {seconds:.2f} |")


def _choose(bench: Bench, count: int) -> Iterator[Look]:
    """Looks, each on a ground that is neither white nor of its own colour."""
    chance = random.Random(_SEED)
    for _ in range(count):
        thing, style = chance.choice(bench.things), chance.choice(bench.styles)
        colour = chance.choice(COLOUR_WORDS)
        grounds = [one for one in COLOUR_WORDS if one not in {"white", colour}]
        yield Look(thing, style, colour, chance.choice(grounds))


if __name__ == "__main__":
    main()
