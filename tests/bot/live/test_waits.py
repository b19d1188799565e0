"""What those who wait are told: how long, and whether anybody draws with their model."""

from storage.queue import presence
from storage.queue.order import ModelName
from tests.bot.live.house import House
from tests.bot.live.queue import WORKER

ABOUT = {"session": "", "host": "here", "pid": 0, "device": "hand", "model": "for people"}


async def test_who_will_wait_long_is_told_a_range_and_who_will_not_is_told_none(
    house: House,
) -> None:
    await house.jobs.sign_on()
    for number in range(5):
        await house.imagine(f"owl {number}", person="otto")
        # What was only promised is taken in when it is; the next might be so sooner.
        jobs = await house.accepted(number + 1)
    first, *_, last = (house.shown(job) for job in jobs)
    # Four of ten seconds each are before it.
    await last.until(lambda now: "queued, 4 ahead of you, within 1 minute" in now.content)
    await first.until(lambda now: "queued, next" in now.content)
    assert "minute" not in first.content


async def test_a_job_that_no_worker_serves_says_so_until_one_does(house: House) -> None:
    other = presence.write_served(frozenset({ModelName("flux", "klein")}))
    await house.jobs.records.write(presence.sign_on, WORKER, {**ABOUT, "serves": other})
    await house.imagine("a cat")
    (job,) = await house.accepted(1)
    message = house.shown(job)
    await message.until(lambda now: "no worker draws with" in now.content)
    mine = presence.write_served(
        frozenset({ModelName(str(job.recipe["family"]), str(job.recipe["model"]))})
    )
    await house.jobs.records.write(presence.sign_on, "second", {**ABOUT, "serves": mine})
    await message.until(lambda now: "queued, next" in now.content)
