"""How much one person may ask for: decided once, and all of a batch is accepted or none of it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, select, update

from storage.database.tables import JobRow
from storage.decisions.choices import Limits, ServerChoices
from storage.queue.client import Jobs
from storage.queue.jobs import DAY, NewJob, StoredImage
from storage.queue.limits import (
    Allowance,
    Asked,
    Excess,
    HostLimits,
    LimitReachedError,
    Usage,
    allow,
    decide,
    find_day,
)
from storage.settings import Settings
from tests.storage.conftest import Bot, list_entries, new_job

PEOPLE = itertools.count(100)
ROLE, SERVER = 5, 21


class UnpluggedError(Exception):
    """The database went away in the middle."""


@pytest.fixture
async def jobs(settings: Settings) -> AsyncIterator[Jobs]:
    jobs = await Jobs.open(settings)
    yield jobs
    await jobs.close()


def fits(allowance: Allowance, usage: Usage, count: int) -> bool:
    """The rule in the plainest words."""
    if allowance.batch and count > allowance.batch:
        return False
    if allowance.daily and usage.today + count > allowance.daily:
        return False
    if allowance.host_daily and usage.everywhere + count > allowance.host_daily:
        return False
    return usage.unfinished + count <= allowance.unfinished


NUMBERS = st.integers(0, 12)
ALLOWANCES = st.builds(
    Allowance,
    unfinished=st.integers(1, 12),
    daily=NUMBERS,
    batch=NUMBERS,
    server_id=st.sampled_from([None, SERVER]),
    host_daily=NUMBERS,
)


@given(ALLOWANCES, st.builds(Usage, NUMBERS, NUMBERS, NUMBERS), st.integers(1, 14))
def test_what_does_not_fit_is_refused_and_what_is_said_to_fit_does(
    allowance: Allowance, usage: Usage, count: int
) -> None:
    excess = decide(allowance, usage, Asked(count, count, count))
    assert (excess is None) == fits(allowance, usage, count)
    if excess:
        assert excess.room < count
        assert excess.count == count
        name = {"host": "host_daily"}.get(excess.kind, excess.kind)
        only: dict[str, Any] = {"unfinished": 99, name: excess.limit}
        assert excess.room == 0 or fits(Allowance(**only), usage, excess.room)


@given(
    st.builds(HostLimits, st.integers(1, 20), NUMBERS, st.integers(1, 6)),
    st.builds(
        ServerChoices,
        unfinished=st.integers(1, 20),
        daily=NUMBERS,
        repeat=st.integers(1, 20),
        limits=st.dictionaries(
            st.just(ROLE),
            st.builds(
                Limits,
                unfinished=st.integers(1, 20),
                daily=NUMBERS,
                share=st.sampled_from([1, 3, 100]),
            ),
        ),
    ),
    st.sampled_from([(), (ROLE,)]),
    st.sampled_from([None, SERVER]),
)
def test_no_server_and_no_role_allows_more_than_the_host(
    host: HostLimits, server: ServerChoices, roles: tuple[int, ...], place: int | None
) -> None:
    found = allow(host, server, roles, place)
    if place is None:
        unfinished = min(host.unfinished, Limits().unfinished)
        assert found == Allowance(unfinished=unfinished, host_daily=host.daily)
        return
    own = server.limits.get(ROLE) if roles else None
    unfinished, daily = (own or server).unfinished, (own or server).daily
    assert found == Allowance(
        unfinished=min(host.unfinished, unfinished),
        daily=daily,
        batch=server.repeat,
        server_id=SERVER,
        host_daily=host.daily,
        share=min(host.share, own.share) if own else 1,
    )


@given(ALLOWANCES, st.builds(Usage, NUMBERS, NUMBERS, NUMBERS))
def test_of_the_daily_limits_the_one_that_ends_first_is_told(
    allowance: Allowance, usage: Usage
) -> None:
    limit, used = find_day(allowance, usage)
    assert used in {usage.today, usage.everywhere}
    for other, taken in ((allowance.daily, usage.today), (allowance.host_daily, usage.everywhere)):
        assert not other or limit - used <= other - taken
    assert bool(limit) == bool(allowance.daily or allowance.host_daily)


def batch(person: int, place: int | None, count: int) -> list[NewJob]:
    return [replace(new_job(person=person), server_id=place) for _ in range(count)]


def age(connection: Connection, job_id: str) -> None:
    """Makes a job one that was asked for more than a day ago."""
    before = JobRow.created_at
    ((asked,),) = connection.execute(select(before).where(JobRow.id == job_id))
    aged = update(JobRow).where(JobRow.id == job_id)
    connection.execute(aged.values(created_at=asked - DAY - timedelta(minutes=1)))


@given(
    allowance=ALLOWANCES,
    waiting=st.integers(0, 5),
    ended=st.integers(0, 3),
    elsewhere=st.integers(0, 3),
    count=st.integers(1, 8),
    old=st.booleans(),
)
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_all_of_a_batch_is_accepted_or_none_as_a_plain_count_says(
    jobs: Jobs,
    allowance: Allowance,
    waiting: int,
    ended: int,
    elsewhere: int,
    count: int,
    old: bool,
) -> None:
    person, place = next(PEOPLE), allowance.server_id
    own = batch(person, place, waiting + ended) + batch(person, place and 22, elsewhere)
    await jobs.accept_many(own)
    for job in own[waiting : waiting + ended]:
        await jobs.cancel(job.id)
    if old and own:
        await jobs.records.write(age, own[0].id)
    today = [job for job in own[old:] if place in {None, job.server_id}]
    usage = Usage(waiting + elsewhere, len(today), len(own[old:]))
    assert await jobs.read_usage(person, allowance) == usage
    new = batch(person, place, count)
    excess = decide(allowance, usage, Asked(count, count, count))
    with pytest.raises(LimitReachedError) if excess else nullcontext() as refused:
        await jobs.accept_many(new, allowance)
    accepted = refused is None
    assert accepted == fits(allowance, usage, count)
    assert refused is None or refused.value.excess == excess
    assert [await jobs.get(job.id) is not None for job in new] == [accepted] * count
    entered = await list_entries(jobs)
    assert [job.id in entered for job in new] == [accepted] * count


async def test_the_settings_hold_for_every_server_and_where_nothing_is_said(
    settings: Settings, open_bot: Callable[[Settings], Any]
) -> None:
    limited = settings.model_copy(update={"max_jobs_per_day": 1, "most_share": 3})
    jobs = (await open_bot(limited)).jobs
    generous = ServerChoices(limits={ROLE: Limits(share=100)})
    assert allow(jobs.host_limits, generous, (ROLE,), SERVER).share == 3
    first, second = batch(1, None, 2)
    await jobs.accept(first)
    with pytest.raises(LimitReachedError) as refused:
        await jobs.accept(second)
    assert refused.value.excess == Excess("host", limit=1, used=1, count=1)


async def test_of_batches_at_once_only_whole_ones_get_in(bot: Bot) -> None:
    allowance = Allowance(unfinished=10)
    batches = [batch(1, SERVER, 4) for _ in range(6)]
    answers = await asyncio.gather(
        *(bot.jobs.accept_many(each, allowance) for each in batches), return_exceptions=True
    )
    refused = [each for each in answers if isinstance(each, LimitReachedError)]
    assert [error.excess for error in refused] == [Excess("unfinished", 10, 8, 4)] * 4
    found = [[await bot.jobs.get(job.id) is not None for job in each] for each in batches]
    assert sorted(found) == [[False] * 4] * 4 + [[True] * 4] * 2


async def test_a_batch_stands_in_the_order_in_which_it_was_asked_for(bot: Bot) -> None:
    other = new_job(person=2)
    await bot.jobs.accept_many([*batch(2, None, 1), other])
    mine = batch(1, None, 3)
    assert [one.position for one in await bot.jobs.accept_many(mine)] == [2, 4, 5]
    assert [one.position for one in await bot.jobs.accept_many(mine)] == [2, 4, 5]
    assert len(await list_entries(bot.jobs)) == 5


async def test_one_entry_that_is_refused_takes_the_whole_batch_back(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter: Callable[..., None] = bot.jobs._engine.enter
    mine = batch(1, None, 3)

    def enter_two(connection: Connection, job_id: str, priority: int) -> None:
        if job_id == mine[2].id:
            raise UnpluggedError
        enter(connection, job_id, priority)

    monkeypatch.setattr(bot.jobs._engine, "enter", enter_two)
    with pytest.raises(UnpluggedError):
        await bot.jobs.accept_many(mine)
    assert [await bot.jobs.get(job.id) for job in mine] == [None] * 3
    assert await list_entries(bot.jobs) == set()


async def test_what_cannot_be_shown_is_taken_back_and_takes_no_room(bot: Bot) -> None:
    mine, allowance = batch(1, SERVER, 3), Allowance(unfinished=3, daily=3, server_id=SERVER)
    await bot.jobs.accept_many(mine, allowance)
    await bot.jobs.withdraw([job.id for job in mine])
    assert [await bot.jobs.get(job.id) for job in mine] == [None] * 3
    assert await list_entries(bot.jobs) == set()
    assert await bot.jobs.read_usage(1, allowance) == Usage()
    await bot.jobs.accept_many(batch(1, SERVER, 3), allowance)


async def test_room_is_asked_for_before_anything_is_accepted(bot: Bot) -> None:
    allowance = Allowance(unfinished=3)
    await bot.jobs.accept_many(batch(1, None, 2))
    await bot.jobs.require_room(1, Asked(1, 1, 1), allowance)
    with pytest.raises(LimitReachedError) as refused:
        await bot.jobs.require_room(1, Asked(2, 2, 2), allowance)
    assert refused.value.excess == Excess("unfinished", limit=3, used=2, count=2)
    assert refused.value.excess.room == 1


async def test_accepting_reads_no_table_from_end_to_end(sqlite_settings: Settings) -> None:
    jobs = await Jobs.open(sqlite_settings)
    plans: dict[str, Any] = {}

    def explain(connection: Connection) -> None:
        job = new_job()
        seen: list[tuple[str, Any]] = []
        execute = connection.exec_driver_sql

        def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            seen.append((statement, values))

        event.listen(connection, "before_cursor_execute", note)
        jobs._accept(connection, [job], Allowance(unfinished=5, daily=5))
        event.remove(connection, "before_cursor_execute", note)
        for statement, values in seen:
            if statement.startswith("SELECT") and "FROM jobs" in statement:
                plan = execute(f"EXPLAIN QUERY PLAN {statement}", values)
                plans[statement] = [row[3] for row in plan]

    await jobs.records.write(explain)
    await jobs.close()
    assert len(plans) == 3
    assert [plan for steps in plans.values() for plan in steps if "SCAN jobs" in plan] == []


async def test_pictures_that_only_are_to_be_shown_wait_no_more_than_jobs_may(jobs: Jobs) -> None:
    image = StoredImage(
        position=0, kind="picture", sha256="0" * 64, width=8, height=8, digest="0" * 64
    )
    allowance, person = Allowance(unfinished=2), next(PEOPLE)
    asked = [new_job(person=person) for _ in range(3)]
    answers = await asyncio.gather(
        *(jobs.keep_shown(job, image, allowance) for job in asked), return_exceptions=True
    )
    (refused,) = (one for one in answers if one is not None)
    assert isinstance(refused, LimitReachedError)
    # Whichever of them came first.
    shown = next(job for job, one in zip(asked, answers, strict=True) if one is None)
    assert refused.excess == Excess("unfinished", 2, 2, 1)
    # They count as nothing else, and whoever was shown one may see the next.
    await jobs.accept_many([new_job(person=person), new_job(person=person)], allowance)
    assert await jobs.delivered(shown.id, None)
    await jobs.keep_shown(new_job(person=person), image, allowance)
