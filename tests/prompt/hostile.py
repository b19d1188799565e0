"""Pieces of hostile texts, and how the time that reading them takes grows with their length."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from prompt.reading.limits import PROMPT_LIMIT

UNITS: Final = (
    "{", "}", "{}", "{a}", "{a,b}", "{a,", "{a|b}", "\\{", "\\", "\\\\ ", "-", "—", " - ", "--a-",
    ":", "::", "::2", "a::2 ", "`", "`,", '"', "“", "'", "(", "((", ")", "(a", "[", "]", "[a:", "|",
    " ", "\n", "\n ", "** - @", "**", "*", "_", "__a", "a-b_", "猫—", "prompt:", "/imagine ",
    "--no", "--no `", "--no a, ", "x--seed ", "—seed 3 ", "a (--ar ", "http://a ", "https://a--",
    "(a:1.2)", "(a:", ":1.2)", "<", "<@1> ", "<lora:a:1>", "<random:a", "\\-", "&amp;", "||",
    " - @a (fast)", "a.b/", "[a](https://b) ", "\nNegative prompt:", "Steps: 2, ", '{"a":', "[[",
    '{"prompt": "a"}', "--w 512 --h 512 ", "\n> ", "\u2060", "--zzz ", ",", "，", "½", "9", "1.",
    "a AND b ", "BREAK ", "a++ ", "(a)-", "embedding:a ", "bad-", "@a ", "#1", "=", "\x00",
)  # fmt: skip
"""Pieces that rules begin or end at; many of them in a row are the worst case."""

NESTS: Final = (
    ("(", ")"), ("(", ":1.2)"), ("[", "]"), ("[a:", ":5]"), ("{", "}"), ('{"a":', "}"),
    ("{a|", "}"), ("(", ")++"), ("<", ">"), ('"', '"'), ("**", "**"), ("\\(", "\\)"),
    ("a::", "::2"),
)  # fmt: skip
"""What opens and what closes: many of them inside each other are another worst case."""

_MOST_PIECES: Final = 4
_SINGLE: Final = tuple(unit for unit in UNITS if "{" not in unit)
_FILLERS: Final = ("a", "a ", "1 ", ", ", "猫", "a, ")

QUICK: Final = 0.004
"""Seconds of the processor: with this little at the limit of length, growth is of no account."""


@cache
def fill(unit: str, length: int) -> str:
    """So many characters of a piece, or a few less: what is cut off might be read otherwise."""
    return unit * (length // len(unit))


@cache
def nest(pair: tuple[str, str], length: int) -> str:
    """So many characters, or a few less, of pairs inside each other around as many words."""
    opening, closing = pair
    count = length // 2 // (len(opening) + len(closing))
    return f"{opening * count}{'a ' * (length // 4)}{closing * count}"


def make_hostile(first: int, count: int) -> Iterator[str]:
    """Texts as long as a prompt may be, the same ones for the same numbers.

    Most are of a few pieces over and over; the others are of pairs inside each other, or of many
    pieces behind words and a few other pieces. Those are no choices: a text that stands for several
    prompts takes as many times as long as one.
    """
    for number in range(first, first + count):
        chosen = random.Random(number)
        unit = "".join(chosen.choices(UNITS, k=chosen.randint(1, _MOST_PIECES)))
        filler = chosen.choice(_FILLERS) * chosen.randint(0, PROMPT_LIMIT // 3)
        before, after = "", ""
        match chosen.randrange(6):
            case 0:
                opening, closing = chosen.choice(NESTS)
                depth = chosen.choice((5, 50, 200, PROMPT_LIMIT // 2 // len(opening + closing)))
                before, after, unit = opening * depth, closing * depth, filler or unit
            case 1:
                before = "".join(chosen.choices(_SINGLE, k=_MOST_PIECES)) + filler
        room = max(0, PROMPT_LIMIT - len(before) - len(after))
        yield f"{before}{(unit * (room // len(unit) + 1))[:room]}{after}"[:PROMPT_LIMIT]


def seconds(read: Callable[[str], object], text: str, tries: int) -> float:
    """The best of some tries, in this thread's own time."""
    best = float("inf")
    for _ in range(tries):
        start = time.thread_time()
        with contextlib.suppress(ValueError):
            read(text)
        best = min(best, time.thread_time() - start)
    return best


def grows_evenly(read: Callable[[str], object], make: Callable[[int], str]) -> bool:
    """Whether the longest text takes time in proportion to a quarter of it, or next to none.

    A ratio of the same thread's times: how fast the machine is must not matter. It would be 16 of a
    square and is 4; the best of several tries of both, by turns, is between only for what grows so.
    """
    long, short = make(PROMPT_LIMIT), make(PROMPT_LIMIT // 4)
    whole, quarter = seconds(read, long, 1), float("inf")
    if whole < QUICK:
        return True
    for _ in range(4):
        quarter = min(quarter, seconds(read, short, 3))
        if whole < 6 * max(quarter, QUICK / 10):
            return True
        whole = min(whole, seconds(read, long, 1))
    return whole < 9 * max(quarter, QUICK / 10)
