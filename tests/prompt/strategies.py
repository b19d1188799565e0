"""Prompts for hypothesis: made of the pieces that the grammar has rules for, in any order."""

from hypothesis import strategies as st

from prompt.parameters import PARAMETERS
from prompt.values import DASHES

NAMES = [name for row in PARAMETERS for name in (row.name, *row.aliases)]

_PIECES = [
    *"-—–:{}\\<>()[].,;/=\"'“” \n\t\u00a0\u200b\x00",
    *("--", "—-", "::", "::-.5", "::2", "::1,5", "\\{", "\\,", "http://", "https://a.b/c--d"),
    *("<https://x.y/z.png>", "https://q.r/s.jpg::2,", "/imagine prompt:", "prompt:", "/imagine"),
    *("red apple", "c++", "C-", "猫", "مدينة", "ß", "3d", "a", "16:9", "3/2", "1.5", "-1", "9" * 30),
    *("random", "raw", "7435", "e", "no", "²", "½", "٣", "\ud800", "\U0001f469\u200d\U0001f680"),
]

pieces = st.one_of(
    st.sampled_from(_PIECES),
    st.sampled_from(NAMES).map(lambda name: f"--{name}"),
    st.tuples(st.sampled_from(DASHES), st.sampled_from(NAMES)).map("".join),
    st.text(max_size=4),
)
texts = st.lists(pieces, max_size=14).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda between: between.join(parts))
)
