"""Whose GPU it is: where pictures may be asked for, and where commands are registered at all."""

from typing import Any

import pytest

from bot.access.places import AllowedPlaces
from playground import Message
from playground.state.registry import EVERYWHERE
from tests.bot.live.house import House
from tests.bot.live.test_limits import WAYS, Ask, press
from tests.storage.conftest import settings_for


async def ask_again(house: House, _picture: Message) -> None:
    await house.imagine("a cat")


def settle(house: House, monkeypatch: pytest.MonkeyPatch, **given: Any) -> None:
    """Has whoever runs the bot let pictures be asked for in some places only."""
    assert house.bot
    settings = settings_for(house.jobs._settings.data, **given)
    acceptor = house.bot.handlers.imagine._acceptor
    monkeypatch.setattr(acceptor, "_places", AllowedPlaces(house.bot, settings))


@pytest.mark.parametrize("ask", [ask_again, press("Describe"), *WAYS])
async def test_on_a_server_that_the_host_does_not_allow_nothing_is_made_whatever_way(
    house: House, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = await house.drawn("a cat")
    single = await house.playground.press("mira", grid, label="U1")
    picture = await house.finished((await house.accepted(1))[0])
    settle(house, monkeypatch, servers="4711")
    await ask(house, picture)
    await house.playground.message(
        lambda m: m.id > single.id and "lets me make pictures on other servers only" in m.content
    )
    assert await house.jobs.waiting() == []
    settle(house, monkeypatch, servers=f"4711, {house.playground.guild}")
    await house.drawn("a cat")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ""),
        ({"direct": "off"}, "I make no pictures in direct messages"),
        ({"servers": "4711", "direct": "on"}, ""),
        ({"servers": "4711"}, "only for members of the servers"),
        ({"servers": "4711, {guild}"}, ""),
        ({"servers": "{guild}", "direct": "off"}, "I make no pictures in direct messages"),
    ],
)
async def test_who_may_ask_in_direct_messages(
    house: House, given: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = house.playground.guild
    settle(house, monkeypatch, **{name: each.format(guild=guild) for name, each in given.items()})
    if not said:
        await house.drawn("a dog", channel="dm")
        return
    asked = await house.imagine("a dog", channel="dm")
    await house.refusal(asked, said)
    assert await house.jobs.waiting() == []


async def test_commands_of_one_server_are_left_nowhere_else(house: House) -> None:
    commands, guild = house.playground.world.commands, house.playground.guild
    names = {command["name"] for command in commands.of(EVERYWHERE)}
    assert names
    await house.stop()
    await house.start(guild=guild)
    assert commands.of(EVERYWHERE) == []
    assert {command["name"] for command in commands.of(guild)} == names
    await house.drawn("a cat")
    await house.stop()
    await house.start()
    assert commands.of(guild) == []
    assert {command["name"] for command in commands.of(EVERYWHERE)} == names
