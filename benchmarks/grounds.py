"""Whether a drawing on a coloured ground shows what it is asked for as well as the same on white.

Looks are drawn at random from all things, styles and colours, each once on white, the baseline, and
once on a ground of another colour, as the product draws them with the bundled model; the judge
names what it sees.

    python -m benchmarks.grounds --pictures 300
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from PIL import Image
from torch import Tensor

from benchmarks.controls.bench import Bench, open_bench
from generation.catalogue.lexicon import GROUND
from generation.guided.dyes import COLOUR_WORDS
from generation.guided.told_colours import choose_article
from generation.recipe import Inputs

_SEED: Final = 5


@dataclass(frozen=True, slots=True)
class Look:
    """What a drawing is asked to show."""

    thing: str
    style: str
    colour: str
    ground: str

    def say(self) -> str:
        """A prompt for it; a ground of "" is the usual one."""
        said = f"{self.colour} {self.thing}"
        behind = f" on {choose_article(self.ground)} {self.ground} {GROUND}" if self.ground else ""
        return f"{choose_article(said)} {said}{behind}, {self.style} style"


def main() -> None:
    """Draw, judge, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300, help="looks, each drawn twice")
    count = parser.parse_args().pictures
    bench = open_bench()
    looks = list(_choose(bench, count))
    print("| ground | thing | thing among five | style | colour | s a picture |")
    print("|---|---|---|---|---|---|")
    on_white = [replace(one, ground="") for one in looks]
    for name, asked in (("white", on_white), ("another colour", looks)):
        began = time.process_time()
        pictures = [_draw(bench, look.say(), seed) for seed, look in enumerate(asked)]
        seconds = (time.process_time() - began) / count
        told = " | ".join(f"{100 * share:.1f} %" for share in _judge(bench, pictures, asked))
        print(f"| {name} | {told} | {seconds:.2f} |")


def _choose(bench: Bench, count: int) -> Iterator[Look]:
    """Looks, each on a ground that is neither white nor of its own colour."""
    chance = random.Random(_SEED)
    for _ in range(count):
        thing, style = chance.choice(bench.things), chance.choice(bench.styles)
        colour = chance.choice(COLOUR_WORDS)
        grounds = [one for one in COLOUR_WORDS if one not in {"white", colour}]
        yield Look(thing, style, colour, chance.choice(grounds))


def _draw(bench: Bench, text: str, seed: int) -> Image.Image:
    planned = Inputs(plan=bench.engine.card.plan)
    (picture,) = bench.draw(replace(bench.recipe(text, seed), inputs=planned))
    return picture


def _judge(
    bench: Bench, pictures: Sequence[Image.Image], looks: Sequence[Look]
) -> tuple[float, float, float, float]:
    """Shares of right things, of right ones among five, of right styles and of right colours."""
    styles, things, colours = bench.judged(pictures)
    thing, style, colour = (
        torch.tensor([names.index(getattr(look, kind)) for look in looks])
        for kind, names in (
            ("thing", bench.things),
            ("style", bench.styles),
            ("colour", COLOUR_WORDS),
        )
    )
    among = things.topk(5).indices == thing[:, None]

    def share(right: Tensor) -> float:
        return right.float().mean().item()

    return (
        share(among[:, 0]),
        share(among.any(1)),
        share(styles.argmax(1) == style),
        share(colours.argmax(1) == colour),
    )


if __name__ == "__main__":
    main()
