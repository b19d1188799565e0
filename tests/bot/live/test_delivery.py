"""From job events to messages: what is shown while a job waits, runs and ends, come what may."""

from unittest import mock

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.delivery import routes, target
from bot.delivery.answers import TABLE, Answer
from bot.interactions.requester import DIRECT_LIMIT
from playground import Message
from playground.state.records import Permission
from storage.database.tables import JobRow
from storage.decisions.choices import PersonChoices, ServerChoices
from storage.queue.jobs import Job
from tests.bot.live.house import EDIT_BY_TOKEN, PATIENCE, House

ROWS = [
    # One of each status, which the client treats in its own way; the codes are in test_answers.
    *{(row.effect, row.status): row for row in TABLE}.values(),
    Answer("closes", 418, 0, "a status that is in no row", ""),
    Answer("closes", 400, 999999, "a code that is in no row", ""),
    Answer("waits", 520, 0, "an outage that is in no row", ""),
]


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
    with mock.patch.object(routes, "is_over", return_value=True):
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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.status}-{row.code}")
async def test_every_answer_to_an_end_has_its_effect(house: House, row: Answer) -> None:
    run, message = await house.running()
    house.playground.faults.next(
        "PATCH", EDIT_BY_TOKEN, status=row.status, code=row.code, retry_after=0.01
    )
    shown, sent = await house.end(run)
    assert shown.id == message.id
    assert bool(shown.attachments) == (row.effect != "ends")
    (_, status, size), (route, _, size_then) = sent
    assert status == row.status
    assert route == ("channels" if row.effect == "closes" else "webhooks")
    assert (0 < size_then < size) == (row.effect == "shrinks")


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [(400, 20009, "explicit"), (400, 200000, "AutoMod"), (413, 40005, "small"), (418, 0, "take")],
)
async def test_pictures_that_nothing_takes_end_in_a_reason(
    house: House, status: int, code: int, said: str
) -> None:
    run, message = await house.running()
    # Whatever has a file is refused, by every route; the words alone are not.
    refusal = house.playground.faults.next(
        "*", r"/messages", status=status, code=code, files=True, times=100
    )
    shown, sent = await house.end(run)
    assert shown.id == message.id
    assert said in shown.content
    assert f"<@{house.playground.people['mira'].id}>" in shown.content
    assert shown.attachments == []
    assert len(sent) - 1 == 100 - refusal.times <= 4 * (target.SHRINKINGS + 1)


async def test_a_limit_that_sank_since_makes_pictures_smaller(house: House) -> None:
    run, message = await house.running()
    house.playground.upload_limit = 500
    shown, sent = await house.end(run)
    assert shown.id == message.id
    assert 0 < sent[-1].size <= 500 < sent[0].size


async def test_each_route_has_the_limit_of_its_place(house: House) -> None:
    house.playground.upload_limit = 2 * DIRECT_LIMIT
    job, _ = await waiting(house)
    assert house.bot
    limits = [routes.find_limit(house.bot, job, route) for route in routes.ENDINGS]
    # The server of the stand-in has no boosts.
    assert limits == [2 * DIRECT_LIMIT, DIRECT_LIMIT, DIRECT_LIMIT, DIRECT_LIMIT]


async def test_where_a_thread_is_archived_pictures_come_in_a_new_message(house: House) -> None:
    run, message = await house.running()
    house.playground.faults.next("PATCH", r"/messages/", status=400, code=50083, times=2)
    shown, _ = await house.end(run)
    assert shown.id != message.id
    assert shown.channel_id == message.channel_id
    assert shown.attachments


@pytest.mark.parametrize(("code", "sent_home"), [(40005, True), (20009, False)])
async def test_pictures_sent_home_shrink_or_tell_why_not(
    house: House, code: int, *, sent_home: bool
) -> None:
    grid = await house.drawn()
    house.playground.faults.next("POST", r"/messages$", status=400, code=code)
    await house.playground.react("mira", grid, "✉️")
    home = house.playground.channel("@mira")
    said = await house.playground.message(
        lambda m: m.id > grid.id and m.channel_id == home, PATIENCE
    )
    assert bool(said.attachments) == sent_home
    assert ("explicit" in said.content) != sent_home


async def test_a_first_message_that_is_refused_queues_nothing(house: House) -> None:
    await house.decide(ServerChoices(results=house.playground.channel("art")))
    house.playground.faults.next("POST", r"^/channels/", status=400, code=200000)
    asked = await house.imagine("a red apple")
    await house.refusal(asked, "not allowed to post")
    assert await house.jobs.undelivered() == []


async def test_a_refusal_that_a_filter_refuses_is_said_in_other_words(house: House) -> None:
    there = house.playground.channel("art")
    await house.decide(ServerChoices(results=there))
    house.playground.forbid("bot", "art", Permission.SEND_MESSAGES)
    house.playground.faults.next("PATCH", EDIT_BY_TOKEN, status=400, code=200000)
    asked = await house.imagine("a red apple")
    said = await house.refusal(asked, "cannot be said here")
    assert [m.id for m in house.public(asked.id)] == [said.id]


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
