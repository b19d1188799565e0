"""From job events to messages: what is shown while a job waits, runs and ends, come what may."""

from typing import Any
from unittest import mock

from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.delivery import routes
from playground import Message
from playground.state.records import Permission
from storage.database.tables import JobRow
from storage.decisions.choices import PersonChoices, ServerChoices
from storage.files import MissingFileError
from storage.queue import queries
from storage.queue.jobs import Job
from tests.bot.live.house import House


async def waiting(house: House, count: int = 1, channel: str = "general") -> tuple[Job, Message]:
    """The job that waits last, of so many, and its message."""
    await house.imagine(f"{count} red apples", channel=channel)
    job = (await house.accepted(count))[-1]
    return job, house.shown(job)


async def forget_message(house: House, job: Job) -> None:
    """Leaves a job as a bot does that dies between the commit and the post."""
    unposted = update(JobRow).where(JobRow.id == job.id).values(message_id=None)
    await house.jobs.records.write(lambda it: it.execute(unposted))


async def test_places_are_told_and_move(house: House) -> None:
    first, _ = await waiting(house)
    second, message = await waiting(house, 2)
    assert "1 ahead of you" in message.content
    assert list(message.buttons) == ["Cancel"]
    await house.jobs.cancel(first.id)
    await message.until(lambda now: "next" in now.content)
    assert second.id in await house.jobs.waiting()


async def test_progress_shows_percent_and_preview(house: House) -> None:
    job, message = await waiting(house)
    run = await house.jobs.begin(job.id)
    await message.until(lambda now: "starting" in now.content)
    house.jobs.publish(run, 0, 0, None)
    await message.until(lambda now: "loading" in now.content)
    house.jobs.publish(run, 5, 10, b"RIFF0000WEBP")
    await message.until(lambda now: "50 %" in now.content)
    assert message.attachments[0].filename.endswith("preview.webp")
    house.jobs.publish(run, 6, 10, None)
    await message.until(lambda now: "60 %" in now.content)
    assert message.attachments


async def test_a_failure_says_why_and_offers_to_try_again(house: House) -> None:
    job, message = await waiting(house)
    await house.jobs.fail(job.id, "out_of_memory")
    shown = await house.delivered(job)
    assert shown.id == message.id
    assert "memory" in shown.content
    assert "🔄" in shown.buttons
    assert shown.attachments == []


async def test_a_cancelled_job_keeps_no_preview(house: House) -> None:
    job, message = await waiting(house)
    run = await house.jobs.begin(job.id)
    house.jobs.publish(run, 5, 10, b"RIFF0000WEBP")
    await message.until(lambda now: now.attachments)
    press = await house.playground.press("mira", message, label="Cancel")
    await press.acknowledged()
    shown = await house.delivered(job)
    assert "(cancelled)" in shown.content
    assert shown.attachments == []


async def test_after_the_tokens_death_the_message_is_edited_as_the_bots_own(house: House) -> None:
    job, message = await waiting(house)
    with mock.patch.object(routes, "_is_expired", return_value=True):
        shown = await house.finished(job)
    assert shown.id == message.id
    assert shown.attachments
    patched = [r.path for r in house.playground.journal if r.method == "PATCH"]
    assert patched[-1] == f"/channels/{message.channel_id}/messages/{message.id}"


async def test_a_token_that_discord_no_longer_takes_is_not_tried_again(house: House) -> None:
    job, message = await waiting(house)
    house.playground.faults.next("PATCH", r"/webhooks/.*", status=404, times=1)
    shown = await house.finished(job)
    assert shown.id == message.id
    assert shown.attachments


async def test_pictures_of_a_deleted_message_come_in_a_new_one(house: House) -> None:
    job, message = await waiting(house)
    await house.playground.delete("otto", message)
    shown = await house.finished(job)
    assert shown.id != message.id
    assert shown.channel_id == message.channel_id


async def test_where_the_channel_is_closed_they_come_as_a_direct_message(house: House) -> None:
    job, message = await waiting(house, channel="art")
    await house.playground.delete("otto", message)
    house.playground.forbid("bot", "art", Permission.SEND_MESSAGES)
    shown = await house.finished(job)
    assert shown.channel_id == house.playground.channel("@mira")


async def test_where_nothing_is_open_it_is_noted_and_the_job_is_over(house: House) -> None:
    job, message = await waiting(house, channel="art")
    await house.playground.delete("otto", message)
    house.playground.forbid("bot", "art", Permission.SEND_MESSAGES)
    house.playground.close_direct_messages("mira")
    await house.jobs.finish(job.id, house.files)
    found = await house.over(job)
    assert found.delivered_message_id is None
    assert await house.jobs.undelivered() == []


