"""Prompts for hypothesis: made of the pieces that the grammar has rules for, in any order."""

from typing import Any

from hypothesis import strategies as st

from generation.recipe import Phrase
from prompt.flags.kinds import Choice, Switch, Word
from prompt.flags.lists import Codes, Items, Loras, References
from prompt.flags.numbers import Integer, Number, Pixels, Proportion, Version
from prompt.flags.table import BY_NAME, FLAGS, Flag
from prompt.reading.grammar import ImageLink, Prompt
from prompt.reading.separators import DASHES

_PIECES = [
    *("**", "** - @ada", "`", "```", "|", "true", "v6"),
    *"-—–:{}\\<>()[].,;/=\"'“” \n\t\u00a0\u200b\x00",
    *("--", "—-", "::", "::-.5", "::2", "::1,5", "\\{", "\\,", "http://", "https://a.b/c--d"),
    *("<https://x.y/z.png>", "https://q.r/s.jpg::2,", "/imagine prompt:", "prompt:", "/imagine"),
    *(
        "red apple",
        "c++",
        "C-",
        "猫",
        "مدينة",
        "ß",
        "3d",
        "a",
        "16:9",
        "3/2",
        "1.5",
        "-1",
        "9" * 30,
    ),
    *(
        "(owl:1.2)",
        "(",
        ":1.2)",
        ")",
        "negative prompt: fog",
        "Negative prompt:",
        "Steps: 20, Seed: 3",
    ),
    *("<@123>", "<:owl:123>", "&amp;", "&mdash;ar 3:2", "\\-\\-", "||", "~~", "> owl", "# owl"),
    *("[owl](https://a.b/c)", "a.example/b.png", " - @ada (fast)", " — Image #1 @ada", "\u2060"),
    *('{"prompt": "owl"}', "：：", "::50%", "::1/2", "k", "16 9", "no-fog", "1 000", "½", "#7"),
    *("random", "raw", "7435", "e", "no", "²", "½", "٣", "\ud800", "\U0001f469\u200d\U0001f680"),
]

pieces = st.one_of(
    st.sampled_from(_PIECES),
    st.sampled_from(sorted(BY_NAME)).map(lambda name: f"--{name}"),
    st.tuples(st.sampled_from(DASHES), st.sampled_from(sorted(BY_NAME))).map("".join),
    st.text(max_size=4),
)
texts = st.lists(pieces, max_size=14).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda between: between.join(parts))
)
"""Anything, and mostly things that look like prompts."""

words = st.lists(
    st.sampled_from(["owl", "猫", "état", "c++", "of", "3d", "2020", "well-known", "(photo)"]),
    min_size=1,
    max_size=4,
).map(" ".join)
weights = st.integers(1, 40).map(lambda quarters: quarters / 4)
_links = st.integers(0, 99).map(lambda k: f"https://a.example/{k}.png?x=1&y=2")


def values(flag: Flag[Any]) -> st.SearchStrategy[Any]:
    """Values that a flag may have."""
    low, high = flag.low, flag.high
    match flag.kind:
        case Integer():
            return st.integers(int(low or 0), int(high or 0))
        case Number():
            return st.floats(low, high).map(lambda value: max(low or 0, round(value, 2)))
        case Proportion():
            return st.tuples(st.integers(1, 3), st.integers(1, 3))
        case Switch():
            return st.just(value=True)
        case Pixels():
            return st.sampled_from(["", "512", "768"])
        case Version():
            return st.sampled_from(["", "5.2", "6", "8.1"])
        case Choice():
            return st.sampled_from(flag.kind.names)
        case Word():
            return st.sampled_from(["raw", "expressive", "fdeQ4zOX5jd"])
        case Items():
            return st.lists(words, min_size=1, max_size=3, unique=True).map(tuple)
        case References():
            return st.lists(_links, min_size=1, max_size=3, unique=True).map(tuple)
        case Loras():
            names = st.sampled_from(["ink:0.8", "bricks", "x-1.5_a:-1"])
            return st.lists(names, min_size=1, unique=True).map(tuple)
        case Codes():
            return st.lists(st.sampled_from(["p1a2", "m77"]), unique=True).map(tuple)
    raise AssertionError(flag.kind)


def flags(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these flags with values that they may have; without names, any flags."""
    chosen = [row for row in FLAGS if row.name in names or not names]
    some = st.fixed_dictionaries({}, optional={row.name: values(row) for row in chosen})
    return some.filter(lambda given: not {"width", "height"} <= given.keys())


@st.composite
def prompts(draw: st.DrawFn, *names: str) -> Prompt:
    """Prompts that are well formed from the start, with any of the named flags."""
    parts = draw(st.lists(st.tuples(words, weights), max_size=3))
    images = draw(st.lists(_links, max_size=2))
    return Prompt(
        images=tuple(map(ImageLink, images)),
        phrases=tuple(Phrase(text=text, weight=weight) for text, weight in parts),
        flags=draw(flags(*names)),
    )
