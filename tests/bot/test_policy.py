"""What a server allows, as pure rules."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import policy
from generation.cards import card
from storage.choices import Limits, ServerChoices
from tests.bot.samples import recipe

LARGE = 512 * card("easel").enlarge
ROLES = st.dictionaries(
    st.integers(1, 5),
    st.builds(Limits, unfinished=st.integers(1, 50), daily=st.integers(0, 50)),
)


def generous(limits: Limits) -> tuple[int, float]:
    return limits.unfinished, limits.daily or float("inf")


@given(ROLES, st.sets(st.integers(1, 5)))
def test_the_most_that_any_role_allows_counts(limits: dict[int, Limits], own: set[int]) -> None:
    choices = ServerChoices(unfinished=3, daily=7, limits=limits)
    kept = ServerChoices.read(choices.write())
    found = generous(kept.limits_for(own))
    allowed = [generous(limits[role]) for role in own & limits.keys()] or [(3, 7)]
    assert found == (max(n for n, _ in allowed), max(n for _, n in allowed))


@pytest.mark.parametrize(
    ("family", "largest", "upscale", "fits"),
    [
        ("sd15", 0, 4, True),
        ("sd15", 512, 1, True),
        ("sd15", 512, 2, False),
        ("easel", LARGE, 1, True),
        ("easel", LARGE - 1, 1, False),
        ("easel", LARGE, 2, False),
    ],
)
def test_the_longest_side_counts_as_it_is_sent(
    family: str, largest: int, upscale: int, fits: bool
) -> None:
    wide = replace(recipe(), family=family, width=512, height=256, upscale=upscale)
    twice = replace(wide, width=256, height=128, refined=0.3)
    for asked in (wide, twice):
        refused = pytest.raises(policy.NotAllowedError, match=f"allows {largest}")
        with nullcontext() if fits else refused:
            policy.measure(ServerChoices(largest=largest), [asked])
