"""Requests go on in their order, and late while there is much to do."""

import asyncio

from bot.interactions.pace import CALM, PATIENCE, Pace


class Clock:
    """A clock by which each look is a round of the event loop later."""

    def __init__(self, rounds: list[float]) -> None:
        self.now, self.rounds = 0.0, rounds

    def __call__(self) -> float:
        self.now += self.rounds.pop(0) if self.rounds else 0.0
        return self.now


async def test_while_there_is_little_to_do_nobody_waits() -> None:
    clock = Clock([0.0, CALM / 2])
    await Pace(clock).wait()
    assert clock.now == CALM / 2


async def test_long_rounds_are_waited_out() -> None:
    clock = Clock([0.0, *[2 * CALM] * 3, CALM / 2, 5.0])
    await Pace(clock).wait()
    assert clock.now == 6.5 * CALM


async def test_where_all_rounds_are_long_the_next_goes_on_after_a_while() -> None:
    clock = Clock([0.0, *[4 * CALM] * 1000])
    pace = Pace(clock)
    for turn in range(1, 4):
        await pace.wait()
        assert clock.now <= turn * (PATIENCE + 8 * CALM)


async def test_they_go_on_in_the_order_in_which_they_came() -> None:
    pace, went = Pace(Clock([0.0, 2 * CALM, 2 * CALM])), list[int]()

    async def go(number: int) -> None:
        await pace.wait()
        went.append(number)

    await asyncio.gather(*map(go, range(5)))
    assert went == [0, 1, 2, 3, 4]
