"""What is read before a first answer takes a moment at most, however much it is."""

import asyncio

import pytest

from bot.interactions import patience
from bot.interactions.patience import begin, read_in_time


async def wait_for_ever() -> str:
    await asyncio.Event().wait()
    return "read"


async def answer() -> str:
    return "read"


async def test_all_that_is_read_together_has_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.05)
    clock = asyncio.get_running_loop().time
    first = clock()
    tasks = [await begin(wait_for_ever())]
    later = clock()
    tasks += [await begin(wait_for_ever()) for _ in range(20)]
    assert later - first >= 0.04
    assert clock() - later < 20 * 0.05
    for task in tasks:
        assert not task.done()
        task.cancel()


async def test_what_is_there_at_once_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.0)
    assert (await begin(answer())).result() == "read"


async def test_another_request_has_a_moment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.05)

    async def take() -> float:
        clock = asyncio.get_running_loop().time
        began = clock()
        assert await read_in_time(wait_for_ever(), "otherwise") == "otherwise"
        return clock() - began

    for _ in range(2):
        assert await asyncio.create_task(take()) >= 0.04
