"""Two bots with one token that both hear of everything, as when a lease was lost unnoticed."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.events import reactions
from bot.requests import results
from tests.bot.live.house import PATIENCE, House
from tests.bot.live.queue import HandQueue


async def beside(house: House) -> House:
    """A second bot on the same Discord and the same database, ready."""
    jobs = HandQueue(house.jobs._settings, house.jobs.engine)
    other = House(house.playground, jobs, house.files)
    await other.start()
    bot = other.bot
    assert bot
    await other.until(lambda: asyncio.sleep(0, bot.is_ready()))
    return other


async def test_one_reaction_makes_one_job_and_sends_one_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else one bot might send before the moment at which a second message is let through.
    monkeypatch.setattr(results, "HOME_ONCE", 1e12)
    shown = await house.drawn()
    other = await beside(house)
    try:
        with house.playground.notes.record() as asked:
            await house.playground.react("mira", shown, "🔄")
            await house.playground.react("mira", shown, "✉️")
            (job,) = await house.accepted(1)
            await house.playground.until(
                lambda: (
                    sum(
                        r.path.endswith("/messages") and bool(r.files) and r.method == "POST"
                        for r in asked
                    )
                    == 2
                ),
                PATIENCE,
            )
        there = house.playground.channel("@mira")
        homes = [m for m in house.playground.messages if m.channel_id == there and m.id > shown.id]
        assert len(homes) == 1
        assert await house.jobs.waiting() == [job.id]
        said = {message.id for message in house.public(shown.id)}
        assert said == {job.message_id, homes[0].id}
    finally:
        await other.stop()
        await other.jobs.close()


async def test_a_reaction_that_is_given_again_makes_another_job(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reactions, "SAME_REACTION", -reactions.SAME_REACTION)
    shown = await house.drawn()
    for count in (1, 2):
        await house.playground.react("mira", shown, "🔄")
        await house.accepted(count)
        await house.playground.unreact("mira", shown, "🔄")


async def test_the_log_names_a_second_bot_that_answers(house: House) -> None:
    other = await beside(house)
    try:
        with capture_logs() as logs:

            async def told() -> bool:
                return any("another bot answers" in line["event"] for line in logs)

            await house.imagine("a red apple")
            await house.until(told)
        await house.accepted(1)
    finally:
        await other.stop()
        await other.jobs.close()
