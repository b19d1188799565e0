"""Accepting, waiting, cancelling and delivering."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest

from storage.database.connect import DatabaseNotReadyError
from storage.queue import client, queries
from storage.queue.client import Jobs
from storage.queue.jobs import (
    Ended,
    NewJob,
    Progress,
    Queued,
    QueueInfo,
    Started,
)
from storage.queue.limits import Allowance, Excess, LimitReachedError
from storage.queue.worker import serve
from storage.settings import Settings
from tests.storage import toy
from tests.storage.conftest import Bot, Hold, Workers, list_entries, new_job, patient, settings_for


class Unplugged(Exception):  # noqa: N818 - an accident, staged
    """The database went away in the middle."""


def stands_at(position: int, event: Queued) -> bool:
    return event.position == position


async def accept_all(bot: Bot, *jobs: NewJob) -> list[int]:
    return [(await bot.jobs.accept(job)).position for job in jobs]


async def undelivered(bot: Bot) -> list[str]:
    return [job.id for job in await bot.jobs.records.read(queries.list_undelivered)]


async def test_people_take_turns_and_relaxed_jobs_come_last(bot: Bot, workers: Workers) -> None:
    jobs = [new_job(f"A{k}", person=1) for k in range(5)]
    jobs += [new_job(f"R{k}", person=4, speed="relax") for k in range(2)]
    jobs += [new_job(f"{name}{k}", person) for name, person in (("B", 2), ("C", 3)) for k in (0, 1)]
    jobs += [new_job("U", person=1, title="upscale:2")]
    await accept_all(bot, *jobs)
    workers.start()
    for job in jobs:
        await bot.until(Ended, job.id)
    order = [line.removeprefix("begin ") for line in workers.lines() if line.startswith("begin")]
    assert " ".join(order) == "U A0 B0 C0 A1 B1 C1 A2 A3 A4 R0 R1"


async def test_positions_are_those_in_which_jobs_are_served(bot: Bot) -> None:
    first, second, other = new_job("A0", 1), new_job("A1", 1), new_job("B0", 2)
    relaxed = new_job("R", 3, speed="relax")
    assert await accept_all(bot, first, relaxed, second, other) == [1, 2, 2, 2]
    for job, position in ((first, 1), (other, 2), (second, 3), (relaxed, 4)):
        await bot.until(Queued, job.id, partial(stands_at, position))
        assert bot.of(Queued, job.id)[-1].position == position
    assert await bot.jobs.cancel(first.id)
    await bot.until(Queued, other.id, partial(stands_at, 1))
    await bot.until(Queued, relaxed.id, partial(stands_at, 3))


async def test_two_workers_make_all_jobs_once_each(bot: Bot, workers: Workers, hold: Hold) -> None:
    held = [new_job(f"job{k}", person=k, hold=hold.path) for k in range(2)]
    jobs = [*held, *(new_job(f"job{k}", person=k, steps=1) for k in range(2, 16))]
    await accept_all(bot, *jobs)
    workers.start("first")
    workers.start("second")
    for job in held:
        await bot.until(Started, job.id)
    hold.release()
    for job in jobs:
        assert (await bot.until(Ended, job.id)).state == "done"
    begun = [line for line in workers.lines() if line.startswith("begin")]
    assert sorted(begun) == sorted(f"begin job{k}" for k in range(16))
    makers = {found.worker for job in jobs if (found := await bot.jobs.get(job.id))}
    assert makers == {"first", "second"}


async def test_a_queued_job_is_cancelled_without_being_begun(bot: Bot, workers: Workers) -> None:
    job, after = new_job("apple"), new_job("pear")
    await accept_all(bot, job, after)
    assert await bot.jobs.cancel(job.id)
    assert not await bot.jobs.cancel(job.id)
    assert await bot.until(Ended, job.id) == Ended(job.id, "cancelled", None)
    workers.start()
    await bot.until(Ended, after.id)
    assert workers.lines() == ["begin pear", "end pear"]


async def test_a_running_job_stops_when_it_is_cancelled_and_the_next_begins(
    bot: Bot, workers: Workers, hold: Hold
) -> None:
    job, after = new_job("apple", hold=hold.path), new_job("pear")
    await accept_all(bot, job, after)
    workers.start()
    await bot.until(Progress, job.id)
    assert await bot.jobs.cancel(job.id)
    # Shown at once, before the worker noticed: what it still writes must not hurt.
    assert await bot.jobs.delivered(job.id, 1)
    assert (await bot.until(Ended, after.id)).state == "done"
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.state, found.images) == ("cancelled", ())
    assert workers.lines() == ["begin apple", "begin pear", "end pear"]


async def test_a_job_cancelled_at_the_moment_it_ends_is_cancelled(
    bot: Bot, workers: Workers, hold: Hold
) -> None:
    job, after = new_job("apple", steps=1, silent=hold.path), new_job("pear")
    await accept_all(bot, job, after)
    workers.start()
    await bot.until(Progress, job.id)
    assert await bot.jobs.cancel(job.id)
    hold.release()
    await bot.until(Ended, after.id)
    found = await bot.jobs.get(job.id)
    assert found
    assert (found.state, found.images) == ("cancelled", ())
    assert workers.lines() == ["begin apple", "end apple", "begin pear", "end pear"]
    assert [event.state for event in bot.of(Ended, job.id)] == ["cancelled"]


async def test_a_job_that_ended_cannot_be_cancelled(bot: Bot, workers: Workers) -> None:
    job = new_job()
    await bot.jobs.accept(job)
    workers.start()
    await bot.until(Ended, job.id)
    assert not await bot.jobs.cancel(job.id)
    assert not await bot.jobs.cancel("0" * 32)
    found = await bot.jobs.get(job.id)
    assert found
    assert found.state == "done"


async def test_failures_have_a_name_and_the_queue_goes_on(bot: Bot, workers: Workers) -> None:
    memory, bug, after = new_job(error="out_of_memory"), new_job(error="bug"), new_job()
    await accept_all(bot, memory, bug, after)
    workers.start()
    assert (await bot.until(Ended, memory.id)).failure == "out_of_memory"
    assert (await bot.until(Ended, bug.id)).failure == "internal"
    assert (await bot.until(Ended, after.id)).failure is None


async def test_an_id_is_accepted_once(bot: Bot) -> None:
    job = new_job()
    assert await accept_all(bot, new_job(person=2), job, job) == [1, 2, 2]
    assert len(await list_entries(bot.jobs)) == 2
    await bot.jobs.cancel(job.id)
    assert (await bot.jobs.accept(job)).position == 0


async def test_a_person_may_have_so_many_unfinished_jobs(
    settings: Settings, open_bot: Callable[[Settings], Any]
) -> None:
    limited = settings.model_copy(update={"max_jobs_per_person": 2})
    bot: Bot = await open_bot(limited)
    first = new_job()
    await accept_all(bot, first, new_job())
    with pytest.raises(LimitReachedError) as refused:
        await bot.jobs.accept(new_job())
    assert refused.value.excess == Excess("unfinished", limit=2, used=2, count=1)
    assert (await bot.jobs.accept(new_job(person=2))).position == 2
    await bot.jobs.cancel(first.id)
    await bot.jobs.accept(new_job())


async def test_a_limit_holds_when_many_are_asked_for_at_once(
    settings: Settings, open_bot: Callable[[Settings], Any]
) -> None:
    bot: Bot = await open_bot(settings.model_copy(update={"max_jobs_per_person": 3}))
    asked = [bot.jobs.accept(new_job()) for _ in range(12)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    places = sorted(answer.position for answer in answers if isinstance(answer, Queued))
    assert places == [1, 2, 3]
    assert sum(isinstance(answer, LimitReachedError) for answer in answers) == 9


async def test_a_servers_limits_hold_when_many_are_asked_for_at_once(bot: Bot) -> None:
    async def refused(person: int, allowance: Allowance) -> list[str]:
        job = replace(new_job(person=person), server_id=21)
        asked = [bot.jobs.accept(replace(job, id=uuid4().hex), allowance) for _ in range(6)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return [each.excess.kind for each in answers if isinstance(each, LimitReachedError)]

    assert await refused(1, Allowance(unfinished=2, server_id=21)) == ["unfinished"] * 4
    daily = Allowance(unfinished=10, daily=4, server_id=21)
    assert await refused(2, daily) == ["daily"] * 2


async def test_a_refused_queue_entry_takes_the_job_back_too(bot: Bot) -> None:
    job = new_job()
    with (
        mock.patch.object(bot.jobs._engine, "enter", side_effect=Unplugged),
        pytest.raises(Unplugged),
    ):
        await bot.jobs.accept(job)
    assert await bot.jobs.get(job.id) is None
    assert (await bot.jobs.accept(job)).position == 1


async def test_every_field_comes_back_as_it_was_given(bot: Bot) -> None:
    snowflake = 2**63 - 1
    job = replace(
        new_job("apple", text="café 🍎"),
        server_id=snowflake,
        message_id=snowflake - 1,
        interaction_token="t" * 300,
        token_expires_at=datetime(2026, 11, 23, 12, 30, 15, 250000, tzinfo=UTC),
        parent_id="b" * 32,
        speed="relax",
        title="vary:2",
    )
    await bot.jobs.accept(job)
    found = await bot.jobs.get(job.id)
    assert found
    assert {name: getattr(found, name) for name in NewJob.__dataclass_fields__} == {
        name: getattr(job, name) for name in NewJob.__dataclass_fields__
    }
    assert "ttt" not in repr(found)
    assert not found.ended
    assert found.created_at.tzinfo is UTC
    await bot.jobs.note_message(job.id, 5)
    found = await bot.jobs.get(job.id)
    assert found
    assert found.message_id == 5


async def test_an_unfinished_job_cannot_be_delivered(bot: Bot) -> None:
    job = new_job()
    await bot.jobs.accept(job)
    assert not await bot.jobs.delivered(job.id, 1)
    assert await undelivered(bot) == [job.id]


async def test_a_second_bot_is_told_how_all_jobs_stand(
    bot: Bot, workers: Workers, hold: Hold, settings: Settings, open_bot: Callable[[Settings], Any]
) -> None:
    done, running, waiting = new_job(person=1), new_job(hold=hold.path), new_job()
    await accept_all(bot, done, running, waiting)
    workers.start()
    await bot.until(Progress, running.id)
    later: Bot = await open_bot(patient(settings))
    assert (await later.until(Ended, done.id)).state == "done"
    await later.until(Started, running.id)
    assert (await later.until(Progress, running.id)).preview == b"preview"
    assert (await later.until(Queued, waiting.id)).position == 1
    assert await later.jobs.queue_info() == QueueInfo(queued=1, running=1, workers=1)


async def test_a_job_whose_queue_entry_is_gone_is_entered_again(bot: Bot, workers: Workers) -> None:
    job = new_job()
    await bot.jobs.accept(job)
    await bot.jobs._engine.delete([job.id])
    await bot.jobs.reap()
    workers.start()
    assert (await bot.until(Ended, job.id)).state == "done"


async def test_reaping_leaves_healthy_jobs_alone(
    settings: Settings, workers: Workers, hold: Hold, open_bot: Callable[[Settings], Any]
) -> None:
    bot: Bot = await open_bot(patient(settings))
    running, waiting = new_job(hold=hold.path), new_job()
    await accept_all(bot, running, waiting)
    workers.start()
    await bot.until(Progress, running.id)
    for _ in range(3):
        await bot.jobs.reap()
    hold.release()
    await bot.until(Ended, waiting.id)
    found = [await bot.jobs.get(job.id) for job in (running, waiting)]
    assert [job.attempts for job in found if job] == [1, 1]


async def test_a_leftover_of_a_delivered_job_is_swept_away(bot: Bot, workers: Workers) -> None:
    job = new_job()
    await bot.jobs.accept(job)
    workers.start()
    await bot.until(Ended, job.id)
    with (
        mock.patch.object(bot.jobs._engine, "delete", side_effect=Unplugged),
        pytest.raises(Unplugged),
    ):
        await bot.jobs.delivered(job.id, 1)
    assert await list_entries(bot.jobs) == {job.id}
    await bot.jobs.reap()
    assert await list_entries(bot.jobs) == set()


async def test_an_unprepared_database_is_refused_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.connect.START_PATIENCE", 0.01)
    with pytest.raises(DatabaseNotReadyError, match=r"does not exist yet; `easel run`"):
        await Jobs.open(settings_for(tmp_path))
    (tmp_path / "easel.db").touch()
    with pytest.raises(DatabaseNotReadyError, match=r"has no tables yet; `easel run`"):
        await Jobs.open(settings_for(tmp_path))
    unreachable = "postgresql://me:secret@127.0.0.1:1/easel"
    with pytest.raises(DatabaseNotReadyError, match="cannot be reached") as refused:
        await Jobs.open(settings_for(tmp_path, unreachable))
    assert "secret" not in str(refused.value)


def test_a_worker_refuses_a_database_that_is_not_prepared(
    tmp_path: Path, sqlite_settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    stop = threading.Event()

    def start(settings: Settings) -> None:
        serve(settings, toy.Toy(tmp_path / "log").render, model="m", device="d", stop=stop)

    with pytest.raises(DatabaseNotReadyError, match=r"does not exist yet; `easel run`"):
        start(settings_for(tmp_path / "elsewhere"))
    with closing(sqlite3.connect(sqlite_settings.data / "easel.db")) as connection:
        connection.execute("UPDATE dbos_migrations SET version = 1")
        connection.commit()
    with pytest.raises(DatabaseNotReadyError, match="of another version; `easel run` updates"):
        start(sqlite_settings)
    assert "launch" not in capfd.readouterr().err


async def test_after_the_database_was_away_nobody_is_taken_for_dead_at_once(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job("apple")
    await bot.jobs.accept(job)
    run = await bot.jobs.records.write(queries.begin_run, job.id, "silent", 3)
    await bot.jobs._engine.delete([job.id])
    # As if even an empty transaction had to wait: then signs of life had to as well.
    with monkeypatch.context() as patch:
        patch.setattr(client, "_STUCK", -1.0)
        await bot.jobs.reap()
    await bot.jobs.reap()
    assert run
    assert await bot.jobs.records.read(queries.is_current, run)
    bot.jobs._trusted_from = float("-inf")
    await bot.jobs.reap()
    assert not await bot.jobs.records.read(queries.is_current, run)
