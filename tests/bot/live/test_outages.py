"""Delivery through what goes wrong: outages, limits, a store that is away, faults of our own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from bot.delivery import courier, target
from bot.delivery.budget import NEWS
from playground.transport.faults import Fault, Faults
from storage.database.tables import JobRow
from storage.decisions.choices import ServerChoices
from storage.files import Files, FileStoreError, MissingFileError
from storage.queue import queries
from storage.queue.jobs import Progress
from tests.bot.live.house import EDIT_BY_TOKEN, House


async def test_pictures_that_are_lost_end_in_an_apology(house: House) -> None:
    run, _ = await house.running()
    with mock.patch.object(type(house.files), "aget", side_effect=lost):
        shown, _ = await house.end(run)
    assert "no longer stored" in shown.content
    assert shown.attachments == []
    assert "🔄" in shown.buttons


async def lost(sha256: str) -> bytes:
    raise MissingFileError(sha256)


async def test_outages_delay_an_end_and_lose_nothing(house: House) -> None:
    run, message = await house.running()
    house.playground.faults.next("PATCH", r".*/messages/.*", status=503, times=1)
    house.playground.faults.next("PATCH", r".*/messages/.*", reset="before", times=1)
    shown, _ = await house.end(run)
    assert shown.id == message.id
    assert shown.attachments


async def test_progress_that_is_refused_costs_one_update(house: House) -> None:
    run, message = await house.running()
    house.playground.faults.next("PATCH", r".*/messages/.*", status=400, times=1)
    house.jobs.publish(run, 5, 10, None)
    await message.until(lambda now: "50 %" in now.content)


async def test_a_route_that_alone_is_out_of_order_is_left(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "TRIES", 3)
    run, message = await house.running()
    house.playground.faults.next("PATCH", EDIT_BY_TOKEN, status=500, times=3)
    shown, sent = await house.end(run)
    assert shown.id == message.id
    assert [status for _, status, _ in sent] == [500, 500, 500, 200]


async def test_an_outage_of_discord_moves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "TRIES", 2)
    run, message = await house.running()
    house.playground.faults.next("*", r".", status=503, times=9)
    shown, sent = await house.end(run)
    assert shown.id == message.id
    assert {route for route, _, _ in sent} == {"webhooks"}


async def test_after_a_day_of_refusals_the_job_is_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "TRIES", 1)
    monkeypatch.setattr(target, "GIVEN_UP_AFTER", timedelta(0))
    monkeypatch.setattr(target, "LEAST_ROUNDS", 2)
    run, _ = await house.running()
    house.playground.faults.next("*", r"/messages", status=500, times=100)
    await house.jobs.complete(run, house.files)
    found = await house.over(await house.job(run.job_id))
    assert found.delivered_message_id is None


async def test_a_limit_on_progress_holds_no_result_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is not by giving up that the limit is got past.
    monkeypatch.setattr(courier, "GRACE", 1000.0)
    run, message = await house.running()
    limit = house.playground.faults.next("PATCH", EDIT_BY_TOKEN, status=429, retry_after=3600)
    house.jobs.publish(run, 5, 10, None)
    await house.until(lambda: met(limit))
    shown, _ = await house.end(run)
    assert shown.id == message.id
    assert shown.attachments


async def test_a_limit_on_a_first_message_is_waited_out(house: House) -> None:
    await house.decide(ServerChoices(results=house.playground.channel("art")))
    house.playground.faults.next("POST", r"^/channels/", status=429, retry_after=0.01)
    await house.imagine("a red apple")
    (job,) = await house.accepted(1)
    assert (await house.finished(job)).id == job.message_id


async def test_progress_without_an_answer_holds_no_result_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "GRACE", 0.05)
    monkeypatch.setattr(courier, "SETTLE", 0.0)
    run, message = await house.running()
    hung = house.playground.faults.next("PATCH", EDIT_BY_TOKEN, status=500, delay=5.0)
    house.jobs.publish(run, 5, 10, None)
    await house.until(lambda: met(hung))
    shown, sent = await house.end(run)
    assert shown.id == message.id
    # Once at once, and once more in the place of news that Discord may still have shown since.
    assert [status for _, status, _ in sent] == [200, 200]


async def met(fault: Fault) -> bool:
    return fault.times == 0


async def has_seen_progress(house: House, run: queries.Run) -> bool:
    assert house.bot
    return isinstance(house.bot._delivery._messages[run.job_id]._shown, Progress)


async def test_messages_older_than_an_hour_are_edited_for_their_end_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, message = await house.running()
    monkeypatch.setattr(courier, "EDITABLE", timedelta(0))
    house.jobs.publish(run, 5, 10, None)
    await house.until(lambda: has_seen_progress(house, run))
    shown, sent = await house.end(run)
    assert shown.id == message.id
    assert [status for _, status, _ in sent] == [200]


async def test_a_store_that_is_away_delays_an_end(house: House) -> None:
    run, _ = await house.running()
    read, away = type(house.files).aget, [FileStoreError("away")] * 2

    async def fail_twice(files: Files, sha256: str) -> bytes:
        if away:
            raise away.pop()
        return await read(files, sha256)

    with mock.patch.object(type(house.files), "aget", fail_twice):
        shown, _ = await house.end(run)
    assert shown.attachments


async def test_a_store_that_stays_away_ends_in_a_reason(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "STORE_PATIENCE", 0.0)
    run, _ = await house.running()
    with mock.patch.object(type(house.files), "aget", side_effect=FileStoreError("away")):
        shown, _ = await house.end(run)
    assert "no longer stored" in shown.content


async def test_a_file_that_is_no_picture_ends_in_a_reason(house: House) -> None:
    run, _ = await house.running()
    house.playground.faults.next("PATCH", EDIT_BY_TOKEN, status=413, code=40005)
    broken = mock.AsyncMock(return_value=b"\x89PNG" + bytes(5000))
    with mock.patch.object(type(house.files), "aget", broken):
        shown, _ = await house.end(run)
    assert "damaged" in shown.content
    assert shown.attachments == []


async def test_a_fault_of_ours_is_got_over(house: House) -> None:
    run, message = await house.running()
    mark, faults = house.jobs.delivered, [OperationalError("", {}, Exception("locked"))]

    async def fail_once(*given: Any) -> bool:
        if faults:
            raise faults.pop()
        return await mark(*given)

    with mock.patch.object(house.jobs, "delivered", fail_once):
        shown, sent = await house.end(run)
    assert shown.id == message.id
    assert faults == []
    # What was sent once is not sent again.
    assert len(sent) == 1


async def test_pictures_come_after_the_gateway_broke(house: House) -> None:
    for trouble in ("op7", "drop", "op9"):
        house.playground.faults.gateway(trouble)
        await house.playground.ready()
        assert (await house.drawn()).attachments


async def test_ends_come_before_places_once_the_tokens_are_dead(house: House) -> None:
    """Ten wait in one channel, of whose edits Discord takes five in a window; all end at once."""
    for number in range(10):
        await house.imagine(f"owl {number}")
    jobs = await house.accepted(10)
    over = datetime.now(UTC) - timedelta(seconds=1)
    expired = update(JobRow).values(token_expires_at=over)
    await house.jobs.records.write(lambda it: it.execute(expired))
    limits = house.playground.faults
    limits.limit, limits.window = 5, 1.0
    try:
        with house.playground.notes.record() as asked:
            for job in jobs:
                await house.jobs.finish(job.id, house.files)
            for job in jobs:
                await house.delivered(job)
    finally:
        limits.limit, limits.window = Faults.limit, Faults.window
    # The client learns of the lower limit from a refusal, after which it asks again.
    edits = [r for r in asked if r.method == "PATCH" and r.status == 200]
    ends = [r for r in edits if r.files]
    assert len(ends) == 10
    assert len(edits) - len(ends) <= NEWS + 1
