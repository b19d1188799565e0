"""Pieces of hostile texts."""

from typing import Final

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
