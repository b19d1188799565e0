"""Who runs the bot, who manages a server, and what each of them sees."""

from itertools import product
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.admin.administrators import list_owners
from bot.admin.rights import Administrator, may_administer

HERE, THERE = 7, 8
EVERYWHERE = None
PEOPLE = {
    "owner": Administrator(1, owns=True),
    "owner who manages here": Administrator(1, owns=True, manages=frozenset({HERE})),
    "manager here": Administrator(2, manages=frozenset({HERE})),
    "manager of both": Administrator(3, manages=frozenset({HERE, THERE})),
    "member": Administrator(4),
}
MAY: dict[str, set[int | None]] = {
    "owner": {HERE, THERE, EVERYWHERE},
    "owner who manages here": {HERE, THERE, EVERYWHERE},
    "manager here": {HERE},
    "manager of both": {HERE, THERE},
    "member": set(),
}


@pytest.mark.parametrize(("who", "where"), [*product(PEOPLE, (HERE, THERE, EVERYWHERE))])
def test_who_runs_the_bot_sees_all_and_who_manages_a_server_sees_that(
    who: str, where: int | None
) -> None:
    assert may_administer(PEOPLE[who], where) == (where in MAY[who])


def application(owner: int, *team: tuple[int, str]) -> Any:
    """An application as Discord tells of it."""
    states = discord.TeamMembershipState
    members = [SimpleNamespace(id=id_, membership_state=states[state]) for id_, state in team]
    return SimpleNamespace(
        owner=SimpleNamespace(id=owner), team=SimpleNamespace(members=members) if team else None
    )


def test_an_application_is_its_owners_or_those_of_its_team_who_took_the_invitation() -> None:
    assert list_owners(application(1)) == {1}
    assert list_owners(application(1, (2, "accepted"), (3, "invited"))) == {2}
