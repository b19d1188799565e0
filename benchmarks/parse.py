"""How many prompts a second one core parses and validates, beside argparse with shlex.

Run with ``python -m benchmarks.parse``. The prompt has words and eight flags, as people write them;
once more it comes as a phone and a web page spell it, and has to be put right. Its seed is another
each time, as people's are, so that nothing kept from the last time knows it. The door is all that
the bot does before it answers: braces, repetition, and what the family can draw, besides the
prompt. One line is the mean of prompts such as members send, most with two or three flags.
The baseline does less: it splits the same prompt at its spaces and converts the same flags to the
same types, without ranges, repairs, links or weights. Times are of the processor, and the best of
several rounds that take turns, so that a busy machine slows both alike.

Then come hostile texts as long as a prompt may be, made of pieces that rules begin or end at, since
a rule that takes the square of the length would show there; ``--first 40000 --hostile 20000`` tries
more of them, and those alone. Last comes how many of a thousand pasted prompts are read right.
"""

import argparse
import contextlib
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle, groupby, pairwise
from typing import Final

from generation.catalogue.families import find_card
from prompt.errors import PromptError
from prompt.reading.dialects import translate
from prompt.reading.grammar import parse, parse_closely
from prompt.reading.limits import PROMPT_LIMIT
from prompt.resolution.check import check
from prompt.resolution.orders import read_orders
from prompt.resolution.resolve import resolve
from tests.prompt.hostile import make_hostile
from tests.prompt.thousand import read_thousand

PROMPT: Final = (
    "a lighthouse in a storm at night, oil on canvas, dramatic light --ar 16:9 --seed 1234 "
    "--no people --iw 1.5 --cfg 6.5 --steps 20 --quality 1 --relax"
)
PASTED: Final = PROMPT.replace(" --", " —").replace("16:9", "16x9")
SEEDS: Final = 5000
MIXED: Final = (
    "a red fox in the snow --ar 3:2 --v 7",
    "cosy reading nook by a rainy window, warm lamp light, watercolour --ar 4:5 --s 250 --v 6.1",
    "isometric room of a tiny robot tinkerer, pastel colours, soft shadows --ar 1:1 --style raw",
    "portrait of an old sailor, 35mm, film grain, golden hour —ar 2:3 —s 400",
    "foggy forest:: glowing mushrooms::2 people::-0.5 --seed 77",
    "https://cdn.example/1/2/cat.png?ex=66a1&is=66a0 as an astronaut --iw 1.5 --ar 1:1",
    "a bowl of ramen, top view",
    "夜の東京、雨、ネオン --niji 6 --ar 9:16",
    "art deco poster of a train, flat colours --no text, people --chaos 10 --tile",
    "knight on a hill at dawn --ar 21:9 --c 15 --s 600 in the style of a woodcut",
)
WEIGHTED: Final = (
    "1girl, (silver hair:1.2), ((smile)), [rain], city lights --ar 2:3",
    "(masterpiece:1.3), best quality, a castle on a hill BREAK storm clouds, (lightning:0.8)",
    "an owl++ on a (mossy branch)1.2, forest --no fog, (blurry:1.4)",
    "{{{kawaii}}}, a fox, [[border]] --seed 8",
)
REPAIRED: Final = (
    PASTED,
    "a fox in the snow –ar 16x9 —v 6,1",
    "**an owl on a wire --ar 3:2** - Variations (Strong) by @mira (fast)",
    "a tram in the rain, --AR 4:5, --Stylize 250.",
    "knight on a hill at dawn --ar 21:9 --s 600 in the style of a woodcut",
)
HOSTILE: Final = 2_000
BORDERS: Final = (1, 2, 5, 10, 20)
PIECE: Final = 5_000
SLOW: Final = 10
SHOWN: Final = 5
TRIES: Final = 2
ROUNDS: Final = 15
CALLS: Final = 100
AIM: Final = 50_000


