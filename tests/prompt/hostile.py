"""Pieces of hostile texts, and how the time that reading them takes grows with their length."""

import contextlib
import time
from collections.abc import Callable
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

QUICK: Final = 0.004
"""Seconds of the processor: with this little at the limit of length, growth is of no account."""


@cache
def fill(unit: str, length: int) -> str:
    """So many characters of a piece, or a few less: what is cut off might be read otherwise."""
    return unit * (length // len(unit))


def seconds(read: Callable[[str], object], unit: str, length: int, tries: int) -> float:
    """The best of some tries, in this thread's own time."""
    text, best = fill(unit, length), float("inf")
    for _ in range(tries):
        start = time.thread_time()
        with contextlib.suppress(ValueError):
            read(text)
        best = min(best, time.thread_time() - start)
    return best


def grows_evenly(read: Callable[[str], object], unit: str, length: int = PROMPT_LIMIT) -> bool:
    """Whether a text of some length takes time in proportion to a quarter of it, or next to none.

    A ratio of the same thread's times: how fast the machine is must not matter. A square would be
    16; from 4 to 10 is left for caches and collections.
    """
    if seconds(read, unit, length, 1) < QUICK:
        return True
    quarter = seconds(read, unit, length // 4, 3)
    return seconds(read, unit, length, 3) < 10 * max(quarter, QUICK / 10)