async def test_pictures_that_are_lost_end_in_an_apology(house: House) -> None:
    job, _ = await waiting(house)
    run = await house.jobs.begin(job.id)
    made = house.jobs.paint(run, house.files)
    gone = mock.patch.object(type(house.files), "aget", side_effect=lost)
    with gone:
        await house.jobs.records.write(queries.finish_run, run, made)
        house.jobs._wake()
        shown = await house.delivered(job)
    assert shown.attachments == []
    assert "🔄" in shown.buttons


async def lost(sha256: str) -> bytes:
    raise MissingFileError(sha256)


async def test_outages_delay_an_end_and_lose_nothing(house: House) -> None:
    job, message = await waiting(house)
    house.playground.faults.next("PATCH", r".*/messages/.*", status=503, times=1)
    house.playground.faults.next("PATCH", r".*/messages/.*", reset="before", times=1)
    shown = await house.finished(job)
    assert shown.id == message.id
    assert shown.attachments


async def test_progress_that_is_refused_costs_one_update(house: House) -> None:
    job, message = await waiting(house)
    house.playground.faults.next("PATCH", r".*/messages/.*", status=400, times=1)
    run = await house.jobs.begin(job.id)
    house.jobs.publish(run, 5, 10, None)
    await message.until(lambda now: "50 %" in now.content)


async def test_a_fault_of_ours_is_got_over(house: House) -> None:
    job, message = await waiting(house)
    mark, faults = house.jobs.delivered, [OperationalError("", {}, Exception("locked"))]

    async def fail_once(*given: Any) -> bool:
        if faults:
            raise faults.pop()
        return await mark(*given)

    with mock.patch.object(house.jobs, "delivered", fail_once):
        shown = await house.finished(job)
    assert shown.id == message.id
    assert faults == []


async def test_what_happens_while_the_bot_is_away_is_shown_when_it_is_back(house: House) -> None:
    job, message = await waiting(house)
    await house.stop()
    await house.jobs.finish(job.id, house.files)
    await house.start()
    shown = await house.delivered(job)
    assert shown.id == message.id
    assert shown.attachments


async def test_a_job_without_a_message_is_shown_after_a_restart(house: House) -> None:
    job, message = await waiting(house)
    await house.playground.delete("otto", message)
    await house.stop()
    await forget_message(house, job)
    await house.start()
    (again,) = await house.accepted(1)
    assert again.message_id != message.id
    shown = await house.finished(again)
    assert shown.id == again.message_id
    assert shown.channel_id == message.channel_id


async def test_one_that_ended_meanwhile_is_shown_too(house: House) -> None:
    job, message = await waiting(house)
    await house.playground.delete("otto", message)
    await house.stop()
    await forget_message(house, job)
    await house.jobs.finish(job.id, house.files)
    await house.start()
    shown = await house.delivered(job)
    assert shown.attachments
    assert shown.channel_id == message.channel_id


async def test_nothing_is_public_before_the_commit(house: House) -> None:
    """A database that fails in the act leaves no message and no job."""
    broken = mock.patch.object(house.jobs.engine, "enter", side_effect=ZeroDivisionError)
    with broken, capture_logs():
        asked = await house.imagine("a {red,green} apple")
        said = await house.refusal(asked, "Something went wrong")
    assert [m.id for m in house.public(asked.id)] == [said.id]
    assert await house.jobs.waiting() == []


async def test_pictures_appear_in_the_servers_channel_for_them(house: House) -> None:
    there = house.playground.channel("art")
    await house.decide(ServerChoices(results=there))
    asked = await house.imagine("a {red,green} apple")
    await house.refusal(asked, f"Your pictures appear in <#{there}>.")
    jobs = await house.accepted(2)
    shown = [await house.finished(job) for job in jobs]
    assert [m.channel_id for m in shown] == [there, there]
    assert asked.message is None or asked.message.deleted


async def test_private_pictures_come_home(house: House) -> None:
    await house.prefer("mira", PersonChoices(private=True))
    message = await house.drawn("a red apple")
    assert message.channel_id == house.playground.channel("@mira")


async def test_where_the_bot_may_not_write_nothing_is_queued(house: House) -> None:
    there = house.playground.channel("art")
    await house.decide(ServerChoices(results=there))
    house.playground.forbid("bot", "art", Permission.SEND_MESSAGES)
    asked = await house.imagine("a {red,green} apple")
    said = await house.refusal(asked, "not allowed to post")
    assert await house.jobs.undelivered() == []
    assert [m.id for m in house.public(asked.id)] == [said.id]


async def test_where_direct_messages_are_closed_nothing_is_queued(house: House) -> None:
    await house.prefer("mira", PersonChoices(private=True))
    house.playground.close_direct_messages("mira")
    asked = await house.imagine("a red apple")
    said = await house.refusal(asked, "not allowed to post")
    assert await house.jobs.undelivered() == []
    assert [m.id for m in house.public(asked.id)] == [said.id]


async def test_pictures_come_after_the_gateway_broke(house: House) -> None:
    for trouble in ("op7", "drop", "op9"):
        house.playground.faults.gateway(trouble)
        await house.playground.ready()
        assert (await house.drawn()).attachments
