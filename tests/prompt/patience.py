"""How long reading a text takes, beside reading one like it that is shorter."""

import contextlib
import time
from collections.abc import Callable
from typing import Final

from prompt.errors import PromptError

HOSTILE: Final = (
    "{", "}", "{}", "{a}", "{a,b}", "{a,", "{,}", "\\{", "-", "—", " - ", "--a-", ":", "::2",
    "::2 ", "a::2 ", "`,", "“", "(", " ", "** - @", "**", "a-b_", "猫—", "prompt:", "`prompt:",
    "/imagine ", "--no", "--no `", "--no a, ", "x--seed ", "—seed 3 ", "a (--ar ", "https://a ",
    "https://a--", "(a:1.2)", "(a:", ":1.2)", "<@1> ", "\\-", "&amp;", "&amp", "||", " - @a (fast)",
    "a.b/", "[a](https://b) ", "[", "\nNegative prompt:", "Steps: 2, ", '{"a":', "--w 512 --h 512 ",
    "\n> ", "\n ", "\u2060", "--no-a ", "--zzz ", "，", "½",
)  # fmt: skip
"""Pieces that rules of the grammar begin or end at; many of them in a row are the worst case."""


def grows_evenly(read: Callable[[str], object], unit: str, length: int) -> bool:
    """Whether ``length`` characters of ``unit`` take time in proportion to an eighth of them.

    A ratio, and of this thread's own time: how fast the machine is, what else it does and whether
    coverage is counted must not matter. Thrice the proportion is left for caches and collections.
    """
    return _seconds(read, unit, length) < 24 * max(_seconds(read, unit, length // 8), 0.0005)


def _seconds(read: Callable[[str], object], unit: str, length: int) -> float:
    """The best of three tries."""
    text = (unit * length)[:length]
    tries = []
    for _ in range(3):
        start = time.thread_time()
        with contextlib.suppress(PromptError):
            read(text)
        tries.append(time.thread_time() - start)
    return min(tries)
