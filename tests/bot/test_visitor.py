"""Visitors of the painting page, and how often Discord is asked about them."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import NoLongerThereError
from bot.painting import visitor
from bot.painting.tokens import PageToken
from bot.painting.visitor import Visitors
from tests.bot.test_tokens import PLAIN


class Discord:
    """Answers who is asked about, and notes it."""

    def __init__(self) -> None:
        self.asked: list[PageToken] = []
        self.inside = 0
        self.gone = False

    async def find(self, _client: object, given: PageToken) -> object:
        self.asked.append(given)
        self.inside += 1
        assert self.inside == 1
        await asyncio.sleep(0)
        self.inside -= 1
        if self.gone:
            raise NoLongerThereError
        return given


@pytest.fixture
def discord(monkeypatch: pytest.MonkeyPatch) -> Discord:
    found = Discord()
    monkeypatch.setattr(visitor, "find_visitor", found.find)
    return found


async def test_whoever_looks_often_costs_discord_little(discord: Discord) -> None:
    nobody: Any = None
    visitors = Visitors(nobody)
    await asyncio.gather(*(visitors.admit(PLAIN) for _ in range(50)))
    assert discord.asked == [PLAIN]
    await visitors.admit(other := replace(PLAIN, channel=PLAIN.channel + 1))
    assert discord.asked == [PLAIN, other]
    await asyncio.gather(*(visitors.find(PLAIN) for _ in range(3)))
    assert len(discord.asked) == 5
    assert not visitors._turns


async def test_a_right_that_was_taken_away_ends_what_is_seen(
    discord: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor, "ADMITTED", 0.0)
    nobody: Any = None
    visitors = Visitors(nobody)
    await visitors.admit(PLAIN)
    discord.gone = True
    for _ in range(2):
        with pytest.raises(NoLongerThereError):
            await visitors.admit(PLAIN)
    assert len(visitors._admitted) <= 1