def baseline() -> Callable[[], object]:
    """The same flags read by the standard library."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("words", nargs="*")
    for name in ("seed", "steps"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("iw", "cfg", "quality"):
        parser.add_argument(f"--{name}", type=float)
    for name in ("ar", "no"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--relax", action="store_true")
    return lambda: parser.parse_args(shlex.split(PROMPT))


def seeded(text: str) -> Iterator[str]:
    """The prompt with ever another seed."""
    return cycle([text.replace("1234", str(seed)) for seed in range(1000, 1000 + SEEDS)])


def door(text: str) -> None:
    """From text to jobs that the family can draw."""
    for order in read_orders(text):
        check(order.prompt, find_card("easel"), images=1)


def whole_way(text: str) -> object:
    """From text to recipe."""
    return resolve(parse(text), find_card("easel"), model="m", seed=1)


def fastest(tasks: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of processor time that one call of each task takes, in its best round."""
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            start = time.process_time()
            for _ in range(CALLS):
                task()
            best[name] = min(best[name], (time.process_time() - start) / CALLS)
    return best


def time_hostile(text: str) -> float:
    """Milliseconds of the processor that a text takes."""
    start = time.thread_time()
    with contextlib.suppress(PromptError):
        read_orders(text)
    return (time.thread_time() - start) * 1000


def print_hostile(first: int, count: int) -> None:
    """Print how so many hostile texts fare, and the worst of them."""
    timed = [(time_hostile(text), text) for text in make_hostile(first, count)]
    # A second look at what was slow, in which whatever else ran then is left out.
    timed = [
        (min(spent, *(time_hostile(text) for _ in range(TRIES))), text) if spent > SLOW else each
        for each in timed
        for spent, text in [each]
    ]
    timed.sort(reverse=True)
    print(f"\n{count:,} hostile texts of {PROMPT_LIMIT:,} characters, from number {first:,}")
    for low, high in pairwise((0, *BORDERS, float("inf"))):
        few = sum(low < spent <= high for spent, _ in timed)
        print(f"  above {low:>2} ms, up to {high:>3}: {few:>7,}")
    print(f"{timed[len(timed) // 2][0]:>9.2f} ms  in the middle")
    for spent, text in timed[:SHOWN]:
        print(f"{spent:>9.2f} ms  {text[:60]!r}", flush=True)


def print_thousand() -> None:
    """Print how many of a thousand pasted prompts are read right, by where they come from."""
    print("\nread right of a thousand prompts")
    rows = list(read_thousand())
    for section, group in groupby(rows, lambda one: one.section):
        right = [one.is_read_right() for one in group]
        print(f"{section:<48} {sum(right):>4} of {len(right):>4}")
    print(f"{'all':<48} {sum(one.is_read_right() for one in rows):>4} of {len(rows):>4}")


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--hostile", type=int, default=HOSTILE, help="how many hostile texts")
    asked.add_argument("--first", type=int, help="number of the first; then nothing else is tried")
    given = asked.parse_args()
    if given.first is not None:
        last = given.first + given.hostile
        for first in range(given.first, last, PIECE):
            print_hostile(first, min(PIECE, last - first))
        return
    typed, pasted = seeded(PROMPT), seeded(PASTED)
    seconds = fastest(
        {
            "argparse with shlex": baseline(),
            "parse and validate": lambda: parse(next(typed)),
            "the same without the plain way": lambda: parse_closely(translate(next(typed))[0]),
            "the same, oddly spelled": lambda: parse(next(pasted)),
            "mixed prompts, each": lambda: [parse(prompt) for prompt in MIXED],
            "mixed without the plain way": lambda: [
                parse_closely(translate(prompt)[0]) for prompt in MIXED
            ],
            "with token weights, each": lambda: [parse(prompt) for prompt in WEIGHTED],
            "with repairs, each": lambda: [parse(prompt) for prompt in REPAIRED],
            "the bot's whole door": lambda: door(next(typed)),
            "the door, mixed prompts": lambda: list(map(door, MIXED)),
            "parse, validate and resolve": lambda: whole_way(next(typed)),
        }
    )
    for name, prompts in {
        "mixed prompts, each": MIXED,
        "mixed without the plain way": MIXED,
        "with token weights, each": WEIGHTED,
        "with repairs, each": REPAIRED,
        "the door, mixed prompts": MIXED,
    }.items():
        seconds[name] /= len(prompts)
    slow = seconds["argparse with shlex"]
    for name, each in seconds.items():
        print(f"{name:<32} {1 / each:>9,.0f} prompts/s per core {slow / each:>6.2f} × argparse")
    print(f"aim of parse and validate: {AIM:,} prompts/s per core")
    print_hostile(0, given.hostile)
    print_thousand()


if __name__ == "__main__":
    main()
