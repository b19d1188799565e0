"""What a server allows, as pure rules."""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.access import policy
from bot.errors import NotAllowedError
from bot.panels import server, user
from generation.catalogue.families import CARDS, find_card
from generation.catalogue.served import list_served
from storage.decisions.choices import Limits, PersonChoices, ServerChoices
from storage.settings import Settings
from tests.bot.samples import recipe
from tests.recipes import change

LARGE = 512 * find_card("easel").enlarge
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
    wide = change(recipe(), family=family, width=512, height=256, upscale=upscale)
    twice = change(wide, width=256, height=128, refinement=0.3)
    for asked in (wide, twice):
        refused = pytest.raises(NotAllowedError, match=f"allows {largest}")
        with nullcontext() if fits else refused:
            policy.check_size(ServerChoices(largest=largest), [asked])


def settings(**chosen: Any) -> Settings:
    return Settings(_env_file=None, **chosen)  # type: ignore[call-arg]


NAMES = ("", "sdxl", "sdxl-lightning", "flux2-klein", "paint=acme/paint-xl", "photo=acme/photo-xl")


@given(
    st.sampled_from(NAMES[:4]),
    st.sets(st.sampled_from(NAMES[1:])),
    st.sets(st.sampled_from(("easel", "sdxl", "sdxl-lightning", "flux2-klein", "paint", "photo"))),
)
def test_a_server_allows_each_model_by_a_name_of_its_own(
    usual: str, others: set[str], allowed: set[str]
) -> None:
    models = list_served(settings(model=usual, models=",".join(sorted(others - {usual}))))
    cards = [one.card for one in models.values()]
    names = {policy.name_for_list(each, cards): each for each in cards}
    assert len(names) == len(cards)
    choices = ServerChoices(families=tuple(allowed))
    drawing = {name for name, each in names.items() if policy.allows(choices, each, cards)}
    assert drawing == (names.keys() & allowed if allowed else names.keys())
    menu: Any = server.build_panel(choices, cards, "families").items[1]
    assert names.keys() <= {option.value for option in menu.options}
    assert menu.custom_id.endswith(":families")
    offered: Any = user.build_panel(PersonChoices(), choices, *cards).items[0]
    if drawing:
        called = {names[name].called for name in drawing}
        assert {option.value[1:] for option in offered.options} - {""} == called


def test_alone_a_model_is_allowed_as_its_family() -> None:
    (alone,) = (one.card for one in list_served(settings(model="sdxl-turbo")).values())
    assert policy.allows(ServerChoices(families=("sdxl",)), alone, [alone])
    menu: Any = server.build_panel(ServerChoices(), [alone], "families").items[1]
    assert [option.label for option in menu.options] == [each.title for each in CARDS]
