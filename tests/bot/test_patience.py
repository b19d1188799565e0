"""What is read before a first answer takes a moment at most, however much it is."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.interactions import patience
from bot.interactions.patience import Ages, begin, count_from, read_in_time


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


@given(
    apart=st.floats(-1e6, 1e6),
    ages=st.lists(st.floats(0.0, patience.LIFE - 0.1), min_size=1),
)
def test_the_age_of_interactions_is_known_whatever_clocks_say(
    apart: float, ages: list[float]
) -> None:
    measured, now = Ages(), 1e9
    assert measured.measure(now - apart, now) == 0.0
    for age in ages:
        now += 1.0
        assert measured.measure(now - apart - age, now) == pytest.approx(age, abs=1e-3)


def test_clocks_that_are_set_keep_nobody_from_reading() -> None:
    measured, now = Ages(), 1e9
    for apart in (0.0, 5.0, -900.0, 900.0, 0.0):
        now += 1.0
        assert measured.measure(now - apart, now) == 0.0
        assert measured.measure(now - apart - 1.0, now) == pytest.approx(1.0)
    # A small difference is unlearned after a while.
    assert measured.measure(now - 1.0, now) == pytest.approx(1.0)
    for _ in range(2):
        now += patience.LATELY + 1.0
        measured.measure(now - 1.0, now)
    assert measured.measure(now - 1.0, now) == 0.0


async def test_for_whoever_asked_long_ago_a_moment_is_waited_only() -> None:
    count_from(datetime.now(UTC))
    count_from(datetime.now(UTC) - timedelta(seconds=patience.LATEST))
    clock = asyncio.get_running_loop().time
    began = clock()
    assert await read_in_time(wait_for_ever(), "otherwise") == "otherwise"
    assert clock() - began < patience.PATIENCE
    assert await read_in_time(answer(), "otherwise") == "read"
