"""What a server allows, as pure rules."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import policy
from storage.choices import Limits, ServerChoices
from tests.bot.samples import recipe

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
    ("largest", "upscale", "fits"), [(0, 4, True), (512, 1, True), (512, 2, False)]
)
def test_the_longest_side_counts_after_upscaling(largest: int, upscale: int, fits: bool) -> None:
    wide = replace(recipe(), width=512, height=256, upscale=upscale)
    expected = nullcontext() if fits else pytest.raises(policy.NotAllowedError, match="allows 512")
    with expected:
        policy.measure(ServerChoices(largest=largest), [wide])
