"""How many prompts a second one core parses and validates, beside argparse with shlex.

Run with ``python -m benchmarks.parse``. The prompt has words and eight flags, as people write them;
once more it comes as a phone and a web page spell it, and has to be put right. Its seed is another
each time, as people's are, so that nothing kept from the last time knows it. The door is all that
the bot does before it answers: braces, repetition, and what the family can draw, besides the
prompt. One line is the mean of prompts such as members send, most with two or three flags.
The baseline does less: it splits the same prompt at its spaces and converts the same flags to the
same types, without ranges, repairs, links or weights. Times are of the processor, and the best of
several rounds that take turns, so that a busy machine slows both alike.

Last come hostile texts: as long as a prompt may be, of 100 kB, which is refused for its length, and
of 100 kB past that refusal, since a rule that takes the square of the length would show there.
"""

import argparse
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Final

from generation.catalogue.families import find_card
from prompt.errors import PromptError
from prompt.reading.grammar import PROMPT_LIMIT, parse, parse_closely
from prompt.reading.permutations import expand
from prompt.resolution.check import check
from prompt.resolution.orders import MOST_ORDERS, read_orders
from prompt.resolution.resolve import resolve

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
HOSTILE: Final = {
    "braces that open": "{",
    "braces that pair up": "{}",
    "braces with choices": "{a,b}",
    "hyphens": "-",
    "long dashes": "—",
    "back-quotes": "`",
    "back-quotes and dashes": "`—",
}
LONG: Final = 100_000
TRIES: Final = 5
ROUNDS: Final = 15
CALLS: Final = 500
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


def past_the_limit(text: str) -> object:
    """Reads a text of any length."""
    return [parse_closely(option) for option in expand(text, MOST_ORDERS)]


def ordeal(read: Callable[[str], object], text: str) -> str:
    """How a text fares: milliseconds of the processor in the best of some tries, and the end."""
    tries, end = list[float](), "read"
    for _ in range(TRIES):
        start = time.process_time()
        try:
            read(text)
        except PromptError:
            end = "refused"
        tries.append(time.process_time() - start)
    return f"{min(tries) * 1000:>9.2f} ms, {end:<7}"


def print_hostile() -> None:
    """Print how hostile texts fare."""
    heads = (f"{PROMPT_LIMIT:,} characters", "100 kB", "100 kB past the limit")
    print(f"\n{'hostile text':<24}", *(f"{head:>21}" for head in heads))
    for name, unit in HOSTILE.items():
        texts = [(unit * length)[:length] for length in (PROMPT_LIMIT, LONG, LONG)]
        reads = (read_orders, read_orders, past_the_limit)
        print(f"{name:<24}", *map(ordeal, reads, texts))


def main() -> None:
    """Print the figures."""
    typed, pasted = seeded(PROMPT), seeded(PASTED)
    seconds = fastest(
        {
            "argparse with shlex": baseline(),
            "parse and validate": lambda: parse(next(typed)),
            "the same, oddly spelled": lambda: parse(next(pasted)),
            "mixed prompts, each": lambda: [parse(prompt) for prompt in MIXED],
            "the bot's whole door": lambda: door(next(typed)),
            "parse, validate and resolve": lambda: whole_way(next(typed)),
        }
    )
    seconds["mixed prompts, each"] /= len(MIXED)
    slow = seconds["argparse with shlex"]
    for name, each in seconds.items():
        print(f"{name:<28} {1 / each:>9,.0f} prompts/s per core {slow / each:>6.2f} × argparse")
    print(f"aim of parse and validate: {AIM:,} prompts/s per core")
    print_hostile()


if __name__ == "__main__":
    main()
