"""The settings panel, as a pure function of what is kept and of what flags do."""

from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.panels.user import MENUS, build_panel
from generation.catalogue.families import CARDS, find_card
from prompt.flags.table import BY_NAME
from storage.decisions.choices import PersonChoices, ServerChoices

FLAGS = {"stylize", "raw"}


def labels(
    person: PersonChoices | None = None, server: ServerChoices | None = None, family: str = "easel"
) -> dict[str, list[str]]:
    """What is offered: the values of each menu, and for each button none."""
    shown = build_panel(person or PersonChoices(), server or ServerChoices(), find_card(family))
    parts: list[Any] = list(shown.items)
    return {
        part.custom_id.split(":")[3]: [option.value for option in part.options]
        if isinstance(part, discord.ui.Select)
        else []
        for part in parts
    }


@pytest.mark.parametrize("name", sorted(FLAGS))
def test_what_makes_no_difference_is_not_offered(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BY_NAME[name].matters(250 if name in MENUS else True) == (name in labels())
    monkeypatch.setitem(BY_NAME, name, replace(BY_NAME[name], instead="", default=None))
    assert name in labels()
    monkeypatch.setitem(BY_NAME, name, replace(BY_NAME[name], instead="leave it out"))
    assert name not in labels()


@pytest.mark.parametrize("family", [each.id for each in CARDS])
def test_the_model_that_draws_can_be_chosen(family: str) -> None:
    assert labels(family=family)["model"] == ["s", f"s{family}"]


@given(st.sets(st.sampled_from([each.id for each in CARDS])))
def test_a_model_that_the_server_does_not_allow_is_not_offered(families: set[str]) -> None:
    offered = labels(server=ServerChoices(families=tuple(families)))
    assert ("model" in offered) == (not families or "easel" in families)


@pytest.mark.parametrize(("flags", "chosen"), [("", []), ("--model easel --relax", ["seasel"])])
def test_a_menu_shows_what_is_chosen(flags: str, chosen: list[str]) -> None:
    first: Any = build_panel(PersonChoices(flags=flags), ServerChoices(), find_card("easel")).items[
        0
    ]
    assert [option.value for option in first.options if option.default] == chosen
